/**
 * A page holds four levels of the state tree: 16 slots and the inner nodes above them (STA-11).
 *
 *   bytes = leaf bitmap (u16, big-endian; bit i = slot i) ‖ inner bitmap ‖ slots in order ‖ inner nodes 2 … 15 in order
 *   slot  = leaf: path ‖ value hash (64 bytes)   inner: hash of the subtree (32 bytes), whose page is one nibble deeper
 *
 * Nodes are numbered like a heap: 1 is the page's own subtree, 16 … 31 are the slots. Inner nodes are stored so that
 * a change hashes its own way up and nothing beside it. Decoding finds places in the bytes and neither copies nor hashes.
 */
import { StateError } from './errors.ts'
import { EMPTY_HASH, innerHashOf, leafHash } from './hashes.ts'

export interface Leaf {
  readonly path: Uint8Array
  readonly valueHash: Uint8Array
}
/** Nothing, one leaf, or the hash of a subtree with two leaves or more. */
export type Slot = Leaf | Uint8Array | undefined

const SLOTS = 16
const HEAD_BYTES = 4
const NO_BYTES = new Uint8Array()
/** Memory of a size, whatever it holds. */
export type Room = (size: number) => Uint8Array
const ownRoom: Room = (size) => new Uint8Array(size)
/** Some ten pages. Larger pieces would stay in memory for the sake of one page. */
const ROOM_BYTES = 16 * 1024
/** What a page takes at most. */
const PAGE_BYTES_MAX = HEAD_BYTES + SLOTS * 64 + (SLOTS - 2) * 32

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

