/**
 * Everybody this node has heard of, whether connected or not (DIS-5 … DIS-9). Bounded as a whole and for each source;
 * an address comes from the peer's own signed record wherever there is one, so that no third party can move a peer.
 * Time is an argument: Unix milliseconds, because the book outlives the process.
 */
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { ChainId } from '../../primitives/chain-id.ts'
import { NET_LIMITS } from '../limits.ts'
import type { Peer } from '../types.ts'
import { hostOf, mayUse, readAddress, withoutPeer } from './addresses.ts'
import { backoffMs } from './backoff.ts'
import type { Random } from './backoff.ts'
import { DISCOVERY_LIMITS } from './limits.ts'
import type { JudgedRecord } from './peer-records.ts'

const HOUR_MS = 3_600_000
/** Nobody is remembered longer who was not reached and of whom nobody spoke. */
export const FORGET_UNREACHED_MS = HOUR_MS
export const FORGET_REACHED_MS = 72 * HOUR_MS

/** `operator`: written into the configuration; `self`: the peer connected to us; otherwise whoever told. */
export type Source = 'operator' | 'self' | 'stored' | 'mdns' | Peer

export interface KnownPeer {
  readonly peer: Peer
  readonly source: Source
  readonly isBootstrap: boolean
  /** Without the peer id; those of the signed record where there is one. */
  readonly addresses: readonly string[]
  readonly signed: JudgedRecord | undefined
  /** Chains for whose namespace the DHT named it. */
  readonly hinted: ReadonlySet<ChainId>
  readonly seenMs: number
  /** Undefined: never met. */
  readonly metMs: number | undefined
  /** It was met at an address of its record. */
  readonly isVerified: boolean
  /** Since the last success. */
  readonly failures: number
  /** How often it had no place for us. */
  readonly timesFull: number
  readonly nextMs: number
}
type Entry = { -readonly [K in keyof KnownPeer]: KnownPeer[K] } & { readonly hinted: Set<ChainId> }

export interface BookOptions {
  readonly self: Peer
  readonly allowPrivate: boolean
  readonly random: Random
  /** @default NET_LIMITS.peersKnown */
  readonly most?: number
  /** @default DISCOVERY_LIMITS.peersPerSource */
  readonly mostPerSource?: number
}

const UNREACHED = { firstMs: NET_LIMITS.redialMinMs, mostMs: DISCOVERY_LIMITS.redialSeldomMs }
const FULL = { firstMs: NET_LIMITS.busyPauseMs, mostMs: DISCOVERY_LIMITS.fullPauseMaxMs }
const BOOTSTRAP = { firstMs: NET_LIMITS.redialMinMs, mostMs: NET_LIMITS.redialMaxMs }

export class PeerBook {
  readonly #options: BookOptions
  /** In order of arrival. */
  readonly #known = new Map<Peer, Entry>()
  readonly #perSource = new Map<Source, number>()

  constructor(options: BookOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#known.size
  }

  get(peer: Peer): KnownPeer | undefined {
    return this.#known.get(peer)
  }

  all(): Iterable<KnownPeer> {
    return this.#known.values()
  }

  /** Peers that one source told of and that are known through nobody else. */
  toldBy(source: Source): number {
    return this.#perSource.get(source) ?? 0
  }

