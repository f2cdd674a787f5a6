/**
 * The network port over libp2p (types.ts): the composition of this layer. Call `join`, `serve` and `listen`, then
 * `start`. Each start builds a fresh host; `stop` ends everything that start began and may be called twice.
 *
 *   host ── handshake ── sessions ─┬─ gossip            topics, verdicts
 *    │                             ├─ consensus streams `consensus/1`
 *   dialler, watchdog, gate        └─ request client and server
 *                  every part ── report ── peer ledger
 */
import type { Connection, PrivateKey } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { fromUtf8 } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Status } from '../codec/messages.ts'
import { assert } from '../primitives/errors.ts'
import { ConsensusStreams } from './consensus-streams.ts'
import { deadline, inboundLanes, messageOf, monotonicMs, ownFault } from './context.ts'
import type { NetContext, NetLog } from './context.ts'
import { Dialler } from './dialler.ts'
import { NetError } from './errors.ts'
import { Gate } from './gate.ts'
import { Gossip } from './gossip.ts'
import type { Topic } from './gossip.ts'
import { Handshake } from './handshake.ts'
import type { HandshakeRefusal } from './handshake.ts'
import { createHost, endConnection } from './host.ts'
import type { Host, HostOptions } from './host.ts'
import { NET_LIMITS } from './limits.ts'
import { silentMetrics } from './metrics.ts'
import type { NetMetrics } from './metrics.ts'
import { peerOfKey } from './peer-key.ts'
import { PeerLedger } from './peer-ledger.ts'
import type { LedgerOptions, PeerEvent } from './peer-ledger.ts'
import { RequestClient } from './request-client.ts'
import { RequestServer } from './request-server.ts'
import { Sessions } from './sessions.ts'
import type { Session } from './sessions.ts'
import { topicOf } from './topics.ts'
import { GOSSIP_KINDS } from './types.ts'
import type {
  GossipJudge,
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
import { Watchdog } from './watchdog.ts'

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
  /** @default NET_LIMITS.targetPeers */
  readonly targetPeers?: number
  /** @default NET_LIMITS.maxPeers */
  readonly maxPeers?: number
  readonly ledger?: LedgerOptions
  /** What the genesis makes the topics carry: the scale of gossip scores (GOS-12). */
  readonly traffic?: HostOptions['traffic']
  /** @default 'icn' */
  readonly agent?: string
  readonly metrics?: NetMetrics
  readonly log?: NetLog
}

/** What lives from one start to its stop. */
interface Running {
  readonly host: Host
  readonly stopping: AbortController
  readonly gossip: Gossip
  readonly streams: ConsensusStreams
  readonly client: RequestClient
  readonly dialler: Dialler
  readonly sessions: Sessions
}

export class Libp2pNetwork implements Network {
  readonly self: Peer
  readonly #options: NetworkOptions
  readonly #ledger: PeerLedger
  readonly #gate: Gate
  readonly #topics = new Map<string, Topic>()
  readonly #handlers = new Map<RequestProtocol, RequestHandler>()
  #events: NetworkEvents | undefined
  #running: Running | undefined
  #changing: Promise<void> = Promise.resolve()

  constructor(options: NetworkOptions) {
    this.#options = options
    this.self = peerOfKey(options.privateKey)
    this.#ledger = new PeerLedger(options.ledger)
    this.#gate = new Gate((peer) => this.#isBanned(peer))
  }

  join(chain: ChainId, judges: Readonly<Record<GossipKind, GossipJudge>>): void {
    assert(this.#running === undefined, 'join comes before start')
    for (const kind of GOSSIP_KINDS) {
      this.#topics.set(topicOf(this.#options.networkId, chain, kind), { chain, kind, judge: judges[kind] })
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
      running.gossip.stop()
      for (const session of running.sessions.all()) running.sessions.close(session.peer)
      await running.host.stop()
    })
  }

