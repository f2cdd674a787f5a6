/**
 * When a fast start is due (SYN-10). Beside a live chain it is only proven at first: whoever is asked for the blocks
 * above the own head cannot prove anything by them where nobody holds them any more, a certified snapshot can.
 */
import { SYNC_LIMITS } from './limits.ts'
import { ableTo } from './peers.ts'
import { spanTo } from './state.ts'
import type { SyncState } from './state.ts'
import type { Effect, Env } from './types.ts'

/** Peers that state more than so many blocks above our head. */
const above = ({ head }: SyncState, env: Env, blocks: number): Env['peers'] =>
  env.peers.filter(({ height }) => height > head.height + blocks)

/** Everybody who states much more says that the next block is gone, in its record or when it was asked. */
export function isOutOfReach(state: SyncState, env: Env): boolean {
  const peers = above(state, env, SYNC_LIMITS.nearBlocks)
  const isGone = ({ peer, earliest = 0 }: Env['peers'][number]): boolean => {
    const record = state.peers.get(peer)
    const lacks = record?.cause === 'lacks' && record.pausedUntilMs > env.nowMs
    return lacks || earliest > state.head.height + 1
  }
  return peers.length > 0 && peers.every(isGone)
}

/** Nobody who states more can be asked for what comes next: it is gone, or whoever claims to hold it failed lately. */
function isUnreachable(state: SyncState, env: Env): boolean {
  const isWorthIt = above(state, env, SYNC_LIMITS.snapshotBlocks).length > 0
  const able = ableTo(state.peers, spanTo(state, SYNC_LIMITS.nearBlocks + 1), env)
  return (isWorthIt && able.length === 0) || isOutOfReach(state, env)
}

/** One attempt, and the next one not before a while. */
function isDue(state: SyncState, env: Env): boolean {
  const { importing, importWaits, storedHeight, head, asks, runs } = state
  const isWritten = importing === undefined && !importWaits && storedHeight >= head.height
  const isIdle = isWritten && asks.size === 0 && runs.every(({ verifying }) => verifying.size === 0)
  const mayTry = state.mode === 'snapshot' && !state.proving && env.nowMs >= state.snapshotAfterMs
  return mayTry && isIdle && !env.coordinationSyncs && isUnreachable(state, env)
}

export function noteAttempt(state: SyncState, nowMs: number): void {
  state.snapshotAfterMs = nowMs + SYNC_LIMITS.snapshotAgainMs
}

/** Beside a live chain (SYN-1): a certificate has to say that there is such a snapshot before consensus is paused. */
export function proveSnapshot(state: SyncState, env: Env): Effect[] {
  if (!isDue(state, env)) return []
  state.proving = true
  noteAttempt(state, env.nowMs)
  return [{ type: 'prove-snapshot' }]
}

export function takeProof(state: SyncState, height: number | undefined, env: Env): Effect[] {
  state.proving = false
  if (state.phase !== 'live' || height === undefined) return []
  const isEnough =
    height > state.head.height + SYNC_LIMITS.snapshotBlocks ||
    (height > state.head.height && isOutOfReach(state, env))
  if (!isEnough) return []
  state.target = Math.max(state.target, height)
  state.provenSnapshot = height
  state.phase = 'pausing'
  return [{ type: 'pause' }]
}

/** The chain has stopped at `state.head`. */
export function isSnapshotWorthIt(state: SyncState, claimed: number): boolean {
  const isFar = claimed - state.head.height > SYNC_LIMITS.snapshotBlocks && !state.snapshotTried
  const isProven = state.provenSnapshot > state.head.height
  return state.mode === 'snapshot' && (isFar || isProven)
}

/** Again, while the chain stands still because nobody has what comes next. */
export function fetchAgain(state: SyncState, env: Env): Effect[] {
  return isDue(state, env) ? fetchSnapshot(state, env) : []
}

export function fetchSnapshot(state: SyncState, env: Env): Effect[] {
  state.phase = 'snapshot'
  state.snapshotTried = true
  state.provenSnapshot = 0
  noteAttempt(state, env.nowMs)
  return [{ type: 'fetch-snapshot' }]
}
