/** Pages that are built out of a chunk's bytes: the same as a state has that was never cut. */
import { deepEqual, ok } from 'node:assert/strict'
import { PREFIX_ACCOUNT } from '../../src/codec/state-records.ts'
import { toHex, u64be, utf8 } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { verifyChunk } from '../../src/state/chunk.ts'
import { EMPTY_VIEW, commit } from '../../src/state/commit.ts'
import { cutIntoChunks, joinedFrom } from '../support/imported-state.ts'
import { MemoryState } from '../support/state.ts'

const ACCOUNT = String.fromCharCode(PREFIX_ACCOUNT)
const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1))

describe('Pages of a chunk', () => {
  it('SNAP-4, SNAP-5: keys and values of any length; pages are the same whatever memory they are written into', () => {
    const lengths = [...Array.from({ length: 70 }, (_, i) => i), 127, 128, 129, 300, 5000]
    const values = new Map<Hex, Uint8Array>()
    for (const length of lengths) {
      values.set(toHex(utf8(`${ACCOUNT}${length}`)), new Uint8Array(length).fill(length))
      values.set(toHex(utf8(`${ACCOUNT}${'k'.repeat(length % 255)}`)), u64be(length))
    }
    const state = new MemoryState(commit(EMPTY_VIEW, values))
    const [bytes = new Uint8Array(0)] = cutIntoChunks(state, 0)
    const verdict = verifyChunk(bytes, { bits: 0, index: 0 }, state.root)
    ok(verdict.ok)
    deepEqual(sorted(joinedFrom([bytes], [state.root], 0).pages), sorted(state.pages))
    const { pages } = verdict.value
    // The bytes of a chunk may lie among others, at any place.
    for (const [place, size] of [0, 100, pages.length - 1, pages.length, 2 * pages.length].entries()) {
      const among = new Uint8Array(place + bytes.length)
      among.set(bytes, place)
      const room = new Uint8Array(size).fill(0xee)
      const again = verifyChunk(among.subarray(place), { bits: 0, index: 0 }, state.root, room)
      ok(again.ok)
      deepEqual(again.value, verdict.value)
    }
  })
})
