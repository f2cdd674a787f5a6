/** The three kinds of nodes of the state tree (STA-5 … STA-7). */
import { sha256 } from '../crypto/hash.ts'
import { ZERO_HASH } from '../primitives/bytes.ts'

/** Root of a tree, or of a subtree, that holds nothing. */
export const EMPTY_HASH: Uint8Array = ZERO_HASH

export const pathOf = (key: Uint8Array): Uint8Array => sha256(key)

/** One buffer for all: a hash is complete before the next begins, and a block takes some ten thousand. */
const input = new Uint8Array(65)

function tagged(tag: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  input[0] = tag
  input.set(left, 1)
  input.set(right, 33)
  return sha256(input)
}

/** Leaves and inner nodes have different first bytes: neither can be passed off as the other. */
export const LEAF_TAG = 0
export const INNER_TAG = 1
export const leafHash = (path: Uint8Array, valueHash: Uint8Array): Uint8Array =>
  tagged(LEAF_TAG, path, valueHash)
export const innerHash = (left: Uint8Array, right: Uint8Array): Uint8Array => tagged(INNER_TAG, left, right)

/** The same of two nodes that lie somewhere in larger arrays: nothing is made for them. */
export function innerHashOf(
  left: Uint8Array,
  leftAt: number,
  right: Uint8Array,
  rightAt: number
): Uint8Array {
  input[0] = INNER_TAG
  for (let i = 0; i < 32; i++) {
    input[1 + i] = left[leftAt + i] ?? 0
    input[33 + i] = right[rightAt + i] ?? 0
  }
  return sha256(input)
}

/** Bit `index` of a path, most significant first. */
export const bitAt = (path: Uint8Array, index: number): number =>
  ((path[index >> 3] ?? 0) >> (7 - (index & 7))) & 1