  /** Addresses others can dial, with the peer id. */
  addresses(): readonly string[] {
    return this.#running?.host.getMultiaddrs().map(String) ?? []
  }

  /** @throws what libp2p throws; resolves when connected, before the handshake. */
  async dial(address: string): Promise<void> {
    const { host } = this.#up()
    await host.dial(parseAddress(address), { signal: AbortSignal.timeout(NET_LIMITS.dialTimeoutMs) })
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
    this.#running?.dialler.retryNow()
  }

  async publish(chain: ChainId, kind: GossipKind, data: Uint8Array): Promise<number> {
    // Before the start and after the stop there is nobody to reach.
    return this.#running?.gossip.publish(chain, kind, data) ?? 0
  }

  sendConsensus(peer: Peer, frame: Uint8Array): boolean {
    return this.#running?.streams.send(peer, frame) ?? false
  }

  async request(peer: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    const client = this.#running?.client
    return client === undefined ? { result: 'internal', frames: [] } : client.request(peer, protocol, body)
  }

  peers(chain?: ChainId): readonly PeerView[] {
    const views: PeerView[] = []
    for (const session of this.#running?.sessions.all() ?? []) {
      if (chain !== undefined && !session.status.chains.some((each) => each.chain === chain)) continue
      const { peer, address, direction, agent, status } = session
      views.push({ peer, address, direction, agent, status, score: this.#ledger.score(peer, monotonicMs()) })
    }
    return views
  }

  /** Peers in the gossip mesh of a topic. */
  meshPeers(chain: ChainId, kind: GossipKind): readonly string[] {
    return this.#running?.gossip.meshPeers(chain, kind) ?? []
  }

  /** The score gossipsub gives a peer: it moves peers in and out of meshes and ends no connection. */
  gossipScore(peer: Peer): number {
    return this.#running?.gossip.score(peer) ?? 0
  }

  /** The facts behind a peer's score, oldest first. */
  why(peer: Peer): readonly PeerEvent[] {
    return this.#ledger.why(peer)
  }

  report(peer: Peer, fact: PeerFact, why: string): void {
    this.#metrics.peerFact(fact)
    const action = this.#ledger.record(peer, fact, why, monotonicMs())
    if (action === 'none' || this.#running === undefined) return
    const { host, dialler } = this.#running
    this.#log('peer disconnected', { peer, action, why })
    dialler.pausePeer(peer, action === 'ban' ? NET_LIMITS.refusedPauseMs : NET_LIMITS.offencePauseMs)
    for (const connection of host.getConnections()) {
      if (connection.remotePeer.toString() === peer) void endConnection(connection, why)
    }
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
    for (const address of options.listen) parseAddress(address)
    const stopping = new AbortController()
    const host = await createHost({
      privateKey: options.privateKey,
      networkId: options.networkId,
      listen: options.listen,
      topics: new Map([...this.#topics].map(([name, topic]) => [name, topic.kind])),
      gater: this.#gate,
      agent: options.agent ?? 'icn',
      allowPrivate: options.allowPrivate === true,
      traffic: options.traffic,
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
    const running = this.#compose(context, stopping, bootstrap)
    try {
      await this.#register(context, running)
      await host.start()
      running.gossip.subscribe()
    } catch (error) {
      stopping.abort()
      await host.stop()
      throw listenError(error, options.listen)
    }
    this.#running = running
    running.dialler.start()
    running.watchdog.start()
  }

  #compose(context: NetContext, stopping: AbortController, bootstrap: readonly Multiaddr[]) {
    const { targetPeers = NET_LIMITS.targetPeers } = this.#options
    const sessions = new Sessions({
      opened: (session) => this.#onUp(context, session, dialler, streams),
      closed: (session) => {
        client.close(session.peer)
        this.#onDown(session, dialler, streams)
      }
    })
    const streams = new ConsensusStreams(context, sessions, (peer, frame) =>
      this.#events?.consensusFrame(peer, frame)
    )
    const dialler = new Dialler(context, sessions, {
      bootstrap,
      targetPeers,
      isBanned: (peer) => this.#isBanned(peer),
      isCut: () => this.#gate.isShut
    })
    const gossip = new Gossip(context, this.#topics)
    const client = new RequestClient(context, sessions)
    const watchdog = new Watchdog(context, sessions, (peer) => gossip.isDeaf(peer))
    return { host: context.host, stopping, sessions, streams, dialler, gossip, client, watchdog }
  }

  async #register(context: NetContext, running: Running): Promise<void> {
    const { sessions, dialler, streams } = running
    const { host } = context
    const handshake = new Handshake(context, {
      localStatus: this.#options.localStatus,
      sessions,
      maxPeers: this.#options.maxPeers ?? NET_LIMITS.maxPeers,
      onRefused: (peer, reason) => dialler.pausePeer(peer, pauseAfter(reason))
    })
    await handshake.register()
    await streams.register()
    const server = new RequestServer(context, sessions)
    for (const [protocol, handler] of this.#handlers) await server.register(protocol, handler)
    host.addEventListener('connection:open', (event: CustomEvent<Connection>) =>
      handshake.onConnection(event.detail)
    )
    host.addEventListener('peer:disconnect', (event) => sessions.close(event.detail.toString() as Peer))
    host.addEventListener('peer:identify', ({ detail }) => {
      const session = sessions.get(detail.peerId.toString() as Peer)
      if (session !== undefined) session.agent = detail.agentVersion ?? ''
    })
  }

  #onUp(context: NetContext, session: Session, dialler: Dialler, streams: ConsensusStreams): void {
    dialler.onUp(session.peer, session.id)
    streams.open(session)
    void readAgent(context, session)
    this.#tell(session.peer, (events) => events.peerUp(session.peer, session.status))
  }

  #onDown(session: Session, dialler: Dialler, streams: ConsensusStreams): void {
    streams.close(session.peer)
    dialler.onDown(session.peer)
    this.#tell(session.peer, (events) => events.peerDown(session.peer))
  }

  /** A listener that throws is our own fault: no peer's handshake fails by it. */
  #tell(peer: Peer, tell: (events: NetworkEvents) => void): void {
    if (this.#events === undefined) return
    try {
      tell(this.#events)
    } catch (error) {
      const reason = ownFault(error)
      this.#log('listener failed', { peer, reason })
      this.report(peer, 'our-fault', `listener: ${reason}`)
    }
  }
}

/** Another network stays another network; a full or slow peer may have room or time soon. */
const pauseAfter = (reason: HandshakeRefusal): number =>
  reason === 'too-many-peers' || reason === 'no-handshake'
    ? NET_LIMITS.busyPauseMs
    : NET_LIMITS.refusedPauseMs

const silentLog: NetLog = () => undefined

/** Identify may have come before the handshake. */
async function readAgent(context: NetContext, session: Session): Promise<void> {
  try {
    const known = await context.host.peerStore.get(session.id, { signal: deadline(context, 1_000) })
    const agent = known.metadata.get('AgentVersion')
    if (agent !== undefined && session.agent === '') session.agent = fromUtf8(agent).slice(0, 128)
  } catch (error) {
    context.log('agent unknown', { peer: session.peer, reason: messageOf(error) })
  }
}

/** @throws NetError NET_ADDRESS_INVALID */
function parseAddress(address: string): Multiaddr {
  try {
    return multiaddr(address)
  } catch (error) {
    throw new NetError({ code: 'NET_ADDRESS_INVALID', address }, undefined, { cause: error })
  }
}

function listenError(error: unknown, listen: readonly string[]): unknown {
  if (!(error instanceof Error) || error.name !== 'UnsupportedListenAddressesError') return error
  const address = listen.join(', ')
  const code = error.message.includes('EADDRINUSE') ? 'NET_PORT_IN_USE' : 'NET_LISTEN_FAILED'
  return new NetError({ code, address }, undefined, { cause: error })
}
