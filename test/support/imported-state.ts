/** A state as an import of a snapshot makes it: cut into chunks, each verified, and joined again. */
import assert from 'node:assert/strict'
import { fromHex, fromUtf8, toHex } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { readChunk, verifyChunk } from '../../src/state/chunk.ts'
import { ChunkSorter } from '../../src/state/chunk-sorter.ts'
import type { Slot } from '../../src/state/page.ts'
import { chunkPageNames, joinChunks, slotOfPage, subtreeHashes } from '../../src/state/subtree.ts'
import { unpacked } from './packed.ts'
import { MemoryState } from './state.ts'

/** The chunks of a state, in their order. */
export function cutIntoChunks(state: MemoryState, bits: number): Uint8Array[] {
  const sorter = new ChunkSorter(bits, { from: 0, to: 1 << bits })
  for (const [key, value] of state.values) sorter.add(fromHex(key), value)
  return Array.from({ length: 1 << bits }, (_, index) => sorter.take(index))
}

/** What chunks make, as an import writes it; `rows` are those that stand in no page. */
export function joinedFrom(
  chunks: readonly Uint8Array[],
  hashes: readonly Uint8Array[],
  bits: number
): MemoryState & { readonly rows: Map<Hex, Uint8Array> } {
  const imported = Object.assign(new MemoryState(), { rows: new Map<Hex, Uint8Array>() })
  const slots = new Map<Hex, Slot>()
  for (const [index, bytes] of chunks.entries()) {
    const verdict = verifyChunk(bytes, { bits, index }, hashes[index] ?? new Uint8Array(32))
    assert(verdict.ok, verdict.ok ? '' : verdict.detail)
    const rows = readChunk(bytes)
    assert(rows.ok)
    for (const { key, value } of rows.value) imported.values.set(toHex(key), value.slice())
    for (const [id, page] of unpacked(verdict.value.pages)) imported.pages.set(fromUtf8(id) as Hex, page)
    for (const [key, value] of unpacked(verdict.value.rows)) imported.rows.set(toHex(key), value)
    for (const id of chunkPageNames({ bits, index })) {
      const page = imported.pages.get(id)
      if (page !== undefined) slots.set(id, slotOfPage(page, id))
    }
  }
  imported.apply({ values: new Map(), ...joinChunks(imported, slots, bits) })
  return imported
}

export const importedFrom = (state: MemoryState, bits: number): MemoryState =>
  joinedFrom(cutIntoChunks(state, bits), bits === 0 ? [state.root] : (subtreeHashes(state, bits) ?? []), bits)
