/** Who may connect: nobody while the network is cut, and never a banned peer. */
import type { ConnectionGater, PeerId } from '@libp2p/interface'
import type { Peer } from './types.ts'

export class Gate implements ConnectionGater {
  readonly #isBanned: (peer: Peer) => boolean
  #shut = false

  constructor(isBanned: (peer: Peer) => boolean) {
    this.#isBanned = isBanned
  }

  get isShut(): boolean {
    return this.#shut
  }

  shut(): void {
    this.#shut = true
  }

  open(): void {
    this.#shut = false
  }

  readonly denyDialPeer = (peer: PeerId): boolean => this.#denies(peer)
  readonly denyDialMultiaddr = (): boolean => this.#shut
  readonly denyInboundConnection = (): boolean => this.#shut
  readonly denyOutboundConnection = (peer: PeerId): boolean => this.#denies(peer)
  /** The first hook on the inbound side that knows who it is. */
  readonly denyInboundEncryptedConnection = (peer: PeerId): boolean => this.#denies(peer)

  #denies(peer: PeerId | undefined): boolean {
    return this.#shut || (peer !== undefined && this.#isBanned(peer.toString() as Peer))
  }
}
