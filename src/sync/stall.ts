/** Why sync stands still, in one sentence for an operator (SYN-12). */
import { SYNC_LIMITS } from './limits.ts'
import { attachedTo } from './state.ts'
import type { SyncState } from './state.ts'
import type { Env } from './types.ts'

export function stallReason(state: SyncState, env: Env): string {
  return stallOfPeers(state, env) ?? stallOfWork(state)
}

function stallOfPeers(state: SyncState, env: Env): string | undefined {
  const { head, runs, importWaits, peers: records } = state
  if (env.peers.length === 0) return 'no peer follows this chain'
  if (env.coordinationSyncs) return 'waits for the coordination chain'
  if (importWaits) return 'waits for a coordination block that its blocks refer to'
  const above = env.peers.filter(({ height }) => height > head.height + SYNC_LIMITS.reachBlocks)
  if (above.length === 0) return runs.length === 0 ? `no peer has blocks above ${head.height}` : undefined
  const holding = above.filter(({ earliest }) => (earliest ?? 0) <= head.height + 1)
  if (holding.length === 0) return goneReason(state)
  const resting = above.filter(({ peer }) => (records.get(peer)?.pausedUntilMs ?? 0) > env.nowMs)
  if (resting.length < above.length) return undefined
  return resting.every(({ peer }) => records.get(peer)?.cause === 'lacks')
    ? `all peers lack blocks above ${attachedTo(state)}`
    : 'all peers failed lately and are asked again later'
}

/** What an operator can do about it depends on how the node was started. */
export function goneReason({ head, mode }: SyncState): string {
  const what = `no peer holds blocks as low as ${head.height + 1}`
  return mode === 'snapshot'
    ? `${what}, and none gives a snapshot`
    : `${what}: a peer with --retention archive is needed, or --sync snapshot here`
}

function stallOfWork({ head, runs, importing, asks }: SyncState): string {
  if (runs.some(({ verifying }) => verifying.size > 0)) return 'the verifier is busy'
  if (importing !== undefined) return `blocks up to ${importing.end.height} take long to execute or to write`
  const isUnproven = runs.length > 0 && (runs[0]?.verifiedTo ?? 0) <= head.height
  if (isUnproven) return 'headers of an epoch that is not known yet'
  return asks.size > 0 ? `${asks.size} requests without an answer yet` : 'no peer is free to be asked'
}
