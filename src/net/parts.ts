/**
 * One life of the network layer, from a start to its stop: its parts, how they know each other, what libp2p tells them.
 *
 *   host ── handshake ── sessions ─┬─ gossip            topics, verdicts
 *    │                             ├─ consensus streams `consensus/1`
 *   discovery, watchdog, gate      └─ request client and server
 *                  every part ── report ── peer ledger
 */
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { fromUtf8 } from '../primitives/bytes.ts'
import { ConsensusStreams } from './consensus-streams.ts'
import { deadline, messageOf, ownFault } from './context.ts'
import type { NetContext } from './context.ts'
import { composeDiscovery, hasRoom } from './discovery/compose.ts'
import type { ComposeOptions } from './discovery/compose.ts'
import type { Discovery } from './discovery/discovery.ts'
import { Gossip } from './gossip.ts'
import type { Topic } from './gossip.ts'
import { Handshake } from './handshake.ts'
import { endConnection } from './host.ts'
import { Pings } from './pings.ts'
import { RequestClient } from './request-client.ts'
import { RequestServer } from './request-server.ts'
import { Sessions } from './sessions.ts'
import type { Session } from './sessions.ts'
import type { NetworkEvents, Peer, RequestHandler, RequestProtocol } from './types.ts'
import { stopEach } from './stopping.ts'
import { Watchdog } from './watchdog.ts'

export interface PartsOptions extends ComposeOptions {
  readonly bootstrap: readonly Multiaddr[]
  readonly topics: ReadonlyMap<string, Topic>
  readonly handlers: ReadonlyMap<RequestProtocol, RequestHandler>
  readonly isBanned: (peer: Peer) => boolean
  readonly isCut: () => boolean
  /** Of the ledger. */
  readonly score: (peer: Peer) => number
  readonly events: () => NetworkEvents | undefined
}

export class Parts {
  readonly sessions: Sessions
  readonly gossip: Gossip
  readonly streams: ConsensusStreams
  readonly client: RequestClient
  readonly discovery: Discovery
  readonly #context: NetContext
  readonly #options: PartsOptions
  readonly #handshake: Handshake
  readonly #watchdog: Watchdog
  readonly #pings: Pings

  constructor(context: NetContext, options: PartsOptions) {
    this.#context = context
    this.#options = options
    this.sessions = new Sessions({
      opened: (session) => this.#onUp(session),
      closed: (session) => this.#onDown(session)
    })
    this.streams = new ConsensusStreams(context, this.sessions, (peer, frame) =>
      options.events()?.consensusFrame(peer, frame)
    )
    this.gossip = new Gossip(context, options.topics)
    this.client = new RequestClient(context, this.sessions)
    this.discovery = this.#composeDiscovery()
    this.#pings = new Pings(context)
    this.#handshake = new Handshake(context, {
      localStatus: options.localStatus,
      sessions: this.sessions,
      hasRoom: (direction) => hasRoom(this.sessions, options.discovery?.targets, direction),
      onRefused: (peer, reason) => this.discovery.onRefused(peer, reason),
      heard: (connection) => this.#pings.heard(connection)
    })
    this.#watchdog = new Watchdog(context, this.sessions, (peer) => this.gossip.isDeaf(peer))
  }

  /** Everything that a connection may meet is registered before the first one. */
  async register(): Promise<void> {
    const { sessions, discovery, streams } = this
    const { host } = this.#context
    await discovery.load()
    await this.#handshake.register()
    await streams.register()
    const server = new RequestServer(this.#context, sessions)
    // Who serves a protocol of discovery himself takes its place.
    const handlers = new Map([...discovery.handlers, ...this.#options.handlers])
    for (const [protocol, handler] of handlers) await server.register(protocol, handler)
    host.addEventListener('connection:open', (event: CustomEvent<Connection>) =>
      this.#handshake.onConnection(event.detail)
    )
    host.addEventListener('peer:disconnect', (event) => sessions.close(event.detail.toString() as Peer))
    host.addEventListener('peer:discovery', ({ detail }) =>
      discovery.onLocalPeer(detail.id, detail.multiaddrs)
    )
    host.addEventListener('peer:identify', ({ detail }) => {
      const session = sessions.get(detail.peerId.toString() as Peer)
      if (session !== undefined) session.agent = detail.agentVersion ?? ''
    })
  }

  /** After the host has started. */
  start(): void {
    this.discovery.start()
    this.#watchdog.start()
    this.#pings.start()
  }

  /** Before the host stops. */
  async stop(): Promise<void> {
    const { gossip, discovery, sessions } = this
    await stopEach([
      () => gossip.stop(),
      async () => discovery.save(),
      ...sessions.all().map((session) => () => sessions.close(session.peer))
    ])
  }

  /** Ends the connections of a peer whose score fell. */
  disconnect(peer: Peer, why: string, pauseMs: number): void {
    this.discovery.pausePeer(peer, pauseMs)
    for (const connection of this.#context.host.getConnections()) {
      if (connection.remotePeer.toString() === peer) void endConnection(connection, why)
    }
  }

  #composeDiscovery(): Discovery {
    const { bootstrap, topics, isBanned, isCut, score } = this.#options
    const own = [...topics.values()].filter(({ kind }) => kind !== 'receipt')
    const followed = [...new Set(own.map(({ chain }) => chain))]
    return composeDiscovery(this.#options, bootstrap, followed, {
      context: this.#context,
      sessions: this.sessions,
      isBanned,
      isCut,
      score,
      request: async (peer, protocol, body) => this.client.request(peer, protocol, body),
      letGo: (peer) => this.#handshake.letGo(peer)
    })
  }

  #onUp(session: Session): void {
    this.discovery.onUp(session)
    this.streams.open(session)
    void readAgent(this.#context, session)
    this.#tell(session.peer, (events) => events.peerUp(session.peer, session.status))
  }

  #onDown({ peer }: Session): void {
    this.client.close(peer)
    this.streams.close(peer)
    this.discovery.onDown(peer)
    this.#tell(peer, (events) => events.peerDown(peer))
  }

  /** A listener that throws is our own fault: no peer's handshake fails by it. */
  #tell(peer: Peer, tell: (events: NetworkEvents) => void): void {
    const events = this.#options.events()
    if (events === undefined) return
    try {
      tell(events)
    } catch (error) {
      const reason = ownFault(error)
      this.#context.log('listener failed', { peer, reason })
      this.#context.report(peer, 'our-fault', `listener: ${reason}`)
    }
  }
}

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
