/**
 * The network port over libp2p (types.ts): the face of this layer, with parts.ts behind it. Call `join`, `serve` and `listen`, then
 * `start`. Each start builds a fresh host; `stop` ends everything that start began and may be called twice.
 */
import type { PrivateKey } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Status } from '../codec/messages.ts'
import { assert } from '../primitives/errors.ts'
import { listenError, parseAddress } from './addresses.ts'
import { inboundLanes, monotonicMs } from './context.ts'
import type { NetContext, NetLog } from './context.ts'
import { namespaceKeys } from './discovery/compose.ts'
import type { DiscoveryOptions } from './discovery/discovery.ts'
import { NetError } from './errors.ts'
import { Gate } from './gate.ts'
import type { Topic } from './gossip.ts'
import { createHost } from './host.ts'
import type { Host, HostOptions } from './host.ts'
import type { HostSwitches } from './host-switches.ts'
import { NET_LIMITS } from './limits.ts'
import { silentMetrics } from './metrics.ts'
import type { NetMetrics } from './metrics.ts'
import { Parts } from './parts.ts'
import { peerOfKey } from './peer-key.ts'
import { PeerLedger } from './peer-ledger.ts'
import type { Ban, LedgerOptions, PeerEvent, PeerStanding } from './peer-ledger.ts'
import { StoredBans } from './stored-bans.ts'
import type { BanRows } from './stored-bans.ts'
import { stopEach } from './stopping.ts'
import { topicOf } from './topics.ts'
import { GOSSIP_KINDS } from './types.ts'
import type {
  GossipJudges,
  GossipKind,
  Network,
  NetworkEvents,
  Peer,
  PeerFact,
  PeerView,
  RequestHandler,
  RequestProtocol,
  Response
} from './types.ts'

export interface NetworkOptions {
  readonly privateKey: PrivateKey
  /** All 32 bytes. */
  readonly networkId: Uint8Array
  readonly listen: readonly string[]
  readonly announce?: readonly string[]
  /** Multiaddrs, with or without `/p2p/…`. */
  readonly bootstrap: readonly string[]
  readonly localStatus: () => Status
  /** Take private and loopback addresses of peers from others. @default false */
  readonly allowPrivate?: boolean
  /** @default 'tcp' */
  readonly transport?: 'tcp' | 'memory'
  /** @default in memory */
  readonly datastore?: NonNullable<HostOptions['datastore']>
  /** Shards of the network: whose namespaces the DHT keeps. @default none */
  readonly shards?: number
  readonly discovery?: DiscoveryOptions
  /** @default all off */
  readonly switches?: HostSwitches
  readonly ledger?: LedgerOptions
  /** Where bans are kept across restarts. @default nowhere */
  readonly bans?: BanRows
  /** What the genesis makes the topics carry: the scale of gossip scores (GOS-12). */
  readonly traffic?: HostOptions['traffic']
  readonly heartbeatMs?: HostOptions['heartbeatMs']
  /** @default 'icn' */
  readonly agent?: string
  readonly metrics?: NetMetrics
  readonly log?: NetLog
}

/** What lives from one start to its stop. */
interface Running {
  readonly host: Host
  readonly stopping: AbortController
  readonly parts: Parts
}

export class Libp2pNetwork implements Network {
  readonly self: Peer
  readonly #options: NetworkOptions
  readonly #ledger: PeerLedger
  readonly #bans: StoredBans
  readonly #gate: Gate
  readonly #topics = new Map<string, Topic>()
  readonly #announced = new Map<string, GossipKind>()
  readonly #handlers = new Map<RequestProtocol, RequestHandler>()
  #events: NetworkEvents | undefined
  #running: Running | undefined
  #changing: Promise<void> = Promise.resolve()

