/**
 * One chain's sync as a pure step machine (D15): `step(state, input, env) → effects`.
 *
 * An input changes what is held; then the stages are tried in a fixed order: what is late, headers, certificates,
 * bodies, import, hand-over. Each stage is one file. No clock, randomness, I/O; node and simulator run this code.
 */
import { unreachable } from '../primitives/errors.ts'
import { RUN_BODY_BYTES } from '../codec/sync-messages.ts'
import { askBodies, importNext, isAskedByProof, prepareBodies, suspect, takeBodies } from './bodies.ts'
import {
  fetchAgain,
  fetchSnapshot,
  isOutOfReach,
  isSnapshotWorthIt,
  noteAttempt,
  proveSnapshot,
  takeProof
} from './fast-start.ts'
import {
  askHeaders,
  attach,
  giveUpUnknown,
  somebodyHasMore,
  takeRun,
  takeVerified,
  verifyParts
} from './headers.ts'
import { SYNC_LIMITS } from './limits.ts'
import { ableTo, forgetGone, noteAnswer, noteEnded, notePause } from './peers.ts'
import { claimedHeight, isOverdue, noteStored, restartProgress } from './progress.ts'
import { goneReason, stallReason } from './stall.ts'
import { forgetAbove, spanTo } from './state.ts'
import type { Ask, SyncState } from './state.ts'
import type { Effect, Env, Failure, Input, Place } from './types.ts'

export function step(state: SyncState, input: Input, env: Env): Effect[] {
  if (state.phase === 'halted') return []
  const effects = apply(state, input, env)
  forgetGone(state.peers, env)
  return [...effects, ...advance(state, env)]
}

function apply(state: SyncState, input: Input, env: Env): Effect[] {
  switch (input.type) {
    case 'hint':
      return hinted(state, input.final, env)
    case 'headers':
      return answered(state, input.id, env, input.bytes, (ask) => takeRun(state, ask.peer, input.run))
    case 'bodies': {
      const bytes = input.bodies.reduce((sum, body) => sum + body.length, 0)
      return answered(state, input.id, env, bytes, (ask) => {
        state.usualMs = 0.8 * state.usualMs + 0.2 * (env.nowMs - ask.askedMs)
        takeBodies(state, ask, input.bodies)
      })
    }
    case 'failed':
      return failed(state, input.id, input.failure, input.why, env)
    case 'verified':
      return takeVerified(state, input, env)
    case 'paused':
      return paused(state, input.final, env)
    case 'executed':
      return executed(state, input.to)
    case 'stored':
      state.storedHeight = Math.max(state.storedHeight, input.to)
      noteStored(state.progress, input.to, env.nowMs)
      return []
    case 'import-waits':
      state.importing = undefined
      state.importWaits = true
      return []
    case 'import-refused':
      state.phase = 'halted'
      return [{ type: 'halt', reason: input.reason }]
    case 'snapshot':
      return snapshotEnded(state, input.final, env)
    case 'snapshot-proven':
      return takeProof(state, input.height, env)
    case 'tick':
      state.importWaits = false
      return []
    default:
      return unreachable(input)
  }
}

function hinted(state: SyncState, final: Place, env: Env): Effect[] {
  if (state.phase === 'live' && final.height > state.progress.standsAt) {
    state.progress.standsAt = final.height
    state.progress.movedMs = env.nowMs
  }
  const isIdle = state.runs.length === 0 && state.asks.size === 0
  if (state.phase === 'live' && isIdle) forgetAbove(state, final)
  return []
}

function answered(state: SyncState, id: number, env: Env, bytes: number, take: (ask: Ask) => void): Effect[] {
  const ask = state.asks.get(id)
  if (ask === undefined) return []
  state.asks.delete(id)
  noteAnswer(state.peers, ask.peer, bytes, env.nowMs - ask.askedMs)
  noteEnded(state.peers, ask.peer, ask.bytes)
  take(ask)
  return []
}

