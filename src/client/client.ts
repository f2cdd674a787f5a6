/**
 * Talks to one node over JSON-RPC. Works in Node and in browsers; `fetch` may be replaced (a load generator passes
 * one with keep-alive pipelining). It never retries: whether a call may be repeated is the caller's knowledge.
 */
import type { AtomicRecordJson } from './atomic-types.ts'
import { toHex } from '../primitives/bytes.ts'
import { RpcFailure, errorOf } from './refusal.ts'
import type { RpcRefusal } from './refusal.ts'
import { Subscription } from './subscription.ts'
import type { SubscribeOptions } from './subscription.ts'
import type {
  MethodName,
  Methods,
  RpcErrorJson,
  Submitted,
  TopicName,
  Topics,
  TransactionJson
} from './types.ts'

/** The part of `fetch` that a client uses. */
export type Fetch = (
  url: string,
  init: { method: 'POST'; headers: Record<string, string>; body: string; signal?: AbortSignal }
) => Promise<{ readonly status: number; text(): Promise<string> }>

export interface ClientInit {
  /** `http://127.0.0.1:8088` */
  readonly url: string
  /** @default the global fetch */
  readonly fetch?: Fetch
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** Per entry: the result, or why that entry has none. */
export type BatchAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: RpcRefusal | RpcFailure }

export interface WaitOptions extends CallOptions {
  /** @default 30_000 */
  readonly timeoutMs?: number
  /** Time between two questions. @default 50 */
  readonly intervalMs?: number
}

interface ReplyJson {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: RpcErrorJson
}

export class Client {
  readonly url: string
  readonly #fetch: Fetch
  #id = 0

  constructor(init: ClientInit) {
    this.url = init.url
    this.#fetch = init.fetch ?? ((url, options) => fetch(url, options))
  }

  /** @throws RpcRefusal, RpcFailure */
  async call<N extends MethodName>(
    method: N,
    params: Methods[N]['params'],
    options: CallOptions = {}
  ): Promise<Methods[N]['result']> {
    const id = ++this.#id
    const reply = await this.#post({ jsonrpc: '2.0', id, method, params }, options)
    if (!isReply(reply)) throw this.#badAnswer(200)
    if (reply.error !== undefined) throw errorOf(this.url, reply.error)
    if (reply.id !== id) throw this.#badAnswer(200)
    return reply.result as Methods[N]['result']
  }

  /** Many calls of one method in one request; answers in the order of `params`. Throws only if there is no answer. */
  async batch<N extends MethodName>(
    method: N,
    params: readonly Methods[N]['params'][],
    options: CallOptions = {}
  ): Promise<BatchAnswer<Methods[N]['result']>[]> {
    if (params.length === 0) return []
    const first = this.#id + 1
    this.#id += params.length
    const requests = params.map((each, index) => ({
      jsonrpc: '2.0',
      id: first + index,
      method,
      params: each
    }))
    const replies = await this.#post(requests, options)
    if (!Array.isArray(replies)) {
      if (isReply(replies) && replies.error !== undefined) throw errorOf(this.url, replies.error)
      throw this.#badAnswer(200)
    }
    const answers = new Map<unknown, ReplyJson>()
    for (const reply of replies as readonly unknown[]) if (isReply(reply)) answers.set(reply.id, reply)
    return requests.map(({ id }) => {
      const reply = answers.get(id)
      if (reply === undefined) return { ok: false, error: this.#badAnswer(200) }
      if (reply.error !== undefined) return { ok: false, error: errorOf(this.url, reply.error) }
      return { ok: true, value: reply.result as Methods[N]['result'] }
    })
  }

  /**
   * Events of a topic, over a WebSocket of its own; read them with `for await`.
   * @throws RpcRefusal, RpcFailure
   */
  async subscribe<T extends TopicName>(
    topic: T,
    params: Topics[T]['params'],
    options: SubscribeOptions = {}
  ): Promise<Subscription<T>> {
    return Subscription.open(this.url, topic, params, options)
  }

  /** Hands in the bytes of a signed transaction. */
  async submit(bytes: Uint8Array, options: CallOptions = {}): Promise<Submitted> {
    return this.call('tx_submit', { tx: toHex(bytes) }, options)
  }

  /**
   * Asks until the transaction is final.
   * @throws RpcFailure TRANSACTION_LOST when it expired or was dropped, RPC_TIMEOUT when time is up.
   */
  async waitFinal(id: string, options: WaitOptions = {}): Promise<TransactionJson> {
    return this.#until(options, async (signal) => {
      const transaction = await this.call('tx_get', { id }, { signal })
      const { status } = transaction
      if (status === 'expired' || status === 'dropped') {
        throw new RpcFailure({ code: 'TRANSACTION_LOST', id, status })
      }
      return status === 'final' ? transaction : undefined
    })
  }

  /** Resolves when an atomic action has ended on every shard, however it was decided. */
  async waitAtomic(id: string, options: WaitOptions = {}): Promise<AtomicRecordJson> {
    return this.#until(options, async (signal) => {
      const { record } = await this.call('atomic_get', { id }, { signal })
      return record?.endedAt === undefined ? undefined : record
    })
  }

  /** Asks until there is an answer. */
  async #until<T>(
    { timeoutMs = 30_000, intervalMs = 50, signal }: WaitOptions,
    ask: (signal: AbortSignal) => Promise<T | undefined>
  ): Promise<T> {
    const deadline = AbortSignal.timeout(timeoutMs)
    const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    const timedOut = (): RpcFailure => new RpcFailure({ code: 'RPC_TIMEOUT', url: this.url, timeoutMs })
    for (;;) {
      signal?.throwIfAborted()
      if (deadline.aborted) throw timedOut()
      let answer: T | undefined
      try {
        answer = await ask(either)
      } catch (error) {
        // The deadline may cut a question short; any other failure is the caller's to judge.
        if (deadline.aborted && signal?.aborted !== true) throw timedOut()
        throw error
      }
      if (answer !== undefined) return answer
      await pause(intervalMs, either)
    }
  }

  async #post(body: unknown, { signal }: CallOptions): Promise<unknown> {
    let status: number
    let text: string
    try {
      const response = await this.#fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal })
      })
      status = response.status
      text = await response.text()
    } catch (error) {
      signal?.throwIfAborted()
      throw new RpcFailure({ code: 'RPC_UNREACHABLE', url: this.url }, `no node answers at ${this.url}`, {
        cause: error
      })
    }
    try {
      return JSON.parse(text)
    } catch (error) {
      if (error instanceof SyntaxError) throw this.#badAnswer(status)
      throw error
    }
  }

  #badAnswer(status: number): RpcFailure {
    return new RpcFailure(
      { code: 'RPC_BAD_ANSWER', url: this.url, status },
      `no JSON-RPC answer from ${this.url}`
    )
  }
}

const isReply = (value: unknown): value is ReplyJson =>
  typeof value === 'object' && value !== null && ('result' in value || 'error' in value)

/** Ends early, without a throw, when `signal` fires. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
