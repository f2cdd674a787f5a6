/**
 * `consensus/1` (C19): one persistent stream per peer and direction. Each side writes on the stream it opened and
 * reads the other's. Frames are a kind byte and an SSZ value; only their size is checked here.
 *
 * Delivery is lossy by contract: a frame is dropped when the queue is full or the peer is gone, never blocked on.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { deadline, monotonicMs, ownFault, pause } from './context.ts'
import type { NetContext } from './context.ts'
import { isPeerFault, streamFailure } from './errors.ts'
import { asError, readFrames, writeFrames } from './frames.ts'
import { NET_LIMITS } from './limits.ts'
import type { Session, Sessions } from './sessions.ts'
import { TokenBucket } from './token-bucket.ts'
import { protocolOf } from './topics.ts'
import type { Peer } from './types.ts'

/** Small frames leave together: one write of this size costs a fraction of many small ones. */
const BATCH_BYTES = 64 * 1024
/** A peer that takes nothing for so long has its stream reopened. */
const STALLED_MS = 15_000

export class ConsensusStreams {
  readonly #context: NetContext
  readonly #sessions: Sessions
  readonly #protocol: string
  readonly #deliver: (peer: Peer, frame: Uint8Array) => void
  readonly #outlets = new Map<Peer, Outlet>()
  readonly #inlets = new Map<Peer, Stream>()
  readonly #budgets = new Map<Peer, { readonly items: TokenBucket; readonly bytes: TokenBucket }>()

  constructor(context: NetContext, sessions: Sessions, deliver: (peer: Peer, frame: Uint8Array) => void) {
    this.#context = context
    this.#sessions = sessions
    this.#deliver = deliver
    this.#protocol = protocolOf(context.networkId, 'consensus')
  }

  async register(): Promise<void> {
    await this.#context.host.handle(this.#protocol, (stream, connection) => this.#read(stream, connection), {
      maxInboundStreams: 4
    })
  }

  open(session: Session): void {
    const now = monotonicMs()
    this.#budgets.set(session.peer, {
      items: new TokenBucket(
        { perS: NET_LIMITS.consensusItemsPerS, burst: NET_LIMITS.consensusItemsBurst },
        now
      ),
      bytes: new TokenBucket(
        { perS: NET_LIMITS.consensusBytesPerS, burst: NET_LIMITS.consensusBytesBurst },
        now
      )
    })
    const outlet = new Outlet(this.#context, session, this.#protocol)
    this.#outlets.set(session.peer, outlet)
    void outlet.run()
  }

  close(peer: Peer): void {
    this.#outlets.get(peer)?.end()
    this.#outlets.delete(peer)
    this.#budgets.delete(peer)
  }

  send(peer: Peer, frame: Uint8Array): boolean {
    if (frame.length > NET_LIMITS.consensusFrameBytes) {
      this.#context.metrics.streamRefused('consensus', 'own-oversize')
      return false
    }
    return this.#outlets.get(peer)?.push(frame) ?? false
  }

  async #read(stream: Stream, connection: Connection): Promise<void> {
    stream.pause()
    const peer = connection.remotePeer.toString() as Peer
    const { signal } = this.#context
    try {
      if (!(await this.#sessions.ready(peer, deadline(this.#context, NET_LIMITS.readyTimeoutMs)))) {
        throw new RangeError('no handshake')
      }
      // A peer has one stream: the newer replaces the one it gave up.
      this.#inlets.get(peer)?.abort(new RangeError('replaced by a newer stream'))
      this.#inlets.set(peer, stream)
      for await (const frame of readFrames(stream, NET_LIMITS.consensusFrameBytes, signal)) {
        await this.#admit(peer, frame)
      }
      await stream.close()
    } catch (error) {
      this.#onReadFailure(peer, error)
      stream.abort(asError(error))
    } finally {
      if (this.#inlets.get(peer) === stream) this.#inlets.delete(peer)
    }
  }

  async #admit(peer: Peer, frame: Uint8Array): Promise<void> {
    if (frame.length === 0) {
      this.#context.metrics.streamRefused('consensus', 'garbage')
      this.#context.report(peer, 'invalid', 'empty consensus frame')
      return
    }
    const budget = this.#budgets.get(peer)
    if (budget === undefined) return
    const now = monotonicMs()
    const waitMs = Math.max(budget.items.take(1, now), budget.bytes.take(frame.length, now))
    // Not reading on is the delay; the peer's queue fills and it notices by itself.
    if (waitMs > 0) await pause(waitMs, this.#context.signal)
    try {
      this.#deliver(peer, frame)
    } catch (error) {
      this.#context.report(peer, 'our-fault', `consensus frame: ${ownFault(error)}`)
    }
  }

  #onReadFailure(peer: Peer, error: unknown): void {
    if (this.#context.signal.aborted) return
    const failure = streamFailure(error)
    this.#context.metrics.streamRefused('consensus', failure)
    if (!isPeerFault(failure)) return
    // A node that stops in the middle of a frame breaks a promise, it does not prove malice.
    this.#context.report(
      peer,
      failure === 'cut' ? 'broken-promise' : 'invalid',
      `consensus frame: ${failure}`
    )
  }
}

