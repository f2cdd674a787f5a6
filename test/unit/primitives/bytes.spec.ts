import { deepEqual, equal, throws } from 'node:assert/strict'
import { bytesOfHex, copyBytes, readU32be, toHex, u64be, writeU64be } from '../../../src/primitives/bytes.ts'
import { fc } from '../../support/fast-check.ts'

const EDGES = [0, 1, 255, 256, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER]

/** By the platform. */
function platform(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

describe('Byte strings', () => {
  it('numbers and bigints are written as eight bytes, big-endian, at the edges and between', () => {
    for (const edge of EDGES) {
      deepEqual(u64be(edge), platform(edge))
      deepEqual(u64be(BigInt(edge)), platform(edge))
    }
    deepEqual(u64be(2n ** 64n - 1n), new Uint8Array(8).fill(255))
    for (const wrong of [0.5, Number.NaN, Infinity]) throws(() => u64be(wrong), RangeError)
    fc.assert(fc.property(fc.maxSafeNat(), (value) => deepEqual(u64be(value), platform(value))))
  })

  it('a number is written in its place and nowhere else', () => {
    const shared = new Uint8Array(20).fill(9)
    for (const value of [2 ** 40 + 5, 7n]) {
      const bytes = shared.subarray(2)
      writeU64be(bytes, 4, value)
      deepEqual(shared.subarray(6, 14), platform(value))
      deepEqual([shared[5], shared[14]], [9, 9])
    }
  })

  it('four bytes are a number without sign', () => {
    for (const edge of EDGES.filter((value) => value < 2 ** 32)) {
      equal(readU32be(Uint8Array.of(1, ...u64be(edge).subarray(4)), 1), edge)
    }
  })

  it('hex made here is read back, behind as many free bytes as are asked for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(3), (bytes, head) => {
        deepEqual(bytesOfHex(toHex(bytes)), bytes)
        deepEqual(bytesOfHex(toHex(bytes), head), Uint8Array.of(...new Uint8Array(head), ...bytes))
      })
    )
    deepEqual(bytesOfHex(toHex(Uint8Array.from({ length: 256 }, (_, at) => at)))[255], 255)
  })

  it('copies of short and of long pieces are the same', () => {
    const from = Uint8Array.from({ length: 400 }, (_, at) => at & 255)
    for (const length of [0, 1, 127, 128, 129, 300]) {
      const to = new Uint8Array(320).fill(7)
      copyBytes(to, 10, from, 50, 50 + length)
      deepEqual(to.subarray(10, 10 + length), from.subarray(50, 50 + length))
      deepEqual([to[9], to[10 + length]], [7, 7])
    }
  })
})
