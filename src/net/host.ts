/**
 * The libp2p host: TCP (or memory, in tests), Noise, yamux, identify, ping, our own DHT and gossipsub. Nothing here
 * knows a chain. It is created stopped, so that every protocol is registered before the first connection.
 */
import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import type { Identify, IdentifyPush } from '@libp2p/identify'
import type { Connection, ConnectionGater, Libp2p, PrivateKey, ServiceMap } from '@libp2p/interface'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import type { KadDHT } from '@libp2p/kad-dht'
import { memory } from '@libp2p/memory'
import { ping } from '@libp2p/ping'
import type { Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import type { Libp2pOptions } from 'libp2p'
import { concat, utf8 } from '../primitives/bytes.ts'
import { gossipScores, GOSSIP_THRESHOLDS, QUIET_TRAFFIC } from './gossip-scores.ts'
import type { Traffic } from './gossip-scores.ts'
import { reconnectNobody } from './keep-alive.ts'
import { rememberProtocols } from './known-protocols.ts'
import { DISCOVERY_LIMITS } from './discovery/limits.ts'
import { GOSSIP_SEEN_MS, NET_LIMITS } from './limits.ts'
import { createMuxers } from './muxer.ts'
import { QUIET_LOG } from './quiet-log.ts'
import { createEncrypter } from './secure.ts'
import { RecordStore } from './record-store.ts'
import type { Datastore } from './record-store.ts'
import { protocolOf } from './topics.ts'
import type { GossipKind } from './types.ts'
import { switchedDiscovery, switchedServices, switchedTransports } from './host-switches.ts'
import type { HostSwitches } from './host-switches.ts'

export interface HostServices extends ServiceMap {
  readonly identify: Identify
  readonly identifyPush: IdentifyPush
  readonly ping: Ping
  readonly dht: KadDHT
  readonly pubsub: GossipSub
}
export type Host = Libp2p<HostServices>

export interface HostOptions {
  /** Whoever makes the host pings silent connections itself (pings.ts). @default the library pings all */
  readonly isWatched?: boolean
  readonly privateKey: PrivateKey
  readonly networkId: Uint8Array
  readonly listen: readonly string[]
  /** Addresses told to others in place of those listened on. */
  readonly announce?: readonly string[]
  /** @default 'tcp' */
  readonly transport?: 'tcp' | 'memory'
  /** @default in memory */
  readonly datastore?: Datastore
  /** Take private and loopback addresses of peers from others. @default false */
  readonly allowPrivate?: boolean
  readonly topics: ReadonlyMap<string, GossipKind>
  /** Topics that are published to without a subscription: whoever sends in them breaks the rules. @default none */
  readonly announced?: ReadonlyMap<string, GossipKind>
  /** What the topics are expected to carry. @default QUIET_TRAFFIC */
  readonly traffic?: Traffic | undefined
  /** How often it looks after its meshes and tells what it has. @default GOSSIP_HEARTBEAT_MS */
  readonly heartbeatMs?: number | undefined
  readonly gater: ConnectionGater
  /** Namespaces of shards whose provider records are kept, as keys name them. @default none */
  readonly namespaces?: readonly string[]
  /** @default all off */
  readonly switches?: HostSwitches | undefined
  readonly agent: string
}

/**
 * Streams of pings on one connection. With one, which is the library's measure, the next ping is refused while the last is
 * unanswered or its stream not closed yet, and for that refusal the connection ends: after the interval, not the timeout, on
 * any machine that stalls. Its pings are at most `pingTimeoutMs / pingIntervalMs`; the rest is for what closes late.
 */
const PINGS_OPEN_MAX = 16

/** Equal content in two topics is two messages: both ids cover the topic (GOS-3). */
const contentHash = (topic: string, data: Uint8Array): Uint8Array =>
  hash('sha256', concat(utf8(topic), data), 'buffer')
const EMPTY = new Uint8Array(0)

/**
 * Small meshes: own messages go to every peer at once (floodPublish), so a mesh only has to reach those that the author
 * does not know, and who is missed there hears of it by lazy gossip. Six, the usual degree, costs five nodes 40 % more.
 */
const MESH = { D: 3, Dlo: 2, Dhi: 4, Dscore: 1, Dout: 1, Dlazy: 6 } as const

export const GOSSIP_HEARTBEAT_MS = 1_000

const pubsubOf = (options: HostOptions) => {
  const { topics, announced = new Map(), traffic = QUIET_TRAFFIC } = options
  const known = new Map([...topics, ...announced])
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    fallbackToFloodsub: false,
    emitSelf: false,
    asyncValidation: true,
    floodPublish: true,
    heartbeatInterval: options.heartbeatMs ?? GOSSIP_HEARTBEAT_MS,
    seenTTL: GOSSIP_SEEN_MS,
    ...MESH,
    msgIdFn: (message) => contentHash(message.topic, message.data).subarray(0, 20),
    fastMsgIdFn: (message) => message.topic + hash('sha256', message.data ?? EMPTY, 'base64'),
    maxInboundDataLength: NET_LIMITS.gossipRpcBytes,
    maxOutboundBufferSize: NET_LIMITS.gossipOutboundBytes,
    // Telling a mesh that one has a message takes more of a processor than a copy of a few kilobytes does.
    idontwantMinDataSize: 8 * 1024,
    allowedTopics: new Set(known.keys()),
    /** Nothing of it would ever be judged, so it is refused before it is kept. */
    dataTransform: {
      inboundTransform: (topic, data) => {
        if (announced.has(topic)) throw new RangeError(`${topic} is published to, not heard`)
        return data
      },
      outboundTransform: (_topic, data) => data
    },
    /** A peer that is busy for seconds breaks no promise (P7). */
    gossipsubIWantFollowupMs: 12_000,
    // Written into the address book at every change of a mesh, for a choice of connections that libp2p never has to make.
    tagMeshPeers: false,
    scoreParams: gossipScores(known, traffic),
    scoreThresholds: GOSSIP_THRESHOLDS
  })
}

