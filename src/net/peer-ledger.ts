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
  banReason: string
  events: PeerEvent[]
}

export interface Ban {
  readonly peer: Peer
  readonly untilMs: number
  readonly reason: string
  /** Bans of this peer so far, this one included. */
  readonly bans: number
}
/** What is held against one peer. */
export interface PeerStanding {
  readonly peer: Peer
  readonly score: number
  readonly ban?: Ban
  readonly events: readonly PeerEvent[]
}
/** Doubling ends long before: what a day holds. */
const BANS_COUNTED_MAX = 255

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
    const entry = this.#touch(peer, nowMs)
    entry.score = clamp(decayed(entry, nowMs) + this.#costs[fact])
    entry.atMs = nowMs
    entry.events.push({ atMs: nowMs, fact, why })
    if (entry.events.length > NET_LIMITS.ledgerEvents) this.#dropEvent(entry)
    this.#forget(nowMs)
    if (this.#costs[fact] >= 0) return 'none'
    if (entry.score < BAN_BELOW) {
      if (entry.bannedUntilMs <= nowMs) {
        this.#extend(entry, nowMs + Math.min(BAN_LONGEST_MS, BAN_FIRST_MS * 2 ** entry.bans), why)
      }
      return 'ban'
    }
    return entry.score < DISCONNECT_BELOW ? 'disconnect' : 'none'
  }

  /** By decision of the operator: neither the score nor later facts matter. Replaces a ban there is. */
  ban(peer: Peer, reason: string, untilMs: number, nowMs: number): void {
    this.#extend(this.#touch(peer, nowMs), untilMs, reason)
    this.#forget(nowMs)
  }

  /** Clears ban and score: what was counted against the peer is forgiven. @returns false when there was no ban. */
  unban(peer: Peer, nowMs: number): boolean {
    const entry = this.#entries.get(peer)
    if (entry === undefined || entry.bannedUntilMs <= nowMs) return false
    entry.bannedUntilMs = 0
    entry.score = 0
    entry.atMs = nowMs
    return true
  }

  /** A ban of an earlier run goes on. */
  restore({ peer, untilMs, reason, bans }: Ban, nowMs: number): void {
    const entry = this.#touch(peer, nowMs)
    entry.bannedUntilMs = untilMs
    entry.banReason = reason
    entry.bans = Math.min(BANS_COUNTED_MAX, Math.max(1, bans))
    this.#forget(nowMs)
  }

  /** Bans in force, the longest first. */
  bans(nowMs: number): Ban[] {
    const found: Ban[] = []
    for (const [peer, { bannedUntilMs: untilMs, banReason: reason, bans }] of this.#entries) {
      if (untilMs > nowMs) found.push({ peer, untilMs, reason, bans })
    }
    return found.toSorted((a, b) => b.untilMs - a.untilMs)
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

  /** The last facts, oldest first; those that cost are kept longer than those that do not. */
  why(peer: Peer): readonly PeerEvent[] {
    return this.#entries.get(peer)?.events ?? []
  }

  get size(): number {
    return this.#entries.size
  }

  #touch(peer: Peer, nowMs: number): Entry {
    const entry = this.#entries.get(peer) ?? {
      score: 0,
      atMs: nowMs,
      bans: 0,
      bannedUntilMs: 0,
      banReason: '',
      events: []
    }
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
    return entry
  }

  #extend(entry: Entry, untilMs: number, reason: string): void {
    entry.bannedUntilMs = untilMs
    entry.banReason = reason
    entry.bans = Math.min(BANS_COUNTED_MAX, entry.bans + 1)
  }

  /** What cost nothing goes first: a peer that is often slow must not hide what it was charged for. */
  #dropEvent({ events }: Entry): void {
    const costless = events.findIndex(({ fact }) => this.#costs[fact] >= 0)
    events.splice(Math.max(0, costless), 1)
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
