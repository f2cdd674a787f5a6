/**
 * Answering. Order of work: handshake complete, request read within its size, peer within its concurrency and rate
 * (delayed when a little over them, refused when far), room for the answer, handler, answer within its size (D12).
 */
import type { Connection, Stream } from '@libp2p/interface'
import { AnswerRoom } from './answer-room.ts'
import { AnswerStream } from './answer-stream.ts'
import type { Reply } from './answer-stream.ts'
import { deadline, monotonicMs, ownFault, pause } from './context.ts'
import type { NetContext } from './context.ts'
import { isPeerFault, streamFailure } from './errors.ts'
import { NET_LIMITS, REQUEST_LANES, REQUEST_LIMITS } from './limits.ts'
import type { RequestLimits } from './limits.ts'
import { bytesOf } from './request-client.ts'
import type { RequestLimitTable } from './request-client.ts'
import { QuotaBook } from './request-quota.ts'
import type { Sessions } from './sessions.ts'
import { protocolOf } from './topics.ts'
import type { Peer, RequestHandler, RequestProtocol, Response, ResultCode } from './types.ts'

/** An asker has one, and for a moment a second while the first is given up. */
const STREAMS_MAX = 4

const only = (result: ResultCode): Response => ({ result, frames: [] })

/** One protocol that is served. */
interface Served {
  readonly protocol: RequestProtocol
  readonly handler: RequestHandler
  readonly limits: RequestLimits
}

export class RequestServer {
  readonly #context: NetContext
  readonly #sessions: Sessions
  readonly #limits: RequestLimitTable
  readonly #quotas = new QuotaBook(NET_LIMITS.budgetsKept)
  readonly #room = new AnswerRoom({
    bytes: NET_LIMITS.answersBytes,
    bytesPerPeer: NET_LIMITS.answersBytesPerPeer
  })

  constructor(context: NetContext, sessions: Sessions, limits: RequestLimitTable = REQUEST_LIMITS) {
    this.#context = context
    this.#sessions = sessions
    this.#limits = limits
  }

  async register(protocol: RequestProtocol, handler: RequestHandler): Promise<void> {
    const served: Served = { protocol, handler, limits: this.#limits[protocol] }
    await this.#context.host.handle(
      protocolOf(this.#context.networkId, protocol),
      (stream, connection) => this.#serve(served, stream, connection),
      { maxInboundStreams: STREAMS_MAX }
    )
  }

  async #serve(served: Served, stream: Stream, connection: Connection): Promise<void> {
    stream.pause()
    const peer = connection.remotePeer.toString() as Peer
    const { protocol, limits } = served
    if (!(await this.#sessions.ready(peer, deadline(this.#context, NET_LIMITS.readyTimeoutMs)))) {
      this.#context.metrics.served(protocol, 'no-handshake')
      stream.abort(new RangeError('no handshake'))
      return
    }
    const answering = new AnswerStream(stream, {
      limits,
      signal: this.#context.signal,
      answer: (body) => this.#reply(served, peer, body)
    })
    try {
      await answering.run()
    } catch (error) {
      this.#onFailure(protocol, peer, streamFailure(error))
    }
  }

  #onFailure(protocol: RequestProtocol, peer: Peer, failure: ReturnType<typeof streamFailure>): void {
    if (this.#context.signal.aborted) return
    this.#context.metrics.served(protocol, failure)
    if (!isPeerFault(failure)) return
    this.#context.metrics.streamRefused(protocol, failure)
    const fact = failure === 'cut' ? 'broken-promise' : 'invalid'
    this.#context.report(peer, fact, `${protocol} request: ${failure}`)
  }

  async #reply(served: Served, peer: Peer, body: Uint8Array): Promise<Reply> {
    const { protocol, limits } = served
    const quota = this.#quotas.of(`${peer}/${protocol}`, limits, monotonicMs())
    const refused = (): Reply => this.#finished(served, peer, only('limited'), () => undefined)
    // As many as are served may wait: an asker's next requests arrive before our last answers do.
    if (quota.slots.open >= 2 * limits.concurrency) return refused()
    const cameMs = monotonicMs()
    const waitMs = quota.admit(cameMs, NET_LIMITS.requestDelayMs)
    if (waitMs === undefined) return refused()
    await quota.slots.take()
    let reservedBytes = 0
    try {
      const leftMs = cameMs + waitMs - monotonicMs()
      if (leftMs > 0) await pause(leftMs, this.#context.signal)
      if (!(await this.#room.take(peer, limits.responseBytes, NET_LIMITS.requestDelayMs))) return refused()
      reservedBytes = limits.responseBytes
      const response = await this.#handle(served, peer, body)
      const bytes = bytesOf(response)
      quota.charge(bytes, monotonicMs())
      this.#room.give(peer, reservedBytes - bytes)
      reservedBytes = bytes
      return this.#finished(served, peer, response, () => this.#room.give(peer, bytes))
    } catch (error) {
      this.#room.give(peer, reservedBytes)
      throw error
    } finally {
      quota.slots.give()
    }
  }

  #finished({ protocol }: Served, peer: Peer, response: Response, release: () => void): Reply {
    this.#context.metrics.served(protocol, response.result)
    return {
      response,
      done: () => {
        release()
        if (response.result === 'invalid') this.#context.report(peer, 'invalid', `${protocol} request`)
      }
    }
  }

  /** A handler that throws, takes too long or says too much is our own fault, and the peer is told only that. */
  async #handle(served: Served, peer: Peer, body: Uint8Array): Promise<Response> {
    const { protocol, limits } = served
    const overdue = new AbortController()
    try {
      const late = pause(limits.timeoutMs, overdue.signal)
      const response = await Promise.race([this.#inLane(served, peer, body), late])
      if (response !== undefined && fits(response, limits)) return response
      const what = response === undefined ? 'no answer in time' : 'answer above its limits'
      this.#context.report(peer, 'our-fault', `${protocol}: ${what}`)
    } catch (error) {
      const reason = ownFault(error)
      this.#context.log('request handler failed', { protocol, reason })
      this.#context.report(peer, 'our-fault', `${protocol}: ${reason}`)
    } finally {
      overdue.abort()
    }
    return only('internal')
  }

  /** What competes with gossip waits in its lane (D11); chain data has its own bounds and waits for nobody. */
  async #inLane({ protocol, handler }: Served, peer: Peer, body: Uint8Array): Promise<Response> {
    const lane = REQUEST_LANES[protocol]
    if (lane === undefined) return handler(body, peer)
    return this.#context.lanes.run(lane, peer, body.length, () => handler(body, peer)) ?? only('limited')
  }
}

const fits = (response: Response, limits: RequestLimits): boolean =>
  response.frames.length <= limits.frames &&
  response.frames.every((frame) => frame.length <= limits.frameBytes) &&
  bytesOf(response) <= limits.responseBytes
