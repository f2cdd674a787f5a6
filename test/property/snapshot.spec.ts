import { deepEqual, equal, ok } from 'node:assert/strict'
import { StateChunkType } from '../../src/codec/state-snapshot.ts'
import { EMPTY_VIEW, commit } from '../../src/state/commit.ts'
import { chunkBits, encodeChunk, readChunk, rootOfChunks, verifyChunk } from '../../src/state/chunk.ts'
import { PREFIX_ACCOUNT } from '../../src/codec/state-records.ts'
import { subtreeHashes } from '../../src/state/subtree.ts'
import { fromHex, toHex, u64be, utf8 } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { fc } from '../support/fast-check.ts'
import { cutIntoChunks, joinedFrom } from '../support/imported-state.ts'
import { MemoryState } from '../support/state.ts'

const ACCOUNT = String.fromCharCode(PREFIX_ACCOUNT)
const isAccount = ([key]: readonly [Hex, unknown]): boolean => fromHex(key)[0] === PREFIX_ACCOUNT

const stateOf = (keys: number, salt: number): MemoryState => {
  const values = new Map<Hex, Uint8Array>()
  for (let i = 0; i < keys; i++) {
    // Accounts stand in pages, records of other kinds in rows of their own.
    values.set(toHex(utf8(`${i % 7 === 0 ? 'key' : ACCOUNT} ${salt} ${i}`)), u64be(i + salt).subarray(i % 8))
  }
  return new MemoryState(commit(EMPTY_VIEW, values))
}

const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1))

describe('Properties of state snapshots', () => {
  it('SNAP-4, SNAP-8: any state, cut and joined again, has the same root, rows and pages', () => {
    fc.assert(
      // Chunks of some rows each, so that pages where they are joined are inner ones and leaf pages.
      fc.property(fc.integer({ min: 3, max: 40 }), fc.nat(99), fc.nat(5), (perChunk, salt, bits) => {
        const state = stateOf(perChunk << bits, salt)
        const hashes = subtreeHashes(state, bits)
        const chunks = cutIntoChunks(state, bits)
        const isCut = chunks.every((chunk) => {
          const rows = readChunk(chunk)
          return rows.ok && (rows.value.length > 1 || bits === 0)
        })
        equal(hashes !== undefined, isCut, 'SNAP-3: no chunk has fewer than two rows')
        if (hashes === undefined) return
        equal(hashes.length, 1 << bits)
        deepEqual(rootOfChunks(hashes), state.root)
        const joined = joinedFrom(chunks, hashes, bits)
        deepEqual(joined.root, state.root)
        deepEqual(sorted(joined.values), sorted(state.values))
        deepEqual(sorted(joined.pages), sorted(state.pages))
        const apart = [...state.values].filter((row) => !isAccount(row))
        deepEqual(sorted(joined.rows), sorted(new Map(apart)))
      }),
      { numRuns: 30 }
    )
  })

  it('SNAP-4: states of few rows are one chunk, whether one page holds them or not', () => {
    for (const keys of [0, 1, 2, 3, 24, 25]) {
      const state = stateOf(keys, 7)
      const joined = joinedFrom(cutIntoChunks(state, 0), [state.root], 0)
      deepEqual(joined.root, state.root)
      deepEqual(sorted(joined.pages), sorted(state.pages))
      deepEqual(subtreeHashes(state, 0), keys === 0 ? undefined : [state.root])
    }
  })

  it('SNAP-3: a state is not cut in two if a half has fewer than two rows', () => {
    const found = new Set<boolean>()
    for (let salt = 0; salt < 40; salt++) {
      const state = stateOf(4, salt)
      const counts = cutIntoChunks(state, 1).map((chunk) => {
        const rows = readChunk(chunk)
        return rows.ok ? rows.value.length : 0
      })
      const isCut = Math.min(...counts) > 1
      equal(subtreeHashes(state, 1) !== undefined, isCut, `${counts.join(' and ')} rows`)
      found.add(isCut)
    }
    equal(found.size, 2)
  })

  it('SNAP-5: a chunk with any byte flipped, cut or added is refused', () => {
    const state = stateOf(500, 1)
    const [bytes = new Uint8Array(0)] = cutIntoChunks(state, 0)
    ok(verifyChunk(bytes, { bits: 0, index: 0 }, state.root).ok)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const flipped = bytes.slice()
        flipped[at] = (flipped[at] ?? 0) ^ mask
        equal(verifyChunk(flipped, { bits: 0, index: 0 }, state.root).ok, false)
        equal(verifyChunk(bytes.subarray(0, at), { bits: 0, index: 0 }, state.root).ok, false)
      })
    )
    const longer = new Uint8Array(bytes.length + 1)
    longer.set(bytes)
    equal(verifyChunk(longer, { bits: 0, index: 0 }, state.root).ok, false)
  })

  it('SNAP-4: the bytes of a chunk are the SSZ of StateChunk, and nothing else is read', () => {
    const rows = fc.array(
      fc.record({ key: fc.uint8Array({ maxLength: 40 }), value: fc.uint8Array({ maxLength: 80 }) }),
      { maxLength: 30 }
    )
    fc.assert(
      fc.property(rows, (list) => {
        const bytes = encodeChunk(list)
        const keys = list.map(({ key }) => key)
        const values = list.map(({ value }) => value)
        deepEqual(toHex(bytes), toHex(StateChunkType.serialize({ keys, values })))
        const read = readChunk(bytes)
        ok(read.ok)
        deepEqual(
          read.value.map(({ key, value }) => [toHex(key), toHex(value)]),
          list.map(({ key, value }) => [toHex(key), toHex(value)])
        )
      })
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const read = readChunk(bytes)
        if (!read.ok) return
        const keys = read.value.map(({ key }) => key)
        const values = read.value.map(({ value }) => value)
        deepEqual(toHex(StateChunkType.serialize({ keys, values })), toHex(bytes))
      })
    )
  })

  it('SNAP-3: bits double the chunks once the average is reached, never with too few accounts', () => {
    const average = 128 * 1024
    equal(chunkBits({ stateBytes: 0, accounts: 0 }), 0)
    equal(chunkBits({ stateBytes: average, accounts: 1e6 }), 0)
    equal(chunkBits({ stateBytes: average + 1, accounts: 1e6 }), 1)
    equal(chunkBits({ stateBytes: average + 1, accounts: 511 }), 0)
    equal(chunkBits({ stateBytes: average + 1, accounts: 512 }), 1)
    equal(chunkBits({ stateBytes: 2 ** 50, accounts: 2 ** 40 }), 16)
  })
})
