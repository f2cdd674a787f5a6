/**
 * One WebSocket connection: calls in, answers and notifications out. Whatever it holds is bounded: while more than
 * `bufferBytes` wait to be sent it neither publishes nor reads, and after `slowMs` of that it ends the connection.
 */
import type { TopicName } from '../../client/types.ts'
import { PARSE_ERROR, errorReply } from '../dispatch.ts'
import type { Dispatch } from '../dispatch.ts'
import type { NodePort } from '../port.ts'
import { CLOSE_CODES } from './limits.ts'
import type { CloseReason, SocketLimits } from './limits.ts'
import { Subscriptions, notification } from './subscriptions.ts'
import type { Subscription } from './subscriptions.ts'

/** What a session needs of a socket. */
export interface Wire {
  readonly bufferedAmount: number
  send(text: string, done: () => void): void
  close(code: number, reason: string): void
  terminate(): void
  ping(): void
  pause(): void
  resume(): void
}

export interface SessionEvents {
  published(topic: TopicName): void
  ended(reason: CloseReason): void
  failed(where: string, error: unknown): void
}

export interface SessionParts {
  readonly port: NodePort
  readonly dispatch: Dispatch
  readonly wire: Wire
  readonly limits: SocketLimits
  readonly events: SessionEvents
  readonly nowMs: () => number
}

const nothing = (): void => undefined

/** For the other side's close frame to arrive. */
const CLOSING_MS = 1_000

export class Session {
  readonly #parts: SessionParts
  readonly #subscriptions: Subscriptions
  /** Messages that arrived while as many as allowed were being answered: what one read of the socket held. */
  readonly #waiting: string[] = []
  /** Told when the connection is no more: answers that are not out. */
  readonly #unsent = new Set<() => void>()
  #calls = 0
  #isPaused = false
  #isPublishing = false
  #isWoken = false
  #reason: CloseReason | undefined
  #closingMs = 0
  #fullMs: number | undefined
  #heardMs: number
  #lastCallMs: number
  #pingMs: number | undefined

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#subscriptions = new Subscriptions(parts.port, parts.limits, parts.nowMs)
    this.#heardMs = parts.nowMs()
    this.#lastCallMs = this.#heardMs
  }

  get subscriptions(): number {
    return this.#subscriptions.size
  }

  /** A text message. */
  receive(text: string): void {
    if (this.#reason !== undefined) return
    this.heard()
    this.#lastCallMs = this.#heardMs
    this.#waiting.push(text)
    this.#answerWaiting()
  }

  /** Anything came from the other side. */
  heard(): void {
    this.#heardMs = this.#parts.nowMs()
    this.#pingMs = undefined
  }

  /** There may be something new to publish. */
  wake(): void {
    this.#isWoken = true
    if (!this.#isPublishing && this.#subscriptions.size > 0) void this.#publish()
  }

  close(reason: keyof typeof CLOSE_CODES): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#closingMs = this.#parts.nowMs()
    this.#waiting.length = 0
    this.#resume()
    this.#parts.wire.close(CLOSE_CODES[reason], reason)
  }

  /** The connection is no more. */
  closed(): void {
    this.#reason ??= 'left'
    this.#waiting.length = 0
    for (const end of this.#unsent) end()
    this.#parts.events.ended(this.#reason)
  }

  /** Looks at the times; called every `tickMs`. */
  tick(): void {
    const { limits, wire, nowMs } = this.#parts
    const now = nowMs()
    if (this.#reason !== undefined) {
      if (now - this.#closingMs >= CLOSING_MS) wire.terminate()
      return
    }
    if (this.#fullMs !== undefined) {
      // The other side's pongs may be unread: whoever does not take what it asked for is judged by that alone.
      if (now - this.#fullMs >= limits.slowMs) this.close('slow')
      return
    }
    if (this.#subscriptions.size === 0 && this.#calls === 0 && now - this.#lastCallMs >= limits.idleMs)
      this.close('idle')
    else if (this.#pingMs !== undefined && now - this.#pingMs >= limits.pingMs) {
      this.#reason = 'dead'
      wire.terminate()
    } else if (this.#pingMs === undefined && now - this.#heardMs >= limits.pingMs && !this.#isPaused) {
      this.#pingMs = now
      wire.ping()
    }
    this.wake()
  }

  #answerWaiting(): void {
    const { limits } = this.#parts
    while (this.#calls < limits.callsInProgress && this.#fullMs === undefined) {
      const text = this.#waiting.shift()
      if (text === undefined) break
      this.#calls += 1
      void this.#answer(text).finally(() => {
        this.#calls -= 1
        this.#answerWaiting()
      })
    }
    if (this.#waiting.length > 0 || this.#fullMs !== undefined) this.#pause()
    else this.#resume()
  }

  async #answer(text: string): Promise<void> {
    const { dispatch } = this.#parts
    const made: Subscription[] = []
    const request = parseJson(text)
    const sent = Promise.withResolvers<void>()
    const over = (): void => {
      this.#unsent.delete(over)
      sent.resolve()
    }
    this.#unsent.add(over)
    const caller = { own: this.#subscriptions.methods(made), sent: sent.promise }
    const reply =
      request === undefined
        ? errorReply(null, PARSE_ERROR, 'not JSON')
        : await dispatch.answer(request.value, caller)
    if (reply === undefined || this.#reason !== undefined) over()
    if (this.#reason !== undefined) return
    if (reply !== undefined) this.#send(JSON.stringify(reply), over)
    for (const each of made) each.isAnswered = true
    if (made.length > 0) this.wake()
  }

  async #publish(): Promise<void> {
    this.#isPublishing = true
    try {
      while (this.#isWoken && this.#fullMs === undefined && this.#reason === undefined) {
        this.#isWoken = false
        for (const each of this.#subscriptions.live()) {
          if (await this.#publishNext(each)) this.#isWoken = true
        }
      }
    } catch (error) {
      this.#parts.events.failed('subscription', error)
      this.close('failed')
    } finally {
      this.#isPublishing = false
    }
  }

  /** @returns whether there was something: there may be more. */
  async #publishNext(subscription: Subscription): Promise<boolean> {
    const events = await subscription.feed.take()
    for (const event of events) {
      if (this.#reason !== undefined || !this.#subscriptions.has(subscription.name)) break
      this.#send(notification(subscription, event))
      this.#parts.events.published(subscription.topic)
    }
    return events.length > 0
  }

  #send(text: string, over: () => void = nothing): void {
    const { wire, limits, nowMs } = this.#parts
    wire.send(text, () => {
      over()
      this.#sent()
    })
    if (this.#fullMs === undefined && wire.bufferedAmount > limits.bufferBytes) {
      this.#fullMs = nowMs()
      this.#pause()
    }
  }

  #sent(): void {
    const { wire, limits } = this.#parts
    if (this.#fullMs === undefined || wire.bufferedAmount > limits.bufferBytes / 2) return
    this.#fullMs = undefined
    this.#answerWaiting()
    this.wake()
  }

  #pause(): void {
    if (this.#isPaused || this.#reason !== undefined) return
    this.#isPaused = true
    this.#parts.wire.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.heard()
    this.#parts.wire.resume()
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
