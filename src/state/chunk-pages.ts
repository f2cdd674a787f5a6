/**
 * The pages of a part of the state tree, each built once from the leaves below it. A state of a million rows has 359
 * thousand pages and takes 4.4 million hashes: leaves, nodes and pages lie in arrays, and no object is made for one.
 */
import { ZERO_HASH } from '../primitives/bytes.ts'
import { PackedRows } from '../primitives/packed-rows.ts'
import { sha256Into } from '../crypto/hash.ts'
import { INNER_TAG, LEAF_TAG } from './hashes.ts'

/** Leaves in the order of their paths, one behind the other: what is hashed (tag ‖ path ‖ value hash) ‖ its hash. */
export const LEAF_BYTES = 97
export const PATH_AT = 1
export const VALUE_HASH_AT = 33
const LEAF_HASH_AT = 65
const HASH_BYTES = 32
const SLOTS = 16
const NODES = 2 * SLOTS
const TOP = 1
const HEAD_BYTES = 4
/** Of a slot by its weight: nothing, a leaf, an inner node. */
const SLOT_BYTES = [0, 64, 32] as const
/** Pages of a leaf, about: what is reserved first. */
const PAGE_BYTES_PER_LEAF = 128

/** Leaves from … to, which share their first `depth` nibbles. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly depth: number
}

/** Of the page that is being built at a depth: its nodes are numbered like a heap, 16 … 31 are its slots. */
interface Nodes {
  /** How many leaves lie below each: 0, 1, or 2 for more. */
  readonly weights: Uint8Array
  /** What the node with the array's number is the hash of: tag ‖ left child ‖ right child. Node 1 lies in pair 0. */
  readonly pairs: readonly Uint8Array[]
  /** Leaf of each slot that has one. */
  readonly leaves: Uint32Array
}

export class ChunkPages {
  readonly #leaves: Uint8Array
  readonly #levels: Nodes[] = []
  readonly #rows: PackedRows

  constructor(leaves: Uint8Array) {
    this.#leaves = leaves
    this.#rows = new PackedRows((leaves.length / LEAF_BYTES) * PAGE_BYTES_PER_LEAF)
  }

  /** All that were built, by their names. */
  take(): Uint8Array {
    return this.#rows.take()
  }

  /** Where the leaves end whose next nibble is that of the first. */
  endOfNibble({ from, to, depth }: Span): number {
    const nibble = this.nibbleAt(from, depth)
    let end = from + 1
    while (end < to && this.nibbleAt(end, depth) === nibble) end++
    return end
  }

  nibbleAt(leaf: number, depth: number): number {
    const byte = this.#leaves[leaf * LEAF_BYTES + PATH_AT + (depth >> 1)] ?? 0
    return (depth & 1) === 0 ? byte >> 4 : byte & 15
  }

