/** What passes between the simulated network and the processes on it. */
import type { Status } from '../../codec/messages.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { GossipKind, Peer, RequestProtocol, Response } from '../../net/types.ts'

/** A gossip message under way; `id` as gossipsub has it: of topic and content. */
export interface Delivery {
  readonly chain: ChainId
  readonly kind: GossipKind
  readonly data: Uint8Array
  readonly id: string
}

/** One process, as the network sees it. */
export interface Endpoint {
  readonly index: number
  readonly isAlive: boolean
  readonly status: () => Status
  hasJoined(chain: ChainId, kind: GossipKind): boolean
  hasSeen(id: string): boolean
  arrived(from: number, message: Delivery): void
  frameArrived(from: number, frame: Uint8Array): void
  serveRequest(
    protocol: RequestProtocol,
    body: Uint8Array,
    from: Peer,
    answer: (response: Response) => void
  ): void
  met(index: number, other: Endpoint, status: Status): void
  lost(index: number, other: Endpoint): void
}

export const peerOf = (index: number): Peer => `peer-${index}` as Peer
export const peerIndex = (peer: Peer): number => Number(peer.slice('peer-'.length))
