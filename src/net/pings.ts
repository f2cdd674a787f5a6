/**
 * Asks connections that have become silent whether they live (REQ-3). A status comes every few seconds on every connection
 * that is used, so that most are never pinged: with a ping of both sides on each, half of all streams of a quiet node
 * would be pings. Who is asked and does not answer in time is hung up on, without a fact about it.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { deadline, messageOf, monotonicMs } from './context.ts'
import type { NetContext } from './context.ts'
import { NET_LIMITS } from './limits.ts'

const PING_PROTOCOL = '/ipfs/ping/1.0.0'
const PING_BYTES = 32

export class Pings {
  readonly #context: NetContext
  readonly #nowMs: () => number
  /** When a word of the other side was last heard; forgotten with the connection. */
  readonly #heardMs = new WeakMap<Connection, number>()
  readonly #asked = new WeakSet<Connection>()

  constructor(context: NetContext, nowMs: () => number = monotonicMs) {
    this.#context = context
    this.#nowMs = nowMs
  }

  start(): void {
    const timer = setInterval(() => this.look(), NET_LIMITS.watchdogMs)
    this.#context.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  /** A status came on it. */
  heard(connection: Connection): void {
    this.#heardMs.set(connection, this.#nowMs())
  }

  look(): void {
    const now = this.#nowMs()
    for (const connection of this.#context.host.getConnections()) {
      const heardMs = this.#heardMs.get(connection)
      if (heardMs === undefined) this.#heardMs.set(connection, now)
      else if (now - heardMs >= NET_LIMITS.pingIntervalMs && !this.#asked.has(connection))
        void this.#ask(connection)
    }
  }

  async #ask(connection: Connection): Promise<void> {
    this.#asked.add(connection)
    const signal = deadline(this.#context, NET_LIMITS.pingTimeoutMs)
    try {
      await ping(connection, signal)
    } catch (error) {
      if (this.#context.signal.aborted) return
      // A stream that is refused or reset was so by somebody who lives; a connection that takes none is of no use.
      if (signal.aborted || isLost(connection, error)) {
        this.#context.log('no answer to a ping', { reason: messageOf(error) })
        connection.abort(new RangeError('no answer to a ping', { cause: error }))
      }
    } finally {
      this.#asked.delete(connection)
      this.heard(connection)
    }
  }
}

/** Closed or closing on one layer and still listed on another: nothing else would ever end it. */
const isLost = ({ status }: Connection, error: unknown): boolean =>
  status !== 'open' || (error instanceof Error && LOST.has(error.name))
const LOST: ReadonlySet<string> = new Set([
  'ConnectionClosedError',
  'ConnectionClosingError',
  'MuxerClosedError'
])

async function ping(connection: Connection, signal: AbortSignal): Promise<void> {
  let stream: Stream | undefined
  try {
    stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true })
    await answerOn(stream, signal)
    await stream.close({ signal })
  } catch (error) {
    stream?.abort(new RangeError('ping failed', { cause: error }))
    throw error
  }
}

/** Sends, and waits for the first bytes that come or the end of the stream; rejects with the signal's reason. */
async function answerOn(stream: Stream, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = (): void => reject(signal.reason)
  const settled = new AbortController()
  const once = { once: true, signal: settled.signal } as const
  stream.addEventListener('message', () => resolve(), once)
  stream.addEventListener('close', () => resolve(), once)
  signal.addEventListener('abort', late, once)
  try {
    signal.throwIfAborted()
    stream.send(crypto.getRandomValues(new Uint8Array(PING_BYTES)))
    await promise
  } finally {
    settled.abort()
  }
}
