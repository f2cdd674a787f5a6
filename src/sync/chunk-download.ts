/**
 * Which chunk of a snapshot is asked of whom (SNAP-6, SNAP-8), as data and one function. Every chunk is verified before
 * it counts, so peers need no trust: one that sends a wrong chunk is charged and never asked again, one that is slow has
 * less of the work, one that is silent loses its chunk to another.
 *
 *   chunk: wanted ──> asked(peer …) ──> verified
 */
import type { PeerName } from './types.ts'

/** Requests out to one peer, and to all. */
export const ASKS_PER_PEER = 4
export const ASKS_MAX = 16
/** A second peer is asked for a chunk that is out so long, when nothing else is wanted. */
const RESCUE_MS = 2_000
const REST_MS = { limited: 1_000, failed: 2_000, lacks: 10_000 } as const
/** Nothing verified for so long: nobody has it, or nobody gives it. */
export const DOWNLOAD_PATIENCE_MS = 60_000

interface Ask {
  readonly peer: PeerName
  readonly index: number
  readonly askedMs: number
}

interface Server {
  out: number
  restUntilMs: number
  /** It sent a chunk that is proof against it. */
  barred: boolean
  verified: number
}

export interface DownloadState {
  /** In the order in which they are asked for. */
  readonly wanted: number[]
  readonly asks: Map<number, Ask>
  readonly servers: Map<PeerName, Server>
  /** Indexes still missing, asked for or not. */
  readonly missing: Set<number>
  nextId: number
  progressMs: number
  over: boolean
}

export type DownloadFailure = 'lacks' | 'limited' | 'failed' | 'invalid'
export type DownloadInput =
  | { readonly type: 'verified'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly failure: DownloadFailure; readonly why: string }
  | { readonly type: 'tick' }
export type DownloadEffect =
  | { readonly type: 'ask'; readonly id: number; readonly peer: PeerName; readonly index: number }
  | { readonly type: 'report'; readonly peer: PeerName; readonly why: string }
  | { readonly type: 'complete' }
  | { readonly type: 'gave-up'; readonly missing: number }

export interface DownloadEnv {
  readonly nowMs: number
  /** Peers that stated the manifest. */
  readonly peers: readonly PeerName[]
}

export function createDownload(missing: readonly number[], nowMs: number): DownloadState {
  return {
    wanted: [...missing],
    asks: new Map(),
    servers: new Map(),
    missing: new Set(missing),
    nextId: 1,
    progressMs: nowMs,
    over: false
  }
}

export function stepDownload(state: DownloadState, input: DownloadInput, env: DownloadEnv): DownloadEffect[] {
  if (state.over) return []
  const effects: DownloadEffect[] = []
  if (input.type === 'verified') noteVerified(state, input.id, env.nowMs)
  if (input.type === 'failed') effects.push(...noteFailed(state, input, env.nowMs))
  if (state.missing.size === 0) {
    state.over = true
    return [...effects, { type: 'complete' }]
  }
  if (env.nowMs - state.progressMs >= DOWNLOAD_PATIENCE_MS) {
    state.over = true
    return [...effects, { type: 'gave-up', missing: state.missing.size }]
  }
  return [...effects, ...askMore(state, env)]
}

function noteVerified(state: DownloadState, id: number, nowMs: number): void {
  const ask = take(state, id)
  if (ask === undefined) return
  const server = serverOf(state, ask.peer)
  server.verified += 1
  if (state.missing.delete(ask.index)) state.progressMs = nowMs
}

function noteFailed(
  state: DownloadState,
  { id, failure, why }: Extract<DownloadInput, { type: 'failed' }>,
  nowMs: number
): DownloadEffect[] {
  const ask = take(state, id)
  if (ask === undefined) return []
  const server = serverOf(state, ask.peer)
  const isOut = [...state.asks.values()].some(({ index }) => index === ask.index)
  if (state.missing.has(ask.index) && !isOut) state.wanted.unshift(ask.index)
  if (failure !== 'invalid') {
    server.restUntilMs = nowMs + REST_MS[failure]
    return []
  }
  const wasBarred = server.barred
  server.barred = true
  return wasBarred ? [] : [{ type: 'report', peer: ask.peer, why }]
}

function take(state: DownloadState, id: number): Ask | undefined {
  const ask = state.asks.get(id)
  if (ask === undefined) return undefined
  state.asks.delete(id)
  serverOf(state, ask.peer).out -= 1
  return ask
}

function serverOf(state: DownloadState, peer: PeerName): Server {
  const known = state.servers.get(peer)
  if (known !== undefined) return known
  const server: Server = { out: 0, restUntilMs: 0, barred: false, verified: 0 }
  state.servers.set(peer, server)
  return server
}

function askMore(state: DownloadState, env: DownloadEnv): DownloadEffect[] {
  const effects: DownloadEffect[] = []
  while (state.asks.size < ASKS_MAX) {
    const index = state.wanted.find((each) => state.missing.has(each)) ?? overdue(state, env.nowMs)
    if (index === undefined) break
    const asked = [...state.asks.values()].filter((ask) => ask.index === index).map(({ peer }) => peer)
    const peer = freest(state, env, asked)
    if (peer === undefined) break
    const at = state.wanted.indexOf(index)
    if (at >= 0) state.wanted.splice(at, 1)
    const id = state.nextId++
    state.asks.set(id, { peer, index, askedMs: env.nowMs })
    serverOf(state, peer).out += 1
    effects.push({ type: 'ask', id, peer, index })
  }
  return effects
}

/** The chunk that is out longest, if that is too long and only one peer was asked. */
function overdue(state: DownloadState, nowMs: number): number | undefined {
  const counts = new Map<number, number>()
  for (const { index } of state.asks.values()) counts.set(index, (counts.get(index) ?? 0) + 1)
  for (const { index, askedMs } of state.asks.values()) {
    if (nowMs - askedMs >= RESCUE_MS && counts.get(index) === 1 && state.missing.has(index)) return index
  }
  return undefined
}

/** The peer with the fewest requests out; of equals the one that gave most. */
function freest(
  state: DownloadState,
  { peers, nowMs }: DownloadEnv,
  except: readonly PeerName[]
): PeerName | undefined {
  let best: { peer: PeerName; server: Server } | undefined
  for (const peer of peers) {
    const server = serverOf(state, peer)
    const isFree = !server.barred && server.restUntilMs <= nowMs && server.out < ASKS_PER_PEER
    if (!isFree || except.includes(peer)) continue
    const isBetter =
      best === undefined ||
      server.out < best.server.out ||
      (server.out === best.server.out && server.verified > best.server.verified)
    if (isBetter) best = { peer, server }
  }
  return best?.peer
}
