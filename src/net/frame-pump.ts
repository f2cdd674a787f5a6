/**
 * Writes one stream: frames are asked for when there is room, so that whoever queues decides the order at the last moment,
 * and leave in writes of many. A write of 64 KiB costs a fraction of the many small ones in it.
 */
import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { asError, sendPaced } from './frames.ts'

/** Frames are put together until a write has so many bytes. */
const BATCH_BYTES = 256 * 1024

export interface PumpOptions {
  /** The next frame, its length included; undefined when there is none now. */
  readonly next: () => Uint8ArrayList | undefined
  /** Nothing is written any more after it. */
  readonly failed: (error: Error) => void
  /** A peer that takes nothing for so long is given up. */
  readonly stallMs: number
  readonly signal: AbortSignal
}

export class FramePump {
  readonly #stream: Stream
  readonly #options: PumpOptions
  #running = false
  #ending = false
  #broken = false

  constructor(stream: Stream, options: PumpOptions) {
    this.#stream = stream
    this.#options = options
  }

  /** There is something to send. What is queued in the same turn of the event loop leaves in one write. */
  wake(): void {
    if (this.#running || this.#broken) return
    this.#running = true
    setImmediate(() => void this.#run())
  }

  /** Ends the own side when all is written. */
  end(): void {
    this.#ending = true
    this.wake()
  }

  async #run(): Promise<void> {
    const { signal, stallMs, failed } = this.#options
    try {
      for (let batch = this.#gather(); batch !== undefined; batch = this.#gather()) {
        await sendPaced(this.#stream, batch, signal, stallMs)
      }
      this.#running = false
      if (this.#ending) await this.#stream.close({ signal })
    } catch (error) {
      this.#broken = true
      failed(asError(error))
    }
  }

  #gather(): Uint8ArrayList | undefined {
    const batch = new Uint8ArrayList()
    while (batch.byteLength < BATCH_BYTES) {
      const frame = this.#options.next()
      if (frame === undefined) break
      batch.append(frame)
    }
    return batch.byteLength === 0 ? undefined : batch
  }
}