function failed(state: SyncState, id: number, failure: Failure, why: string, env: Env): Effect[] {
  const ask = state.asks.get(id)
  if (ask === undefined) return []
  state.asks.delete(id)
  noteEnded(state.peers, ask.peer, ask.bytes)
  if (failure === 'invalid' && ask.kind === 'bodies' && !isAskedByProof(state, ask)) {
    suspect(state, ask, why, env)
    return []
  }
  notePause(state.peers, ask.peer, failure, env.nowMs)
  return failure === 'invalid' ? [{ type: 'report', peer: ask.peer, fact: 'invalid', why }] : []
}

function paused(state: SyncState, final: Place, env: Env): Effect[] {
  if (state.phase !== 'pausing') return []
  // The live part went on until it stopped; then what was probed may begin too low.
  if (final.height !== state.head.height) forgetAbove(state, final)
  restartProgress(state.progress, final.height, env.nowMs)
  // A chain pauses only for what is proven: it moves.
  const told = tell(state, undefined)
  if (isSnapshotWorthIt(state, claimedHeight(env, state.target)))
    return [...told, ...fetchSnapshot(state, env)]
  state.phase = 'syncing'
  return told
}

function snapshotEnded(state: SyncState, final: Place | undefined, env: Env): Effect[] {
  if (state.phase !== 'snapshot') return []
  state.phase = 'syncing'
  noteAttempt(state, env.nowMs)
  if (final !== undefined) forgetAbove(state, final)
  // In vain again, it stands still as before (SYN-12: one warning).
  const isStill = final === undefined && state.progress.stalled !== undefined
  if (!isStill) restartProgress(state.progress, state.head.height, env.nowMs)
  return []
}

function executed(state: SyncState, to: number): Effect[] {
  const { importing, storedHeight } = state
  if (importing?.end.height !== to) return []
  state.importing = undefined
  state.head = importing.end
  const [held] = state.runs
  if (held?.id !== importing.run) {
    // Its run was dropped for what lay above: what came since begins below the head.
    forgetAbove(state, importing.end)
    state.storedHeight = storedHeight
    return []
  }
  if (to >= held.run.to) state.runs.shift()
  state.chunks = state.chunks.filter((chunk) => chunk.from > to)
  return []
}

function advance(state: SyncState, env: Env): Effect[] {
  const effects = giveUpLate(state, env)
  if (state.phase === 'live') {
    return [...effects, ...probe(state, env), ...proveSnapshot(state, env), ...watchLive(state, env)]
  }
  if (state.phase !== 'syncing') return effects
  const unknown = giveUpUnknown(state, env)
  if (unknown !== undefined) notePause(state.peers, unknown, 'lacks', env.nowMs)
  effects.push(...attach(state, env), ...verifyParts(state, env))
  // D15: coordination first. What is here already goes on.
  if (!env.coordinationSyncs) {
    effects.push(...askHeaders(state, env, Infinity))
    effects.push(...askBodies(state, env))
  }
  effects.push(...prepareBodies(state), ...importNext(state))
  if (isDone(state, env)) return [...effects, ...finish(state)]
  effects.push(...fetchAgain(state, env))
  return [...effects, ...watch(state, env)]
}

/** SYN-9: an answer that does not come in time is not waited for; its peer is slow, and that costs nothing. */
function giveUpLate(state: SyncState, env: Env): Effect[] {
  const effects: Effect[] = []
  for (const ask of state.asks.values()) {
    if (env.nowMs - ask.askedMs < SYNC_LIMITS.answerMs) continue
    failed(state, ask.id, 'failed', 'late', env)
    effects.push({ type: 'report', peer: ask.peer, fact: 'slow', why: `${ask.kind} from ${ask.from}` })
  }
  return effects
}

/**
 * Beside a live chain: somebody claims far more than we have. Consensus goes on until so much is proven by verified
 * certificates, so a claim alone never silences a validator (SYN-1).
 */
