/**
 * Dials under way: so many at once, each with its deadline and an outcome that is counted. Bootstrap addresses without
 * a peer id are dialled here too, until it is known who answers there.
 */
import type { Multiaddr } from '@multiformats/multiaddr'
import { deadline, messageOf, monotonicMs } from '../context.ts'
import type { NetContext } from '../context.ts'
import { NET_LIMITS } from '../limits.ts'
import type { Sessions } from '../sessions.ts'
import type { Peer } from '../types.ts'
import { backoffMs, jitter } from './backoff.ts'
import type { Random } from './backoff.ts'
import { dialOutcome } from './dial-outcome.ts'
import { DISCOVERY_LIMITS } from './limits.ts'
import type { PeerBook } from './peer-book.ts'

export interface DialParts {
  readonly context: NetContext
  readonly sessions: Sessions
  readonly book: PeerBook
  /** With or without peer ids. */
  readonly bootstrap: readonly Multiaddr[]
  readonly random: Random
  readonly onEnd: () => void
}

/** A bootstrap address that does not say who is there. */
interface Nameless {
  readonly address: Multiaddr
  /** Who answered last. */
  peer: Peer | undefined
  failures: number
  nextMs: number
  isBusy: boolean
}

const BOOTSTRAP = { firstMs: NET_LIMITS.redialMinMs, mostMs: NET_LIMITS.redialMaxMs }

export class Dials {
  readonly #parts: DialParts
  /** And since when. */
  readonly #busy = new Map<Peer, number>()
  /** In order of need; replaced by every decision. */
  #wanted: readonly Peer[] = []
  readonly #nameless: Nameless[]
  /** Peers that refused us or that we refused, and until when they are left alone. */
  readonly #paused = new Map<Peer, number>()

  constructor(parts: DialParts) {
    this.#parts = parts
    this.#nameless = parts.bootstrap
      .filter((address) => peerIn(address) === undefined)
      .map((address) => ({ address, peer: undefined, failures: 0, nextMs: 0, isBusy: false }))
  }

  learnBootstrap(): void {
    for (const address of this.#parts.bootstrap) {
      const peer = peerIn(address)
      if (peer !== undefined) this.#parts.book.learnBootstrap(peer, [address], Date.now())
    }
  }

  /** Dials under way. */
  get isBusyWith(): number {
    return this.#busy.size
  }

  isDialling(peer: Peer): boolean {
    return this.#busy.has(peer)
  }

  isBusy(peer: Peer): boolean {
    return this.#busy.has(peer) || (this.#paused.get(peer) ?? 0) > Date.now()
  }

