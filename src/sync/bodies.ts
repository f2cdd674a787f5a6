/** The stage of bodies: up to ten requests at once, the one that everything waits for twice if need be. */
import { must } from '../primitives/errors.ts'
import { BODIES_PER_REQUEST } from '../codec/sync-messages.ts'
import type { HeaderRun, RunPart } from './header-run.ts'
import { SYNC_LIMITS } from './limits.ts'
import { choosePeer, noteAsked, notePause } from './peers.ts'
import type { Ask, Chunk, HeldRun, SyncState } from './state.ts'
import type { Effect, Env, PeerName } from './types.ts'

/** A request is given to so many peers at most. */
const ASKS_PER_CHUNK = 3
const RESCUE_TIMES = 3

/** Heights whose bodies together are a request's worth; a part's bodies are never mixed with the next one's. */
export function chunksOf(runId: number, run: HeaderRun): Chunk[] {
  const chunks: Chunk[] = []
  const ends = new Set(run.parts.map(({ to }) => to))
  let from = run.from
  let bytes = 0
  for (const { header } of run.headers) {
    const { height } = header
    if (
      height > from &&
      (bytes + header.bodyBytes > SYNC_LIMITS.chunkBytes || height - from >= BODIES_PER_REQUEST)
    ) {
      chunks.push({ run: runId, from, to: height - 1, bytes, bodies: undefined, prepared: false })
      from = height
      bytes = 0
    }
    bytes += header.bodyBytes
    if (!ends.has(height)) continue
    chunks.push({ run: runId, from, to: height, bytes, bodies: undefined, prepared: false })
    from = height + 1
    bytes = 0
  }
  return chunks
}

export function askBodies(state: SyncState, env: Env): Effect[] {
  const effects: Effect[] = []
  const asks = asksByStart(state)
  let out = [...asks.values()].reduce((sum, list) => sum + list.length, 0)
  let windowBytes = 0
  let isFirst = true
  const lowestEnd = lowestPart(state)?.to ?? 0
  for (const chunk of state.chunks) {
    windowBytes += chunk.bytes
    // The lowest part is imported whole, however large it is.
    if (windowBytes > SYNC_LIMITS.windowBodyBytes && chunk.from > lowestEnd) break
    if (chunk.bodies !== undefined) continue
    if (out >= SYNC_LIMITS.bodyRequests || state.asks.size >= env.slots) break
    const under = (asks.get(chunk.from) ?? []).filter(({ run }) => run === chunk.run)
    if (under.length === 0 || (isFirst && needsRescue(state, under, env))) {
      const peer = choosePeer(state.peers, env, {
        from: chunk.from,
        to: chunk.to,
        bytes: chunk.bytes,
        except: under.map((ask) => ask.peer)
      })
      if (peer !== undefined) {
        effects.push(ask(state, chunk, peer, env))
        out += 1
      } else if (under.length === 0) break
    }
    isFirst = false
  }
  return effects
}

const runOf = ({ runs }: SyncState, { run }: Chunk): HeldRun =>
  must(
    runs.find(({ id }) => id === run),
    'a chunk is of an attached run'
  )

/** Whether what an answer was compared with is proven: if not, it may be that and not the answer that is false. */
export const isAskedByProof = ({ runs }: SyncState, { run: of, to }: Ask): boolean =>
  (runs.find(({ id }) => id === of)?.verifiedTo ?? 0) >= to

/** SYN-4: bodies that do not fit headers which may be false prove nothing yet; their peer rests, others are asked. */
export function suspect(state: SyncState, { peer, run, to }: Ask, why: string, env: Env): void {
  notePause(state.peers, peer, 'lacks', env.nowMs)
  const isAttached = state.runs.some(({ id }) => id === run)
  if (run === undefined || !isAttached || state.suspects.some((one) => one.peer === peer)) return
  state.suspects.push({ peer, run, to, why })
}

function ask(state: SyncState, chunk: Chunk, peer: PeerName, env: Env): Effect {
  const { from, to, bytes } = chunk
  const headers = runOf(state, chunk).run
  const id = state.nextId++
  state.asks.set(id, { id, kind: 'bodies', run: chunk.run, peer, from, to, bytes, askedMs: env.nowMs })
  noteAsked(state.peers, peer, bytes)
  return { type: 'ask-bodies', id, peer, from, limit: to - from + 1, headers }
}

/** The window stands still until this answer comes, and it is late. */
function needsRescue(state: SyncState, under: readonly Ask[], env: Env): boolean {
  const newest = Math.max(...under.map(({ askedMs }) => askedMs))
  const lateMs = Math.max(SYNC_LIMITS.rescueMs, RESCUE_TIMES * state.usualMs)
  return under.length < ASKS_PER_CHUNK && env.nowMs - newest >= lateMs
}

function asksByStart({ asks }: SyncState): Map<number, Ask[]> {
  const byStart = new Map<number, Ask[]>()
  for (const one of asks.values()) {
    if (one.kind !== 'bodies') continue
    byStart.set(one.from, [...(byStart.get(one.from) ?? []), one])
  }
  return byStart
}

/** Matched to the headers of the ask by the driver. An answer that ended early leaves the rest wanted. */
export function takeBodies(state: SyncState, asked: Ask, bodies: readonly Uint8Array[]): void {
  // They fit the headers that they were asked for: those of a run that was false may have others in their place by now.
  const { from, to, run: of } = asked
  const at = state.chunks.findIndex(
    (chunk) => chunk.run === of && chunk.from === from && chunk.to === to && chunk.bodies === undefined
  )
  const chunk = state.chunks[at]
  if (chunk === undefined) return
  if (bodies.length === to - from + 1) {
    chunk.bodies = bodies
    return
  }
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  const end = from + bodies.length - 1
  const { run } = chunk
  state.chunks.splice(
    at,
    1,
    { run, from, to: end, bytes, bodies, prepared: false },
    { run, from: end + 1, to, bytes: chunk.bytes - bytes, bodies: undefined, prepared: false }
  )
}

/** Bodies of proven headers are decoded and checked while earlier blocks are executed; the window bounds them. */
export function prepareBodies(state: SyncState): Effect[] {
  const effects: Effect[] = []
  for (const chunk of state.chunks) {
    if (chunk.prepared || chunk.bodies === undefined) continue
    const held = state.runs.find(({ id }) => id === chunk.run)
    if (held === undefined || held.verifiedTo < chunk.to) continue
    chunk.prepared = true
    effects.push({ type: 'prepare', from: chunk.from, headers: held.run, bodies: chunk.bodies })
  }
  return effects
}

/** What is to be imported next. */
const lowestPart = ({ runs, head }: SyncState): RunPart | undefined =>
  runs[0]?.run.parts.find(({ to }) => to > head.height)

/** The lowest part whose bodies are all prepared goes into execution; one at a time. */
export function importNext(state: SyncState): Effect[] {
  const [held] = state.runs
  if (held === undefined || state.importing !== undefined || state.importWaits) return []
  const from = state.head.height + 1
  const part = lowestPart(state)
  if (part === undefined || part.to > held.verifiedTo) return []
  const chunks = state.chunks.filter((chunk) => chunk.from <= part.to)
  if (chunks.length === 0 || !chunks.every(({ prepared }) => prepared)) return []
  const { hash } = must(held.run.headers[part.to - held.run.from], 'a part ends in its run')
  state.importing = { run: held.id, end: { height: part.to, hash } }
  return [{ type: 'import', from, headers: held.run, part }]
}
