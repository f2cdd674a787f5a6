/**
 * Asking: a stream per request. Whatever the peer does becomes a result and a fact about it (D14), never an
 * exception. More requests to one peer than it serves at once wait here, where they cost nothing.
 */
import type { Stream } from '@libp2p/interface'
import { deadline } from './context.ts'
import type { NetContext } from './context.ts'
import { brokenStream, streamFailure } from './errors.ts'
import type { StreamFailure } from './errors.ts'
import { asError, readFrames, writeFrames } from './frames.ts'
import { NET_LIMITS, REQUEST_LIMITS } from './limits.ts'
import type { RequestLimits } from './limits.ts'
import { decodeResult } from './request-codes.ts'
import type { Session, Sessions } from './sessions.ts'
import { protocolOf } from './topics.ts'
import type { Peer, PeerFact, RequestProtocol, Response, ResultCode } from './types.ts'

const FAILED: Response = { result: 'internal', frames: [] }

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

/** Slots of one (peer, protocol). */
interface Slots {
  free: number
  readonly waiting: (() => void)[]
}

export class RequestClient {
  readonly #context: NetContext
  readonly #sessions: Sessions
  readonly #slots = new Map<string, Slots>()
  #waiting = 0

  constructor(context: NetContext, sessions: Sessions) {
    this.#context = context
    this.#sessions = sessions
  }

  async request(peer: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    const limits = REQUEST_LIMITS[protocol]
    const session = this.#sessions.get(peer)
    if (session === undefined) return this.#end(protocol, 'no-peer', FAILED)
    if (body.length > limits.requestBytes) {
      this.#context.report(peer, 'our-fault', `${protocol}: request of ${body.length} bytes`)
      return this.#end(protocol, 'own-oversize', FAILED)
    }
    const key = `${peer}/${protocol}`
    if (!(await this.#enter(key, limits.concurrency))) {
      return this.#end(protocol, 'throttled', { result: 'limited', frames: [] })
    }
    try {
      const response = await this.#exchange(session, protocol, body, limits)
      if (response.result !== 'ok') this.#context.report(peer, RESULT_FACTS[response.result], protocol)
      return this.#end(protocol, response.result, response)
    } catch (error) {
      const failure = streamFailure(error)
      if (!this.#context.signal.aborted)
        this.#context.report(peer, FAILURE_FACTS[failure], `${protocol}: ${failure}`)
      return this.#end(protocol, failure, FAILED)
    } finally {
      this.#leave(key)
    }
  }

  #end(protocol: RequestProtocol, outcome: string, response: Response): Response {
    this.#context.metrics.request(protocol, outcome)
    return response
  }

  async #exchange(
    session: Session,
    protocol: RequestProtocol,
    body: Uint8Array,
    limits: RequestLimits
  ): Promise<Response> {
    const signal = deadline(this.#context, limits.timeoutMs)
    const name = protocolOf(this.#context.networkId, protocol)
    const stream = await this.#context.host.dialProtocol(session.id, name, { signal, negotiateFully: false })
    try {
      await writeFrames(stream, [body], signal)
      await stream.close({ signal })
      return await readAnswer(stream, limits, signal)
    } catch (error) {
      stream.abort(asError(error))
      throw error
    }
  }

  /** Takes a slot, waiting for one if need be; false when too many wait. */
  async #enter(key: string, concurrency: number): Promise<boolean> {
    const slots = this.#slots.get(key) ?? { free: concurrency, waiting: [] }
    this.#slots.set(key, slots)
    if (slots.free > 0) {
      slots.free -= 1
      return true
    }
    if (slots.waiting.length >= NET_LIMITS.requestsWaiting) return false
    this.#count(1)
    const { promise, resolve } = Promise.withResolvers<void>()
    slots.waiting.push(resolve)
    await promise
    this.#count(-1)
    return true
  }

  #leave(key: string): void {
    const slots = this.#slots.get(key)
    if (slots === undefined) return
    const next = slots.waiting.shift()
    if (next !== undefined) {
      next()
      return
    }
    slots.free += 1
    const protocol = key.slice(key.indexOf('/') + 1) as RequestProtocol
    if (slots.free === REQUEST_LIMITS[protocol].concurrency) this.#slots.delete(key)
  }

  #count(change: number): void {
    this.#waiting += change
    this.#context.metrics.queue('requests', this.#waiting)
  }
}

/** The result frame, then at most so many frames and bytes; anything else is the peer's fault. */
async function readAnswer(stream: Stream, limits: RequestLimits, signal: AbortSignal): Promise<Response> {
  let result: ResultCode | undefined
  const frames: Uint8Array[] = []
  let bytes = 0
  for await (const frame of readFrames(stream, limits.frameBytes, signal)) {
    if (result === undefined) {
      result = decodeResult(frame)
      if (result === undefined) throw brokenStream('garbage', 'no result code')
      continue
    }
    if (frames.length >= limits.frames) throw brokenStream('too-many', `more than ${limits.frames} frames`)
    bytes += frame.length
    if (bytes > limits.responseBytes)
      throw brokenStream('too-many', `more than ${limits.responseBytes} bytes`)
    frames.push(frame)
  }
  if (result === undefined) throw brokenStream('cut', 'no answer')
  return { result, frames }
}
