/** The part of a libp2p stream that frames and requests use, without a network: the test is the other side. */
import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'

export class FakeStream extends EventTarget {
  status = 'open'
  readStatus = 'readable'
  writeStatus = 'writable'
  writeBufferLength = 0
  readableEnded = false
  readonly sent = new Uint8ArrayList()
  readonly log = (): void => undefined

  get asStream(): Stream {
    return this as unknown as Stream
  }

  /** What the other side says. */
  say(...parts: Uint8Array[]): void {
    for (const data of parts) this.dispatchEvent(Object.assign(new Event('message'), { data }))
  }

  send(data: Uint8Array | Uint8ArrayList): boolean {
    this.sent.append(data)
    return true
  }

  async close(): Promise<void> {
    this.writeStatus = 'closed'
  }

  abort(error: Error): void {
    this.status = 'aborted'
    this.dispatchEvent(Object.assign(new Event('close'), { error }))
  }

  pause(): void {
    this.readStatus = 'paused'
  }

  resume(): void {
    this.readStatus = 'readable'
  }
}
