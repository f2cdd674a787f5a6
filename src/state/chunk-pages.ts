/**
 * The pages of a part of the state tree, each built once from the rows of a chunk. A state of a million rows takes 4.4
 * million hashes: paths, hashes and pages lie in arrays, and no object is made for a row.
 */
import { PackedRows } from '../primitives/packed-rows.ts'
import { sha256Into } from '../crypto/hash.ts'
import { copyBytes, copyHash } from './copies.ts'
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
const LEFT = 1
const RIGHT = 1 + HASH_BYTES

/** Bytes, and the same to be read and written four at a time. */
interface Memory {
  readonly bytes: Uint8Array
  readonly view: DataView
}

const memoryOf = (size: number): Memory => {
  const view = new DataView(new ArrayBuffer(size))
  return { bytes: new Uint8Array(view.buffer), view }
}

/** What a node is the hash of. */
const pairOf = (tag: number): Memory => {
  const pair = memoryOf(1 + 2 * HASH_BYTES)
  pair.bytes[0] = tag
  return pair
}

// One of each for all: a hash is complete before the next begins.
const leaf = pairOf(LEAF_TAG)
const inner = pairOf(INNER_TAG)
/** Nodes of which the other side is empty. */
const leftAlone = pairOf(INNER_TAG)
const rightAlone = pairOf(INNER_TAG)
/** By length. */
const shortParts: (Memory | undefined)[] = []

export class ChunkPages {
  readonly #rows: ChunkRows
  readonly #source: Memory
  readonly #paths: Memory
  /** Of the leaves (STA-6). */
  readonly #hashes: Memory
  /** The bit at which the paths of a row and of the one before it differ first. */
  readonly #bits: Uint8Array
  readonly #outOfOrder: number | undefined
  readonly #pages: PackedRows
  /** Rows whose values stand in no page. */
  readonly #apart: PackedRows
  /** SHA-256 of the values of these, by row. */
  readonly #valueHashes = new Map<number, Uint8Array>()
  /** Of the leaf page that is being built. */
  readonly #splits = memoryOf(LEAVES_MAX * HASH_BYTES)
  #first = 0

  /** @param room memory for the pages, whatever it holds. @default an allocation of its own */
  constructor(rows: ChunkRows, room?: Uint8Array) {
    const { count, bytes } = rows
    this.#rows = rows
    this.#source = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
    this.#paths = memoryOf(HASH_BYTES * count)
    this.#hashes = memoryOf(HASH_BYTES * count)
    this.#bits = new Uint8Array(count)
    this.#pages = new PackedRows(bytes.length + PAGE_BYTES_PER_ROW * count, room)
    this.#apart = new PackedRows(APART_BYTES)
    this.#hashLeaves()
    this.#outOfOrder = this.#findBits()
  }

