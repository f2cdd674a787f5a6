/**
 * One ledger of facts about peers (D14). Pure: time is an input, nothing here acts on a connection.
 *
 * Score −100 … 100, start 0, halved every ten minutes. Only `invalid` and `broken-promise` cost: a peer that lacks
 * data, is slow or limits us is not a bad peer, and what went wrong on our side is never its fault.
 * Below −20 the peer is disconnected, below −50 it is banned for 30 minutes, each further ban lasts twice as long.
 */
import { NET_LIMITS } from './limits.ts'
import type { Peer, PeerFact } from './types.ts'

export const SCORE_MIN = -100
export const SCORE_MAX = 100
export const DISCONNECT_BELOW = -20
export const BAN_BELOW = -50
export const HALF_LIFE_MS = 600_000
export const BAN_FIRST_MS = 30 * 60_000
export const BAN_LONGEST_MS = 24 * 60 * 60_000

export const FACT_COSTS: Readonly<Record<PeerFact, number>> = {
  invalid: -50,
  'broken-promise': -10,
  lacks: 0,
  limited: 0,
  slow: 0,
  'our-fault': 0
}

export interface PeerEvent {
  readonly atMs: number
  readonly fact: PeerFact
  readonly why: string
}
export type LedgerAction = 'none' | 'disconnect' | 'ban'

interface Entry {
  score: number
  atMs: number
  bans: number
  bannedUntilMs: number
  events: PeerEvent[]
}

export interface LedgerOptions {
  readonly costs?: Partial<Record<PeerFact, number>>
  readonly peersMax?: number
}

export class PeerLedger {
  readonly #costs: Readonly<Record<PeerFact, number>>
  readonly #peersMax: number
  /** In order of the last fact, so that the first one is the longest forgotten. */
  readonly #entries = new Map<Peer, Entry>()

  constructor(options: LedgerOptions = {}) {
    this.#costs = { ...FACT_COSTS, ...options.costs }
    this.#peersMax = options.peersMax ?? NET_LIMITS.ledgerPeers
  }

  /** @returns what has to happen to the peer now. */
  record(peer: Peer, fact: PeerFact, why: string, nowMs: number): LedgerAction {
    const entry = this.#entries.get(peer) ?? { score: 0, atMs: nowMs, bans: 0, bannedUntilMs: 0, events: [] }
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
    entry.score = clamp(decayed(entry, nowMs) + this.#costs[fact])
    entry.atMs = nowMs
    entry.events.push({ atMs: nowMs, fact, why })
    if (entry.events.length > NET_LIMITS.ledgerEvents) entry.events.shift()
    this.#forget(nowMs)
    if (this.#costs[fact] >= 0) return 'none'
    if (entry.score < BAN_BELOW) {
      if (entry.bannedUntilMs <= nowMs) {
        entry.bannedUntilMs = nowMs + Math.min(BAN_LONGEST_MS, BAN_FIRST_MS * 2 ** entry.bans)
        entry.bans += 1
      }
      return 'ban'
    }
    return entry.score < DISCONNECT_BELOW ? 'disconnect' : 'none'
  }

  score(peer: Peer, nowMs: number): number {
    const entry = this.#entries.get(peer)
    return entry === undefined ? 0 : decayed(entry, nowMs)
  }

  /** The time a ban ends, or undefined when there is none. */
  bannedUntil(peer: Peer, nowMs: number): number | undefined {
    const until = this.#entries.get(peer)?.bannedUntilMs ?? 0
    return until > nowMs ? until : undefined
  }

  /** The last facts that made the score, oldest first. */
  why(peer: Peer): readonly PeerEvent[] {
    return this.#entries.get(peer)?.events ?? []
  }

  get size(): number {
    return this.#entries.size
  }

  /** Makes room: peers without a ban go first, then whoever is longest forgotten. */
  #forget(nowMs: number): void {
    while (this.#entries.size > this.#peersMax) {
      let victim: Peer | undefined
      for (const [peer, entry] of this.#entries) {
        victim ??= peer
        if (entry.bannedUntilMs <= nowMs) {
          victim = peer
          break
        }
      }
      if (victim === undefined) return
      this.#entries.delete(victim)
    }
  }
}

const decayed = (entry: Entry, nowMs: number): number =>
  entry.score * 0.5 ** (Math.max(0, nowMs - entry.atMs) / HALF_LIFE_MS)

const clamp = (score: number): number => Math.max(SCORE_MIN, Math.min(SCORE_MAX, score))
