/**
 * Asking: one stream per peer and protocol, opened by the first request and again after a loss. Whatever the peer does
 * becomes a result and a fact about it (D14), never an exception. We keep the limits that the peer will keep: a request
 * above them waits here, where it costs nothing.
 */
import { AskStream } from './ask-stream.ts'
import { deadline, monotonicMs, pause } from './context.ts'
import type { NetContext } from './context.ts'
import { connectionOf, goesOn } from './early-end.ts'
import { streamFailure } from './errors.ts'
import type { StreamFailure } from './errors.ts'
import { NET_LIMITS, REQUEST_LIMITS } from './limits.ts'
import type { RequestLimits } from './limits.ts'
import { QuotaBook } from './request-quota.ts'
import type { Session, Sessions } from './sessions.ts'
import { protocolOf } from './topics.ts'
import type { Peer, PeerFact, RequestProtocol, Response, ResultCode } from './types.ts'

const FAILED: Response = { result: 'internal', frames: [] }
const THROTTLED: Response = { result: 'limited', frames: [] }

const FAILURE_FACTS: Readonly<Record<StreamFailure, PeerFact>> = {
  oversize: 'invalid',
  garbage: 'invalid',
  'too-many': 'invalid',
  cut: 'broken-promise',
  timeout: 'slow',
  lost: 'slow'
}
/** An answer `invalid` says that our request was wrong. */
const RESULT_FACTS: Readonly<Record<Exclude<ResultCode, 'ok'>, PeerFact>> = {
  lacks: 'lacks',
  limited: 'limited',
  invalid: 'our-fault',
  internal: 'lacks'
}

export type RequestLimitTable = Readonly<Record<RequestProtocol, RequestLimits>>

/** The stream of one peer and protocol, once it is open. */
interface Lane {
  readonly opening: Promise<AskStream>
  stream?: AskStream
}

export class RequestClient {
  readonly #context: NetContext
  readonly #sessions: Sessions
  readonly #limits: RequestLimitTable
  readonly #quotas = new QuotaBook(NET_LIMITS.budgetsKept)
  /** By peer and protocol; bounded by the sessions. */
  readonly #lanes = new Map<string, Lane>()
  #waiting = 0

  constructor(context: NetContext, sessions: Sessions, limits: RequestLimitTable = REQUEST_LIMITS) {
    this.#context = context
    this.#sessions = sessions
    this.#limits = limits
  }

  /** Streams that are open or being opened. */
  get streams(): number {
    return this.#lanes.size
  }

  async request(peer: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    const limits = this.#limits[protocol]
    if (this.#sessions.get(peer) === undefined) return this.#end(protocol, 'no-peer', FAILED)
    if (body.length > limits.requestBytes) {
      this.#context.report(peer, 'our-fault', `${protocol}: request of ${body.length} bytes`)
      return this.#end(protocol, 'own-oversize', FAILED)
    }
    const quota = this.#quotas.of(`${peer}/${protocol}`, limits, monotonicMs())
    if (quota.slots.waiting >= NET_LIMITS.requestsWaiting) return this.#end(protocol, 'throttled', THROTTLED)
    await this.#counted(quota.slots.take())
    try {
      const waitMs = quota.admit(monotonicMs(), NET_LIMITS.requestHoldMs)
      if (waitMs === undefined) return this.#end(protocol, 'throttled', THROTTLED)
      if (waitMs > 0) await this.#counted(pause(waitMs, this.#context.signal))
      const session = this.#sessions.get(peer)
      if (session === undefined) return this.#end(protocol, 'no-peer', FAILED)
      const response = await this.#exchange(session, protocol, body)
      quota.charge(bytesOf(response), monotonicMs())
      // Slow down is no failure (D12): the peer is left alone for a moment, and neither side pays for it.
      if (response.result === 'limited') quota.close(monotonicMs() + NET_LIMITS.limitedPauseMs)
      return response
    } finally {
      quota.slots.give()
    }
  }

  /** The peer has gone: its streams end by themselves, after what had arrived on them. */
  close(peer: Peer): void {
    for (const key of this.#lanes.keys()) if (key.startsWith(`${peer}/`)) this.#lanes.delete(key)
  }

  async #exchange(session: Session, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    try {
      const stream = await this.#streamTo(session, protocol)
      const response = await stream.ask(body)
      if (response.result !== 'ok') {
        this.#context.report(session.peer, RESULT_FACTS[response.result], protocol)
      }
      return this.#end(protocol, response.result, response)
    } catch (error) {
      const failure = streamFailure(error)
      // What ends the stream is one fact, however many requests were on it: the stream tells it.
      if (failure === 'timeout') this.#blame(session.peer, protocol, failure)
      return this.#end(protocol, failure, FAILED)
    }
  }

  #end(protocol: RequestProtocol, outcome: string, response: Response): Response {
    this.#context.metrics.request(protocol, outcome)
    return response
  }

  #blame(peer: Peer, protocol: RequestProtocol, failure: StreamFailure): void {
    if (this.#context.signal.aborted) return
    this.#context.report(peer, FAILURE_FACTS[failure], `${protocol}: ${failure}`)
  }

  /** Never throws. */
  async #blameIfStays(peer: Peer, protocol: RequestProtocol, staying: Promise<boolean>): Promise<void> {
    this.#blame(peer, protocol, (await staying) ? 'cut' : 'lost')
  }

  async #streamTo(session: Session, protocol: RequestProtocol): Promise<AskStream> {
    const key = `${session.peer}/${protocol}`
    const known = this.#lanes.get(key)
    if (known !== undefined && known.stream?.isUsable !== false) return known.opening
    const lane: Lane = { opening: this.#open(session, protocol, () => this.#forget(key, lane)) }
    this.#lanes.set(key, lane)
    try {
      lane.stream = await lane.opening
      return lane.stream
    } catch (error) {
      this.#forget(key, lane)
      throw error
    }
  }

  #forget(key: string, lane: Lane): void {
    if (this.#lanes.get(key) === lane) this.#lanes.delete(key)
  }

  async #open(session: Session, protocol: RequestProtocol, closed: () => void): Promise<AskStream> {
    const { host, networkId, signal } = this.#context
    const limits = this.#limits[protocol]
    const name = protocolOf(networkId, protocol)
    const stream = await host.dialProtocol(session.id, name, {
      signal: deadline(this.#context, limits.timeoutMs),
      negotiateFully: false
    })
    const connection = connectionOf(this.#context, stream)
    const asking = new AskStream(stream, {
      limits,
      signal,
      closed: (error) => {
        closed()
        if (error === undefined) return
        const failure = streamFailure(error)
        if (failure !== 'cut') this.#blame(session.peer, protocol, failure)
        else void this.#blameIfStays(session.peer, protocol, goesOn(this.#context, connection, name))
      }
    })
    void asking.run()
    return asking
  }

  /** Waiting requests are a gauge. */
  async #counted(waiting: Promise<void>): Promise<void> {
    this.#count(1)
    await waiting
    this.#count(-1)
  }

  #count(change: number): void {
    this.#waiting += change
    this.#context.metrics.queue('requests', this.#waiting)
  }
}

export const bytesOf = ({ frames }: Response): number => frames.reduce((sum, frame) => sum + frame.length, 0)
