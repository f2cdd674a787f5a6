/** A connection that is lost as a stream is opened: the stream is, and nothing else. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { StreamStateError } from '@libp2p/interface'
import type { MessageStream, Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { UPDATE_BYTES, createMuxers } from '../../../src/net/muxer.ts'

const log = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  newScope: () => log
})

class Lost extends EventTarget {
  readonly log = log
  readonly direction = 'outbound'
  isLost = false

  send(): boolean {
    if (this.isLost) throw new StreamStateError('Cannot write to a stream that is closed')
    return true
  }
}

const FRAME = 4_096

/** One end of a connection in this process. */
class Wire extends EventTarget {
  readonly log = log
  readonly direction: 'inbound' | 'outbound'
  sent = 0
  other: Wire | undefined

  constructor(direction: 'inbound' | 'outbound') {
    super()
    this.direction = direction
  }

  send(bytes: Uint8Array | Uint8ArrayList): boolean {
    this.sent += 1
    const data = bytes instanceof Uint8Array ? bytes.slice() : bytes.slice()
    const { other } = this
    setImmediate(() => other?.dispatchEvent(Object.assign(new Event('message'), { data })))
    return true
  }
}

function wires(): { near: Wire; far: Wire } {
  const [near, far] = [new Wire('outbound'), new Wire('inbound')]
  near.other = far
  far.other = near
  return { near, far }
}

describe('net: muxer', () => {
  for (const isLost of [false, true]) {
    const what = isLost ? 'lost as a stream opens ends that stream alone' : 'in order opens streams'
    it(`a connection that is ${what}`, async () => {
      const connection = new Lost()
      const muxer = createMuxers().createStreamMuxer(connection as unknown as MessageStream)
      connection.isLost = isLost
      const stream = await muxer.createStream()
      // What escaped a microtask would have failed this test.
      await turn()
      assert.equal(stream.status, isLost ? 'aborted' : 'open')
      assert.equal(muxer.streams.length, isLost ? 0 : 1)
      connection.isLost = false
      await muxer.close({ signal: AbortSignal.timeout(100) })
    })
  }

  it('REQ-11: a window update answers half a window of data, not each frame, and a paused stream goes on', async () => {
    const { near, far } = wires()
    const muxers = createMuxers()
    const sender = muxers.createStreamMuxer(near as unknown as MessageStream)
    const receiver = muxers.createStreamMuxer(far as unknown as MessageStream)
    const opened = new Promise<Stream>((resolve) =>
      receiver.addEventListener('stream', ({ detail }) => resolve(detail))
    )
    const out = await sender.createStream()
    const input = await opened
    let received = 0
    input.addEventListener('message', ({ data }) => (received += data.byteLength))
    await turn()
    far.sent = 0
    let sent = 0
    const push = async (frames: number): Promise<void> => {
      for (; frames > 0; frames--) {
        out.send(new Uint8Array(FRAME))
        sent += FRAME
        await turn()
      }
    }
    await push(UPDATE_BYTES / FRAME - 1)
    assert.ok(far.sent <= 1, `${far.sent} updates for less than half a window`)
    await push((8 * UPDATE_BYTES) / FRAME)
    for (let left = 20; left > 0; left--) await turn()
    assert.equal(received, sent)
    assert.ok(far.sent >= 8 && far.sent <= 10, `${far.sent} updates for eight halves`)
    input.pause()
    await push((12 * UPDATE_BYTES) / FRAME)
    assert.ok(received < sent)
    input.resume()
    for (let left = 50; left > 0; left--) await turn()
    assert.equal(received, sent)
    await sender.close({ signal: AbortSignal.timeout(100) })
    await receiver.close({ signal: AbortSignal.timeout(100) })
  })
})
