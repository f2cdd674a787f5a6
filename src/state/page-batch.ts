/**
 * Pages that are built once, each from all its slots, many together: the bytes, and the hashes of the subtrees. A state of
 * a million rows has 359 thousand pages. All hashes lie in one array, so that no object is made for one, and the nodes of
 * one level of all pages are hashed together.
 */
import { hashInnerNodes } from './hashes.ts'
import { HEAD_BYTES, SLOTS } from './page.ts'
import type { Room } from './page.ts'

/** Leaves in the order of their paths: path ‖ value hash ‖ hash of the leaf, one leaf behind the other. */
export const LEAF_BYTES = 96
export const LEAF_HASH_AT = 64
const HASH_BYTES = 32
/** A page's nodes are numbered like a heap; node 0 is none. */
const NODES = 2 * SLOTS
const SLOT_BYTES = [0, 64, 32] as const
/** Pages whose nodes are hashed together. */
const TOGETHER = 64

/** What a slot holds: nothing, a leaf by its number, or a page that was built before by its number. */
export const EMPTY_SLOT = 0
export const leafSlot = (leaf: number): number => leaf + 1
export const pageSlot = (page: number): number => -page - 1

export interface PagePlan {
  readonly id: string
  /** Of the page among all of its chunk: where the hash of its subtree goes. */
  readonly number: number
  readonly slots: Int32Array
}

interface Nodes {
  readonly weights: Uint8Array
  readonly hashes: Uint8Array
}

/** @param roots hashes of the pages' subtrees by their numbers: of those below known, of these written */
export function buildPages(
  plans: readonly PagePlan[],
  leaves: Uint8Array,
  roots: Uint8Array,
  room: Room
): Uint8Array[] {
  const built: Uint8Array[] = []
  for (let from = 0; from < plans.length; from += TOGETHER) {
    const some = plans.slice(from, from + TOGETHER)
    const nodes = emptyNodes(some.length)
    for (const [page, { slots }] of some.entries()) takeSlots(nodes, NODES * page, slots, leaves, roots)
    for (let first = SLOTS >> 1; first >= 1; first >>= 1) joinLevel(nodes, first)
    for (const [page, { number, slots }] of some.entries()) {
      copy(roots, number * HASH_BYTES, nodes.hashes, (NODES * page + 1) * HASH_BYTES, HASH_BYTES)
      built.push(encodePage(nodes, NODES * page, slots, leaves, room))
    }
  }
  return built
}

/** One room for all calls: a part of the pages is complete before the next begins, and what fits a cache is faster. */
const allWeights = new Uint8Array(NODES * TOGETHER)
const allHashes = new Uint8Array(NODES * TOGETHER * HASH_BYTES)

function emptyNodes(pages: number): Nodes {
  const weights = allWeights.subarray(0, NODES * pages).fill(0)
  return { weights, hashes: allHashes.fill(0, 0, NODES * pages * HASH_BYTES) }
}

function takeSlots(
  { weights, hashes }: Nodes,
  base: number,
  slots: Int32Array,
  leaves: Uint8Array,
  roots: Uint8Array
): void {
  for (let i = 0; i < SLOTS; i++) {
    const slot = slots[i] ?? EMPTY_SLOT
    if (slot === EMPTY_SLOT) continue
    const node = base + SLOTS + i
    weights[node] = slot > 0 ? 1 : 2
    if (slot > 0) copy(hashes, node * HASH_BYTES, leaves, (slot - 1) * LEAF_BYTES + LEAF_HASH_AT, HASH_BYTES)
    else copy(hashes, node * HASH_BYTES, roots, (-slot - 1) * HASH_BYTES, HASH_BYTES)
  }
}

/** Nodes first … 2 · first - 1 of every page out of their children. A single leaf stands for all above it (STA-6). */
function joinLevel({ weights, hashes }: Nodes, first: number): void {
  const joined: number[] = []
  const pairs: number[] = []
  for (let base = 0; base < weights.length; base += NODES) {
    for (let node = base + first; node < base + 2 * first; node++) {
      const left = base + 2 * (node - base)
      const [below, beside] = [weights[left] ?? 0, weights[left + 1] ?? 0]
      weights[node] = Math.min(2, below + beside)
      // An empty child is 32 zero bytes, which is what its place holds.
      if (below + beside >= 2) {
        joined.push(node * HASH_BYTES)
        pairs.push(left * HASH_BYTES)
      } else if (below + beside === 1) {
        copy(hashes, node * HASH_BYTES, hashes, (below > 0 ? left : left + 1) * HASH_BYTES, HASH_BYTES)
      }
    }
  }
  hashInnerNodes(hashes, pairs, { bytes: hashes, at: (index) => joined[index] ?? 0 })
}

function encodePage(
  { weights, hashes }: Nodes,
  base: number,
  slots: Int32Array,
  leaves: Uint8Array,
  room: Room
): Uint8Array {
  let [single, inner, size] = [0, 0, HEAD_BYTES]
  for (let i = 0; i < SLOTS; i++) {
    const kind = weights[base + SLOTS + i] ?? 0
    single |= (kind & 1) << i
    inner |= (kind >> 1) << i
    size += SLOT_BYTES[kind] ?? 0
  }
  for (let node = 2; node < SLOTS; node++) if (weights[base + node] === 2) size += HASH_BYTES
  const bytes = room(size)
  bytes[0] = single >> 8
  bytes[1] = single
  bytes[2] = inner >> 8
  bytes[3] = inner
  let offset = HEAD_BYTES
  for (let i = 0; i < SLOTS; i++) {
    const slot = slots[i] ?? EMPTY_SLOT
    const length = SLOT_BYTES[weights[base + SLOTS + i] ?? 0] ?? 0
    if (slot > 0) copy(bytes, offset, leaves, (slot - 1) * LEAF_BYTES, length)
    else copy(bytes, offset, hashes, (base + SLOTS + i) * HASH_BYTES, length)
    offset += length
  }
  for (let node = 2; node < SLOTS; node++) {
    if (weights[base + node] !== 2) continue
    copy(bytes, offset, hashes, (base + node) * HASH_BYTES, HASH_BYTES)
    offset += HASH_BYTES
  }
  return bytes
}

/** Byte by byte: what is copied is short, and a view of it is an object. */
function copy(into: Uint8Array, at: number, bytes: Uint8Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) into[at + i] = bytes[from + i] ?? 0
}