  /** @param span of two leaves or more. @returns the hash of their subtree, a view that the next page overwrites */
  build(span: Span): Uint8Array {
    return pairOf(this.#build(span), TOP).subarray(placeOf(TOP), placeOf(TOP) + HASH_BYTES)
  }

  #build({ from, to, depth }: Span): Nodes {
    const nodes = (this.#levels[depth] ??= createNodes())
    nodes.weights.fill(0)
    for (let start = from; start < to;) {
      const end = this.endOfNibble({ from: start, to, depth })
      const slot = this.nibbleAt(start, depth)
      const node = SLOTS + slot
      if (end - start === 1) {
        nodes.weights[node] = 1
        nodes.leaves[slot] = start
        copyHash(this.#leaves, start * LEAF_BYTES + LEAF_HASH_AT, pairOf(nodes, node), placeOf(node))
      } else {
        const below = this.#build({ from: start, to: end, depth: depth + 1 })
        nodes.weights[node] = 2
        copyHash(pairOf(below, TOP), placeOf(TOP), pairOf(nodes, node), placeOf(node))
      }
      start = end
    }
    for (let node = SLOTS - 1; node >= 1; node--) joinNode(nodes, node)
    this.#write(nodes, from, depth)
    return nodes
  }

  #write(nodes: Nodes, leaf: number, depth: number): void {
    const { weights } = nodes
    let [single, inner, size] = [0, 0, HEAD_BYTES]
    for (let slot = 0; slot < SLOTS; slot++) {
      const weight = weights[SLOTS + slot] ?? 0
      single |= (weight & 1) << slot
      inner |= (weight >> 1) << slot
      size += SLOT_BYTES[weight] ?? 0
    }
    for (let node = 2; node < SLOTS; node++) if (weights[node] === 2) size += HASH_BYTES
    let at = this.#rows.add(depth, size)
    const { bytes } = this.#rows
    for (let nibble = 0; nibble < depth; nibble++) bytes[at++] = hexDigit(this.nibbleAt(leaf, nibble))
    bytes[at++] = single >> 8
    bytes[at++] = single
    bytes[at++] = inner >> 8
    bytes[at++] = inner
    for (let slot = 0; slot < SLOTS; slot++) {
      const weight = weights[SLOTS + slot] ?? 0
      if (weight === 1) {
        const from = (nodes.leaves[slot] ?? 0) * LEAF_BYTES
        copyHash(this.#leaves, from + PATH_AT, bytes, at)
        copyHash(this.#leaves, from + VALUE_HASH_AT, bytes, at + HASH_BYTES)
      } else if (weight === 2) {
        copyHash(pairOf(nodes, SLOTS + slot), placeOf(slot), bytes, at)
      }
      at += SLOT_BYTES[weight] ?? 0
    }
    for (let node = 2; node < SLOTS; node++) {
      if (weights[node] !== 2) continue
      copyHash(pairOf(nodes, node), placeOf(node), bytes, at)
      at += HASH_BYTES
    }
  }
}

const createNodes = (): Nodes => ({
  weights: new Uint8Array(NODES),
  pairs: Array.from({ length: SLOTS }, () => Uint8Array.of(INNER_TAG, ...ZERO_HASH, ...ZERO_HASH)),
  leaves: new Uint32Array(SLOTS)
})
const NO_PAIR = new Uint8Array()
/** Where the hash of a node is: as a child of the one above it. */
const pairOf = ({ pairs }: Nodes, node: number): Uint8Array => pairs[node >> 1] ?? NO_PAIR
const placeOf = (node: number): number => 1 + (node & 1) * HASH_BYTES

/** A node out of its children. A single leaf stands for all above it (STA-6). */
function joinNode(nodes: Nodes, node: number): void {
  const { weights, pairs } = nodes
  const left = weights[2 * node] ?? 0
  const right = weights[2 * node + 1] ?? 0
  const pair = pairs[node] ?? NO_PAIR
  weights[node] = Math.min(2, left + right)
  if (left + right === 0) return
  if (left + right === 1) {
    copyHash(pair, placeOf(left > 0 ? 0 : 1), pairOf(nodes, node), placeOf(node))
    return
  }
  if (left === 0) pair.fill(0, placeOf(0), placeOf(0) + HASH_BYTES)
  if (right === 0) pair.fill(0, placeOf(1), placeOf(1) + HASH_BYTES)
  sha256Into(pair, pairOf(nodes, node), placeOf(node))
}

/** The hash of a leaf whose path and value hash are there. */
export function hashLeaf(leaves: Uint8Array, at: number): void {
  leaves[at] = LEAF_TAG
  sha256Into(leaves.subarray(at, at + LEAF_HASH_AT), leaves, at + LEAF_HASH_AT)
}

/** Byte by byte: what is copied is short, and a view of it is an object. */
function copyHash(bytes: Uint8Array, from: number, into: Uint8Array, at: number): void {
  for (let i = 0; i < HASH_BYTES; i++) into[at + i] = bytes[from + i] ?? 0
}

const hexDigit = (nibble: number): number => (nibble < 10 ? 48 : 87) + nibble
