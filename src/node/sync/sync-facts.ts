/** What a node says of a chain's sync, to operators and metrics. */
import type { Params } from '../../params/params.ts'
import { blocksPerS, claimedHeight } from '../../sync/progress.ts'
import type { SyncState } from '../../sync/state.ts'
import type { Env } from '../../sync/types.ts'

/** A final coordination block that the operator vouches for. */
export interface Checkpoint {
  readonly height: number
  readonly hash: Uint8Array
}

export interface SyncFacts {
  readonly mode: 'live' | 'headers' | 'bodies' | 'snapshot' | 'follow' | 'stalled'
  /** Highest block proven final. */
  readonly target: number
  /** Highest block that peers state, as far as one liar cannot move it; proves nothing. */
  readonly claimed: number
  readonly blocksPerS: number
  readonly etaMs: number | undefined
  readonly reason: string | undefined
  /** The block that the operator vouches for. */
  readonly checkpoint: Checkpoint | undefined
  /** SYN-14: it crossed more epochs than signatures can be punished for, and nobody vouches for what it found. */
  readonly isUnvouched: boolean
}

/** SYN-14, of coordination heights. */
export const crossesUnbonding = (
  from: number,
  to: number,
  { epochLength, unbondingEpochs }: Pick<Params, 'epochLength' | 'unbondingEpochs'>
): boolean => Math.floor(to / epochLength) - Math.floor(from / epochLength) > unbondingEpochs

export function describeSync(
  state: SyncState,
  env: Env,
  checkpoint?: Checkpoint,
  isUnvouched = false
): SyncFacts {
  const rate = state.phase === 'syncing' ? blocksPerS(state.progress, state.storedHeight, env.nowMs) : 0
  const target = Math.max(state.target, state.storedHeight)
  const claimed = claimedHeight(env, target)
  return {
    mode: modeOf(state),
    target,
    claimed,
    blocksPerS: Math.round(rate * 10) / 10,
    etaMs: rate > 0 ? Math.round(((claimed - state.storedHeight) * 1_000) / rate) : undefined,
    reason: state.progress.stalled,
    checkpoint,
    isUnvouched
  }
}

function modeOf(state: SyncState): SyncFacts['mode'] {
  if (state.phase === 'halted' || state.progress.stalled !== undefined) return 'stalled'
  if (state.phase === 'live') return 'live'
  if (state.phase === 'snapshot') return 'snapshot'
  const hasBodies = state.chunks.some(({ bodies }) => bodies !== undefined) || state.importing !== undefined
  return hasBodies ? 'bodies' : 'headers'
}
