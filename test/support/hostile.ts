/** A libp2p host of its own that speaks our protocols with whatever bytes a test wants: the stranger of the swarm tests. */
import { randomBytes } from 'node:crypto'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Node } from '../../src/app/node.ts'
import { StatusType } from '../../src/codec/messages.ts'
import type { Status } from '../../src/codec/messages.ts'
import { decode } from '../../src/codec/ssz.ts'
import { writeFrames } from '../../src/net/frames.ts'
import { createHost } from '../../src/net/host.ts'
import type { Host } from '../../src/net/host.ts'
import { peerKeyFromSeed, peerOfKey } from '../../src/net/peer-key.ts'
import { STATUS_PROTOCOL, protocolOf, topicOf } from '../../src/net/topics.ts'
import { FOLLOWED_KINDS, GOSSIP_KINDS } from '../../src/net/types.ts'
import type { GossipKind, Peer, RequestProtocol } from '../../src/net/types.ts'
import { ZERO_HASH, u32be } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { eventually } from './eventually.ts'
import { allFrames } from './net.ts'
import { answerAll, askOnce } from './requests.ts'

export const HOSTILE_CHAINS: readonly ChainId[] = [COORD, shardId(0)]

const JOINED_WITHIN_MS = 60_000

/** What the stranger answers to a request: frames, the result code's one included. */
export type Answer = (request: Uint8Array) => readonly Uint8Array[]

export class Hostile {
  readonly peer: Peer
  readonly network: Uint8Array
  readonly #host: Host
  #connection: Connection | undefined
  #consensus: Stream | undefined

  private constructor(host: Host, peer: Peer, network: Uint8Array) {
    this.#host = host
    this.peer = peer
    this.network = network
  }

  /** A fresh identity each time: what earlier ones did is not held against it. */
  static async create(network: Uint8Array, transport: 'tcp' | 'memory' = 'tcp'): Promise<Hostile> {
    const privateKey = await peerKeyFromSeed(randomBytes(32))
    const topics = HOSTILE_CHAINS.flatMap((chain) =>
      GOSSIP_KINDS.map((kind) => [topicOf(network, chain, kind), kind] as const)
    )
    const host = await createHost({
      privateKey,
      networkId: network,
      listen: [],
      transport,
      topics: new Map(topics),
      gater: {},
      allowPrivate: true,
      agent: 'stranger'
    })
    await host.handle(protocolOf(network, 'consensus'), (stream) => void allFrames(stream))
    await host.start()
    return new Hostile(host, peerOfKey(privateKey), network)
  }

  async stop(): Promise<void> {
    await this.#host.stop()
  }

  status(extra: Partial<Status> = {}): Status {
    return {
      network: this.network,
      features: 0n,
      required: 0n,
      role: 0,
      chains: HOSTILE_CHAINS.map((chain) => ({ chain, epoch: 0, finalHeight: 0, finalHash: ZERO_HASH })),
      ...extra
    }
  }

  async dial(target: Node): Promise<void> {
    await this.dialAddress(target.network!.addresses()[0]!)
  }

  async dialAddress(address: string): Promise<void> {
    this.#consensus = undefined
    this.#connection = await this.#host.dial(multiaddr(address))
  }

  /** Connections that last: a ban or a disconnect ends them. */
  get isConnected(): boolean {
    return this.#connection?.status === 'open'
  }

  /** The dialer's part of the handshake with any bytes. @returns the answer's code, undefined for silence. */
  async shakeHands(status: Uint8Array): Promise<number | undefined> {
    const [answer] = await this.exchange(STATUS_PROTOCOL, [status])
    return answer?.[0]
  }

  /** Becomes a peer in good standing, known to the target's gossip too. */
  async join(target: Node): Promise<void> {
    await this.dial(target)
    await this.shakeHands(StatusType.serialize(this.status()))
    await this.#whileConnected('the stranger is a peer', () =>
      target.network!.peers().some(({ peer }) => peer === this.peer)
    )
    await this.#knowsSubscribers()
  }

  /** The same with a node of another process. */
  async joinAddress(address: string): Promise<void> {
    await this.dialAddress(address)
    await this.shakeHands(StatusType.serialize(this.status()))
    await this.#knowsSubscribers()
  }

  async #knowsSubscribers(): Promise<void> {
    const { pubsub } = this.#host.services
    await this.#whileConnected('the stranger knows who subscribes', () =>
      HOSTILE_CHAINS.every((chain) =>
        FOLLOWED_KINDS.every((kind) => pubsub.getSubscribers(topicOf(this.network, chain, kind)).length > 0)
      )
    )
  }

  /**
   * Whoever is let go hears of it at once. While the connection holds, the other side is at work, however slow its machine
   * is; the bound is for one that is not.
   */
  async #whileConnected(what: string, probe: () => boolean): Promise<void> {
    const probeNow = (): boolean => {
      if (!this.isConnected) throw new Error(`let go before: ${what}`)
      return probe()
    }
    await eventually(what, probeNow, JOINED_WITHIN_MS)
  }

  async publish(chain: ChainId, kind: GossipKind, data: Uint8Array): Promise<void> {
    await this.#host.services.pubsub.publish(topicOf(this.network, chain, kind), data)
  }

  /** One frame on the own `consensus/1` stream. */
  async frame(bytes: Uint8Array): Promise<void> {
    await writeFrames(await this.#openConsensus(), [bytes])
  }

  /** Bytes on the own `consensus/1` stream that need not be a frame; then the stream ends. */
  async rawConsensus(bytes: Uint8Array): Promise<void> {
    const stream = await this.#openConsensus()
    stream.send(bytes)
    await stream.close()
  }

  /** One exchange on a stream of its own. */
  async exchange(protocol: string, frames: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const stream = await this.#connection!.newStream(protocol)
    await writeFrames(stream, frames)
    await stream.close()
    return allFrames(stream)
  }

  async request(protocol: RequestProtocol, body: Uint8Array): Promise<Uint8Array[]> {
    return askOnce(await this.#connection!.newStream(protocolOf(this.network, protocol)), body)
  }

  /** Bytes that need not be a frame; then the own side ends. */
  async rawRequest(protocol: RequestProtocol, bytes: Uint8Array): Promise<Uint8Array[]> {
    const stream = await this.#connection!.newStream(protocolOf(this.network, protocol))
    stream.send(bytes)
    await stream.close()
    return allFrames(stream)
  }

  async answer(protocol: RequestProtocol, answer: Answer): Promise<void> {
    await this.#host.handle(protocolOf(this.network, protocol), (stream) => answerAll(stream, answer))
  }

  async #openConsensus(): Promise<Stream> {
    this.#consensus ??= await this.#connection!.newStream(protocolOf(this.network, 'consensus'))
    return this.#consensus
  }
}

/** Declares more bytes than any bound allows, and sends a few. */
export const hugeFrame = (): Uint8Array => Buffer.concat([u32be(0x7fff_ffff), randomBytes(64)])
/** Declares more bytes than follow. */
export const cutFrame = (): Uint8Array => Buffer.concat([u32be(100), randomBytes(10)])

export const statusOfAnswer = (frame: Uint8Array): Status | undefined => {
  const decoded = decode(StatusType, frame.subarray(1))
  return decoded.ok ? decoded.value : undefined
}
