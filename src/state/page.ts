/**
 * An inner page holds four levels of the state tree: 16 slots and the inner nodes above them. It stands where more
 * leaves lie than fit into a leaf page (leaf-page.ts); docs/storage.md has both forms.
 *
 *   bytes = 1 ‖ number of leaves below (u32) ‖ bitmap of slots with one leaf (u16, bit i = slot i) ‖ bitmap of slots with
 *           more ‖ hashes of the slots that are not empty, in order ‖ inner nodes 2 … 15 with two leaves or more, in order
 *
 * Nodes are numbered like a heap: 1 is the page's own subtree, 16 … 31 are the slots. Inner nodes are stored so that
 * a change hashes its own way up and nothing beside it. Decoding finds places in the bytes and neither copies nor hashes.
 */
import { StateError } from './errors.ts'
import { EMPTY_HASH, innerHashOf } from './hashes.ts'

/** What lies below a slot. The hash of a single leaf is the leaf's (STA-6). */
export interface Slot {
  readonly hash: Uint8Array
  /** Leaves. */
  readonly count: number
}

/** First byte of every inner page. */
export const INNER_PAGE = 1
const SLOTS = 16
const COUNT_AT = 1
const BITMAPS_AT = 5
const HEAD_BYTES = 9
const HASH_BYTES = 32
const NO_BYTES = new Uint8Array()
/** Memory of a size, whatever it holds. */
export type Room = (size: number) => Uint8Array
const ownRoom: Room = (size) => new Uint8Array(size)
/** Some ten pages. Larger pieces would stay in memory for the sake of one page. */
const ROOM_BYTES = 16 * 1024
/** What a page takes at most. */
const PAGE_BYTES_MAX = HEAD_BYTES + (2 * SLOTS - 2) * HASH_BYTES

/**
 * Pages of one update live and go together: they share pieces of memory, an allocation for many instead of each.
 * @param pages about how many there will be: a small update has no use for a large piece. @default many
 */
export function createRoom(pages = Infinity): Room {
  const pieceBytes = Math.min(ROOM_BYTES, pages * PAGE_BYTES_MAX)
  let piece = NO_BYTES
  let used = 0
  return (size) => {
    if (piece.length - used < size) {
      piece = new Uint8Array(Math.max(pieceBytes, size))
      used = 0
    }
    used += size
    return piece.subarray(used - size, used)
  }
}

const bitmaps = (bytes: Uint8Array): number => readU32(bytes, BITMAPS_AT) | 0

export const isInnerPage = (bytes: Uint8Array): boolean =>
  bytes[0] === INNER_PAGE && bytes.length >= HEAD_BYTES

/** Whether an encoded page is an inner one, and a slot of it holds something: a page of its own. */
export function hasPageBelow(bytes: Uint8Array, slot: number): boolean {
  const both = bitmaps(bytes)
  return isInnerPage(bytes) && (((both | (both >>> 16)) >>> slot) & 1) === 1
}

export class Page {
  /** Hash of each node; undefined: not known. Index 0 is unused, 1 … 15 inner positions, 16 … 31 slots. */
  readonly #nodes: (Uint8Array | undefined)[] = []
  /** How many leaves lie below each node: 0, 1, or 2 for more. */
  readonly #weights = new Uint8Array(2 * SLOTS)
  /** Bit n: node n differs from the decoded bytes. */
  #changed = 0
  #source: Uint8Array = NO_BYTES
  /** Where a node lies in the decoded bytes; 0: nowhere. */
  readonly #offsets = new Uint16Array(2 * SLOTS)
  /** Leaves below. Whoever sets slots keeps it true. */
  count = 0