/** Whether a slot of an encoded page is a subtree with a page of its own. */
export const hasPageBelow = (bytes: Uint8Array, slot: number): boolean =>
  (((((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) >> slot) & 1) === 1

export class Page {
  /** Slots that were set here; all others are read from the decoded bytes. */
  readonly #slots: Slot[] = []
  /** Hash of each node; undefined: not known. Index 0 is unused, 1 … 15 inner positions, 16 … 31 slots. */
  readonly #nodes: (Uint8Array | undefined)[] = []
  /** How many leaves lie below each node: 0, 1, or 2 for more. */
  readonly #weights = new Uint8Array(2 * SLOTS)
  /** Bit n: node n differs from the decoded bytes. */
  #changed = 0
  #source: Uint8Array = NO_BYTES
  /** Where a node lies in the decoded bytes; 0: nowhere. */
  readonly #offsets = new Uint16Array(2 * SLOTS)

  /** @throws StateError when the bytes are not a page; `id` names it. */
  static decode(bytes: Uint8Array, id: string): Page {
    const corrupt = (reason: string): never => {
      throw new StateError({ code: 'STATE_PAGE_CORRUPT', page: id, reason })
    }
    const leaves = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
    const inners = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)
    if ((leaves & inners) !== 0) corrupt('a slot is both leaf and inner')
    const page = new Page()
    page.#source = bytes
    let offset = HEAD_BYTES
    for (let i = 0; i < SLOTS; i++) {
      const weight = ((leaves >> i) & 1) | (((inners >> i) & 1) << 1)
      if (weight === 0) continue
      page.#weights[SLOTS + i] = weight
      page.#offsets[SLOTS + i] = offset
      offset += weight === 1 ? 64 : 32
    }
    for (let node = SLOTS - 1; node >= 1; node--) page.#weigh(node)
    for (let node = 2; node < SLOTS; node++) {
      if (page.#weights[node] !== 2) continue
      page.#offsets[node] = offset
      offset += 32
    }
    if (offset !== bytes.length) corrupt('length does not fit the bitmaps')
    return page
  }

  slot(index: number): Slot {
    const node = SLOTS + index
    const offset = this.#offsets[node] ?? 0
    if (offset === 0) return this.#slots[index]
    if (this.weight(node) === 2) return this.#bytes(offset)
    return { path: this.#bytes(offset), valueHash: this.#bytes(offset + 32) }
  }

  setSlot(index: number, slot: Slot): void {
    this.#slots[index] = slot
    this.#weights[SLOTS + index] = weight(slot)
    for (let node = SLOTS + index; node >= 1; node >>= 1) {
      this.#nodes[node] = undefined
      this.#offsets[node] = 0
      this.#changed |= 1 << node
      if (node < SLOTS) this.#weigh(node)
    }
  }

  /** Leaves below a node: 0, 1, or 2 for two and more. */
  weight(node: number): number {
    return this.#weights[node] ?? 0
  }

  /** Hash of a node, computed when it is not known. A subtree with a single leaf is that leaf (STA-6). */
  hash(node: number): Uint8Array {
    const known = this.#nodes[node]
    if (known !== undefined) return known
    const offset = node < SLOTS ? (this.#offsets[node] ?? 0) : 0
    const hash = offset > 0 ? this.#bytes(offset) : this.#compute(node)
    this.#nodes[node] = hash
    return hash
  }

  /** The only leaf of a node of weight 1. */
  leaf(node: number): Leaf | undefined {
    let at = node
    while (at < SLOTS) at = this.weight(2 * at) > 0 ? 2 * at : 2 * at + 1
    const slot = this.slot(at - SLOTS)
    return slot === undefined || slot instanceof Uint8Array ? undefined : slot
  }

  /** @param room gives memory of a size, whatever it holds. @default an allocation of its own */
  encode(room = ownRoom): Uint8Array {
    const head = this.#head()
    // Most changes keep the layout: then all but the changed nodes is copied at once.
    const kept = this.#source.length > 0 && head === readHead(this.#source)
    const bytes = room(kept ? this.#source.length : this.#size())
    if (kept) bytes.set(this.#source)
    else writeHead(bytes, head)
    let offset = HEAD_BYTES
    for (let i = 0; i < SLOTS; i++) {
      const weight = this.weight(SLOTS + i)
      if (weight === 0) continue
      if (!kept || this.#isChanged(SLOTS + i)) writeSlot(bytes, offset, this.slot(i))
      offset += weight === 1 ? 64 : 32
    }
    for (let node = 2; node < SLOTS; node++) {
      if (this.weight(node) !== 2) continue
      if (!kept || this.#isChanged(node)) bytes.set(this.hash(node), offset)
      offset += 32
    }
    return bytes
  }

  #isChanged(node: number): boolean {
    return ((this.#changed >>> node) & 1) === 1
  }

  #bytes(offset: number): Uint8Array {
    return this.#source.subarray(offset, offset + 32)
  }

  /** Both bitmaps in one number, the leaves above. */
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
    for (let i = 0; i < SLOTS; i++) size += [0, 64, 32][this.weight(SLOTS + i)] ?? 0
    for (let node = 2; node < SLOTS; node++) if (this.weight(node) === 2) size += 32
    return size
  }

  #weigh(node: number): void {
    this.#weights[node] = Math.min(2, this.weight(2 * node) + this.weight(2 * node + 1))
  }

  #compute(node: number): Uint8Array {
    if (node >= SLOTS) {
      const slot = this.slot(node - SLOTS)
      if (slot === undefined) return EMPTY_HASH
      return slot instanceof Uint8Array ? slot : leafHash(slot.path, slot.valueHash)
    }
    const left = 2 * node
    if (this.weight(node) === 2) return this.#join(left, left + 1)
    if (this.weight(node) === 0) return EMPTY_HASH
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

  /** Where the hash of a node lies in the decoded bytes; 0: nowhere. A leaf has none there, and one that lies alone is a leaf. */
  #storedAt(node: number): number {
    return this.#weights[node] === 2 ? (this.#offsets[node] ?? 0) : 0
  }
}

const readHead = (bytes: Uint8Array): number =>
  ((bytes[0] ?? 0) << 24) | ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)

function writeHead(bytes: Uint8Array, head: number): void {
  bytes[0] = head >>> 24
  bytes[1] = head >>> 16
  bytes[2] = head >>> 8
  bytes[3] = head
}

const weight = (slot: Slot): number => (slot === undefined ? 0 : slot instanceof Uint8Array ? 2 : 1)

function writeSlot(bytes: Uint8Array, offset: number, slot: Slot): void {
  if (slot === undefined) return
  if (slot instanceof Uint8Array) {
    bytes.set(slot, offset)
  } else {
    bytes.set(slot.path, offset)
    bytes.set(slot.valueHash, offset + 32)
  }
}
