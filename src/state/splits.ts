/**
 * Splits of a leaf page (leaf-page.ts): in a row, with the higher ones above the lower. The highest of some neighbours is
 * the top of their subtree; above a leaf are those that are higher than all between them and it.
 */
import { sha256Into } from '../crypto/hash.ts'
import { INNER_TAG } from './hashes.ts'
import { HASH_BYTES } from './leaf-page.ts'

/** Between a leaf and the next. */
export interface Split {
  bit: number
  /** Where its hash lies; undefined: not known. */
  hashIn: Uint8Array | undefined
  hashAt: number
}

export const PATH_BITS = 256

/** The highest of the splits from … to − 1, of which there is one at least. */
export function topOf(splits: readonly Split[], from: number, to: number): number {
  let top = from
  let bit = splits[from]?.bit ?? 0
  for (let i = from + 1; i < to; i++) {
    const at = splits[i]?.bit ?? 0
    if (at < bit) [top, bit] = [i, at]
  }
  return top
}

/** The subtree of these splits is seen from another height than before. */
export function forgetTop(splits: readonly Split[], from: number, to: number): void {
  if (to <= from) return
  const split = splits[topOf(splits, from, to)]
  if (split !== undefined) split.hashIn = undefined
}

export function forgetIfAbove(split: Split | undefined, lowest: number): number {
  if (split === undefined || split.bit >= lowest) return lowest
  split.hashIn = undefined
  return split.bit
}

export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0
  while (at < HASH_BYTES && a[at] === b[at]) at++
  return at === HASH_BYTES ? PATH_BITS : 8 * at + Math.clz32((a[at] ?? 0) ^ (b[at] ?? 0)) - 24
}

/** The nibble at a depth. */
export const nibbleAt = (path: Uint8Array, depth: number): number => {
  const byte = path[depth >> 1] ?? 0
  return (depth & 1) === 0 ? byte >> 4 : byte & 15
}

const alone = new Uint8Array(1 + 2 * HASH_BYTES)
alone[0] = INNER_TAG

/** The hash at a place becomes that of the node above it, whose other side is empty. */
export function hashAlone(bytes: Uint8Array, at: number, side: number): void {
  const own = 1 + side * HASH_BYTES
  alone.fill(0, 1)
  for (let b = 0; b < HASH_BYTES; b++) alone[own + b] = bytes[at + b] ?? 0
  sha256Into(alone, bytes, at)
}
