/**
 * Asks connections that have become silent whether they live (REQ-3). A status comes every few seconds on every connection
 * that is used, so that most are never pinged: with a ping of both sides on each, half of all streams of a quiet node
 * would be pings. Who is asked and does not answer in time is hung up on, without a fact about it.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { deadline, messageOf, monotonicMs } from './context.ts'
import type { NetContext } from './context.ts'
import { asError, closed } from './frames.ts'
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
      const stream = await ping(connection, signal)
      this.heard(connection)
      void leave(stream, signal)
    } catch (error) {
      this.#onFailure(connection, error, signal.aborted)
    } finally {
      this.#asked.delete(connection)
    }
  }

  /** What is neither a sign of life nor of death counts for nothing: it is asked again, as long as an answer is due. */
  #onFailure(connection: Connection, error: unknown, isLate: boolean): void {
    if (this.#context.signal.aborted) return
    const name = error instanceof Error ? error.name : ''
    if (!isLate && ALIVE.has(name)) return this.heard(connection)
    const silentMs = this.#nowMs() - (this.#heardMs.get(connection) ?? 0)
    const isOver = isLate || silentMs >= NET_LIMITS.pingIntervalMs + NET_LIMITS.pingTimeoutMs
    if (!isOver && connection.status === 'open' && !LOST.has(name)) return
    this.#context.log('no answer to a ping', { reason: messageOf(error) })
    connection.abort(new RangeError('no answer to a ping', { cause: error }))
  }
}

/** The other side's own words: it knows no pings, or wants none now. */
const ALIVE: ReadonlySet<string> = new Set(['UnsupportedProtocolError', 'StreamResetError'])
/** Closed or closing on one layer and still listed on another: nothing else would ever end it. */
const LOST: ReadonlySet<string> = new Set([
  'ConnectionClosedError',
  'ConnectionClosingError',
  'MuxerClosedError'
])

/** @returns the stream, still open, as soon as there is an answer on it */
async function ping(connection: Connection, signal: AbortSignal): Promise<Stream> {
  let stream: Stream | undefined
  try {
    stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true })
    await answerOn(stream, signal)
    return stream
  } catch (error) {
    stream?.abort(new RangeError('ping failed', { cause: error }))
    throw error
  }
}

/** Who leaves its end open would soon have all the streams that pings may have, and could be asked no more. Never throws. */
async function leave(stream: Stream, signal: AbortSignal): Promise<void> {
  try {
    await stream.close({ signal })
    await closed(stream, signal)
    signal.throwIfAborted()
  } catch (error) {
    stream.abort(asError(error))
  }
}

/** Sends, and waits for what the other side does: rejects with what ended the stream, or with the signal's reason. */
async function answerOn(stream: Stream, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = (): void => reject(signal.reason)
  const settled = new AbortController()
  const once = { once: true, signal: settled.signal } as const
  stream.addEventListener('message', () => resolve(), once)
  stream.addEventListener('remoteCloseWrite', () => resolve(), once)
  stream.addEventListener('close', ({ error }) => reject(error ?? new RangeError('no answer')), once)
  signal.addEventListener('abort', late, once)
  try {
    signal.throwIfAborted()
    stream.send(crypto.getRandomValues(new Uint8Array(PING_BYTES)))
    await promise
  } finally {
    settled.abort()
  }
}
