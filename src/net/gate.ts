/**
 * Who may connect: nobody while the network is cut, not those it is cut off from, never a banned peer, and not more from
 * one machine or peer than the limits allow. What is refused here disturbs no other connection.
 */
import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isCrowdedAddress, isCrowdedPeer } from './crowding.ts'
import type { Counted } from './crowding.ts'
import { mayUse, withoutPeer } from './discovery/addresses.ts'
import type { Peer } from './types.ts'

export class Gate implements ConnectionGater {
  readonly #isBanned: (peer: Peer) => boolean
  #shut = false
  #without: ReadonlySet<Peer> = new Set()
  readonly #allowPrivate: boolean
  /** Addresses that the operator wrote down: dialled whatever they are. */
  readonly #written = new Set<string>()
  readonly #called = new Set<Peer>()
  #isMeant: (peer: Peer) => boolean = () => true
  readonly #connections: () => readonly Counted[]

  constructor(
    isBanned: (peer: Peer) => boolean,
    allowPrivate = true,
    connections: () => readonly Counted[] = () => []
  ) {
    this.#isBanned = isBanned
    this.#connections = connections
    this.#allowPrivate = allowPrivate
  }

  get isShut(): boolean {
    return this.#shut
  }

  /** To everybody, or to these alone. */
  shut(peers?: ReadonlySet<Peer>): void {
    this.#shut = peers === undefined
    this.#without = peers ?? new Set()
  }

  open(): void {
    this.#shut = false
    this.#without = new Set()
  }

  allow(address: Multiaddr): void {
    this.#written.add(withoutPeer(address).toString())
    const peer = address.getComponents().findLast(({ name }) => name === 'p2p')?.value
    if (peer !== undefined) this.#called.add(peer as Peer)
  }

  /** From now on only these peers are dialled, beside those that the operator wrote down. */
  meanOnly(isMeant: (peer: Peer) => boolean): void {
    this.#isMeant = isMeant
  }

  /** Whether a connection with this peer has to end. */
  excludes(peer: Peer): boolean {
    return this.#shut || this.#without.has(peer)
  }

  /** Left alone, the DHT connects to everybody it has heard of, whenever it looks after its table. */
  readonly denyDialPeer = (peer: PeerId): boolean => {
    const id = peer.toString() as Peer
    return this.#denies(peer) || !(this.#isMeant(id) || this.#called.has(id))
  }
  /** Also what libp2p itself dials, in queries of the DHT, goes through here (DIS-8). */
  readonly denyDialMultiaddr = (address: Multiaddr): boolean =>
    this.#shut || !(mayUse(address, this.#allowPrivate) || this.#written.has(withoutPeer(address).toString()))
  readonly denyInboundConnection = ({ remoteAddr }: Pick<MultiaddrConnection, 'remoteAddr'>): boolean =>
    this.#shut || isCrowdedAddress(this.#connections(), remoteAddr, this.#allowPrivate)
  readonly denyOutboundConnection = (peer: PeerId): boolean => this.#denies(peer)
  /** The first hook on the inbound side that knows who it is. */
  readonly denyInboundEncryptedConnection = (peer: PeerId): boolean =>
    this.#denies(peer) || isCrowdedPeer(this.#connections(), peer.toString())

  #denies(peer: PeerId | undefined): boolean {
    if (peer === undefined) return this.#shut
    const id = peer.toString() as Peer
    return this.excludes(id) || this.#isBanned(id)
  }
}
