/**
 * Finding and keeping peers (D13, first part). One loop looks every quarter of a second at
 *  - bootstrap addresses: dialled until connected, again after every loss (libp2p's bootstrap tries once);
 *  - known peers (learned by walks through the DHT, or met before): dialled while there are fewer than the target;
 *  - the next random walk: soon while peers are missing, seldom otherwise.
 * Each address backs off by itself, with jitter, so that a restarted network does not dial in step.
 */
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { deadline, messageOf, monotonicMs } from './context.ts'
import type { NetContext } from './context.ts'
import { NET_LIMITS } from './limits.ts'
import type { Sessions } from './sessions.ts'
import type { Peer } from './types.ts'

const TICK_MS = 250
const DIALS_AT_ONCE = 8
const WALK_TIMEOUT_MS = 10_000
/** Failures after which a peer that was never up is forgotten, and one that was is dialled seldom. */
const GIVE_UP_AFTER = 8
const SELDOM_MS = 60_000

interface Candidate {
  readonly target: PeerId | Multiaddr
  readonly isBootstrap: boolean
  /** Known from the start, or learned by dialling an address without one. */
  peer: Peer | undefined
  failures: number
  nextMs: number
  dialling: boolean
  wasUp: boolean
}

export interface DiallerOptions {
  readonly bootstrap: readonly Multiaddr[]
  readonly targetPeers: number
  readonly isBanned: (peer: Peer) => boolean
  readonly isCut: () => boolean
}

export class Dialler {
  readonly #context: NetContext
  readonly #sessions: Sessions
  readonly #options: DiallerOptions
  readonly #candidates = new Map<string, Candidate>()
  /** Peers that refused us or that we refused, and until when they are left alone. */
  readonly #paused = new Map<Peer, number>()
  #dialling = 0
  #walking = false
  #walkMs: number = NET_LIMITS.walkMinMs
  #nextWalkMs = 0

  constructor(context: NetContext, sessions: Sessions, options: DiallerOptions) {
    this.#context = context
    this.#sessions = sessions
    this.#options = options
    for (const address of options.bootstrap) {
      this.#candidates.set(address.toString(), candidate(address, true, peerIn(address)))
    }
  }