  /** An address somebody told, without a signature. @returns undefined when it is not taken. */
  learn(source: Source, peer: Peer, addresses: readonly Multiaddr[], nowMs: number): KnownPeer | undefined {
    const usable = source === 'operator' ? addresses : addresses.filter((each) => this.#mayUse(each))
    const known = this.#known.get(peer) ?? (usable.length > 0 ? this.#admit(peer, source, nowMs) : undefined)
    if (known === undefined) return undefined
    known.seenMs = Math.max(known.seenMs, nowMs)
    // A signed record says where a peer is; hearsay only counts while there is none.
    if (known.signed === undefined || source === 'operator')
      known.addresses = union(
        known.addresses,
        usable.map((each) => withoutPeer(each).toString())
      )
    return known
  }

  learnBootstrap(peer: Peer, addresses: readonly Multiaddr[], nowMs: number): void {
    const known = this.#known.get(peer) ?? this.#insert(peer, 'operator', nowMs)
    known.isBootstrap = true
    this.learn('operator', peer, addresses, nowMs)
  }

  /** From the book of an earlier run. @returns false when it is not taken. */
  restore(peer: Peer, addresses: readonly Multiaddr[], metMs: number, seenMs: number): boolean {
    if (this.#known.has(peer) || this.#known.size >= (this.#options.most ?? NET_LIMITS.peersKnown))
      return false
    const usable = addresses.filter((each) => this.#mayUse(each))
    if (usable.length === 0 || peer === this.#options.self) return false
    const known = this.#insert(peer, 'stored', seenMs)
    known.addresses = union([], usable.map(String))
    known.metMs = metMs
    return true
  }

  /** The DHT named it for the chain's namespace. */
  hint(peer: Peer, chain: ChainId): void {
    const hinted = this.#known.get(peer)?.hinted
    if (hinted !== undefined && hinted.size < DISCOVERY_LIMITS.hintsPerPeer) hinted.add(chain)
  }

  /** A record that was judged. @returns whether it is news. */
  learnRecord(source: Source, judged: JudgedRecord, nowMs: number): boolean {
    const known = this.#known.get(judged.peer) ?? this.#admit(judged.peer, source, nowMs)
    if (known === undefined) return false
    known.seenMs = Math.max(known.seenMs, nowMs)
    if (known.signed !== undefined && known.signed.record.sequence >= judged.record.sequence) return false
    known.signed = judged
    const own = judged.record.addresses
      .map((bytes) => readAddress(bytes))
      .filter((address) => address !== undefined && this.#mayUse(address))
      .map(String)
    known.isVerified &&= own.some((address) => known.addresses.includes(address))
    known.addresses = known.isBootstrap ? union(known.addresses, own) : own
    return true
  }

  /** A connection is up: `address` is where it was dialled, or where it came from. */
  met(peer: Peer, address: Multiaddr, direction: 'inbound' | 'outbound', nowMs: number): void {
    const known = this.#known.get(peer) ?? this.#admit(peer, 'self', nowMs)
    if (known === undefined) return
    known.failures = 0
    known.metMs = nowMs
    known.seenMs = nowMs
    if (direction === 'outbound') {
      const dialled = withoutPeer(address).toString()
      if (known.signed === undefined) known.addresses = union([dialled], known.addresses)
    }
    known.isVerified = isAt(known, withoutPeer(address), direction)
  }

  failed(peer: Peer, nowMs: number): void {
    const known = this.#known.get(peer)
    if (known === undefined) return
    known.failures += 1
    const pace = known.isBootstrap ? BOOTSTRAP : UNREACHED
    known.nextMs = nowMs + backoffMs(pace, known.failures, this.#options.random)
    if (known.metMs === undefined && !known.isBootstrap && known.failures >= DISCOVERY_LIMITS.redialsUnmet)
      this.forget(peer)
  }

  /**
   * It had no place for us, also if it is a bootstrap peer: everybody asks those first, again and again.
   * @returns until when it is left alone
   */
  full(peer: Peer, nowMs: number): number {
    const known = this.#known.get(peer)
    const times = (known?.timesFull ?? 0) + 1
    const untilMs = nowMs + backoffMs(FULL, times, this.#options.random)
    if (known !== undefined) known.timesFull = times
    this.pause(peer, untilMs)
    return untilMs
  }

  /** Leaves it alone until then. */
  pause(peer: Peer, untilMs: number): void {
    const known = this.#known.get(peer)
    if (known !== undefined) known.nextMs = Math.max(known.nextMs, untilMs)
  }

  /** Whoever waits is due at once: after a healed cut. */
  hurry(): void {
    for (const known of this.#known.values()) {
      known.failures = 0
      known.timesFull = 0
      known.nextMs = 0
    }
  }

  forget(peer: Peer): void {
    const known = this.#known.get(peer)
    if (known === undefined) return
    this.#known.delete(peer)
    const left = this.toldBy(known.source) - 1
    if (left > 0) this.#perSource.set(known.source, left)
    else this.#perSource.delete(known.source)
  }

  /** Forgets who was not heard of for long; bootstrap peers never. */
  expire(nowMs: number, isConnected: (peer: Peer) => boolean): void {
    for (const known of this.#known.values()) {
      if (known.isBootstrap || isConnected(known.peer)) continue
      const keptMs = known.metMs === undefined ? FORGET_UNREACHED_MS : FORGET_REACHED_MS
      if (known.seenMs + keptMs < nowMs) this.forget(known.peer)
    }
  }

  /**
   * 0 … 100: how good it is to dial. 50 for a stranger; 30 more after a success in the last day, 10 in the last three;
   * 10 less for each failure since, at most 40. Bootstrap peers have 100.
   */
  score(known: KnownPeer, nowMs: number): number {
    if (known.isBootstrap) return 100
    const agoMs = known.metMs === undefined ? Infinity : nowMs - known.metMs
    const success = agoMs < 24 * HOUR_MS ? 30 : agoMs < 72 * HOUR_MS ? 10 : 0
    return Math.max(0, Math.min(100, 50 + success - Math.min(40, 10 * known.failures)))
  }

  /** What is dialled: an own word before hearsay. */
  addressesOf(peer: Peer): Multiaddr[] {
    return (this.#known.get(peer)?.addresses ?? []).map((each) => multiaddr(each))
  }

  #mayUse(address: Multiaddr): boolean {
    return mayUse(address, this.#options.allowPrivate)
  }

  #admit(peer: Peer, source: Source, nowMs: number): Entry | undefined {
    const {
      self,
      most = NET_LIMITS.peersKnown,
      mostPerSource = DISCOVERY_LIMITS.peersPerSource
    } = this.#options
    if (peer === self) return undefined
    if (source !== 'operator' && source !== 'self' && this.toldBy(source) >= mostPerSource) return undefined
    if (this.#known.size >= most && !this.#makeRoom(source, nowMs)) return undefined
    return this.#insert(peer, source, nowMs)
  }

  /** A full book: the worst of those never met goes, but nobody told of by the newcomer's source pushes out others. */
  #makeRoom(source: Source, nowMs: number): boolean {
    const isMet = source === 'operator' || source === 'self'
    let worst: Entry | undefined
    for (const known of this.#known.values()) {
      if (known.isBootstrap || (known.metMs !== undefined && !isMet)) continue
      if (!isMet && this.toldBy(known.source) <= this.toldBy(source)) continue
      if (worst === undefined || this.score(known, nowMs) < this.score(worst, nowMs)) worst = known
    }
    if (worst === undefined) return false
    this.forget(worst.peer)
    return true
  }

  #insert(peer: Peer, source: Source, nowMs: number): Entry {
    const entry: Entry = {
      peer,
      source,
      isBootstrap: false,
      addresses: [],
      signed: undefined,
      hinted: new Set(),
      seenMs: nowMs,
      metMs: undefined,
      isVerified: false,
      failures: 0,
      timesFull: 0,
      nextMs: 0
    }
    this.#known.set(peer, entry)
    this.#perSource.set(source, this.toldBy(source) + 1)
    return entry
  }
}

const union = (first: readonly string[], second: readonly string[]): string[] =>
  [...new Set([...first, ...second])].slice(0, DISCOVERY_LIMITS.addressesPerPeer)

/** It answers at one of its addresses, or comes from the host of one. */
function isAt(known: Entry, address: Multiaddr, direction: 'inbound' | 'outbound'): boolean {
  if (direction === 'outbound') return known.addresses.includes(address.toString())
  const host = hostOf(address)
  return host !== undefined && known.addresses.some((each) => hostOf(multiaddr(each)) === host)
}
