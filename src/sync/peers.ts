/**
 * What sync knows of its peers: how fast each answers and who rests after a failure. Whom to ask is decided by when the
 * answer may be expected, so a slow peer gets few requests and never those that everything waits for.
 */
import { SYNC_LIMITS } from './limits.ts'
import type { Env, Failure, PeerName } from './types.ts'

export interface PeerRecord {
  /** Bytes per millisecond, over past answers; undefined before the first. */
  rate: number | undefined
  inFlight: number
  bytesInFlight: number
  strikes: number
  pausedUntilMs: number
  /** Why it rests. */
  cause: Failure | undefined
  /** It gave headers up to this height, whatever it stated before. */
  has: number
}

export type Peers = Map<PeerName, PeerRecord>

/** Before anything is known: a megabyte a second. */
const RATE_AT_FIRST = 1_000
/** A peer from which the answer is due this many times later than from the best one is not asked. */
const WORTH_TIMES = 4
/** … unless that is soon in any case. */
const SOON_MS = 200
/** What a request costs besides its bytes: a small answer says little of how fast a peer is. */
const REQUEST_BYTES = 16 * 1024

export function recordOf(peers: Peers, peer: PeerName): PeerRecord {
  let record = peers.get(peer)
  if (record === undefined) {
    record = {
      rate: undefined,
      inFlight: 0,
      bytesInFlight: 0,
      strikes: 0,
      pausedUntilMs: 0,
      cause: undefined,
      has: 0
    }
    peers.set(peer, record)
  }
  return record
}

/** Peers that are gone and owe nothing are forgotten: no more records than peers and requests. */
export function forgetGone(peers: Peers, env: Env): void {
  const here = new Set(env.peers.map(({ peer }) => peer))
  for (const [peer, { inFlight, pausedUntilMs }] of peers) {
    if (!here.has(peer) && inFlight === 0 && pausedUntilMs <= env.nowMs) peers.delete(peer)
  }
}

/** Blocks that somebody is wanted for. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Peers that hold the lowest of them, state the highest or gave headers up to it, and do not rest. */
export const ableTo = (peers: Peers, { from, to }: Span, env: Env): PeerName[] =>
  env.peers
    .filter((one) => {
      const record = peers.get(one.peer)
      const isHigh = Math.max(one.height, record?.has ?? 0) >= to
      return isHigh && (one.earliest ?? 0) <= from && (record?.pausedUntilMs ?? 0) <= env.nowMs
    })
    .map(({ peer }) => peer)

interface Want extends Span {
  readonly bytes: number
  readonly except?: readonly PeerName[]
}

/** Who is asked for so many bytes of these blocks; undefined while nobody worth it is free. */
export function choosePeer(peers: Peers, env: Env, want: Want): PeerName | undefined {
  const expected = ableTo(peers, want, env).map((peer) => {
    const record = recordOf(peers, peer)
    return {
      peer,
      record,
      ms: (record.bytesInFlight + want.bytes + REQUEST_BYTES) / (record.rate ?? bestRate(peers))
    }
  })
  const least = Math.min(...expected.map(({ ms }) => ms))
  const free = expected
    .filter(
      ({ peer, record }) =>
        record.inFlight < SYNC_LIMITS.requestsPerPeer && want.except?.includes(peer) !== true
    )
    .filter(({ ms }) => ms <= Math.max(SOON_MS, WORTH_TIMES * least))
    .sort((a, b) => a.ms - b.ms || a.record.inFlight - b.record.inFlight)
  return free[0]?.peer
}

const bestRate = (peers: Peers): number => {
  const known = [...peers.values()].flatMap(({ rate }) => (rate === undefined ? [] : [rate]))
  return known.length === 0 ? RATE_AT_FIRST : Math.max(...known)
}

export function noteAsked(peers: Peers, peer: PeerName, bytes: number): void {
  const record = recordOf(peers, peer)
  record.inFlight += 1
  record.bytesInFlight += bytes
}

/** An answer came, or will not be waited for any more. */
export function noteEnded(peers: Peers, peer: PeerName, bytes: number): void {
  const record = recordOf(peers, peer)
  record.inFlight -= 1
  record.bytesInFlight -= bytes
}

/** Answers share the line, so what one took says that a request's worth of all of them took so long. */
export function noteAnswer(peers: Peers, peer: PeerName, bytes: number, tookMs: number): void {
  const record = recordOf(peers, peer)
  const seen = ((bytes + REQUEST_BYTES) * Math.max(1, record.inFlight)) / Math.max(1, tookMs)
  record.rate = record.rate === undefined ? seen : 0.7 * record.rate + 0.3 * seen
  record.strikes = 0
  record.cause = undefined
}

export function notePause(peers: Peers, peer: PeerName, cause: Failure, nowMs: number): void {
  const record = recordOf(peers, peer)
  const doubled = Math.min(SYNC_LIMITS.pauseLongestMs, SYNC_LIMITS.pauseMs * 2 ** record.strikes)
  const pause = cause === 'invalid' ? SYNC_LIMITS.pauseLongestMs : doubled
  record.strikes = Math.min(record.strikes + 1, 10)
  record.pausedUntilMs = nowMs + pause
  record.cause = cause
  if (cause === 'failed' && record.rate !== undefined) record.rate /= 2
}
