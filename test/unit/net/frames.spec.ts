import assert from 'node:assert/strict'
import type { Stream } from '@libp2p/interface'
import { AbstractStream, streamPair } from '@libp2p/utils'
import { streamFailure } from '../../../src/net/errors.ts'
import { readFrames, readOnlyFrame, writeFrames } from '../../../src/net/frames.ts'
import { concat, u32be } from '../../../src/primitives/bytes.ts'
import { eventually } from '../../support/eventually.ts'

async function all(stream: Stream, maxFrame: number, signal?: AbortSignal): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = []
  for await (const frame of readFrames(stream, maxFrame, signal)) frames.push(frame)
  return frames
}

const failsAs = async (reason: string, work: Promise<unknown>): Promise<void> => {
  await assert.rejects(work, (error) => {
    assert.equal(streamFailure(error), reason)
    return true
  })
}

describe('frames', () => {
  it('REQ-1: what is written is read, in order, split and joined as the stream likes', async () => {
    const [one, two] = await streamPair()
    const frames = [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(70_000).fill(2)]
    const reading = all(two, 70_000)
    await writeFrames(one, frames)
    const split = concat(u32be(3), Uint8Array.of(7, 8, 9))
    for (const byte of split) one.send(Uint8Array.of(byte))
    await one.close()
    assert.deepEqual(await reading, [...frames, Uint8Array.of(7, 8, 9)])
  })

  it('REQ-8: a frame of the largest size passes, one byte more is refused by its length alone', async () => {
    const [one, two] = await streamPair()
    await writeFrames(one, [new Uint8Array(100)])
    assert.equal((await readOnlyFrame(two, 100)).length, 100)
    one.send(u32be(101))
    await failsAs('oversize', readOnlyFrame(two, 100))
  })

  it('REQ-8: an end inside a frame is a cut, an end between frames is not', async () => {
    for (const cut of [Uint8Array.of(0, 0), u32be(2), concat(u32be(2), Uint8Array.of(1))]) {
      const [one, two] = await streamPair()
      await writeFrames(one, [Uint8Array.of(5)])
      one.send(cut)
      const reading = all(two, 10)
      await Promise.all([failsAs('cut', reading), one.close()])
    }
    const [one, two] = await streamPair()
    await one.close()
    assert.deepEqual(await all(two, 10), [])
  })

  it('REQ-8 D14: a connection that is lost inside a frame is no cut: the peer did not end anything', async () => {
    const [one, two] = await streamPair()
    const lost = failsAs('lost', all(two, 10))
    const arrived = new Promise((resolve) => two.addEventListener('message', resolve, { once: true }))
    one.send(concat(u32be(2), Uint8Array.of(1)))
    await arrived
    assert(two instanceof AbstractStream)
    two.onTransportClosed()
    await lost
  })

  it('REQ-8: what came while the stream was paused is read, though the remote has closed since', async () => {
    const [one, two] = await streamPair()
    two.pause()
    await writeFrames(one, [Uint8Array.of(1), Uint8Array.of(2)])
    await one.close()
    await eventually('closed remotely', () => two.remoteWriteStatus === 'closed')
    assert.deepEqual(await all(two, 10), [Uint8Array.of(1), Uint8Array.of(2)])
  })

  it('a reset and an abort end reading and are nobody’s proof', async () => {
    const [one, two] = await streamPair()
    const lost = failsAs('lost', all(two, 10))
    one.abort(new Error('reset'))
    await lost
    const [, other] = await streamPair()
    await failsAs('timeout', all(other, 10, AbortSignal.timeout(20)))
    const [, third] = await streamPair()
    await failsAs('timeout', all(third, 10, AbortSignal.abort()))
  })
})
