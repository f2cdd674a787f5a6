/**
 * The network between simulated nodes: a full mesh of links that lose, delay, double and reorder, and can be cut one
 * way or both. Gossip behaves as gossipsub does where consensus could notice: a message id is judged once by a
 * process, seen before it is judged, relayed only if accepted, and a seen id cannot be published again (C31).
 */
import type { Status } from '../../codec/messages.ts'
import { chainName } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Peer, RequestProtocol, Response } from '../../net/types.ts'
import type { Timeline } from './clock.ts'
import type { Prng } from './prng.ts'
import type { Trace } from './trace.ts'
import { peerIndex, peerOf } from './wire.ts'
import type { Delivery, Endpoint } from './wire.ts'

export interface Link {
  readonly dropPpm: number
  readonly duplicatePpm: number
  readonly delayMinMs: number
  readonly delayMaxMs: number
}

export const CLEAN_LINK: Link = { dropPpm: 0, duplicatePpm: 0, delayMinMs: 1, delayMaxMs: 12 }

/** A stopped process is noticed by its peers after this long. */
const NOTICE_MS = 20
const HANDSHAKE_MS = 15
const HANDSHAKE_RETRY_MS = 500
const REQUEST_TIMEOUT_MS = 2_000

/** One message on one link; `what` is a kind of gossip, `frame-<kind>`, `ask-…` or `answer-…`. */
export interface Carried {
  readonly from: number
  readonly to: number
  readonly what: string
  readonly data: Uint8Array
}

/** Whose answer to whom. */
export interface Answering {
  readonly from: number
  readonly to: number
  readonly protocol: RequestProtocol
}

export interface NetworkCounters {
  dropped: number
  duplicated: number
  delivered: number
  rejected: number
  cut: number
  /** Announcements of receipts that were believed. */
  announced: number
}

export class SimNetwork {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly counters: NetworkCounters = {
    dropped: 0,
    duplicated: 0,
    delivered: 0,
    rejected: 0,
    cut: 0,
    announced: 0
  }
  link: Link = CLEAN_LINK
  /** Directed loss: a message for which it answers false does not leave. It may set the link for this very message. */
  passes: (message: Carried) => boolean = () => true
  /** What a liar makes of its answers. */
  answers: (answering: Answering, response: Response) => Response = (_answering, response) => response
  readonly #prng: Prng
  readonly #ports = new Map<number, Endpoint>()
  /** Directed: `from>to`. */
  readonly #cuts = new Set<string>()
  /** Gossip kinds that do not pass on a chain: a chain made to stand still. */
  readonly #muted = new Set<string>()

  constructor(parts: { readonly timeline: Timeline; readonly trace: Trace; readonly prng: Prng }) {
    this.timeline = parts.timeline
    this.trace = parts.trace
    this.#prng = parts.prng
  }

  /** A process came up: it shakes hands with all others. */
  attach(port: Endpoint): void {
    this.#ports.set(port.index, port)
    for (const other of this.#others(port.index)) this.#shakeHands(port, other)
  }

  /** A process is gone; its peers notice a little later. */
  detach(port: Endpoint): void {
    if (this.#ports.get(port.index) === port) this.#ports.delete(port.index)
    for (const other of this.#others(port.index)) {
      this.timeline.after(NOTICE_MS, () => other.lost(port.index, port))
    }
  }

  cut(from: number, to: number): void {
    this.#cuts.add(`${from}>${to}`)
    this.counters.cut++
  }

  /** Everything passes again. */
  heal(): void {
    this.#cuts.clear()
    this.#muted.clear()
  }

  isCut(from: number, to: number): boolean {
    return this.#cuts.has(`${from}>${to}`)
  }

  /** No gossip and no `consensus/1` of a chain passes, to anyone. */
  mute(chain: ChainId): void {
    this.#muted.add(chainName(chain))
  }

  isMuted(chain: ChainId): boolean {
    return this.#muted.has(chainName(chain))
  }

  /** Ports that have joined a chain, but for one. */
  joined({ chain, kind }: Pick<Delivery, 'chain' | 'kind'>, except: number): Endpoint[] {
    return this.#others(except).filter((port) => port.hasJoined(chain, kind))
  }

  /** @returns whether it is on its way: it may still be lost to a cut or a crash before it arrives. */
  gossip(from: Endpoint, to: Endpoint, message: Delivery): boolean {
    if (this.isMuted(message.chain)) return false
    return this.carry(from.index, to.index, `${message.kind}`, message.data, (port) => {
      if (port === to) port.arrived(from.index, message)
    })
  }

  /** One message over one link. `deliver` runs with whatever process then answers at the other end. */
  carry(
    from: number,
    to: number,
    what: string,
    data: Uint8Array,
    deliver: (port: Endpoint) => void
  ): boolean {
    if (this.isCut(from, to) || !this.passes({ from, to, what, data })) return false
    const { dropPpm, duplicatePpm, delayMinMs, delayMaxMs } = this.link
    if (dropPpm > 0 && this.#prng.chance(dropPpm)) {
      this.counters.dropped++
      return false
    }
    const copies = duplicatePpm > 0 && this.#prng.chance(duplicatePpm) ? 2 : 1
    if (copies === 2) this.counters.duplicated++
    for (let copy = 0; copy < copies; copy++) {
      this.timeline.after(this.#prng.between(delayMinMs, delayMaxMs), () => {
        const port = this.#ports.get(to)
        if (port === undefined || this.isCut(from, to)) return
        this.counters.delivered++
        this.trace.note(to, `<${from} ${what}`, data)
        deliver(port)
      })
    }
    return true
  }

  /** A request and its answer, either of which may be lost. */
  async request(from: Endpoint, peer: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    const answered = Promise.withResolvers<Response>()
    const cancel = this.timeline.after(REQUEST_TIMEOUT_MS, () => {
      if (from.isAlive) answered.resolve({ result: 'internal', frames: [] })
    })
    this.carry(from.index, peerIndex(peer), `ask-${protocol}`, body, (server) => {
      server.serveRequest(protocol, body, peerOf(from.index), (honest) => {
        const response = this.answers({ from: server.index, to: from.index, protocol }, honest)
        const size = new Uint8Array([response.frames.length & 0xff])
        this.carry(server.index, from.index, `answer-${protocol}-${response.result}`, size, (port) => {
          if (port !== from) return
          cancel()
          answered.resolve(response)
        })
      })
    })
    return answered.promise
  }

  #others(index: number): Endpoint[] {
    return [...this.#ports.values()].filter((port) => port.index !== index).sort((a, b) => a.index - b.index)
  }

  #shakeHands(one: Endpoint, other: Endpoint): void {
    this.timeline.after(HANDSHAKE_MS, () => {
      if (!one.isAlive || !other.isAlive) return
      if (this.isCut(one.index, other.index) || this.isCut(other.index, one.index)) {
        this.timeline.after(HANDSHAKE_RETRY_MS, () => this.#shakeHands(one, other))
        return
      }
      const statuses: readonly [Status, Status] = [one.status(), other.status()]
      one.met(other.index, other, statuses[1])
      other.met(one.index, one, statuses[0])
    })
  }
}