  /** All pages that were built, by their names, and the rows whose values stand in none, by their keys. */
  take(): { readonly pages: Uint8Array; readonly rows: Uint8Array } {
    for (const row of this.#valueHashes.keys()) this.#addApart(row)
    return { pages: this.#pages.take(), rows: this.#apart.take() }
  }

  /** A view of it. */
  path(row: number): Uint8Array {
    return this.#paths.bytes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES)
  }

  /** First row whose path is not above that of the row before it; undefined: there is none. */
  outOfOrder(): number | undefined {
    return this.#outOfOrder
  }

  /** Where the rows end whose next nibble is that of the first. */
  endOfNibble({ from, to, depth }: Span): number {
    const nibble = this.nibbleAt(from, depth)
    let end = from + 1
    while (end < to && this.nibbleAt(end, depth) === nibble) end++
    return end
  }

  nibbleAt(row: number, depth: number): number {
    const byte = this.#paths.bytes[row * HASH_BYTES + (depth >> 1)] ?? 0
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
    for (let row = 0; row < count; row++) {
      this.#hashPart(placeOf(keys, row), placeOf(keys, row + 1), this.#paths.bytes, row * HASH_BYTES)
      copyHash(this.#paths.view, row * HASH_BYTES, leaf.view, LEFT)
      this.#hashPart(placeOf(values, row), placeOf(values, row + 1), leaf.bytes, RIGHT)
      if (!isInPage(bytes[placeOf(keys, row)])) this.#valueHashes.set(row, leaf.bytes.slice(RIGHT))
      sha256Into(leaf.bytes, this.#hashes.bytes, row * HASH_BYTES)
    }
  }

  #hashPart(from: number, to: number, into: Uint8Array, at: number): void {
    const length = to - from
    if (length > SHORT_BYTES) {
      sha256Into(this.#source.bytes.subarray(from, to), into, at)
      return
    }
    // A view of each would be an object, which takes longer than to copy it.
    const part = (shortParts[length] ??= memoryOf(length))
    copyBytes(this.#source.view, from, part.view, 0, length)
    sha256Into(part.bytes, into, at)
  }

  /** @returns the first row that is not in order */
  #findBits(): number | undefined {
    const { view } = this.#paths
    for (let row = 1; row < this.#rows.count; row++) {
      let at = row * HASH_BYTES
      const end = at + HASH_BYTES
      while (at < end && view.getUint32(at) === view.getUint32(at - HASH_BYTES)) at += 4
      if (at === end || view.getUint32(at) < view.getUint32(at - HASH_BYTES)) return row
      const difference = view.getUint32(at) ^ view.getUint32(at - HASH_BYTES)
      this.#bits[row] = 8 * (at - row * HASH_BYTES) + Math.clz32(difference)
    }
    return undefined
  }

  #buildLeaves({ from, to, depth }: Span): Slot {
    const { bytes, keys, values } = this.#rows
    const count = to - from
    const hash = this.#hashPage(from, to, 4 * depth)
    const keysSize = placeOf(keys, to) - placeOf(keys, from)
    const isWhole = this.#valueHashes.size === 0
    const valuesSize = isWhole ? placeOf(values, to) - placeOf(values, from) : this.#sizeOfValues(from, to)
    let at = this.#addRow(from, depth, keysAt(count) + keysSize + valuesSize)
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
    for (let row = from + 1; row < to; row++) page[at++] = this.#bits[row] ?? 0
    page.set(this.#splits.bytes.subarray(0, HASH_BYTES * (count - 1)), at)
    at += HASH_BYTES * (count - 1)
    page.set(bytes.subarray(placeOf(keys, from), placeOf(keys, to)), at)
    at += keysSize
    if (isWhole) page.set(bytes.subarray(placeOf(values, from), placeOf(values, to)), at)
    else this.#writeValues(from, to, page, at)
    return { hash, count }
  }

  #writeValues(from: number, to: number, page: Uint8Array, start: number): void {
    const { bytes, values } = this.#rows
    let at = start
    for (let row = from; row < to; row++) {
      const value =
        this.#valueHashes.get(row) ?? bytes.subarray(placeOf(values, row), placeOf(values, row + 1))
      page.set(value, at)
      at += value.length
    }
  }

  #sizeOfValues(from: number, to: number): number {
    let size = 0
    for (let row = from; row < to; row++) size += this.#valueSize(row)
    return size
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

  /** The subtree of rows from … to as a node at the height `top` has it; its splits stay until the next one. */
  #hashPage(from: number, to: number, top: number): Uint8Array {
    this.#first = from + 1
    if (to - from === 1) return this.#hashes.bytes.slice(from * HASH_BYTES, to * HASH_BYTES)
    const at = this.#join(from, to, top)
    return this.#splits.bytes.slice(at, at + HASH_BYTES)
  }

  /** @param to above `from` by two or more. @returns where the hash of the node lies in the splits */
  #join(from: number, to: number, top: number): number {
    const bits = this.#bits
    let middle = from + 1
    let bit = bits[middle] ?? 0
    for (let row = middle + 1; row < to; row++) {
      const other = bits[row] ?? 0
      if (other < bit) [middle, bit] = [row, other]
    }
    const left = middle - from > 1 ? this.#join(from, middle, bit + 1) : -1
    const right = to - middle > 1 ? this.#join(middle, to, bit + 1) : -1
    this.#copySide(left, from, LEFT)
    this.#copySide(right, middle, RIGHT)
    const at = (middle - this.#first) * HASH_BYTES
    const { bytes, view } = this.#splits
    sha256Into(inner.bytes, bytes, at)
    for (let above = bit - 1; above >= top; above--) {
      const isRight = this.#bitAt(from, above) === 1
      const alone = isRight ? rightAlone : leftAlone
      copyHash(view, at, alone.view, isRight ? RIGHT : LEFT)
      sha256Into(alone.bytes, bytes, at)
    }
    return at
  }

  /** @param split where its hash lies; below zero: it is the leaf of a row */
  #copySide(split: number, row: number, side: number): void {
    if (split < 0) copyHash(this.#hashes.view, row * HASH_BYTES, inner.view, side)
    else copyHash(this.#splits.view, split, inner.view, side)
  }

  #bitAt(row: number, bit: number): number {
    return ((this.#paths.bytes[row * HASH_BYTES + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1
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

const placeOf = (places: Uint32Array, row: number): number => places[row] ?? 0

const hexDigit = (nibble: number): number => (nibble < 10 ? 48 : 87) + nibble
