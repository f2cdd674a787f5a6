/**
 * The pages of a part of the state tree, each built once from the rows of a chunk. A state of a million rows takes 4.4
 * million hashes: paths, hashes and pages lie in arrays, and no object is made for a row.
 */
import { PackedRows } from '../primitives/packed-rows.ts'
import { sha256Into } from '../crypto/hash.ts'
import { INNER_TAG, LEAF_TAG } from './hashes.ts'
import {
  HASH_BYTES,
  HEAD_BYTES,
  LEAF_PAGE,
  LEAVES_MAX,
  LENGTHS_BYTES,
  isInPage,
  keysAt
} from './leaf-page.ts'
import { Page } from './page.ts'
import type { Slot } from './page.ts'

/** Rows of a chunk: where each key and value begins in its bytes, and after the last one where it ends. */
export interface ChunkRows {
  readonly bytes: Uint8Array
  readonly count: number
  readonly keys: Uint32Array
  readonly values: Uint32Array
}

/** Rows from … to, which share their first `depth` nibbles. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly depth: number
}

/** Pages for a row, about: what is reserved first. */
const PAGE_BYTES_PER_ROW = 48
const APART_BYTES = 1024
/** Keys and values are mostly no longer than this. */
const SHORT_BYTES = 128
const PATH_BITS = 256
const LEFT = 1
const RIGHT = 1 + HASH_BYTES
const PAIR_BYTES = 1 + 2 * HASH_BYTES

export class ChunkPages {
  readonly #rows: ChunkRows
  readonly #paths: Uint8Array
  /** Of the leaves (STA-6). */
  readonly #hashes: Uint8Array
  readonly #pages: PackedRows
  /** Rows whose values stand in no page. */
  readonly #apart: PackedRows
  /** SHA-256 of the values of these, by row. */
  readonly #valueHashes = new Map<number, Uint8Array>()
  /** What a node at each height is the hash of, while it is made. */
  readonly #pairs: (Uint8Array | undefined)[] = []
  /** Of the leaf page that is being built. */
  readonly #bits = new Uint8Array(LEAVES_MAX)
  readonly #splits = new Uint8Array(LEAVES_MAX * HASH_BYTES)
  #first = 0

  constructor(rows: ChunkRows) {
    const { count, bytes } = rows
    this.#rows = rows
    this.#paths = new Uint8Array(HASH_BYTES * count)
    this.#hashes = new Uint8Array(HASH_BYTES * count)
    this.#pages = new PackedRows(bytes.length + PAGE_BYTES_PER_ROW * count)
    this.#apart = new PackedRows(APART_BYTES)
    this.#hashLeaves()
  }

