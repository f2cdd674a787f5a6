/**
 * Cures deaf peers. One oversized container, or an overflowing buffer, ends a gossip stream for good while the
 * connection stays: messages are counted as sent and arrive nowhere. Only a fresh connection helps.
 */
import { messageOf, monotonicMs } from './context.ts'
import type { NetContext } from './context.ts'
import { NET_LIMITS } from './limits.ts'
import type { Session, Sessions } from './sessions.ts'
import type { Peer } from './types.ts'

/** Looks in a row: opening gossip streams takes a moment. */
const STRIKES = 2

export class Watchdog {
  readonly #context: NetContext
  readonly #sessions: Sessions
  readonly #isDeaf: (peer: Peer) => boolean
  #strikes = new Map<Peer, number>()

  constructor(context: NetContext, sessions: Sessions, isDeaf: (peer: Peer) => boolean) {
    this.#context = context
    this.#sessions = sessions
    this.#isDeaf = isDeaf
  }

  start(): void {
    const timer = setInterval(() => this.look(), NET_LIMITS.watchdogMs)
    this.#context.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  look(): void {
    const strikes = new Map<Peer, number>()
    for (const session of this.#sessions.all()) {
      if (monotonicMs() - session.sinceMs < NET_LIMITS.watchdogMs || !this.#isDeaf(session.peer)) continue
      const count = (this.#strikes.get(session.peer) ?? 0) + 1
      if (count >= STRIKES) void this.#hangUp(session)
      else strikes.set(session.peer, count)
    }
    this.#strikes = strikes
  }

  /** The dialler brings it back. */
  async #hangUp(session: Session): Promise<void> {
    this.#context.metrics.deafPeer()
    this.#context.log('peer is deaf to gossip, reconnecting', { peer: session.peer })
    try {
      await this.#context.host.hangUp(session.id, { signal: AbortSignal.timeout(1_000) })
    } catch (error) {
      this.#context.log('hang up failed', { peer: session.peer, reason: messageOf(error) })
    }
  }
}
