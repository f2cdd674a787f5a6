/** The stage of headers: which ranges are asked for, how answers hang together, and whose certificates fail. */
import { equal } from '../primitives/bytes.ts'
import { HEADERS_PER_REQUEST } from '../codec/sync-messages.ts'
import { chunksOf } from './bodies.ts'
import { runAbove, runHash } from './header-run.ts'
import type { HeaderRun } from './header-run.ts'
import { SYNC_LIMITS } from './limits.ts'
import { ableTo, choosePeer, noteAsked, notePause, recordOf } from './peers.ts'
import { attachedTo, spanTo } from './state.ts'
import type { HeldRun, Suspect, SyncState } from './state.ts'
import type { Effect, Env, Input, PeerName } from './types.ts'

/** A header's bytes: what a request is expected to bring. */
const HEADER_BYTES = 387

/** Asks for the lowest ranges that nobody was asked for yet, from as many peers as may be. */
export function askHeaders(state: SyncState, env: Env, atMost: number): Effect[] {
  const effects: Effect[] = []
  const out = [...state.asks.values()].filter(({ kind }) => kind === 'headers').length
  for (let free = Math.min(atMost, SYNC_LIMITS.headerRequests - out); free > 0; free--) {
    const gap = nextGap(state)
    if (gap === undefined || state.asks.size >= env.slots) break
    const bytes = gap.limit * HEADER_BYTES
    const peer = choosePeer(state.peers, env, { from: gap.from, to: gap.from, bytes })
    if (peer === undefined) break
    const id = state.nextId++
    state.asks.set(id, {
      id,
      kind: 'headers',
      run: undefined,
      peer,
      from: gap.from,
      to: gap.from + gap.limit - 1,
      bytes,
      askedMs: env.nowMs
    })
    noteAsked(state.peers, peer, bytes)
    effects.push({ type: 'ask-headers', id, peer, from: gap.from, limit: gap.limit })
  }
  return effects
}

/** The lowest heights above the attached ones that are neither held nor asked for. */
function nextGap(state: SyncState): { readonly from: number; readonly limit: number } | undefined {
  let from = attachedTo(state) + 1
  const covered = [
    ...state.ahead.map(({ run }) => ({ from: run.from, to: run.to })),
    ...[...state.asks.values()].filter(({ kind }) => kind === 'headers')
  ].sort((a, b) => a.from - b.from)
  for (const range of covered) {
    if (range.from > from) return { from, limit: Math.min(HEADERS_PER_REQUEST, range.from - from) }
    from = Math.max(from, range.to + 1)
  }
  return from + HEADERS_PER_REQUEST - state.head.height > SYNC_LIMITS.windowHeaders
    ? undefined
    : { from, limit: HEADERS_PER_REQUEST }
}

const nothingChecked = () => ({ verifying: new Set<number>(), holding: new Set<number>() })

/** Keeps what an answer adds to what is held. */
export function takeRun(state: SyncState, peer: PeerName, run: HeaderRun): void {
  const record = recordOf(state.peers, peer)
  record.has = Math.max(record.has, run.to)
  const above = runAbove(run, attachedTo(state))
  if (above === undefined) return
  const held: HeldRun = {
    id: state.nextId++,
    peer,
    run: above,
    verifiedTo: above.from - 1,
    ...nothingChecked()
  }
  state.ahead = [...state.ahead, held].sort((a, b) => a.run.from - b.run.from || b.run.to - a.run.to)
}

/**
 * Attaches what links to the run below. Where it does not, and what lies below is proven, it is the upper one that is
 * false: a final block has one chain of ancestors. While nothing is proven, it waits for the proof.
 */
export function attach(state: SyncState, env: Env): Effect[] {
  for (;;) {
    const [next] = state.ahead
    if (next === undefined || next.run.from > attachedTo(state) + 1) return []
    const below = state.runs.at(-1)
    const run = runAbove(next.run, attachedTo(state))
    const isLinked =
      run !== undefined && equal(run.parent, below === undefined ? state.head.hash : runHash(below.run))
    if (run !== undefined && !isLinked) {
      const proven = below === undefined || below.verifiedTo === below.run.to
      return proven ? dropFalse(state, next, env) : []
    }
    state.ahead.shift()
    if (run === undefined) continue
    state.runs.push({ ...next, run, verifiedTo: run.from - 1 })
    state.chunks.push(...chunksOf(next.id, run))
  }
}

