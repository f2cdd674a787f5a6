/** The network as one process sees it. A process that crashed is deaf, mute and never answered. */
import { concat, toHex, utf8 } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { sha256 } from '../../crypto/hash.ts'
import { FRAME_BOUNDARY } from '../../codec/messages.ts'
import type { Status } from '../../codec/messages.ts'
import type {
  GossipJudge,
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
} from '../../net/types.ts'
import type { SimNetwork } from './network.ts'
import { peerIndex, peerOf } from './wire.ts'
import type { Delivery, Endpoint } from './wire.ts'

export interface PortInit {
  readonly index: number
  readonly status: () => Status
  /** Something is about to leave the process. It may crash right here, and then nothing leaves. */
  readonly onEffect: (what: string) => void
  readonly onSent: (kind: GossipKind | 'frame', data: Uint8Array) => void
  readonly onReport: (peer: Peer, fact: PeerFact, why: string) => void
  readonly onFailed: (error: unknown) => void
}

interface Acquaintance {
  readonly port: Endpoint
  readonly status: Status
}

export class Port implements Network, Endpoint {
  readonly index: number
  readonly self: Peer
  readonly status: () => Status
  readonly #network: SimNetwork
  readonly #init: PortInit
  readonly #judges = new Map<ChainId, GossipJudges>()
  readonly #handlers = new Map<RequestProtocol, RequestHandler>()
  readonly #known = new Map<number, Acquaintance>()
  /** Gossip ids that this process has seen, and copies on their way to it that will surely be judged. */
  readonly #seen = new Set<string>()
  #events: NetworkEvents | undefined
  #alive = true

  constructor(network: SimNetwork, init: PortInit) {
    this.#network = network
    this.#init = init
    this.index = init.index
    this.self = peerOf(init.index)
    this.status = init.status
  }

  get isAlive(): boolean {
    return this.#alive
  }

  kill(): void {
    this.#alive = false
    this.#network.detach(this)
  }

  hasJoined(chain: ChainId, kind: GossipKind): boolean {
    return this.#judges.get(chain)?.[kind] !== undefined
  }

  hasSeen(id: string): boolean {
    return this.#seen.has(id)
  }

  join(chain: ChainId, judges: GossipJudges): void {
    this.#judges.set(chain, judges)
  }

  serve(protocol: RequestProtocol, handler: RequestHandler): void {
    this.#handlers.set(protocol, handler)
  }

  listen(events: NetworkEvents): void {
    this.#events = events
  }

  publish(chain: ChainId, kind: GossipKind, data: Uint8Array): Promise<number> {
    return Promise.resolve(this.publishTo(chain, kind, data, () => true))
  }

  listeners(chain: ChainId, kind: GossipKind): number {
    return this.#network.joined({ chain, kind }, this.index).filter(({ index }) => this.#known.has(index))
      .length
  }

  /** Publishes to some only: what a faulty member may do, and no honest one can. */
  publishTo(chain: ChainId, kind: GossipKind, data: Uint8Array, chosen: (index: number) => boolean): number {
    this.#init.onEffect(`publish ${kind}`)
    if (!this.#alive) return 0
    const id = toHex(sha256(concat(Uint8Array.of(chain >> 8, chain & 0xff), utf8(kind), data)))
    if (this.#seen.has(id)) return 0
    this.#seen.add(id)
    this.#init.onSent(kind, data)
    this.#network.trace.note(this.index, `publish ${kind}`, data)
    return this.#spread({ chain, kind, data, id }, chosen)
  }

  sendConsensus(peer: Peer, frame: Uint8Array): boolean {
    const to = peerIndex(peer)
    this.#init.onEffect('frame')
    if (!this.#alive || !this.#known.has(to)) return false
    this.#init.onSent('frame', frame)
    const at = frame[0] === FRAME_BOUNDARY ? 34 : 1
    const chain = new DataView(frame.buffer, frame.byteOffset).getUint16(at, true) as ChainId
    if (this.#network.isMuted(chain)) return true
    this.#network.carry(this.index, to, `frame-${frame[0] ?? 0}`, frame, (port) => {
      port.frameArrived(this.index, frame)
    })
    return true
  }

  request(peer: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    this.#init.onEffect(`ask ${protocol}`)
    if (!this.#alive || !this.#known.has(peerIndex(peer))) {
      return Promise.resolve({ result: 'internal', frames: [] })
    }
    return this.#network.request(this, peer, protocol, body)
  }

  peers(chain?: ChainId): readonly PeerView[] {
    if (!this.#alive) return []
    return [...this.#known]
      .filter(([, { status }]) => chain === undefined || status.chains.some((one) => one.chain === chain))
      .sort(([a], [b]) => a - b)
      .map(([index, { status }]) => ({
        peer: peerOf(index),
        address: `/sim/${index}`,
        direction: 'outbound',
        agent: 'simulator',
        score: 0,
        status
      }))
  }

  report(peer: Peer, fact: PeerFact, why: string): void {
    if (this.#alive) this.#init.onReport(peer, fact, why)
  }

  met(index: number, port: Endpoint, status: Status): void {
    if (!this.#alive) return
    this.#known.set(index, { port, status })
    this.#events?.peerUp(peerOf(index), status)
  }

  lost(index: number, port: Endpoint): void {
    if (!this.#alive || this.#known.get(index)?.port !== port) return
    this.#known.delete(index)
    this.#events?.peerDown(peerOf(index))
  }

  frameArrived(from: number, frame: Uint8Array): void {
    if (this.#alive) this.#events?.consensusFrame(peerOf(from), frame)
  }

  /** A copy of a gossip message: judged once, relayed only if accepted. */
  arrived(from: number, message: Delivery): void {
    if (!this.#alive || this.#seen.has(message.id)) return
    this.#seen.add(message.id)
    const judge = this.#judges.get(message.chain)?.[message.kind]
    if (judge === undefined) return
    this.#judged(judge, from, message).catch((error: unknown) => {
      if (this.#alive) this.#init.onFailed(error)
    })
  }

  async #judged(judge: GossipJudge, from: number, message: Delivery): Promise<void> {
    const { action, rule } = await judge(message.data, peerOf(from))
    if (!this.#alive) return
    this.#network.trace.note(this.index, `${action} ${message.kind} ${rule}`)
    if (action === 'reject') {
      this.#network.counters.rejected++
      this.#init.onReport(peerOf(from), 'invalid', `${message.kind}: ${rule}`)
    }
    if (action === 'accept' && message.kind === 'receipt') this.#network.counters.announced++
    if (action === 'accept') this.#spread(message, (index) => index !== from)
  }

  #spread(message: Delivery, chosen: (index: number) => boolean): number {
    let sent = 0
    for (const to of this.#network.joined(message, this.index)) {
      if (!chosen(to.index) || !this.#known.has(to.index)) continue
      sent++
      // A peer that has it would drop the copy unread.
      if (!to.hasSeen(message.id)) this.#network.gossip(this, to, message)
    }
    return sent
  }

  serveRequest(
    protocol: RequestProtocol,
    body: Uint8Array,
    from: Peer,
    answer: (response: Response) => void
  ): void {
    const handler = this.#handlers.get(protocol)
    if (!this.#alive || handler === undefined) return
    const respond = async (): Promise<void> => {
      const response = await handler(body, from)
      this.#init.onEffect(`answer ${protocol}`)
      if (this.#alive) answer(response)
    }
    respond().catch((error: unknown) => {
      if (this.#alive) this.#init.onFailed(error)
    })
  }
}
