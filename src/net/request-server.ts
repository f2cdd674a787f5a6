/**
 * Answering. Order of work: handshake complete, request read within its size, peer within its concurrency, rate
 * (delayed when a little over it, refused when far), handler, answer within its size (D12).
 */
import type { Connection, Stream } from '@libp2p/interface'
import { deadline, messageOf, monotonicMs, ownFault, pause } from './context.ts'
import type { NetContext } from './context.ts'
import { isPeerFault, streamFailure } from './errors.ts'
import { asError, readOnlyFrame, writeFrames } from './frames.ts'
import { NET_LIMITS, REQUEST_LANES, REQUEST_LIMITS } from './limits.ts'
import type { RequestLimits } from './limits.ts'
import { encodeResult } from './request-codes.ts'
import type { Sessions } from './sessions.ts'
import { TokenBucket } from './token-bucket.ts'
import { protocolOf } from './topics.ts'
import type { Peer, RequestHandler, RequestProtocol, Response, ResultCode } from './types.ts'

/** What one peer may still ask of one protocol. Outlives the connection, so that reconnecting does not refill it. */
interface Budget {
  readonly requests: TokenBucket
  readonly bytes: TokenBucket
  serving: number
}

const only = (result: ResultCode): Response => ({ result, frames: [] })

export class RequestServer {
  readonly #context: NetContext
  readonly #sessions: Sessions
  /** In order of last use; the longest unused budget is forgotten first. */
  readonly #budgets = new Map<string, Budget>()

  constructor(context: NetContext, sessions: Sessions) {
    this.#context = context
    this.#sessions = sessions
  }

  async register(protocol: RequestProtocol, handler: RequestHandler): Promise<void> {
    const limits = REQUEST_LIMITS[protocol]
    await this.#context.host.handle(
      protocolOf(this.#context.networkId, protocol),
      (stream, connection) => this.#serve(protocol, handler, stream, connection),
      // Above the concurrency we answer `limited`; a reset of libp2p would say nothing.
      { maxInboundStreams: 4 * limits.concurrency }
    )
  }

  async #serve(
    protocol: RequestProtocol,
    handler: RequestHandler,
    stream: Stream,
    connection: Connection
  ): Promise<void> {
    stream.pause()
    const peer = connection.remotePeer.toString() as Peer
    const limits = REQUEST_LIMITS[protocol]
    const signal = deadline(this.#context, limits.timeoutMs)
    try {
      if (!(await this.#sessions.ready(peer, deadline(this.#context, NET_LIMITS.readyTimeoutMs)))) {
        this.#context.metrics.served(protocol, 'no-handshake')
        stream.abort(new RangeError('no handshake'))
        return
      }
      const body = await readOnlyFrame(stream, limits.requestBytes, signal)
      const response = await this.#answer(protocol, handler, peer, body)
      this.#context.metrics.served(protocol, response.result)
      await writeFrames(stream, [encodeResult(response.result)], signal)
      for (const frame of response.frames) await writeFrames(stream, [frame], signal)
      await stream.close({ signal })
      if (response.result === 'invalid') this.#context.report(peer, 'invalid', `${protocol} request`)
    } catch (error) {
      const failure = streamFailure(error)
      if (!this.#context.signal.aborted) this.#onFailure(protocol, peer, failure)
      if (isPeerFault(failure)) await refuse(stream, signal)
      stream.abort(asError(error))
    }
  }

  #onFailure(protocol: RequestProtocol, peer: Peer, failure: ReturnType<typeof streamFailure>): void {
    this.#context.metrics.served(protocol, failure)
    if (!isPeerFault(failure)) return
    this.#context.metrics.streamRefused(protocol, failure)
    const fact = failure === 'cut' ? 'broken-promise' : 'invalid'
    this.#context.report(peer, fact, `${protocol} request: ${failure}`)
  }

  async #answer(
    protocol: RequestProtocol,
    handler: RequestHandler,
    peer: Peer,
    body: Uint8Array
  ): Promise<Response> {
    const limits = REQUEST_LIMITS[protocol]
    const budget = this.#budgetOf(protocol, peer)
    if (budget.serving >= limits.concurrency) return only('limited')
    const now = monotonicMs()
    const waitMs = Math.max(budget.requests.waitFor(1, now), budget.bytes.waitFor(0, now))
    if (waitMs > NET_LIMITS.requestDelayMs) return only('limited')
    budget.requests.take(1, now)
    budget.serving += 1
    try {
      if (waitMs > 0) await pause(waitMs, this.#context.signal)
      const response = await this.#handle(protocol, handler, peer, body, limits)
      budget.bytes.take(bytesOf(response), monotonicMs())
      return response
    } finally {
      budget.serving -= 1
    }
  }

  /** A handler that throws or says too much is our own fault, and the peer is told only that. */
  async #handle(
    protocol: RequestProtocol,
    handler: RequestHandler,
    peer: Peer,
    body: Uint8Array,
    limits: RequestLimits
  ): Promise<Response> {
    try {
      const response = await this.#inLane(protocol, peer, body, async () => handler(body, peer))
      if (fits(response, limits)) return response
      this.#context.report(peer, 'our-fault', `${protocol}: answer above its limits`)
    } catch (error) {
      const reason = ownFault(error)
      this.#context.log('request handler failed', { protocol, reason })
      this.#context.report(peer, 'our-fault', `${protocol}: ${reason}`)
    }
    return only('internal')
  }

  /** What competes with gossip waits in its lane (D11); chain data has its own bounds and waits for nobody. */
  async #inLane(
    protocol: RequestProtocol,
    peer: Peer,
    body: Uint8Array,
    handle: () => Promise<Response>
  ): Promise<Response> {
    const lane = REQUEST_LANES[protocol]
    if (lane === undefined) return handle()
    return this.#context.lanes.run(lane, peer, body.length, handle) ?? only('limited')
  }

  #budgetOf(protocol: RequestProtocol, peer: Peer): Budget {
    const key = `${protocol}/${peer}`
    const limits = REQUEST_LIMITS[protocol]
    const now = monotonicMs()
    const budget = this.#budgets.get(key) ?? {
      requests: new TokenBucket({ perS: limits.requestsPerS, burst: limits.requestsBurst }, now),
      bytes: new TokenBucket({ perS: limits.bytesPerS, burst: limits.bytesBurst }, now),
      serving: 0
    }
    this.#budgets.delete(key)
    this.#budgets.set(key, budget)
    for (const oldest of this.#budgets.keys()) {
      if (this.#budgets.size <= NET_LIMITS.budgetsKept) break
      this.#budgets.delete(oldest)
    }
    return budget
  }
}

const bytesOf = (response: Response): number => response.frames.reduce((sum, frame) => sum + frame.length, 0)

const fits = (response: Response, limits: RequestLimits): boolean =>
  response.frames.length <= limits.frames &&
  response.frames.every((frame) => frame.length <= limits.frameBytes) &&
  bytesOf(response) <= limits.responseBytes

/** The peer broke the protocol: it is told `invalid` if it still listens. */
async function refuse(stream: Stream, signal: AbortSignal): Promise<void> {
  if (stream.writeStatus !== 'writable') return
  try {
    await writeFrames(stream, [encodeResult('invalid')], signal)
    await stream.close({ signal: AbortSignal.timeout(500) })
  } catch (error) {
    // The stream is aborted next in any case; all that is lost is the courtesy.
    stream.log('refusal not sent: %s', messageOf(error))
  }
}