  /** All pages that were built, by their names, and the rows whose values stand in none, by their keys. */
  take(): { readonly pages: Uint8Array; readonly rows: Uint8Array } {
    for (const row of this.#valueHashes.keys()) this.#addApart(row)
    return { pages: this.#pages.take(), rows: this.#apart.take() }
  }

  /** A view of it. */
  path(row: number): Uint8Array {
    return this.#paths.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES)
  }

  /** First row whose path is not above that of the row before it; undefined: there is none. */
  outOfOrder(): number | undefined {
    const paths = this.#paths
    for (let row = 1; row < this.#rows.count; row++) {
      let at = row * HASH_BYTES
      const end = at + HASH_BYTES
      while (at < end && paths[at] === paths[at - HASH_BYTES]) at++
      if (at === end || (paths[at] ?? 0) < (paths[at - HASH_BYTES] ?? 0)) return row
    }
    return undefined
  }

  /** Where the rows end whose next nibble is that of the first. */
  endOfNibble({ from, to, depth }: Span): number {
    const nibble = this.nibbleAt(from, depth)
    let end = from + 1
    while (end < to && this.nibbleAt(end, depth) === nibble) end++
    return end
  }

  nibbleAt(row: number, depth: number): number {
    const byte = this.#paths[row * HASH_BYTES + (depth >> 1)] ?? 0
    return (depth & 1) === 0 ? byte >> 4 : byte & 15
  }

  /** @param span of one row or more: its page, and those below it */
  build({ from, to, depth }: Span): Slot {
    if (to - from <= LEAVES_MAX) return this.#buildLeaves({ from, to, depth })
    const page = new Page()
    page.count = to - from
    for (let start = from; start < to;) {
      const end = this.endOfNibble({ from: start, to, depth })
      page.setSlot(this.nibbleAt(start, depth), this.build({ from: start, to: end, depth: depth + 1 }))
      start = end
    }
    const bytes = page.encode()
    // First the room, which may be another array than before.
    const at = this.#addRow(from, depth, bytes.length)
    this.#pages.bytes.set(bytes, at)
    return { hash: page.hash(1), count: page.count }
  }

  #hashLeaves(): void {
    const { bytes, count, keys, values } = this.#rows
    const leaf = new Uint8Array(PAIR_BYTES)
    leaf[0] = LEAF_TAG
    const short: (Uint8Array | undefined)[] = []
    const hashPart = (from: number, to: number, at: number): void => {
      const length = to - from
      if (length > SHORT_BYTES) {
        sha256Into(bytes.subarray(from, to), leaf, at)
        return
      }
      // A view of each would be an object, which takes longer than to copy it.
      const part = (short[length] ??= new Uint8Array(length))
      for (let b = 0; b < length; b++) part[b] = bytes[from + b] ?? 0
      sha256Into(part, leaf, at)
    }
    for (let row = 0; row < count; row++) {
      hashPart(placeOf(keys, row), placeOf(keys, row + 1), LEFT)
      hashPart(placeOf(values, row), placeOf(values, row + 1), RIGHT)
      copyHash(leaf, LEFT, this.#paths, row * HASH_BYTES)
      if (!isInPage(bytes[placeOf(keys, row)])) this.#valueHashes.set(row, leaf.slice(RIGHT))
      sha256Into(leaf, this.#hashes, row * HASH_BYTES)
    }
  }

  #buildLeaves({ from, to, depth }: Span): Slot {
    const { bytes, keys, values } = this.#rows
    const hash = new Uint8Array(HASH_BYTES)
    this.#first = from
    this.#hashNode(from, to, 4 * depth, hash, 0)
    const count = to - from
    let size = keysAt(count) + placeOf(keys, to) - placeOf(keys, from)
    for (let row = from; row < to; row++) size += this.#valueSize(row)
    let at = this.#addRow(from, depth, size)
    const page = this.#pages.bytes
    page[at] = LEAF_PAGE
    page[at + 1] = count
    at += HEAD_BYTES
    for (let row = from; row < to; row++) {
      const length = this.#valueSize(row)
      page[at] = placeOf(keys, row + 1) - placeOf(keys, row)
      page[at + 1] = length >> 16
      page[at + 2] = length >> 8
      page[at + 3] = length
      at += LENGTHS_BYTES
    }
    at = copy(this.#bits, 0, count - 1, page, at)
    at = copy(this.#splits, 0, HASH_BYTES * (count - 1), page, at)
    at = copy(bytes, placeOf(keys, from), placeOf(keys, to), page, at)
    if (this.#valueHashes.size === 0) copy(bytes, placeOf(values, from), placeOf(values, to), page, at)
    else this.#writeValues(from, to, page, at)
    return { hash, count }
  }

  #writeValues(from: number, to: number, page: Uint8Array, start: number): void {
    const { bytes, values } = this.#rows
    let at = start
    for (let row = from; row < to; row++) {
      const valueHash = this.#valueHashes.get(row)
      at =
        valueHash === undefined
          ? copy(bytes, placeOf(values, row), placeOf(values, row + 1), page, at)
          : copy(valueHash, 0, HASH_BYTES, page, at)
    }
  }

  /** Bytes that stand in the page for a row's value. */
  #valueSize(row: number): number {
    if (this.#valueHashes.size > 0 && this.#valueHashes.has(row)) return HASH_BYTES
    return placeOf(this.#rows.values, row + 1) - placeOf(this.#rows.values, row)
  }

  #addApart(row: number): void {
    const { bytes, keys, values } = this.#rows
    const key = bytes.subarray(keys[row], keys[row + 1])
    const value = bytes.subarray(values[row], values[row + 1])
    const at = this.#apart.add(key.length, value.length)
    this.#apart.bytes.set(key, at)
    this.#apart.bytes.set(value, at + key.length)
  }

  /** The subtree of rows from … to as a node at the height `top` has it. */
  #hashNode(from: number, to: number, top: number, into: Uint8Array, at: number): void {
    if (to - from === 1) {
      copyHash(this.#hashes, from * HASH_BYTES, into, at)
      return
    }
    let bit = top
    while (bit < PATH_BITS && this.#bitAt(from, bit) === this.#bitAt(to - 1, bit)) bit++
    let middle = from + 1
    while (this.#bitAt(middle, bit) === 0) middle++
    const pair = this.#pairAt(bit)
    this.#hashNode(from, middle, bit + 1, pair, LEFT)
    this.#hashNode(middle, to, bit + 1, pair, RIGHT)
    sha256Into(pair, into, at)
    for (let above = bit - 1; above >= top; above--) {
      const alone = this.#pairAt(above)
      const isRight = this.#bitAt(from, above) === 1
      copyHash(into, at, alone, isRight ? RIGHT : LEFT)
      alone.fill(0, isRight ? LEFT : RIGHT, isRight ? RIGHT : PAIR_BYTES)
      sha256Into(alone, into, at)
    }
    const split = middle - this.#first - 1
    this.#bits[split] = bit
    copyHash(into, at, this.#splits, split * HASH_BYTES)
  }

  #bitAt(row: number, bit: number): number {
    return ((this.#paths[row * HASH_BYTES + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1
  }

  #pairAt(bit: number): Uint8Array {
    const held = this.#pairs[bit]
    if (held !== undefined) return held
    const pair = new Uint8Array(PAIR_BYTES)
    pair[0] = INNER_TAG
    this.#pairs[bit] = pair
    return pair
  }

  /** @returns where the page goes in the bytes of all */
  #addRow(row: number, depth: number, size: number): number {
    let at = this.#pages.add(depth, size)
    for (let nibble = 0; nibble < depth; nibble++) {
      this.#pages.bytes[at++] = hexDigit(this.nibbleAt(row, nibble))
    }
    return at
  }
}

/** Byte by byte: what is copied is short, and a view of it is an object. */
function copyHash(bytes: Uint8Array, from: number, into: Uint8Array, at: number): void {
  for (let i = 0; i < HASH_BYTES; i++) into[at + i] = bytes[from + i] ?? 0
}

const placeOf = (places: Uint32Array, row: number): number => places[row] ?? 0

/** @returns where the copy ends */
function copy(bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): number {
  let end = at
  for (let i = from; i < to; i++) into[end++] = bytes[i] ?? 0
  return end
}

const hexDigit = (nibble: number): number => (nibble < 10 ? 48 : 87) + nibble
