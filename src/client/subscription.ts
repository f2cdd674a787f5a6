/**
 * A subscription over the platform's own WebSocket (browsers, Node 22 and later), one connection each. Events are read
 * with `for await`; the loop ends when the caller closes it and throws when the node or the network ended it. Whoever
 * wants to go on subscribes again with `fromHeight` one above the last block it has seen.
 */
import { RpcFailure, errorOf } from './refusal.ts'
import type { RpcRefusal } from './refusal.ts'
import type { RpcErrorJson, Subscribed, SubscriptionNotification, TopicName, Topics } from './types.ts'

/** Events that wait for the reader; one more ends the subscription. A WebSocket cannot be asked to pause. */
const WAITING_MAX = 16_384

export interface SubscribeOptions {
  /** Ends the subscription, also while it is being made. */
  readonly signal?: AbortSignal
  /** Events that may wait for the reader. @default 16,384 */
  readonly waitingMax?: number
}

export class Subscription<T extends TopicName> implements AsyncIterable<Topics[T]['event']> {
  readonly url: string
  readonly #socket: WebSocket
  readonly #waitingMax: number
  readonly #events: Topics[T]['event'][] = []
  #answered: Subscribed | undefined
  #sequence = 0
  #isClosed = false
  #failure: RpcFailure | RpcRefusal | undefined
  #wake = (): void => undefined

  private constructor(url: string, socket: WebSocket, waitingMax: number) {
    this.url = url
    this.#socket = socket
    this.#waitingMax = waitingMax
  }

  /** @throws RpcRefusal, RpcFailure */
  static async open<T extends TopicName>(
    url: string,
    topic: T,
    params: Topics[T]['params'],
    { signal, waitingMax = WAITING_MAX }: SubscribeOptions = {}
  ): Promise<Subscription<T>> {
    signal?.throwIfAborted()
    const address = new URL('/ws', url)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const subscription = new Subscription<T>(url, new WebSocket(address), waitingMax)
    await subscription.#open({ topic, ...params }, signal)
    return subscription
  }

  /** Topic `final`: the first height that is published, per chain. */
  get from(): Subscribed['from'] {
    return this.#answered?.from ?? []
  }

  /** Ends the loop that reads; what has arrived and was not read is dropped. */
  close(): void {
    this.#isClosed = true
    this.#events.length = 0
    this.#socket.close()
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Topics[T]['event'], void, void> {
    try {
      for (;;) {
        const event = this.#events.shift()
        if (event !== undefined) yield event
        else if (this.#isClosed) return
        else if (this.#failure !== undefined) throw this.#failure
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      this.close()
    }
  }

  async #open(params: object, signal: AbortSignal | undefined): Promise<void> {
    const socket = this.#socket
    const abort = (): void => this.close()
    signal?.addEventListener('abort', abort, { once: true })
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params }))
    )
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#receive(data))
    socket.addEventListener('error', () => undefined)
    socket.addEventListener('close', ({ code }) => {
      signal?.removeEventListener('abort', abort)
      const unreached = { code: 'RPC_UNREACHABLE', url: this.url } as const
      const ended = { code: 'SUBSCRIPTION_ENDED', url: this.url, closeCode: code } as const
      this.#failure ??= new RpcFailure(this.#answered === undefined ? unreached : ended)
      this.#wake()
    })
    while (this.#answered === undefined && this.#failure === undefined && !this.#isClosed)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    signal?.throwIfAborted()
    if (this.#failure !== undefined && this.#answered === undefined) {
      this.close()
      throw this.#failure
    }
  }

  #receive(data: unknown): void {
    if (this.#isClosed || this.#failure !== undefined) return
    const message = parse(data)
    if (message === undefined) this.#fail(this.#badAnswer())
    else if ('method' in message) this.#take(message.params)
    else if (message.error !== undefined) this.#fail(errorOf(this.url, message.error))
    else this.#answered = message.result
    this.#wake()
  }

  #take({ sequence, event }: SubscriptionNotification['params']): void {
    if (sequence !== this.#sequence) {
      this.#fail(this.#badAnswer())
      return
    }
    this.#sequence += 1
    if (this.#events.length >= this.#waitingMax) {
      const detail = { code: 'SUBSCRIPTION_UNREAD', url: this.url, waiting: this.#events.length } as const
      this.#fail(new RpcFailure(detail, 'events arrive faster than they are read'))
      return
    }
    this.#events.push(event)
  }

  #fail(failure: RpcFailure | RpcRefusal): void {
    this.#failure = failure
    this.#socket.close()
  }

  #badAnswer(): RpcFailure {
    return new RpcFailure(
      { code: 'RPC_BAD_ANSWER', url: this.url, status: 101 },
      `no answer from ${this.url}`
    )
  }
}

type Message =
  | SubscriptionNotification
  | { readonly result: Subscribed; readonly error?: RpcErrorJson; readonly id: unknown }

/** What is no answer and no notification of a subscription is undefined. */
function parse(data: unknown): Message | undefined {
  let value: unknown
  try {
    value = JSON.parse(typeof data === 'string' ? data : '')
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const isNotification = 'method' in value && value.method === 'subscription' && 'params' in value
  return isNotification || 'result' in value || 'error' in value ? (value as Message) : undefined
}
