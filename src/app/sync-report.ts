/** What a node says of catching up: `node_sync`, metrics and log lines (SYN-12, SYN-13). */
import type { Logger } from 'pino'
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { NodeMetrics } from '../metrics/registry.ts'
import type { ChainNode } from '../node/chain/chain-node.ts'
import type { ChainEvents } from '../node/ports.ts'
import type { SyncFacts as Facts } from '../node/sync/sync-facts.ts'
import type { SyncFacts } from '../rpc/port.ts'
import { syncMode } from './sync-mode.ts'

/** @param peers that follow the chain; @param liveRate blocks a second since the start, for a chain that is live */
export function describeSync(node: ChainNode, peers: number, liveRate: number): SyncFacts {
  const { sync, store, tree } = node
  const facts = sync.facts
  const reason = node.halted ?? facts.reason
  const { checkpoint } = facts
  const held = checkpoint === undefined ? undefined : store.header(checkpoint.height)
  const tip = tree.final.header
  return {
    chain: node.chain,
    mode: syncMode(node),
    head: tree.head().header.height,
    final: store.final.height,
    target: Math.max(facts.target, tree.head().header.height),
    claimed: facts.claimed,
    blocksPerS: sync.active ? facts.blocksPerS : liveRate,
    ...(facts.etaMs === undefined ? {} : { etaMs: facts.etaMs }),
    peers,
    trust: trustOf(facts, tip.height),
    ...(held === undefined ? {} : { trustAgeMs: tip.timeMs - held.timeMs }),
    ...(reason === undefined ? {} : { reason })
  }
}

/** A checkpoint vouches for what leads to it, once it is reached (SYN-11). */
export function trustOf(
  { checkpoint, isUnvouched }: Pick<Facts, 'checkpoint' | 'isUnvouched'>,
  finalHeight: number
): SyncFacts['trust'] {
  if (checkpoint !== undefined && checkpoint.height <= finalHeight) return 'checkpoint'
  return isUnvouched ? 'genesis-unvouched' : 'genesis'
}

/** Gauges of a chain that are read when somebody looks. */
export function exposeSync(metrics: NodeMetrics['sync'], node: ChainNode): void {
  const label = { chain: chainName(node.chain) }
  const { active, facts, out } = node.sync
  metrics.active.set(label, active ? 1 : 0)
  metrics.target.set(label, facts.target)
  metrics.blocksPerSecond.set(label, facts.blocksPerS)
  metrics.requests.set(label, out)
  metrics.stalled.set(label, facts.reason === undefined ? 0 : 1)
}

/** One line at the beginning, every few seconds, and at the end; one warning when it stands still. */
export function syncLog(
  log: () => Logger
): Required<Pick<ChainEvents, 'syncProgress' | 'syncStalled' | 'syncUnvouched' | 'checkpointUnproven'>> {
  const stalled = new Set<ChainId>()
  let isUnproven = false
  return {
    syncProgress: (chain, facts, what) => {
      const line = { chain: chainName(chain), ...figures(facts) }
      if (what === 'begins') log().info(line, 'far behind: the chain syncs, and nothing is signed on it')
      else if (what === 'ended') log().info(line, 'caught up: the chain is live')
      else log().info(line, 'syncing')
    },
    syncStalled: (chain, reason) => {
      if (reason !== undefined) {
        stalled.add(chain)
        log().warn({ chain: chainName(chain), reason }, 'sync stands still')
      } else if (stalled.delete(chain)) log().info({ chain: chainName(chain) }, 'sync moves again')
    },
    checkpointUnproven: (height) => {
      if (isUnproven) return
      isUnproven = true
      log().warn(
        { height },
        'no peer proves the block that --checkpoint names, so no snapshot is taken: name the last block of an epoch, which any node can prove, or a newer block'
      )
    },
    syncUnvouched: (chain, unbondingEpochs) => {
      log().warn(
        { chain: chainName(chain), unbondingEpochs },
        'history is older than signatures can be punished for: compare a block with somebody you trust, or use --checkpoint'
      )
    }
  }
}

const figures = ({ mode, target, claimed, blocksPerS, etaMs }: Facts) => ({
  mode,
  target,
  claimed,
  blocksPerS,
  ...(etaMs === undefined ? {} : { etaS: Math.round(etaMs / 1_000) })
})