  constructor(options: NetworkOptions) {
    this.#options = options
    this.self = peerOfKey(options.privateKey)
    this.#ledger = new PeerLedger(options.ledger)
    this.#bans = new StoredBans(this.#ledger, options.bans, this.#log)
    this.#gate = new Gate(
      (peer) => this.#isBanned(peer),
      options.allowPrivate === true,
      () => this.#running?.host.getConnections() ?? []
    )
  }

  join(chain: ChainId, judges: GossipJudges, announced: readonly GossipKind[] = []): void {
    assert(this.#running === undefined, 'join comes before start')
    for (const kind of GOSSIP_KINDS) {
      const topic = topicOf(this.#options.networkId, chain, kind)
      const judge = judges[kind]
      if (judge !== undefined) this.#topics.set(topic, { chain, kind, judge })
      else if (announced.includes(kind)) this.#announced.set(topic, kind)
    }
  }

  serve(protocol: RequestProtocol, handler: RequestHandler): void {
    assert(this.#running === undefined, 'serve comes before start')
    this.#handlers.set(protocol, handler)
  }

  listen(events: NetworkEvents): void {
    this.#events = events
  }

  /** @throws NetError NET_PORT_IN_USE, NET_LISTEN_FAILED, NET_ADDRESS_INVALID; nothing is left running then. */
  start(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#running === undefined) await this.#start()
    })
  }

  /** Idempotent. Pending requests end as lost. */
  stop(): Promise<void> {
    return this.#inOrder(async () => {
      const running = this.#running
      if (running === undefined) return
      this.#running = undefined
      running.stopping.abort()
      await stopEach([
        async () => running.parts.stop(),
        async () => running.host.stop(),
        async () => this.#bans.settled()
      ])
    })
  }

  /** Addresses others can dial, with the peer id. */
  addresses(): readonly string[] {
    return this.#running?.host.getMultiaddrs().map(String) ?? []
  }

  /** Protocols that others can open here. */
  protocols(): readonly string[] {
    return this.#running?.host.getProtocols() ?? []
  }

  /** @throws what libp2p throws; resolves when connected, before the handshake. */
  async dial(address: string): Promise<void> {
    const { host } = this.#up()
    const to = parseAddress(address)
    this.#gate.allow(to)
    await host.dial(to, { signal: AbortSignal.timeout(NET_LIMITS.dialTimeoutMs) })
  }

  /** As if the cable were pulled, to all or to these peers: connections end, none begins, until `heal`. */
  cut(peers?: ReadonlySet<Peer>): void {
    this.#gate.shut(peers)
    for (const connection of this.#running?.host.getConnections() ?? []) {
      if (this.#gate.excludes(connection.remotePeer.toString() as Peer))
        connection.abort(new RangeError('network is cut'))
    }
  }

  heal(): void {
    this.#gate.open()
    this.#running?.parts.discovery.retryNow()
  }

  async publish(chain: ChainId, kind: GossipKind, data: Uint8Array): Promise<number> {
    // Before the start and after the stop there is nobody to reach.
    return this.#running?.parts.gossip.publish(chain, kind, data) ?? 0
  }

  listeners(chain: ChainId, kind: GossipKind): number {
    return this.#running?.parts.gossip.listeners(chain, kind) ?? 0
  }

  sendConsensus(peer: Peer, frame: Uint8Array): boolean {
    return this.#running?.parts.streams.send(peer, frame) ?? false
  }

  async request(peer: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    const client = this.#running?.parts.client
    return client === undefined ? { result: 'internal', frames: [] } : client.request(peer, protocol, body)
  }

  peers(chain?: ChainId): readonly PeerView[] {
    const views: PeerView[] = []
    for (const session of this.#running?.parts.sessions.all() ?? []) {
      if (chain !== undefined && !session.status.chains.some((each) => each.chain === chain)) continue
      const { peer, address, direction, agent, status } = session
      const facts = this.#running?.parts.discovery.factsOf(peer)
      const score = this.#ledger.score(peer, monotonicMs())
      views.push({
        peer,
        address,
        direction,
        agent,
        status,
        score,
        ...(facts === undefined ? {} : { facts })
      })
    }
    return views
  }

  /** Peers in the gossip mesh of a topic. */
  meshPeers(chain: ChainId, kind: GossipKind): readonly string[] {
    return this.#running?.parts.gossip.meshPeers(chain, kind) ?? []
  }

  /** The score gossipsub gives a peer: it moves peers in and out of meshes and ends no connection. */
  gossipScore(peer: Peer): number {
    return this.#running?.parts.gossip.score(peer) ?? 0
  }

  /** The facts behind a peer's score, oldest first. */
  why(peer: Peer): readonly PeerEvent[] {
    return this.#ledger.why(peer)
  }

  /** What is held against a peer, whether it is connected or not. Times are of the wall clock. */
  standing(peer: Peer): PeerStanding {
    const now = monotonicMs()
    const wallMs = Date.now() - now
    const ban = this.bans().find((each) => each.peer === peer)
    return {
      peer,
      score: this.#ledger.score(peer, now),
      ...(ban === undefined ? {} : { ban }),
      events: this.#ledger.why(peer).map((event) => ({ ...event, atMs: Math.round(event.atMs + wallMs) }))
    }
  }

  /** Bans in force, the longest first. Times are of the wall clock. */
  bans(): Ban[] {
    const now = monotonicMs()
    const wallMs = Date.now() - now
    return this.#ledger.bans(now).map((ban) => ({ ...ban, untilMs: Math.round(ban.untilMs + wallMs) }))
  }

  /** The operator's decision: replaces a ban there is, and ends the connection. */
  ban(peer: Peer, reason: string, forMs: number): void {
    const now = monotonicMs()
    this.#ledger.ban(peer, reason, now + forMs, now)
    this.#bans.changed()
    this.#running?.parts.disconnect(peer, `banned: ${reason}`, NET_LIMITS.refusedPauseMs)
  }

  /** @returns false when there was no ban. */
  unban(peer: Peer): boolean {
    const wasBanned = this.#ledger.unban(peer, monotonicMs())
    if (wasBanned) this.#bans.changed()
    return wasBanned
  }

  report(peer: Peer, fact: PeerFact, why: string): void {
    this.#metrics.peerFact(fact)
    const action = this.#ledger.record(peer, fact, why, monotonicMs())
    this.#metrics.ledgerPeers(this.#ledger.size)
    if (action === 'ban') this.#bans.changed()
    if (action === 'none' || this.#running === undefined) return
    this.#log('peer disconnected', { peer, action, why })
    const pauseMs = action === 'ban' ? NET_LIMITS.refusedPauseMs : NET_LIMITS.offencePauseMs
    this.#running.parts.disconnect(peer, why, pauseMs)
  }

  get #metrics(): NetMetrics {
    return this.#options.metrics ?? silentMetrics
  }

  get #log(): NetLog {
    return this.#options.log ?? silentLog
  }

  #isBanned(peer: Peer): boolean {
    return this.#ledger.bannedUntil(peer, monotonicMs()) !== undefined
  }

  #up(): Running {
    if (this.#running === undefined) throw new NetError({ code: 'NET_NOT_RUNNING' })
    return this.#running
  }

  /** Start and stop never overlap, whoever calls them. */
  #inOrder(change: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(change)
    this.#changing = done.catch(() => undefined)
    return done
  }

  async #start(): Promise<void> {
    const options = this.#options
    const bootstrap = options.bootstrap.map(parseAddress)
    for (const address of bootstrap) this.#gate.allow(address)
    for (const address of options.listen) parseAddress(address)
    await this.#bans.load()
    const stopping = new AbortController()
    const host = await createHost({
      isWatched: true,
      privateKey: options.privateKey,
      networkId: options.networkId,
      listen: options.listen,
      topics: new Map([...this.#topics].map(([name, topic]) => [name, topic.kind])),
      announced: this.#announced,
      gater: this.#gate,
      agent: options.agent ?? 'icn',
      allowPrivate: options.allowPrivate === true,
      namespaces: namespaceKeys(options.networkId, options.shards),
      switches: options.switches,
      traffic: options.traffic,
      heartbeatMs: options.heartbeatMs,
      ...(options.announce === undefined ? {} : { announce: options.announce }),
      ...(options.transport === undefined ? {} : { transport: options.transport }),
      ...(options.datastore === undefined ? {} : { datastore: options.datastore })
    })
    const context: NetContext = {
      host,
      networkId: options.networkId,
      metrics: this.#metrics,
      log: this.#log,
      lanes: inboundLanes(this.#metrics, this.#log),
      signal: stopping.signal,
      report: (peer, fact, why) => this.report(peer, fact, why)
    }
    const parts = this.#partsOf(context, bootstrap)
    const { relay, autonat } = options.switches ?? {}
    if (relay !== true && autonat !== true) this.#gate.meanOnly((peer) => parts.discovery.mayDial(peer))
    try {
      await parts.register()
      await host.start()
      parts.gossip.subscribe()
    } catch (error) {
      stopping.abort()
      await host.stop()
      throw listenError(error, options.listen)
    }
    this.#running = { host, stopping, parts }
    parts.start()
  }

  #partsOf(context: NetContext, bootstrap: readonly Multiaddr[]): Parts {
    const { localStatus, privateKey, allowPrivate = false, discovery = {} } = this.#options
    return new Parts(context, {
      bootstrap,
      localStatus,
      privateKey,
      allowPrivate,
      discovery,
      topics: this.#topics,
      handlers: this.#handlers,
      isBanned: (peer) => this.#isBanned(peer),
      isCut: () => this.#gate.isShut,
      score: (peer) => this.#ledger.score(peer, monotonicMs()),
      events: () => this.#events
    })
  }
}

const silentLog: NetLog = () => undefined
