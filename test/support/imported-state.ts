/** A state as an import of a snapshot makes it: cut into chunks, each verified, and joined again. */
import assert from 'node:assert/strict'
import { fromHex, fromUtf8, toHex } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { readChunk, verifyChunk } from '../../src/state/chunk.ts'
import { ChunkSorter } from '../../src/state/chunk-sorter.ts'
import type { Slot } from '../../src/state/page.ts'
import { decodeSlots, joinChunks, subtreeHashes } from '../../src/state/subtree.ts'
import { unpacked } from './packed.ts'
import { MemoryState } from './state.ts'

export function importedFrom(state: MemoryState, bits: number): MemoryState {
  const sorter = new ChunkSorter(bits, { from: 0, to: 1 << bits })
  for (const [key, value] of state.values) sorter.add(fromHex(key), value)
  const hashes = bits === 0 ? [state.root] : (subtreeHashes(state, bits) ?? [])
  const imported = new MemoryState()
  const slots: Slot[] = []
  for (let index = 0; index < 1 << bits; index++) {
    const bytes = sorter.take(index)
    const verdict = verifyChunk(bytes, { bits, index }, hashes[index] ?? new Uint8Array(32))
    assert(verdict.ok, verdict.ok ? '' : verdict.detail)
    const rows = readChunk(bytes)
    assert(rows.ok)
    for (const { key, value } of rows.value) imported.values.set(toHex(key), value.slice())
    for (const [id, page] of unpacked(verdict.value.pages)) imported.pages.set(fromUtf8(id) as Hex, page)
    slots.push(...(decodeSlots(verdict.value.slots) ?? []))
  }
  const joined = joinChunks(slots, bits)
  for (const [id, page] of joined.pages) imported.pages.set(id as Hex, page)
  imported.root = joined.root
  return imported
}
