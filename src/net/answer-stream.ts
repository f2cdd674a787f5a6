/**
 * The peer's side of one request stream: its requests are answered side by side, in the order in which their answers are
 * ready; answers that are ready together take turns, so that a small one does not wait for a large one.
 */
import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { brokenStream } from './errors.ts'
import { FramePump } from './frame-pump.ts'
import { asError, readFrames } from './frames.ts'
import type { RequestLimits } from './limits.ts'
import { AnswerParts, ASK_HEAD_BYTES, decodeAsked } from './request-wire.ts'
import type { Response } from './types.ts'

export interface AnswerStreamOptions {
  readonly limits: RequestLimits
  readonly signal: AbortSignal
  readonly answer: (body: Uint8Array) => Promise<Reply>
}

export interface Reply {
  readonly response: Response
  /** Called once, when the answer has left, was withdrawn, or never will. */
  readonly done: (wasSent: boolean) => void
}

interface Outgoing {
  readonly parts: AnswerParts
  readonly done: (wasSent: boolean) => void
}

export class AnswerStream {
  readonly #stream: Stream
  readonly #options: AnswerStreamOptions
  readonly #pump: FramePump
  /** Answers being made. */
  readonly #making = new Set<number>()
  /** Answers being sent, the next in turn first. */
  readonly #sending = new Map<number, Outgoing>()
  #lastId = -1
  #isInputOver = false
  #failure: Error | undefined

  constructor(stream: Stream, options: AnswerStreamOptions) {
    this.#stream = stream
    this.#options = options
    this.#pump = new FramePump(stream, {
      next: () => this.#nextPart(),
      failed: (error) => this.#fail(error),
      stallMs: options.limits.timeoutMs,
      signal: options.signal
    })
  }

  /** Reads until the peer ends its side; answers may still leave after it. @throws what broke the stream. */
  async run(): Promise<void> {
    const { limits, signal } = this.#options
    try {
      for await (const frame of readFrames(this.#stream, ASK_HEAD_BYTES + limits.requestBytes, signal)) {
        this.#onFrame(frame)
      }
    } catch (error) {
      this.#fail(asError(error))
      throw error
    }
    this.#isInputOver = true
    this.#endIfOver()
  }

  #onFrame(frame: Uint8Array): void {
    const { id, body } = decodeAsked(frame)
    if (body === undefined) {
      this.#withdraw(id)
      return
    }
    if (id <= this.#lastId) throw brokenStream('garbage', 'an id was used again')
    this.#lastId = id
    this.#making.add(id)
    void this.#make(id, body)
  }

  async #make(id: number, body: Uint8Array): Promise<void> {
    const { response, done } = await this.#options.answer(body)
    if (this.#making.delete(id) && this.#failure === undefined) {
      this.#sending.set(id, { parts: new AnswerParts(id, response), done })
      this.#pump.wake()
    } else done(false)
    this.#endIfOver()
  }

  #withdraw(id: number): void {
    this.#making.delete(id)
    const outgoing = this.#sending.get(id)
    this.#sending.delete(id)
    outgoing?.done(false)
  }

  #nextPart(): Uint8ArrayList | undefined {
    for (const [id, outgoing] of this.#sending) {
      this.#sending.delete(id)
      const part = outgoing.parts.next()
      if (part !== undefined) {
        this.#sending.set(id, outgoing)
        return part
      }
      outgoing.done(true)
    }
    this.#endIfOver()
    return undefined
  }

  #endIfOver(): void {
    if (this.#isInputOver && this.#making.size === 0 && this.#sending.size === 0) this.#pump.end()
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#stream.abort(error)
    for (const { done } of this.#sending.values()) done(false)
    this.#sending.clear()
    this.#making.clear()
  }
}
