/**
 * Chunks of a state snapshot (SNAP-3 … SNAP-5): the rows whose paths begin with the chunk's bits, in the order of the
 * paths, so that each chunk is verified on its own against the hash of its subtree before anything of it is kept.
 *
 * The bytes are the SSZ of `StateChunk`. They are written and read here by hand: a state of a million accounts has two
 * million byte lists, for which the library makes objects.
 */
import { equal } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import {
  CHUNK_ACCOUNTS_MIN,
  CHUNK_AVERAGE_BYTES,
  CHUNK_BITS_MAX,
  CHUNK_BYTES_MAX,
  CHUNK_ROWS_MAX,
  STATE_KEY_BYTES_MAX,
  STATE_VALUE_BYTES_MAX
} from '../codec/chunk-limits.ts'
import { OFFSET_BYTES } from '../codec/offset.ts'
import type { ChainTotals } from '../codec/state-records.ts'
import { ChunkPages } from './chunk-pages.ts'
import type { ChunkRows } from './chunk-pages.ts'
import { innerHash } from './hashes.ts'
import { buildChunkTree, isInChunk } from './subtree.ts'
import type { ChunkPlace } from './subtree.ts'

export interface StateRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}
export interface VerifiedChunk {
  /** All that belong to it alone, with its rows, as packed rows by their names. */
  readonly pages: Uint8Array
  /** Those whose values stand in no page, as packed rows by their keys. */
  readonly rows: Uint8Array
}
export type ChunkCode = 'chunk-malformed' | 'chunk-order' | 'chunk-hash'

/** Where the keys begin: behind the offsets of the two lists. */
const KEYS_AT = 2 * OFFSET_BYTES

/** SNAP-3: into how many chunks (2^bits) a state is cut; a function of the state, so equal on all nodes. */
export function chunkBits({ stateBytes, accounts }: Pick<ChainTotals, 'stateBytes' | 'accounts'>): number {
  let bits = 0
  while (
    bits < CHUNK_BITS_MAX &&
    stateBytes > CHUNK_AVERAGE_BYTES * 2 ** bits &&
    accounts >= CHUNK_ACCOUNTS_MIN * 2 ** (bits + 1)
  ) {
    bits++
  }
  return bits
}

/** SNAP-5: the state root out of the hashes of all chunks. With more than one chunk none has fewer than two leaves. */
export function rootOfChunks(hashes: readonly Uint8Array[]): Uint8Array {
  let level = [...hashes]
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i + 1 < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]]
      if (left !== undefined && right !== undefined) above.push(innerHash(left, right))
    }
    level = above
  }
  return level[0] ?? new Uint8Array(32)
}

/** @param rows in the order of their paths. */
export function encodeChunk(rows: readonly StateRow[]): Uint8Array {
  let keyBytes = 0
  let valueBytes = 0
  for (const { key, value } of rows) {
    keyBytes += key.length
    valueBytes += value.length
  }
  const listBytes = OFFSET_BYTES * rows.length
  const valuesAt = KEYS_AT + listBytes + keyBytes
  const bytes = new Uint8Array(valuesAt + listBytes + valueBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, KEYS_AT, true)
  view.setUint32(OFFSET_BYTES, valuesAt, true)
  let keyAt = listBytes
  let valueAt = listBytes
  for (const [index, { key, value }] of rows.entries()) {
    view.setUint32(KEYS_AT + OFFSET_BYTES * index, keyAt, true)
    view.setUint32(valuesAt + OFFSET_BYTES * index, valueAt, true)
    bytes.set(key, KEYS_AT + keyAt)
    bytes.set(value, valuesAt + valueAt)
    keyAt += key.length
    valueAt += value.length
  }
  return bytes
}

/** The rows as views into the bytes. */
export function readChunk(bytes: Uint8Array): Verdict<StateRow[], 'chunk-malformed'> {
  const counted = countRows(bytes)
  if (!counted.ok) return counted
  const rows: StateRow[] = []
  scanChunk(bytes, (keyFrom, keyTo, valueFrom, valueTo) => {
    rows.push({ key: bytes.subarray(keyFrom, keyTo), value: bytes.subarray(valueFrom, valueTo) })
  })
  return accept(rows)
}

