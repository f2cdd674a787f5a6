import { createHash } from 'node:crypto'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { hashPairs, hashSpans } from '../../../src/crypto/sha256-many.ts'
import { lanesModule } from '../../../src/crypto/sha256-wasm.ts'
import { concat, toHex } from '../../../src/primitives/bytes.ts'
import { fc } from '../../support/fast-check.ts'

const platform = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function hashed(messages: readonly Uint8Array[]): string[] {
  const bytes = concat(...messages)
  const spans = new Uint32Array(2 * messages.length)
  let at = 0
  for (const [index, { length }] of messages.entries()) {
    spans[2 * index] = at
    at += length
    spans[2 * index + 1] = at
  }
  const digests = new Uint8Array(33 * messages.length)
  hashSpans(bytes, spans, { bytes: digests, at: (index) => 33 * index + 1 })
  return messages.map((_, index) => {
    equal(digests[33 * index], 0, 'nothing is written beside a digest')
    return toHex(digests.subarray(33 * index + 1, 33 * index + 33))
  })
}

const messageOf = (length: number, salt: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => 31 * at + 17 * salt + length)

describe('SHA-256 of many', () => {
  it('STA-5: every length from nothing to beyond four blocks, alone and beside its neighbours, as the platform has it', () => {
    const messages = Array.from({ length: 330 }, (_, length) => messageOf(length, 1))
    deepEqual(hashed(messages), messages.map(platform))
    for (const message of messages) deepEqual(hashed([message]), [platform(message)])
  })

  it('STA-5: any messages in any order', () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 40 }), (messages) => {
        deepEqual(hashed(messages), messages.map(platform))
      }),
      { numRuns: 60 }
    )
  })

  it('STA-6, STA-7: nodes are the hashes of their tag and both halves, in any number', () => {
    for (let count = 0; count <= 13; count++) {
      const bytes = messageOf(64 * count + 5, count)
      const places = Array.from({ length: count }, (_, index) => 64 * (count - 1 - index) + 5)
      for (const tag of [0, 1]) {
        const digests = new Uint8Array(32 * count)
        hashPairs(tag, bytes, places, { bytes: digests, at: (index) => 32 * index })
        const expected = places.map((at) => platform(concat(Uint8Array.of(tag), bytes.subarray(at, at + 64))))
        deepEqual(
          places.map((_, index) => toHex(digests.subarray(32 * index, 32 * index + 32))),
          expected
        )
      }
    }
  })

  it('the module is one that this platform takes: what is measured and tested here is not the way around it', () => {
    ok(WebAssembly.validate(lanesModule()))
  })

  it('without vectors the platform hashes each', async () => {
    const { Module } = WebAssembly
    Object.defineProperty(WebAssembly, 'Module', { value: undefined, configurable: true, writable: true })
    try {
      const path = '../../../src/crypto/sha256-many.js?without'
      const alone = (await import(path)) as { hashSpans: typeof hashSpans; hashPairs: typeof hashPairs }
      const bytes = messageOf(200, 3)
      const digests = new Uint8Array(96)
      const at = (index: number): number => 32 * index
      alone.hashSpans(bytes, Uint32Array.of(0, 7, 7, 200), { bytes: digests, at })
      equal(toHex(digests.subarray(0, 32)), platform(bytes.subarray(0, 7)))
      equal(toHex(digests.subarray(32, 64)), platform(bytes.subarray(7, 200)))
      alone.hashPairs(1, bytes, [5, 6], { bytes: digests, at })
      equal(toHex(digests.subarray(32, 64)), platform(concat(Uint8Array.of(1), bytes.subarray(6, 70))))
    } finally {
      Object.defineProperty(WebAssembly, 'Module', { value: Module, configurable: true, writable: true })
    }
  })
})