/** Our side to one peer: a bounded queue and the stream that empties it. */
class Outlet {
  readonly #context: NetContext
  readonly #session: Session
  readonly #protocol: string
  readonly #closing = new AbortController()
  readonly #queue: Uint8Array[] = []
  #bytes = 0
  #wake = Promise.withResolvers<void>()

  constructor(context: NetContext, session: Session, protocol: string) {
    this.#context = context
    this.#session = session
    this.#protocol = protocol
  }

  push(frame: Uint8Array): boolean {
    const { consensusQueueBytes, consensusQueueFrames } = NET_LIMITS
    if (this.#bytes + frame.length > consensusQueueBytes || this.#queue.length >= consensusQueueFrames)
      return false
    this.#queue.push(frame)
    this.#bytes += frame.length
    this.#context.metrics.queue('consensus-out', this.#queue.length)
    this.#wake.resolve()
    return true
  }

  end(): void {
    this.#closing.abort()
    this.#wake.resolve()
  }

  async run(): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#context.signal])
    signal.addEventListener('abort', () => this.#wake.resolve(), { once: true })
    let waitMs: number = NET_LIMITS.redialMinMs
    while (!signal.aborted) {
      const startedMs = monotonicMs()
      await this.#pump(signal)
      if (monotonicMs() - startedMs > NET_LIMITS.redialMaxMs) waitMs = NET_LIMITS.redialMinMs
      await pause(waitMs, signal)
      waitMs = Math.min(NET_LIMITS.redialMaxMs, 2 * waitMs)
    }
  }

  /** One life of the stream. */
  async #pump(signal: AbortSignal): Promise<void> {
    let stream: Stream | undefined
    try {
      const opening = AbortSignal.any([signal, AbortSignal.timeout(NET_LIMITS.dialTimeoutMs)])
      stream = await this.#context.host.dialProtocol(this.#session.id, this.#protocol, { signal: opening })
      const lost = new AbortController()
      stream.addEventListener('close', () => {
        lost.abort()
        this.#wake.resolve()
      })
      while (!signal.aborted && !lost.signal.aborted) {
        await this.#flush(stream, signal)
        await this.#wake.promise
        this.#wake = Promise.withResolvers<void>()
      }
      if (stream.status === 'open') await stream.close({ signal: AbortSignal.timeout(500) })
    } catch (error) {
      stream?.abort(asError(error))
      if (!signal.aborted) this.#context.metrics.streamRefused('consensus', `out-${streamFailure(error)}`)
    }
  }

  /** A batch leaves the queue after it was written: what a broken stream swallowed is sent again. */
  async #flush(stream: Stream, signal: AbortSignal): Promise<void> {
    while (this.#queue.length > 0) {
      let count = 0
      let bytes = 0
      for (const frame of this.#queue) {
        if (count > 0 && bytes + frame.length > BATCH_BYTES) break
        count += 1
        bytes += frame.length
      }
      await writeFrames(stream, this.#queue.slice(0, count), signal, STALLED_MS)
      this.#queue.splice(0, count)
      this.#bytes -= bytes
      this.#context.metrics.queue('consensus-out', this.#queue.length)
    }
  }
}
