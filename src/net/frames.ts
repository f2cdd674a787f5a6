/**
 * Frames on a libp2p stream: u32 big-endian length, body. Read with backpressure, one at a time; the declared
 * length is checked before anything is allocated. `for await` over a libp2p stream has neither, and hangs when the
 * remote closed before the loop began.
 */
import { Uint8ArrayList } from 'uint8arraylist'
import type { Stream } from '@libp2p/interface'
import { brokenStream } from './errors.ts'
import { u32be } from '../primitives/bytes.ts'

/** Unread or unsent bytes above which reading pauses and writing waits. */
const HIGH = 512 * 1024

/** Ends on a clean end; throws on reset, abort, oversize, a cut frame, and a connection lost inside one. */
export async function* readFrames(
  stream: Stream,
  maxFrame: number,
  signal?: AbortSignal
): AsyncGenerator<Uint8Array, void> {
  for await (const frame of readFrameLists(stream, maxFrame, signal)) yield frame.slice()
}

/** The same without a copy: what arrived, for a reader that puts frames together. */
export async function* readFrameLists(
  stream: Stream,
  maxFrame: number,
  signal?: AbortSignal
): AsyncGenerator<Uint8ArrayList, void> {
  const inbox = new Inbox(stream, maxFrame, signal)
  try {
    for (;;) {
      for (let frame = inbox.take(); frame !== undefined; frame = inbox.take()) yield frame
      if (!(await inbox.more())) return
    }
  } finally {
    inbox.detach()
  }
}

/** Listens from its construction on: an unread stream is reset by libp2p after 4 MiB. */
class Inbox {
  readonly #stream: Stream
  readonly #maxFrame: number
  readonly #signal: AbortSignal | undefined
  readonly #buffered = new Uint8ArrayList()
  #ended: boolean
  /** The peer ended its side. A connection that is lost ends it too, wherever in a frame that happens. */
  #wasEnded: boolean
  #failure: unknown
  #wake = Promise.withResolvers<void>()

  constructor(stream: Stream, maxFrame: number, signal?: AbortSignal) {
    this.#stream = stream
    this.#maxFrame = maxFrame
    this.#signal = signal
    this.#ended = stream.readableEnded
    const isAlive = stream.status === 'open' || stream.status === 'closing'
    this.#wasEnded = isAlive && stream.remoteWriteStatus === 'closed'
    if (stream.status === 'reset' || stream.status === 'aborted') {
      this.#failure = brokenStream('lost', `stream was ${stream.status}`)
    }
    stream.addEventListener('message', this.#onMessage)
    stream.addEventListener('remoteCloseWrite', this.#onRemoteEnd)
    stream.addEventListener('end', this.#onEnd)
    stream.addEventListener('close', this.#onClose)
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted === true) this.#onAbort()
  }

  detach(): void {
    this.#stream.removeEventListener('message', this.#onMessage)
    this.#stream.removeEventListener('remoteCloseWrite', this.#onRemoteEnd)
    this.#stream.removeEventListener('end', this.#onEnd)
    this.#stream.removeEventListener('close', this.#onClose)
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }

  take(): Uint8ArrayList | undefined {
    if (this.#buffered.byteLength < 4) return undefined
    const length = this.#buffered.getUint32(0)
    if (length > this.#maxFrame) {
      throw brokenStream('oversize', `frame of ${length} bytes, limit ${this.#maxFrame}`)
    }
    if (this.#buffered.byteLength < 4 + length) return undefined
    const frame = this.#buffered.sublist(4, 4 + length)
    this.#buffered.consume(4 + length)
    return frame
  }

  /** @returns false when the stream ended cleanly. */
  async more(): Promise<boolean> {
    const before = this.#buffered.byteLength
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
    // Resuming delivers at once what came while paused, perhaps the last frames of a stream that has ended since.
    if (this.#buffered.byteLength > before) return true
    if (this.#failure !== undefined) throw this.#failure
    if (this.#ended) {
      if (this.#buffered.byteLength > 0)
        throw brokenStream(this.#wasEnded ? 'cut' : 'lost', 'stream ended inside a frame')
      return false
    }
    await this.#wake.promise
    this.#wake = Promise.withResolvers<void>()
    return true
  }

  readonly #onMessage = (event: { data: Uint8Array | Uint8ArrayList }): void => {
    this.#buffered.append(event.data)
    if (this.#buffered.byteLength > HIGH + this.#maxFrame && this.#stream.readStatus === 'readable') {
      this.#stream.pause()
    }
    this.#wake.resolve()
  }

  readonly #onRemoteEnd = (): void => {
    this.#wasEnded = true
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#wake.resolve()
  }

  readonly #onClose = (event: { error?: Error }): void => {
    this.#failure ??= event.error
    this.#onEnd()
  }

  readonly #onAbort = (): void => {
    this.#failure ??= this.#signal?.reason
    this.#onEnd()
  }
}

/**
 * Sends the frames in one write and waits while too much is unsent.
 * `stallMs` bounds that wait; without it only the signal does.
 */
export async function writeFrames(
  stream: Stream,
  bodies: readonly Uint8Array[],
  signal?: AbortSignal,
  stallMs?: number
): Promise<void> {
  const out = new Uint8ArrayList()
  for (const body of bodies) out.append(new Uint8ArrayList(u32be(body.byteLength), body))
  await sendPaced(stream, out, signal, stallMs)
}

/** Sends what is framed already, with the same backpressure. */
export async function sendPaced(
  stream: Stream,
  bytes: Uint8ArrayList,
  signal?: AbortSignal,
  stallMs?: number
): Promise<void> {
  stream.send(bytes)
  if (stream.writeBufferLength > HIGH) await drained(stream, signal, stallMs)
}

/** `onDrain` of libp2p works once per stream; `idle` is told every time the buffer is empty. */
async function drained(stream: Stream, signal?: AbortSignal, stallMs?: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onIdle = (): void => resolve()
  const onClose = (event: { error?: Error }): void =>
    reject(event.error ?? brokenStream('lost', 'stream closed'))
  const onAbort = (): void => reject(asError(signal?.reason))
  const onStall = (): void => reject(brokenStream('timeout', 'the peer takes nothing'))
  stream.addEventListener('idle', onIdle)
  stream.addEventListener('close', onClose)
  signal?.addEventListener('abort', onAbort)
  const timer = stallMs === undefined ? undefined : setTimeout(onStall, stallMs)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    stream.removeEventListener('idle', onIdle)
    stream.removeEventListener('close', onClose)
    signal?.removeEventListener('abort', onAbort)
  }
}

export const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error(String(reason))

/** The only frame of a one-frame exchange. */
export async function readOnlyFrame(
  stream: Stream,
  maxFrame: number,
  signal?: AbortSignal
): Promise<Uint8Array> {
  for await (const frame of readFrames(stream, maxFrame, signal)) return frame
  throw brokenStream('cut', 'stream ended before its frame')
}

/** The other side has read to the end and closed too. */
export async function closed(stream: Stream, signal: AbortSignal): Promise<void> {
  if (stream.status !== 'open' && stream.status !== 'closing') return
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.addEventListener('close', () => resolve(), { once: true })
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
