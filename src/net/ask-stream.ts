/**
 * Our side of one request stream: many requests at a time, told apart by their ids. A request that takes too long ends
 * alone: it is withdrawn, and what still comes of its answer is dropped, up to what it could have been. Only a stream that
 * breaks, or breaks the protocol, ends all that is on it.
 */
import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { monotonicMs } from './context.ts'
import { brokenStream } from './errors.ts'
import { FramePump } from './frame-pump.ts'
import { asError, readFrameLists } from './frames.ts'
import { NET_LIMITS } from './limits.ts'
import type { RequestLimits } from './limits.ts'
import { AnswerReader, encodeAsk, encodeWithdrawal, PART_BYTES_MAX, splitPart } from './request-wire.ts'
import type { Response } from './types.ts'

const LAST_ID = 0xffff_ffff

export interface AskStreamOptions {
  readonly limits: RequestLimits
  readonly signal: AbortSignal
  /** The stream is gone; undefined when it ended without anything due on it. */
  readonly closed: (error: Error | undefined) => void
  /** @default the monotonic clock */
  readonly nowMs?: () => number
}

interface Pending {
  readonly reader: AnswerReader
  readonly sentMs: number
  readonly resolve: (response: Response) => void
  readonly reject: (error: Error) => void
  timer: NodeJS.Timeout
}

export class AskStream {
  readonly #stream: Stream
  readonly #options: AskStreamOptions
  readonly #pump: FramePump
  readonly #pending = new Map<number, Pending>()
  readonly #outbox: Uint8ArrayList[] = []
  readonly #nowMs: () => number
  #idle: NodeJS.Timeout | undefined
  #nextId = 0
  #lastHeardMs: number
  /** What may still come of answers nobody waits for. */
  #lateBytes = 0
  #isRetired = false
  #isClosed = false

  constructor(stream: Stream, options: AskStreamOptions) {
    this.#stream = stream
    this.#options = options
    this.#nowMs = options.nowMs ?? monotonicMs
    this.#lastHeardMs = this.#nowMs()
    this.#pump = new FramePump(stream, {
      next: () => this.#outbox.shift(),
      failed: (error) => this.#close(error),
      stallMs: options.limits.timeoutMs,
      signal: options.signal
    })
  }

  /** New requests go here. A stream that was silent for the whole time of a request only ends what is on it. */
  get isUsable(): boolean {
    return !this.#isRetired && !this.#isClosed && this.#stream.status === 'open'
  }

  /** Reads until the stream ends. Never throws. */
  async run(): Promise<void> {
    this.#rest()
    try {
      for await (const frame of readFrameLists(this.#stream, PART_BYTES_MAX, this.#options.signal)) {
        this.#onPart(frame)
      }
      this.#close(this.#pending.size === 0 ? undefined : this.#early())
    } catch (error) {
      this.#close(asError(error))
    }
  }

  /** Rejects with what happened to the request or its stream. */
  async ask(body: Uint8Array): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const { limits } = this.#options
    const id = this.#nextId
    this.#nextId += 1
    if (this.#nextId > LAST_ID) this.#isRetired = true
    clearTimeout(this.#idle)
    const pending: Pending = {
      reader: new AnswerReader(limits),
      sentMs: this.#nowMs(),
      resolve,
      reject,
      timer: setTimeout(() => this.#onDue(id), limits.timeoutMs)
    }
    this.#pending.set(id, pending)
    this.#outbox.push(encodeAsk(id, body))
    this.#pump.wake()
    return promise
  }

  /** A peer that ends its side owes an answer; when our side ended too, the connection has gone. */
  #early(): Error {
    return this.#stream.writeStatus === 'writable'
      ? brokenStream('cut', 'ended before the answer')
      : brokenStream('lost', 'connection closed')
  }

  #onPart(frame: Uint8ArrayList): void {
    this.#lastHeardMs = this.#nowMs()
    const { id, part } = splitPart(frame)
    const pending = this.#pending.get(id)
    if (pending === undefined) {
      if (id >= this.#nextId) throw brokenStream('garbage', 'an answer to nothing')
      this.#lateBytes -= part.byteLength
      if (this.#lateBytes < 0) throw brokenStream('too-many', 'more than was asked for')
      return
    }
    const response = pending.reader.take(part)
    if (response === undefined) return
    this.#settle(id, pending)
    pending.resolve(response)
  }

  /** The time of a request grows with what comes of its answer: only who is slower than that is late. */
  #onDue(id: number): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    const { limits } = this.#options
    const earnedMs = (pending.reader.received * 1_000) / NET_LIMITS.answerBytesPerS
    const leftMs = pending.sentMs + limits.timeoutMs + earnedMs - this.#nowMs()
    if (leftMs > 0) {
      pending.timer = setTimeout(() => this.#onDue(id), Math.ceil(leftMs))
      return
    }
    this.#lateBytes += pending.reader.owed
    this.#outbox.push(encodeWithdrawal(id))
    this.#pump.wake()
    if (this.#lastHeardMs <= pending.sentMs) this.#isRetired = true
    this.#settle(id, pending)
    pending.reject(brokenStream('timeout', 'no answer in time'))
  }

  #settle(id: number, pending: Pending): void {
    clearTimeout(pending.timer)
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#rest()
  }

  /** Nothing is asked: a retired stream ends, another one after a while. */
  #rest(): void {
    clearTimeout(this.#idle)
    if (this.#isClosed) return
    if (this.#isRetired) this.#close(undefined)
    else this.#idle = setTimeout(() => this.#close(undefined), NET_LIMITS.requestIdleMs)
  }

  #close(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#idle)
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    this.#outbox.length = 0
    if (error === undefined) this.#end()
    else this.#stream.abort(error)
    this.#options.closed(error)
    for (const { timer, reject } of pending) {
      clearTimeout(timer)
      reject(error ?? brokenStream('lost', 'stream closed'))
    }
  }

  /** Both sides end; a peer that does not end its own is not waited for. */
  #end(): void {
    this.#pump.end()
    const lost = brokenStream('lost', 'the peer does not end its side')
    setTimeout(() => this.#stream.abort(lost), NET_LIMITS.lastWordsMs).unref()
  }
}
