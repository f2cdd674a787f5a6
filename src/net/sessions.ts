/** Peers whose status handshake is complete. Nothing else of the layer serves or asks anybody who is not here. */
import type { PeerId } from '@libp2p/interface'
import type { Status } from '../codec/messages.ts'
import type { Peer } from './types.ts'

export interface Session {
  readonly peer: Peer
  readonly id: PeerId
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  readonly sinceMs: number
  /** When its last status came. */
  heardMs: number
  agent: string
  status: Status
}

export interface SessionEvents {
  opened(session: Session): void
  closed(session: Session): void
}

export class Sessions {
  readonly #events: SessionEvents
  readonly #open = new Map<Peer, Session>()
  /** Keyed by peers that have a connection and a stream waiting, hence bounded by both. */
  readonly #waiting = new Map<Peer, Set<() => void>>()

  constructor(events: SessionEvents) {
    this.#events = events
  }

  get size(): number {
    return this.#open.size
  }

  get(peer: Peer): Session | undefined {
    return this.#open.get(peer)
  }

  /** The oldest first. */
  all(): readonly Session[] {
    return [...this.#open.values()]
  }

  /** A further handshake of an open session only brings its status up to date. */
  open(session: Session): void {
    const known = this.#open.get(session.peer)
    if (known !== undefined) {
      known.status = session.status
      known.heardMs = session.heardMs
      return
    }
    this.#open.set(session.peer, session)
    this.#events.opened(session)
    for (const wake of this.#waiting.get(session.peer) ?? []) wake()
  }

  close(peer: Peer): void {
    const session = this.#open.get(peer)
    if (session === undefined) return
    this.#open.delete(peer)
    this.#events.closed(session)
  }

  /** The other side may finish the handshake first and speak at once: its streams wait here. */
  async ready(peer: Peer, signal: AbortSignal): Promise<boolean> {
    if (this.#open.has(peer)) return true
    if (signal.aborted) return false
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiters = this.#waiting.get(peer) ?? new Set()
    this.#waiting.set(peer, waiters.add(resolve))
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    waiters.delete(resolve)
    if (waiters.size === 0) this.#waiting.delete(peer)
    return this.#open.has(peer)
  }
}
