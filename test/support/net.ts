/** Networks over real libp2p (TCP on loopback, Noise) and raw hosts that misbehave, for the swarm tests. */
import { createHash } from 'node:crypto'
import type { Connection, ConnectionGater, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { StatusType } from '../../src/codec/messages.ts'
import type { Status } from '../../src/codec/messages.ts'
import { readFrames, writeFrames } from '../../src/net/frames.ts'
import { STATUS_PROTOCOL, topicOf } from '../../src/net/topics.ts'
import { createHost } from '../../src/net/host.ts'
import type { Host } from '../../src/net/host.ts'
import type { NetMetrics } from '../../src/net/metrics.ts'
import { silentMetrics } from '../../src/net/metrics.ts'
import { Libp2pNetwork } from '../../src/net/network.ts'
import type { NetworkOptions } from '../../src/net/network.ts'
import { peerKeyFromSeed } from '../../src/net/peer-key.ts'
import { GOSSIP_KINDS } from '../../src/net/types.ts'
import type { GossipJudge, GossipJudges, GossipKind, GossipVerdict, Peer } from '../../src/net/types.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { ZERO_HASH } from '../../src/primitives/bytes.ts'

export const NETWORK = new Uint8Array(32).fill(7)
export const CHAINS: readonly ChainId[] = [COORD, shardId(0)]

export const seedOf = (name: string): Uint8Array => createHash('sha256').update(name).digest()

export const statusOf = (network: Uint8Array = NETWORK, extra: Partial<Status> = {}): Status => ({
  network,
  features: 1n,
  required: 0n,
  role: 0,
  chains: CHAINS.map((chain) => ({ chain, epoch: 0, finalHeight: 0, finalHash: ZERO_HASH })),
  ...extra
})

export interface Received {
  readonly chain: ChainId
  readonly kind: GossipKind
  readonly data: Uint8Array
  readonly from: Peer
}

export interface TestNode {
  readonly net: Libp2pNetwork
  readonly received: Received[]
  readonly frames: { readonly peer: Peer; readonly frame: Uint8Array }[]
  readonly ups: Peer[]
  readonly downs: Peer[]
  /** Counters by `name:label:label`. */
  readonly counts: Map<string, number>
  count(name: string): number
}

export function countingMetrics(counts: Map<string, number>): NetMetrics {
  const add = (...labels: string[]): void => {
    const name = labels.join(':')
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return {
    ...silentMetrics,
    gossipVerdict: (kind, verdict, rule) => add('gossip', kind, verdict, rule),
    request: (protocol, outcome) => add('request', protocol, outcome),
    served: (protocol, outcome) => add('served', protocol, outcome),
    handshake: (outcome) => add('handshake', outcome),
    streamRefused: (protocol, reason) => add('refused', protocol, reason),
    peerFact: (fact) => add('fact', fact),
    searched: (method, outcome) => add('searched', method, outcome),
    deafPeer: () => add('deaf')
  }
}

export interface NodeSetup extends Partial<NetworkOptions> {
  readonly name: string
  /** Beside coordination. @default shard 0 */
  readonly chains?: readonly ChainId[]
  readonly verdict?: (received: Received) => GossipVerdict | Promise<GossipVerdict>
  /** Published to without taking part. @default none */
  readonly announced?: readonly GossipKind[]
  /** Called before start, to serve requests. */
  readonly prepare?: (net: Libp2pNetwork) => void
}

/** Created, not started. */
export async function createTestNode(setup: NodeSetup): Promise<TestNode> {
  const { name, verdict, prepare, chains, announced = [], ...options } = setup
  const counts = new Map<string, number>()
  const net = new Libp2pNetwork({
    privateKey: await peerKeyFromSeed(seedOf(name)),
    networkId: NETWORK,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    allowPrivate: true,
    localStatus: () => statusOf(options.networkId),
    metrics: countingMetrics(counts),
    ...(process.env['ICN_TEST_LOG'] === undefined
      ? {}
      : { log: (event, facts) => process.stderr.write(`${name} ${event} ${JSON.stringify(facts)}\n`) }),
    ...options
  })
  const node: TestNode = {
    net,
    received: [],
    frames: [],
    ups: [],
    downs: [],
    counts,
    count: (key) => counts.get(key) ?? 0
  }
  for (const chain of chains === undefined ? CHAINS : [COORD, ...chains])
    net.join(chain, judgesOf(node, chain, verdict, announced), announced)
  net.listen({
    peerUp: (peer) => node.ups.push(peer),
    peerDown: (peer) => node.downs.push(peer),
    consensusFrame: (peer, frame) => node.frames.push({ peer, frame })
  })
  prepare?.(net)
  return node
}

function judgesOf(
  node: TestNode,
  chain: ChainId,
  verdict: NodeSetup['verdict'],
  announced: readonly GossipKind[]
): GossipJudges {
  const judge =
    (kind: GossipKind): GossipJudge =>
    (data, from) => {
      const received = { chain, kind, data, from }
      node.received.push(received)
      return verdict?.(received) ?? { action: 'accept', rule: 'ok' }
    }
  const kinds = GOSSIP_KINDS.filter((kind) => !announced.includes(kind))
  return Object.fromEntries(kinds.map((kind) => [kind, judge(kind)] as const))
}

export interface RawOptions {
  /** @default a free port */
  readonly listen?: readonly string[]
  readonly gater?: ConnectionGater
}

/** Everything that a test started, to be stopped in `afterEach`. */
export class Cleanup {
  readonly #stops: (() => Promise<void>)[] = []

  async node(setup: NodeSetup): Promise<TestNode> {
    const node = await createTestNode(setup)
    this.#stops.push(() => node.net.stop())
    await node.net.start()
    return node
  }

  /** A libp2p host that speaks nothing of ours but gossip of `coord`, without judging. */
  async rawHost(name: string, options: RawOptions = {}): Promise<Host> {
    const host = await createHost({
      privateKey: await peerKeyFromSeed(seedOf(name)),
      networkId: NETWORK,
      listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'],
      topics: new Map(GOSSIP_KINDS.map((kind) => [topicOf(NETWORK, COORD, kind), kind])),
      gater: options.gater ?? {},
      allowPrivate: true,
      agent: 'stranger'
    })
    this.#stops.push(async () => host.stop())
    await host.start()
    return host
  }

  async all(): Promise<void> {
    await Promise.all(this.#stops.splice(0).map((stop) => stop()))
  }
}

export const addressOf = (node: TestNode): string => node.net.addresses()[0]!

export const isUp = (node: TestNode, other: TestNode): boolean =>
  node.net.peers().some(({ peer }) => peer === other.net.self)

/** Connects a raw host and shakes hands with the dialer's part of the protocol. */
export async function rawConnect(host: Host, node: TestNode): Promise<Connection> {
  const connection = await host.dial(multiaddr(addressOf(node)))
  const stream = await connection.newStream(STATUS_PROTOCOL)
  await writeFrames(stream, [StatusType.serialize(statusOf())])
  await stream.close()
  await allFrames(stream)
  return connection
}

/** Every frame a stream still gives; a broken stream counts as ended. */
export async function allFrames(stream: Stream): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = []
  try {
    for await (const frame of readFrames(stream, 16 * 1024 * 1024)) frames.push(frame)
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
  return frames
}