/** Servers keep no values, and provider records of shard namespaces alone (record-store.ts): others would be unbounded. */
const dhtOf = (networkId: Uint8Array, allowPrivate: boolean) =>
  kadDHT({
    protocol: protocolOf(networkId, 'kad'),
    clientMode: false,
    // Private and loopback addresses that others tell are neither dialled nor passed on, unless asked for (D13).
    peerInfoMapper: allowPrivate ? passthroughMapper : removePrivateAddressesMapper,
    allowQueryWithZeroPeers: true,
    // Twenty, the usual number, would connect everybody with everybody in a network of thirty, and is for millions.
    kBucketSize: 8,
    alpha: 3,
    disjointPaths: 2,
    // A query connects to whoever it asks; at a start the peers that are dialled anyway come first.
    initialQuerySelfInterval: 10_000,
    reprovide: {
      validity: DISCOVERY_LIMITS.providerTtlMs,
      threshold: DISCOVERY_LIMITS.provideMs,
      interval: DISCOVERY_LIMITS.provideMs / 2
    },
    validators: {
      pk: () => {
        throw new RangeError('no value records')
      }
    }
  })

export async function createHost(options: HostOptions): Promise<Host> {
  const settings: Libp2pOptions<HostServices> = {
    start: false,
    logger: QUIET_LOG,
    privateKey: options.privateKey,
    datastore: new RecordStore(options.datastore, options.namespaces),
    nodeInfo: { name: 'icn', version: '1', userAgent: options.agent },
    addresses: { listen: [...options.listen], announce: [...(options.announce ?? [])] },
    transports: [
      options.transport === 'memory' ? memory() : tcp(),
      ...(await switchedTransports(options.switches))
    ],
    peerDiscovery: await switchedDiscovery(options.switches),
    connectionEncrypters: [createEncrypter()],
    streamMuxers: [createMuxers],
    connectionGater: options.gater,
    connectionManager: {
      maxConnections: 2 * NET_LIMITS.maxPeers,
      inboundConnectionThreshold: NET_LIMITS.inboundConnectionsPerS,
      maxIncomingPendingConnections: NET_LIMITS.inboundPending,
      /** A devnet's peers share one address; the budget of peers is enforced by the handshake. */
      allow: ['/ip4/127.0.0.1/ipcidr/8'],
      dialTimeout: NET_LIMITS.dialTimeoutMs,
      reconnectRetries: 0
    },
    /** It pings every connection, also those on which something was heard a moment ago: for hosts without pings.ts. */
    connectionMonitor: {
      enabled: options.isWatched !== true,
      pingInterval: NET_LIMITS.pingIntervalMs,
      pingTimeout: { minTimeout: NET_LIMITS.pingTimeoutMs, maxTimeout: NET_LIMITS.pingTimeoutMs }
    },
    services: {
      identify: identify(),
      identifyPush: identifyPush({ runOnSelfUpdate: false }),
      ping: ping({ maxInboundStreams: PINGS_OPEN_MAX, maxOutboundStreams: PINGS_OPEN_MAX }),
      dht: dhtOf(options.networkId, options.allowPrivate === true),
      ...(await switchedServices(options.switches)),
      pubsub: pubsubOf(options)
    }
  }
  const host = await createLibp2p(settings)
  reconnectNobody(host)
  rememberProtocols(host)
  pushWhatChanged(host)
  return host
}

/**
 * Left alone, identify tells everybody again what it told them when they connected: the own record is touched a moment
 * after every start. Only other addresses or protocols are news.
 */
function pushWhatChanged(host: Host): void {
  const said = (): string => JSON.stringify([host.getMultiaddrs(), host.getProtocols()])
  let told: string | undefined
  host.addEventListener('start', () => {
    told = said()
  })
  host.addEventListener('self:peer:update', () => {
    if (told === undefined || told === said()) return
    told = said()
    void host.services.identifyPush.push()
  })
}

/** What was written a moment ago is not encrypted yet, and closing does not wait for that. */
const LINGER_MS = 50

/** What is being written, an answer that says why perhaps, has a moment to leave. */
export async function endConnection(connection: Connection, why: string): Promise<void> {
  await delay(LINGER_MS)
  const signal = AbortSignal.timeout(NET_LIMITS.lastWordsMs)
  try {
    // Of a connection that somebody is closing already, perhaps in vain, closing says at once that it is done.
    if (connection.status === 'closing') await closedBy(connection, signal)
    else await connection.close({ signal })
  } catch (error) {
    connection.abort(new RangeError(`score: ${why}`, { cause: error }))
  }
}

/** Rejects with the signal's reason. */
async function closedBy(connection: Connection, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  connection.addEventListener('close', () => resolve(), { once: true })
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  await promise
}