/** How many rows a chunk has, which `scanChunk` reads, if its bytes are the encoding of one. */
function countRows(bytes: Uint8Array): Verdict<number, 'chunk-malformed'> {
  const malformed = (what: string) => refuse('chunk-malformed', what)
  if (bytes.length < KEYS_AT || bytes.length > CHUNK_BYTES_MAX) return malformed(`${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const valuesAt = view.getUint32(OFFSET_BYTES, true)
  if (view.getUint32(0, true) !== KEYS_AT || valuesAt < KEYS_AT || valuesAt > bytes.length) {
    return malformed('its lists do not lie where they must')
  }
  const keys = countItems(view, KEYS_AT, valuesAt, STATE_KEY_BYTES_MAX)
  const values = countItems(view, valuesAt, bytes.length, STATE_VALUE_BYTES_MAX)
  if (keys === undefined || values === undefined) return malformed('a list is not canonical')
  return keys === values ? accept(keys) : malformed(`${keys} keys, ${values} values`)
}

/** SSZ list of byte lists in from … to: as many offsets as items, then the items without gaps. */
function countItems(view: DataView, from: number, to: number, itemMax: number): number | undefined {
  const length = to - from
  if (length === 0) return 0
  if (length < OFFSET_BYTES) return undefined
  const first = view.getUint32(from, true)
  const count = first / OFFSET_BYTES
  if (first === 0 || !Number.isInteger(count) || count > CHUNK_ROWS_MAX || first > length) {
    return undefined
  }
  let start = first
  for (let index = 1; index <= count; index++) {
    const end = index === count ? length : view.getUint32(from + OFFSET_BYTES * index, true)
    if (end < start || end > length || end - start > itemMax) return undefined
    start = end
  }
  return count
}

/** The places of a verified chunk's rows, in no object of their own: from … to of the key, from … to of the value. */
export function scanChunk(
  bytes: Uint8Array,
  visit: (keyFrom: number, keyTo: number, valueFrom: number, valueTo: number) => void
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const valuesAt = view.getUint32(OFFSET_BYTES, true)
  const count = valuesAt === KEYS_AT ? 0 : view.getUint32(KEYS_AT, true) / OFFSET_BYTES
  const at = (list: number, index: number, end: number): number =>
    index < count ? list + view.getUint32(list + OFFSET_BYTES * index, true) : end
  for (let index = 0; index < count; index++) {
    visit(
      at(KEYS_AT, index, valuesAt),
      at(KEYS_AT, index + 1, valuesAt),
      at(valuesAt, index, bytes.length),
      at(valuesAt, index + 1, bytes.length)
    )
  }
}

/**
 * Nothing of a chunk may be kept before this accepts it.
 * @param room memory for its pages, whatever it holds. @default an allocation of its own
 */
export function verifyChunk(
  bytes: Uint8Array,
  place: ChunkPlace,
  hash: Uint8Array,
  room?: Uint8Array
): Verdict<VerifiedChunk, ChunkCode> {
  const counted = countRows(bytes)
  if (!counted.ok) return counted
  const pages = new ChunkPages(placesIn(bytes, counted.value), room)
  const problem = orderProblem(pages, counted.value, place)
  if (problem !== undefined) return refuse('chunk-order', problem)
  const treeHash = buildChunkTree(pages, counted.value, place)
  if (!equal(treeHash, hash)) return refuse('chunk-hash', 'its subtree has another hash')
  return accept(pages.take())
}

/** Keys lie without gaps one behind the other, and so do values. */
function placesIn(bytes: Uint8Array, count: number): ChunkRows {
  const keys = new Uint32Array(count + 1)
  const values = new Uint32Array(count + 1)
  let row = 0
  scanChunk(bytes, (keyFrom, keyTo, valueFrom, valueTo) => {
    keys[row] = keyFrom
    values[row] = valueFrom
    row++
    keys[row] = keyTo
    values[row] = valueTo
  })
  return { bytes, count, keys, values }
}

function orderProblem(pages: ChunkPages, count: number, place: ChunkPlace): string | undefined {
  // In order, all lie between the first and the last.
  for (const row of count === 0 ? [] : [0, count - 1]) {
    if (!isInChunk(pages.path(row), place)) return 'a row belongs to another chunk'
  }
  return pages.outOfOrder() === undefined ? undefined : 'its rows are not in the order of their paths'
}
