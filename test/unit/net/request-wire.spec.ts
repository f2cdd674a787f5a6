import assert from 'node:assert/strict'
import { Uint8ArrayList } from 'uint8arraylist'
import { NetError } from '../../../src/net/errors.ts'
import { REQUEST_LIMITS } from '../../../src/net/limits.ts'
import type { RequestLimits } from '../../../src/net/limits.ts'
import {
  AnswerParts,
  AnswerReader,
  ASK_HEAD_BYTES,
  decodeAsked,
  encodeAsk,
  encodeWithdrawal,
  PART_BYTES_MAX,
  splitPart
} from '../../../src/net/request-wire.ts'
import type { Response } from '../../../src/net/types.ts'
import { concat, u32be } from '../../../src/primitives/bytes.ts'

const LIMITS: RequestLimits = { ...REQUEST_LIMITS.bodies, frames: 3, frameBytes: 100, responseBytes: 200 }

/** The frame's body: its length is the frames' own affair. */
const unframed = (frame: Uint8ArrayList): Uint8Array => {
  assert.equal(frame.getUint32(0), frame.byteLength - 4)
  return frame.slice(4)
}
const partsOf = (id: number, response: Response): Uint8Array[] => {
  const parts = new AnswerParts(id, response)
  const frames: Uint8Array[] = []
  for (let part = parts.next(); part !== undefined; part = parts.next()) frames.push(unframed(part))
  return frames
}
const head = (result: number, items: number, bytes: number): Uint8Array =>
  concat(Uint8Array.of(result), u32be(items), u32be(bytes))
const item = (length: number): Uint8Array => concat(u32be(length), new Uint8Array(length))
const read = (limits: RequestLimits, ...parts: Uint8Array[]): Response | undefined => {
  const reader = new AnswerReader(limits)
  let response: Response | undefined
  for (const part of parts) response = reader.take(new Uint8ArrayList(part))
  return response
}
const broken = (reason: string) => (error: unknown) =>
  error instanceof NetError && error.detail.code === 'NET_STREAM_BROKEN' && error.detail.reason === reason

describe('frames of a request stream', () => {
  it('REQ-7: an ask and a withdrawal have these bytes', () => {
    assert.deepEqual([...unframed(encodeAsk(258, Uint8Array.of(9, 8)))], [0, 0, 0, 1, 2, 9, 8])
    assert.deepEqual([...unframed(encodeWithdrawal(258))], [1, 0, 0, 1, 2])
    assert.deepEqual(decodeAsked(unframed(encodeAsk(7, new Uint8Array(0)))), {
      id: 7,
      body: new Uint8Array(0)
    })
    assert.deepEqual(decodeAsked(unframed(encodeWithdrawal(7))), { id: 7, body: undefined })
  })

  it('REQ-8: a frame of no kind, without an id, or a withdrawal with more is garbage', () => {
    for (const frame of [[], [0], [0, 0, 0, 0], [2, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]]) {
      assert.throws(() => decodeAsked(Uint8Array.from(frame)), broken('garbage'))
    }
    assert.equal(ASK_HEAD_BYTES, 5)
  })

  it('REQ-7: an answer has these bytes, and an empty one is one frame', () => {
    const [only, more] = partsOf(3, { result: 'lacks', frames: [Uint8Array.of(7)] })
    assert.deepEqual([...(only ?? [])], [0, 0, 0, 3, 1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 7])
    assert.equal(more, undefined)
    assert.deepEqual(
      partsOf(0, { result: 'limited', frames: [] }).map((part) => part.length),
      [13]
    )
  })

  it('REQ-7: what is cut into parts is put together again, byte by byte too', () => {
    const frames = [new Uint8Array(150_000).fill(1), new Uint8Array(0), new Uint8Array(70_000).fill(2)]
    const parts = partsOf(1, { result: 'ok', frames })
    assert.deepEqual(
      parts.map((part) => part.length),
      [PART_BYTES_MAX, PART_BYTES_MAX, PART_BYTES_MAX, 220_021 - 3 * (PART_BYTES_MAX - 4) + 4]
    )
    const limits = { ...LIMITS, frameBytes: 150_000, responseBytes: 220_000 }
    const content = parts.map((part) => splitPart(new Uint8ArrayList(part)).part.slice())
    assert.deepEqual(read(limits, ...content), { result: 'ok', frames })
    const bytes = concat(head(0, 2, 11), item(1), item(2))
    assert.deepEqual(read(LIMITS, ...[...bytes].map((byte) => Uint8Array.of(byte))), {
      result: 'ok',
      frames: [new Uint8Array(1), new Uint8Array(2)]
    })
  })

  it('REQ-8: at each bound an answer is read, one past it is refused before its bytes came', () => {
    assert.ok(read(LIMITS, head(0, 3, 12 + 200), item(100), item(100), item(0)))
    assert.throws(() => read(LIMITS, head(0, 4, 0)), broken('too-many'))
    assert.throws(() => read(LIMITS, head(0, 3, 12 + 201)), broken('too-many'))
    assert.throws(() => read(LIMITS, head(0, 1, 105), u32be(101)), broken('oversize'))
    assert.throws(() => read(LIMITS, head(5, 0, 0)), broken('garbage'))
  })

  it('REQ-8: an answer is exactly what it declared', () => {
    assert.throws(() => read(LIMITS, head(0, 1, 5), item(1), Uint8Array.of(0)), broken('too-many'))
    assert.throws(() => read(LIMITS, head(0, 2, 5), item(1)), broken('garbage'))
    assert.throws(() => read(LIMITS, head(0, 1, 9), item(1), item(0)), broken('too-many'))
    assert.throws(() => read(LIMITS, head(0, 1, 7), item(1), Uint8Array.of(0, 0)), broken('garbage'))
    assert.throws(() => splitPart(new Uint8ArrayList(u32be(1))), broken('garbage'))
  })

  it('REQ-10: counts what came and what may still come', () => {
    const reader = new AnswerReader(LIMITS)
    assert.equal(reader.owed, 9 + 200 + 3 * 4)
    reader.take(new Uint8ArrayList(head(0, 1, 54)))
    reader.take(new Uint8ArrayList(u32be(50)))
    assert.deepEqual([reader.received, reader.owed], [13, 50])
  })
})