  /** @throws StateError when the bytes are not an inner page; `id` names it. */
  static decode(bytes: Uint8Array, id: string): Page {
    const corrupt = (reason: string): never => {
      throw new StateError({ code: 'STATE_PAGE_CORRUPT', page: id, reason })
    }
    if (!isInnerPage(bytes)) corrupt('not an inner page')
    const both = bitmaps(bytes)
    if ((both & (both >>> 16)) !== 0) corrupt('a slot has both one leaf and more')
    const page = new Page()
    page.#source = bytes
    page.count = readU32(bytes, COUNT_AT)
    let offset = HEAD_BYTES
    for (let i = 0; i < SLOTS; i++) {
      const weight = ((both >>> (16 + i)) & 1) | (((both >>> i) & 1) << 1)
      if (weight === 0) continue
      page.#weights[SLOTS + i] = weight
      page.#offsets[SLOTS + i] = offset
      offset += HASH_BYTES
    }
    for (let node = SLOTS - 1; node >= 1; node--) page.#weigh(node)
    for (let node = 2; node < SLOTS; node++) {
      if (page.#weights[node] !== 2) continue
      page.#offsets[node] = offset
      offset += HASH_BYTES
    }
    if (offset !== bytes.length) corrupt('length does not fit the bitmaps')
    return page
  }

  setSlot(index: number, slot: Slot | undefined): void {
    const at = SLOTS + index
    this.#weights[at] = Math.min(2, slot?.count ?? 0)
    for (let node = at; node >= 1; node >>= 1) {
      this.#nodes[node] = undefined
      this.#offsets[node] = 0
      this.#changed |= 1 << node
      if (node < SLOTS) this.#weigh(node)
    }
    this.#nodes[at] = slot?.hash
  }

  /** Leaves below a node: 0, 1, or 2 for two and more. */
  weight(node: number): number {
    return this.#weights[node] ?? 0
  }

  /** Hash of a node, computed when it is not known. A subtree with a single leaf is that leaf (STA-6). */
  hash(node: number): Uint8Array {
    const known = this.#nodes[node]
    if (known !== undefined) return known
    const offset = this.#offsets[node] ?? 0
    const hash = offset > 0 ? this.#bytes(offset) : this.#compute(node)
    this.#nodes[node] = hash
    return hash
  }

  /** Slot of the only leaf of a node of weight 1. */
  onlySlot(node: number): number {
    let at = node
    while (at < SLOTS) at = this.weight(2 * at) > 0 ? 2 * at : 2 * at + 1
    return at - SLOTS
  }

  /** @param room gives memory of a size, whatever it holds. @default an allocation of its own */
  encode(room = ownRoom): Uint8Array {
    const head = this.#head()
    // Most changes keep the layout: then all but the changed nodes is copied at once.
    const kept = this.#source.length > 0 && head === bitmaps(this.#source)
    const bytes = room(kept ? this.#source.length : this.#size())
    if (kept) bytes.set(this.#source)
    bytes[0] = INNER_PAGE
    writeU32(bytes, COUNT_AT, this.count)
    writeU32(bytes, BITMAPS_AT, head)
    let offset = HEAD_BYTES
    for (let i = SLOTS; i < 2 * SLOTS; i++) {
      if (this.weight(i) === 0) continue
      if (!kept || this.#isChanged(i)) bytes.set(this.hash(i), offset)
      offset += HASH_BYTES
    }
    for (let node = 2; node < SLOTS; node++) {
      if (this.weight(node) !== 2) continue
      if (!kept || this.#isChanged(node)) bytes.set(this.hash(node), offset)
      offset += HASH_BYTES
    }
    return bytes
  }

  #isChanged(node: number): boolean {
    return ((this.#changed >>> node) & 1) === 1
  }

  #bytes(offset: number): Uint8Array {
    return this.#source.subarray(offset, offset + HASH_BYTES)
  }

  /** Both bitmaps in one number, that of single leaves above. */
  #head(): number {
    let head = 0
    for (let i = 0; i < SLOTS; i++) {
      const weight = this.weight(SLOTS + i)
      if (weight > 0) head |= 1 << (weight === 1 ? 16 + i : i)
    }
    return head
  }

  #size(): number {
    let size = HEAD_BYTES
    for (let i = SLOTS; i < 2 * SLOTS; i++) if (this.weight(i) > 0) size += HASH_BYTES
    for (let node = 2; node < SLOTS; node++) if (this.weight(node) === 2) size += HASH_BYTES
    return size
  }

  #weigh(node: number): void {
    this.#weights[node] = Math.min(2, this.weight(2 * node) + this.weight(2 * node + 1))
  }

  #compute(node: number): Uint8Array {
    if (this.weight(node) === 0) return EMPTY_HASH
    const left = 2 * node
    if (this.weight(node) === 2) return this.#join(left, left + 1)
    return this.hash(this.weight(left) > 0 ? left : left + 1)
  }

  /** What lies in the decoded bytes is hashed out of them: that is one of two, and nobody else asks for it. */
  #join(left: number, right: number): Uint8Array {
    const leftAt = this.#storedAt(left)
    const rightAt = this.#storedAt(right)
    const leftIn = leftAt > 0 ? this.#source : this.hash(left)
    const rightIn = rightAt > 0 ? this.#source : this.hash(right)
    return innerHashOf(leftIn, leftAt, rightIn, rightAt)
  }

  /** Where the hash of a node lies in the decoded bytes; 0: nowhere. */
  #storedAt(node: number): number {
    return this.#offsets[node] ?? 0
  }
}

const readU32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>>
  0

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
