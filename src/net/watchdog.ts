/**
 * Ends connections that are of no use, without a fact about the peer: only a fresh connection helps, and the fault may be
 * anywhere. Deaf: one oversized container, or an overflowing buffer, ends a gossip stream for good while the connection
 * stays: messages are counted as sent and arrive nowhere. Silent: no status for a while, though one is due every few
 * seconds in one direction or the other (REQ-3): the machine is gone, its cable cut, or the program hangs. A connection
 * that does not even answer pings is ended sooner, by libp2p.
 */
import { messageOf, monotonicMs } from './context.ts'
import type { NetContext } from './context.ts'
import { NET_LIMITS } from './limits.ts'
import type { Session, Sessions } from './sessions.ts'
import type { Peer } from './types.ts'

/** Looks in a row: opening gossip streams takes a moment, on a busy machine several. */
const STRIKES = 4

export class Watchdog {
  readonly #context: NetContext
  readonly #sessions: Sessions
  readonly #isDeaf: (peer: Peer) => boolean
  readonly #nowMs: () => number
  #strikes = new Map<Peer, number>()

  constructor(
    context: NetContext,
    sessions: Sessions,
    isDeaf: (peer: Peer) => boolean,
    nowMs: () => number = monotonicMs
  ) {
    this.#context = context
    this.#sessions = sessions
    this.#isDeaf = isDeaf
    this.#nowMs = nowMs
  }

  start(): void {
    const timer = setInterval(() => this.look(), NET_LIMITS.watchdogMs)
    this.#context.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  look(): void {
    const strikes = new Map<Peer, number>()
    for (const session of this.#sessions.all()) {
      const fault = this.#faultOf(session)
      if (fault === undefined) continue
      const count = (this.#strikes.get(session.peer) ?? 0) + 1
      if (count >= STRIKES) void this.#hangUp(session, fault)
      else strikes.set(session.peer, count)
    }
    this.#strikes = strikes
  }

  /** Several looks in a row: after a pause of our own, what the peer sent meanwhile is read before the next one. */
  #faultOf({ peer, sinceMs, heardMs }: Session): 'deaf' | 'silent' | undefined {
    const now = this.#nowMs()
    if (now - heardMs > NET_LIMITS.silentPeerMs) return 'silent'
    return now - sinceMs >= NET_LIMITS.watchdogMs && this.#isDeaf(peer) ? 'deaf' : undefined
  }

  /** Discovery brings it back. */
  async #hangUp(session: Session, fault: 'deaf' | 'silent'): Promise<void> {
    if (fault === 'deaf') this.#context.metrics.deafPeer()
    else this.#context.metrics.handshake('silent')
    this.#context.log('peer is of no use, reconnecting', { peer: session.peer, fault })
    try {
      await this.#context.host.hangUp(session.id, { signal: AbortSignal.timeout(1_000) })
    } catch (error) {
      this.#context.log('hang up failed', { peer: session.peer, reason: messageOf(error) })
    }
  }
}