function dropFalse(state: SyncState, held: HeldRun, env: Env): Effect[] {
  state.ahead = state.ahead.filter(({ peer }) => peer !== held.peer)
  return [blame(state, held, 'does not link to what is final', env)]
}

function blame(state: SyncState, { peer, run }: HeldRun, why: string, env: Env): Effect {
  notePause(state.peers, peer, 'invalid', env.nowMs)
  return { type: 'report', peer, fact: 'invalid', why: `headers from ${run.from}: ${why}` }
}

/** Certificates whose epoch is known go to the verifier, lowest first. */
export function verifyParts(state: SyncState, env: Env): Effect[] {
  const effects: Effect[] = []
  let room = SYNC_LIMITS.verifying - state.runs.reduce((sum, { verifying }) => sum + verifying.size, 0)
  for (const held of state.runs) {
    for (const part of held.run.parts) {
      if (room <= 0) return effects
      if (held.holding.has(part.to) || held.verifying.has(part.to)) continue
      // A later epoch than one that is unknown is unknown, too.
      if (!env.knowsEpoch(part.epoch)) return effects
      held.verifying.add(part.to)
      room -= 1
      effects.push({ type: 'verify', run: held.id, part, headers: held.run })
    }
  }
  return effects
}

/** The certificate of the part that ends at `to` was checked. */
export function takeVerified(
  state: SyncState,
  { run: id, to, holds }: Extract<Input, { type: 'verified' }>,
  env: Env
): Effect[] {
  const held = state.runs.find((one) => one.id === id)
  if (held === undefined || !held.verifying.delete(to) || holds === undefined) return []
  if (!holds) {
    dropRuns(state, held)
    return [blame(state, held, 'the certificate does not hold', env)]
  }
  held.holding.add(to)
  // It proves all that it is linked to; but each part is stored with its own certificate, so all have to hold.
  for (const part of held.run.parts) {
    if (!held.holding.has(part.to)) break
    held.verifiedTo = part.to
  }
  state.target = Math.max(state.target, to)
  return convict(state, held, env)
}

/** SYN-4: the headers hold, so the bodies did not. */
function convict(state: SyncState, { id, verifiedTo }: HeldRun, env: Env): Effect[] {
  const isGuilty = ({ run, to }: Suspect): boolean => run === id && to <= verifiedTo
  const guilty = state.suspects.filter(isGuilty)
  state.suspects = state.suspects.filter((one) => !isGuilty(one))
  return guilty.map(({ peer, why }) => {
    notePause(state.peers, peer, 'invalid', env.nowMs)
    return { type: 'report', peer, fact: 'invalid', why }
  })
}

/** What lies above it hung on it. */
export function dropRuns(state: SyncState, lowest: HeldRun): void {
  const at = state.runs.indexOf(lowest)
  const kept = at === -1 ? state.runs : state.runs.slice(0, at)
  state.runs = kept
  const ids = new Set(kept.map(({ id }) => id))
  state.chunks = state.chunks.filter(({ run }) => ids.has(run))
  state.suspects = state.suspects.filter(({ run }) => ids.has(run))
}

/** SYN-7: headers of an epoch that stays unknown may be false, and may be our own lag: they go, at nobody's cost. */
export function giveUpUnknown(state: SyncState, env: Env): PeerName | undefined {
  const [lowest] = state.runs
  const waits =
    lowest !== undefined &&
    state.importing === undefined &&
    !env.coordinationSyncs &&
    lowest.run.parts.some(({ to, epoch }) => to > lowest.verifiedTo && !env.knowsEpoch(epoch)) &&
    lowest.verifiedTo < lowest.run.from
  if (!waits) {
    state.unknownEpochMs = undefined
    return undefined
  }
  state.unknownEpochMs ??= env.nowMs
  if (env.nowMs - state.unknownEpochMs < SYNC_LIMITS.unknownEpochMs) return undefined
  state.unknownEpochMs = undefined
  dropRuns(state, lowest)
  return lowest.peer
}

/** Whether somebody who does not rest states more than a block or two above what is held. */
export const somebodyHasMore = (state: SyncState, env: Env): boolean =>
  ableTo(state.peers, spanTo(state, SYNC_LIMITS.reachBlocks + 1), env).length > 0
