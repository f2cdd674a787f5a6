/**
 * What the node asks of the network. libp2p stands behind it in the node, a seeded fake in the simulator.
 * Delivery is lossy, may double and reorder: consensus assumes nothing better (STYLE 2.4).
 */
import type { Status } from '../codec/messages.ts'
import type { HeldChain } from '../codec/peer-record.ts'
import type { ChainId } from '../primitives/chain-id.ts'

/** Text form of a peer id. */
export type Peer = string & { readonly __peer: true }

/** Kinds that a follower of a chain takes part in. */
export const FOLLOWED_KINDS = ['tx', 'block', 'vote', 'certificate'] as const
/** `receipt`: what followers of a chain tell those that do not follow it (R4). */
export const GOSSIP_KINDS = [...FOLLOWED_KINDS, 'receipt'] as const
export type GossipKind = (typeof GOSSIP_KINDS)[number]

/** `rule` names the row of the topic's rule table (protocols/gossip.md); reject only on facts equal for all (C31). */
export interface GossipVerdict {
  readonly action: 'accept' | 'ignore' | 'reject'
  readonly rule: string
}
/** Judges one message. Import work starts only after the verdict was returned. */
export type GossipJudge = (data: Uint8Array, from: Peer) => GossipVerdict | Promise<GossipVerdict>
export type GossipJudges = Readonly<Partial<Record<GossipKind, GossipJudge>>>
export type FollowerJudges = Readonly<Record<(typeof FOLLOWED_KINDS)[number], GossipJudge>>

export const REQUEST_PROTOCOLS = [
  'bodies',
  'certificates',
  'headers',
  'ranges',
  'transactions',
  'receipts',
  'snapshot',
  'epochs',
  'metadata',
  'peers'
] as const
/**
 * bodies: BlocksByHash → BlockEnvelope frames.
 * certificates: FinalRange → BlockEnvelope frames in height order, then one Certificate frame for the last of them.
 * headers: HeaderRange → HeaderList frames, then one CertificateList frame.
 * ranges: BodyRange → BodyList frames.
 * transactions: one Bundle → empty (a node that does not follow the chain hands transactions on, D10).
 * receipts: ReceiptsRequest → one Delivery: what a source's state proves of a lane (R5).
 * snapshot: SnapshotRequest → manifests, or one chunk in slices.
 * epochs: EpochsRequest → EpochStep frames.
 * metadata: MetadataRequest → the answerer's SignedPeerRecord, if newer than what is known.
 * peers: PeersRequest → SignedPeerRecord frames of others.
 */
export type RequestProtocol = (typeof REQUEST_PROTOCOLS)[number]

export type ResultCode = 'ok' | 'lacks' | 'limited' | 'invalid' | 'internal'
export interface Response {
  readonly result: ResultCode
  readonly frames: readonly Uint8Array[]
}
export type RequestHandler = (body: Uint8Array, from: Peer) => Response | Promise<Response>

/** What a peer did (D14). Only `invalid` and `broken-promise` cost score. */
export type PeerFact = 'invalid' | 'broken-promise' | 'lacks' | 'limited' | 'slow' | 'our-fault'

/** What a peer said of itself in its signed record (DIS-1), as far as it is proven. */
export interface PeerFacts {
  readonly sequence: number
  /** Chains it follows, each with the lowest height that it can be asked for. */
  readonly held: readonly HeldChain[]
  /** 0: none, or none that it could prove. */
  readonly cooperative: number
  /** The validator that is bound to it. */
  readonly validator?: Uint8Array
  /** That validator is one of the running epoch. */
  readonly isValidator: boolean
}

export interface PeerView {
  readonly peer: Peer
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  readonly agent: string
  readonly score: number
  readonly status: Status
  /** Absent until it said anything. */
  readonly facts?: PeerFacts
}

export interface NetworkEvents {
  /** The status handshake succeeded. */
  peerUp(peer: Peer, status: Status): void
  peerDown(peer: Peer): void
  /** One frame of `consensus/1`: kind byte and SSZ value; size-checked only. */
  consensusFrame(peer: Peer, frame: Uint8Array): void
}

export interface Network {
  readonly self: Peer
  /**
   * Subscribes to those gossip kinds of a chain that have a judge. Call before `start`.
   *
   * @param announced kinds that are published to others without taking part
   */
  join(chain: ChainId, judges: GossipJudges, announced?: readonly GossipKind[]): void
  serve(protocol: RequestProtocol, handler: RequestHandler): void
  listen(events: NetworkEvents): void
  /** @returns how many peers it was sent to; 0 means it reached nobody. */
  publish(chain: ChainId, kind: GossipKind, data: Uint8Array): Promise<number>
  /** Peers that subscribed to this kind of a chain. */
  listeners(chain: ChainId, kind: GossipKind): number
  /** Queues a frame on the persistent `consensus/1` stream; false when there is none or its queue is full. */
  sendConsensus(peer: Peer, frame: Uint8Array): boolean
  /** Never throws for a peer's sake: a lost peer or a timeout is `{ result: 'internal', frames: [] }` and a fact. */
  request(peer: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response>
  /** Peers whose handshake is complete, all or those that follow `chain`. */
  peers(chain?: ChainId): readonly PeerView[]
  report(peer: Peer, fact: PeerFact, why: string): void
}