function probe(state: SyncState, env: Env): Effect[] {
  const [lowest] = state.runs
  if (lowest === undefined) {
    const effects = attach(state, env)
    if (state.runs.length > 0) return [...effects, ...probe(state, env)]
    const far = spanTo(state, SYNC_LIMITS.nearBlocks + 1)
    const isIdle = state.asks.size === 0 && state.ahead.length === 0
    return isIdle && ableTo(state.peers, far, env).length > 0
      ? [...effects, ...askHeaders(state, env, 1)]
      : effects
  }
  if (lowest.verifiedTo >= lowest.run.from && isFarBehind(state)) {
    state.phase = 'pausing'
    return [{ type: 'pause' }]
  }
  const isKnown = lowest.run.parts.every(({ to, epoch }) => lowest.holding.has(to) || !env.knowsEpoch(epoch))
  if (isKnown && lowest.verifying.size === 0) {
    // It promised far more than it gave.
    notePause(state.peers, lowest.peer, 'lacks', env.nowMs)
    forgetAbove(state, state.head)
    return []
  }
  return verifyParts(state, env)
}

/** Something above is proven, and together with what hangs on it, it is much. */
function isFarBehind({ head, runs }: SyncState): boolean {
  const [lowest] = runs
  if (lowest === undefined) return false
  const bytes = lowest.run.headers.reduce((sum, { header }) => sum + header.bodyBytes, 0)
  return lowest.run.to - head.height > SYNC_LIMITS.nearBlocks || bytes > RUN_BODY_BYTES / 2
}

/** Nobody has more, and somebody says that there is no more; peers that lack what they claim do not hold us. */
function isDone(state: SyncState, env: Env): boolean {
  const isEmpty =
    state.runs.length === 0 &&
    state.ahead.length === 0 &&
    state.importing === undefined &&
    state.storedHeight >= state.head.height &&
    ![...state.asks.values()].some(({ kind }) => kind === 'headers')
  const reach = state.head.height + SYNC_LIMITS.reachBlocks
  if (!isEmpty || env.coordinationSyncs || somebodyHasMore(state, env)) return false
  const above = env.peers.filter(({ height }) => height > reach)
  const mayHaveMore = above.some(({ peer }) => {
    const cause = state.peers.get(peer)?.cause
    return cause === 'failed' || cause === 'limited'
  })
  return !mayHaveMore && env.peers.length > above.length
}

function finish(state: SyncState): Effect[] {
  for (const ask of state.asks.values()) noteEnded(state.peers, ask.peer, ask.bytes)
  state.asks.clear()
  state.phase = 'live'
  state.snapshotTried = false
  const wasStalled = state.progress.stalled !== undefined
  state.progress.stalled = undefined
  return [...(wasStalled ? [{ type: 'moving' } as const] : []), { type: 'resume' }]
}

/** SYN-12, of a live chain: one that goes on has no trouble, whatever others claim. */
function watchLive(state: SyncState, env: Env): Effect[] {
  const { progress, head } = state
  const isBehind = claimedHeight(env, head.height) > head.height + SYNC_LIMITS.nearBlocks
  const standsStill = env.nowMs - progress.movedMs >= SYNC_LIMITS.liveStallMs
  const reason = isBehind && standsStill && isOutOfReach(state, env) ? goneReason(state) : undefined
  return tell(state, reason)
}

/** SYN-12: one warning with its cause when nothing was stored for a while, taken back when something is. */
function watch(state: SyncState, env: Env): Effect[] {
  return tell(state, isOverdue(state.progress, env.nowMs) ? stallReason(state, env) : undefined)
}

function tell({ progress }: SyncState, reason: string | undefined): Effect[] {
  if (reason === undefined && progress.stalled !== undefined) {
    progress.stalled = undefined
    return [{ type: 'moving' }]
  }
  if (reason === undefined || progress.stalled !== undefined) return []
  progress.stalled = reason
  return [{ type: 'stalled', reason }]
}
