/** A connection that is lost as a stream is opened: the stream is, and nothing else. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { StreamStateError } from '@libp2p/interface'
import type { MessageStream } from '@libp2p/interface'
import { createMuxers } from '../../../src/net/muxer.ts'

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
})