  pause(peer: Peer, untilMs: number): void {
    this.#parts.book.pause(peer, untilMs)
    this.#paused.delete(peer)
    this.#paused.set(peer, untilMs)
    for (const oldest of this.#paused.keys()) {
      if (this.#paused.size <= NET_LIMITS.peersKnown) break
      this.#paused.delete(oldest)
    }
  }

  hurry(): void {
    for (const each of this.#nameless) {
      each.failures = 0
      each.nextMs = 0
    }
  }

  /** @returns whether some have to wait for others. */
  want(peers: readonly Peer[]): boolean {
    this.#wanted = peers
    return peers.length > DISCOVERY_LIMITS.dialsAtOnce
  }

  onUp(peer: Peer): void {
    for (const each of this.#nameless) if (each.peer === peer) each.failures = 0
  }

  /** All bootstrap peers, whether or not they are needed: so that a network that fell apart finds together again. */
  dialBootstrap(): void {
    const { book, sessions } = this.#parts
    const away: Peer[] = []
    for (const { isBootstrap, peer } of book.all())
      if (isBootstrap && sessions.get(peer) === undefined && !this.isBusy(peer)) away.push(peer)
    this.#wanted = [...away, ...this.#wanted]
  }

  tick(now: number, isShort: boolean): void {
    for (const each of this.#nameless) if (this.#isDue(each, now, isShort)) void this.#dialNameless(each)
    const [...wanted] = this.#wanted
    while (wanted.length > 0 && this.#mayBegin()) {
      const peer = wanted.shift()
      if (peer !== undefined && this.#isAway(peer)) void this.#dial(peer)
    }
    this.#wanted = wanted
  }

  /** A few at a time, since others dial us meanwhile; whoever takes long holds up nobody. */
  #mayBegin(): boolean {
    const { dialsAtOnce, dialsFresh, dialFreshMs } = DISCOVERY_LIMITS
    if (this.#busy.size >= dialsAtOnce) return false
    let fresh = 0
    for (const sinceMs of this.#busy.values()) if (monotonicMs() - sinceMs < dialFreshMs) fresh += 1
    return fresh < dialsFresh
  }

  #isAway(peer: Peer): boolean {
    const { sessions, context } = this.#parts
    if (this.isBusy(peer) || sessions.get(peer) !== undefined) return false
    return !context.host.getConnections().some(({ remotePeer }) => remotePeer.toString() === peer)
  }

  #isDue({ peer, nextMs, isBusy }: Nameless, now: number, isShort: boolean): boolean {
    if (isBusy || nextMs > now || this.#busy.size >= DISCOVERY_LIMITS.dialsAtOnce) return false
    return peer === undefined || (isShort && this.#isAway(peer))
  }

  async #dial(peer: Peer): Promise<void> {
    const { book, context, random } = this.#parts
    this.#busy.set(peer, monotonicMs())
    try {
      const addresses = book.addressesOf(peer).map((address) => address.encapsulate(`/p2p/${peer}`))
      await this.#connect(addresses)
      // Whether it stays is for the handshake to say; until then it counts as one that comes.
      await this.#parts.sessions.ready(peer, deadline(context, NET_LIMITS.statusTimeoutMs))
      book.pause(peer, Date.now() + jitter(NET_LIMITS.redialMaxMs, random))
    } catch (error) {
      if (context.signal.aborted) return
      const known = book.get(peer)
      if (known?.isBootstrap === true && known.failures === 0)
        context.log('bootstrap not reached', { peer, reason: messageOf(error) })
      book.failed(peer, Date.now())
    } finally {
      this.#busy.delete(peer)
      this.#parts.onEnd()
    }
  }

  async #dialNameless(each: Nameless): Promise<void> {
    const { book, context, random } = this.#parts
    each.isBusy = true
    try {
      each.peer = await this.#connect([each.address])
      each.nextMs = Date.now() + jitter(NET_LIMITS.redialMaxMs, random)
      book.learnBootstrap(each.peer, [each.address], Date.now())
    } catch (error) {
      if (context.signal.aborted) return
      if (each.failures === 0)
        context.log('bootstrap not reached', { address: each.address.toString(), reason: messageOf(error) })
      each.failures += 1
      each.nextMs = Date.now() + backoffMs(BOOTSTRAP, each.failures, random)
    } finally {
      each.isBusy = false
      this.#parts.onEnd()
    }
  }

  async #connect(addresses: Multiaddr[]): Promise<Peer> {
    const { context } = this.#parts
    const startMs = monotonicMs()
    const seconds = (): number => (monotonicMs() - startMs) / 1_000
    try {
      const signal = deadline(context, NET_LIMITS.dialTimeoutMs)
      const { remotePeer } = await context.host.dial(addresses, { signal })
      context.metrics.dialled('connected', seconds())
      return remotePeer.toString() as Peer
    } catch (error) {
      if (!context.signal.aborted) context.metrics.dialled(dialOutcome(error), seconds())
      throw error
    }
  }
}

const peerIn = (address: Multiaddr): Peer | undefined =>
  address.getComponents().findLast(({ name }) => name === 'p2p')?.value as Peer | undefined