  start(): void {
    const timer = setInterval(() => this.#tick(), TICK_MS)
    this.#context.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    this.#tick()
  }

  /** Dials at once whatever waits: after a healed cut. */
  retryNow(): void {
    for (const each of this.#candidates.values()) {
      each.failures = 0
      each.nextMs = 0
    }
    this.#walkMs = NET_LIMITS.walkMinMs
    this.#nextWalkMs = 0
  }

  /** Leaves a peer alone. */
  pausePeer(peer: Peer, ms: number): void {
    this.#paused.delete(peer)
    this.#paused.set(peer, monotonicMs() + ms)
    for (const oldest of this.#paused.keys()) {
      if (this.#paused.size <= NET_LIMITS.peersKnown) break
      this.#paused.delete(oldest)
    }
  }

  onUp(peer: Peer, id: PeerId): void {
    const known = this.#find(peer) ?? this.#learn(id)
    if (known !== undefined) {
      known.failures = 0
      known.wasUp = true
    }
    // Who is new may know others.
    this.#walkMs = NET_LIMITS.walkMinMs
    this.#nextWalkMs = Math.min(this.#nextWalkMs, monotonicMs() + NET_LIMITS.walkMinMs)
  }

  onDown(peer: Peer): void {
    const known = this.#find(peer)
    if (known !== undefined) known.nextMs = monotonicMs() + jitter(NET_LIMITS.redialMinMs)
    this.#nextWalkMs = Math.min(this.#nextWalkMs, monotonicMs() + NET_LIMITS.walkMinMs)
  }

  #find(peer: Peer): Candidate | undefined {
    const direct = this.#candidates.get(peer)
    if (direct !== undefined) return direct
    for (const each of this.#candidates.values()) if (each.peer === peer) return each
    return undefined
  }

  #learn(id: PeerId): Candidate | undefined {
    const peer = id.toString() as Peer
    if (id.equals(this.#context.host.peerId)) return undefined
    const known = this.#find(peer)
    if (known !== undefined) return known
    if (this.#candidates.size >= NET_LIMITS.peersKnown) return undefined
    const learned = candidate(id, false, peer)
    this.#candidates.set(peer, learned)
    return learned
  }

  #tick(): void {
    if (this.#options.isCut() || this.#context.signal.aborted) return
    const now = monotonicMs()
    for (const [key, each] of this.#candidates) {
      if (this.#dialling >= DIALS_AT_ONCE) break
      if (this.#isDue(each, now)) void this.#dial(key, each)
    }
    const { size } = this.#sessions
    if (size > 0 && size < this.#options.targetPeers && !this.#walking && now >= this.#nextWalkMs)
      void this.#walk()
  }

  #isDue(each: Candidate, now: number): boolean {
    if (each.dialling || each.nextMs > now) return false
    if (!each.isBootstrap && this.#sessions.size + this.#dialling >= this.#options.targetPeers) return false
    const { peer } = each
    if (peer === undefined) return true
    if (this.#sessions.get(peer) !== undefined || this.#options.isBanned(peer)) return false
    if (this.#context.host.peerId.toString() === peer) return false
    if ((this.#paused.get(peer) ?? 0) > now) return false
    return !this.#context.host
      .getConnections()
      .some((connection) => connection.remotePeer.toString() === peer)
  }

  async #dial(key: string, each: Candidate): Promise<void> {
    each.dialling = true
    this.#dialling += 1
    try {
      const signal = deadline(this.#context, NET_LIMITS.dialTimeoutMs)
      const connection = await this.#context.host.dial(each.target, { signal })
      each.peer = connection.remotePeer.toString() as Peer
      // Whether it stays is for the handshake to say; a refused peer is paused by it.
      each.nextMs = monotonicMs() + jitter(NET_LIMITS.redialMaxMs)
    } catch (error) {
      this.#onFailure(key, each, error)
    } finally {
      each.dialling = false
      this.#dialling -= 1
    }
  }

  #onFailure(key: string, each: Candidate, error: unknown): void {
    if (this.#context.signal.aborted) return
    each.failures += 1
    if (each.failures === 1 && each.isBootstrap) {
      this.#context.log('bootstrap not reached', { address: key, reason: messageOf(error) })
    }
    const tired = !each.isBootstrap && each.failures > GIVE_UP_AFTER
    if (tired && !each.wasUp) {
      this.#candidates.delete(key)
      return
    }
    const backoffMs = Math.min(NET_LIMITS.redialMaxMs, NET_LIMITS.redialMinMs * 2 ** each.failures)
    each.nextMs = monotonicMs() + jitter(tired ? SELDOM_MS : backoffMs)
  }

  /** Asks the DHT for peers near a random point; whoever it names is a candidate. */
  async #walk(): Promise<void> {
    this.#walking = true
    const before = this.#candidates.size
    try {
      const point = crypto.getRandomValues(new Uint8Array(32))
      const signal = deadline(this.#context, WALK_TIMEOUT_MS)
      for await (const event of this.#context.host.services.dht.getClosestPeers(point, { signal })) {
        if (event.name !== 'PEER_RESPONSE') continue
        for (const { id } of event.closer) this.#learn(id)
      }
    } catch (error) {
      if (!this.#context.signal.aborted) this.#context.log('walk ended early', { reason: messageOf(error) })
    } finally {
      this.#walking = false
      if (this.#candidates.size === before) this.#walkMs = Math.min(NET_LIMITS.walkMaxMs, 2 * this.#walkMs)
      this.#nextWalkMs = monotonicMs() + jitter(this.#walkMs)
    }
  }
}

const candidate = (target: PeerId | Multiaddr, isBootstrap: boolean, peer: Peer | undefined): Candidate => ({
  target,
  isBootstrap,
  peer,
  failures: 0,
  nextMs: 0,
  dialling: false,
  wasUp: false
})

const peerIn = (address: Multiaddr): Peer | undefined =>
  address.getComponents().findLast((component) => component.name === 'p2p')?.value as Peer | undefined

/** Half to one and a half of it. Randomness here only spreads load. */
const jitter = (ms: number): number => ms * (0.5 + Math.random())
