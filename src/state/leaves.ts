/**
 * The leaves of a low subtree while they are changed: read from its page, from several that are joined, or none. What
 * is not changed stays where it lies, with the hashes of splits that no change is below; the rest is hashed when the
 * page is written.
 */
import { sha256Into } from '../crypto/hash.ts'
import { equal, toHex } from '../primitives/bytes.ts'
import { assert, must } from '../primitives/errors.ts'
import { StateError } from './errors.ts'
import { EMPTY_HASH, INNER_TAG, LEAF_TAG, bitAt, pathOf } from './hashes.ts'
import {
  HASH_BYTES,
  HEAD_BYTES,
  LEAF_PAGE,
  LEAVES_MAX,
  LENGTHS_BYTES,
  hashAt,
  isInPage,
  isLeafPage,
  keyLength,
  keysAt,
  leavesIn,
  notALeafPage,
  splitAt,
  valueLength
} from './leaf-page.ts'
import type { Room, Slot } from './page.ts'
import { PATH_BITS, firstDifference, forgetIfAbove, forgetTop, hashAlone, nibbleAt, topOf } from './splits.ts'
import type { Split } from './splits.ts'

/** A leaf as a proof has it. */
export interface LeafHashes {
  readonly path: Uint8Array
  readonly valueHash: Uint8Array
}

export interface EncodedLeaves {
  readonly bytes: Uint8Array
  readonly slot: Slot
}

export interface LeafChange {
  readonly key: Uint8Array
  readonly path: Uint8Array
  /** What stands for its value in a page (leaf-page.ts); undefined deletes it. */
  readonly value: Uint8Array | undefined
}

interface Leaf {
  readonly keyIn: Uint8Array
  readonly keyAt: number
  readonly keyLength: number
  valueIn: Uint8Array
  valueAt: number
  valueLength: number
  /** undefined: not known yet. */
  path: Uint8Array | undefined
}

const NOWHERE = { hashIn: undefined, hashAt: 0 } as const
/** What is hashed: one for all, since a hash is complete before the next begins. */
const pair = new Uint8Array(1 + 2 * HASH_BYTES)
const leafInput = new Uint8Array(1 + 2 * HASH_BYTES)
const SIDES = [1, 1 + HASH_BYTES] as const

export class Leaves {
  #leaves: Leaf[] = []
  #splits: Split[] = []

  /** @throws StateError when the bytes are no leaf page; `id` names it */
  static decode(bytes: Uint8Array, id: string): Leaves {
    const leaves = new Leaves()
    const count = leavesIn(bytes)
    let keyAt = keysAt(count)
    let valueAt = keyAt
    for (let i = 0; i < count; i++) valueAt += keyLength(bytes, i)
    let isSound = isLeafPage(bytes) && count > 0 && count <= LEAVES_MAX
    for (let i = 0; i < count; i++) {
      const key = keyLength(bytes, i)
      const value = valueLength(bytes, i)
      isSound &&= isInPage(bytes[keyAt]) || value === HASH_BYTES
      leaves.#leaves.push({
        keyIn: bytes,
        keyAt,
        keyLength: key,
        valueIn: bytes,
        valueAt,
        valueLength: value,
        path: undefined
      })
      if (i > 0)
        leaves.#splits.push({
          bit: bytes[splitAt(count, i - 1)] ?? 0,
          hashIn: bytes,
          hashAt: hashAt(count, i - 1)
        })
      keyAt += key
      valueAt += value
    }
    if (!isSound || valueAt !== bytes.length) throw notALeafPage(id)
    return leaves
  }

  get count(): number {
    return this.#leaves.length
  }

  set({ key, path, value }: LeafChange): void {
    const at = this.#find(key)
    if (at >= 0) {
      if (value === undefined) this.#remove(at)
      else this.#replace(at, path, value)
    } else if (value !== undefined) {
      this.#insert(key, path, value)
    }
  }

  /**
   * Appends the leaves of the subtree at the next slot of a page at `depth` nibbles.
   * @param slots of the last leaf here and the first there
   */
  append(after: Leaves, depth: number, slots: readonly [number, number]): void {
    forgetTop(this.#splits, 0, this.#splits.length)
    forgetTop(after.#splits, 0, after.#splits.length)
    if (this.count > 0 && after.count > 0) {
      const bit = 4 * depth + Math.clz32(slots[0] ^ slots[1]) - 28
      this.#splits.push({ bit, ...NOWHERE })
    }
    this.#leaves.push(...after.#leaves)
    this.#splits.push(...after.#splits)
  }

  /** By the nibble at `depth`: 16 parts. */
  part(depth: number): (Leaves | undefined)[] {
    const parts: (Leaves | undefined)[] = Array.from({ length: 16 }, () => undefined)
    for (let from = 0; from < this.count;) {
      let to = from + 1
      while (to < this.count && (this.#splits[to - 1]?.bit ?? 0) >= 4 * depth + 4) to++
      const part = new Leaves()
      part.#leaves = this.#leaves.slice(from, to)
      part.#splits = this.#splits.slice(from, to - 1)
      forgetTop(part.#splits, 0, part.#splits.length)
      parts[nibbleAt(this.#pathOf(from), depth)] = part
      from = to
    }
    return parts
  }

  /** @param depth nibbles that all leaves have in common: the page's name. At least one leaf. */
  encode(depth: number, room: Room): EncodedLeaves {
    return this.#encode(4 * depth, room)
  }

  /** What is in the slot above the page. */
  slot(depth: number): Slot {
    return { hash: this.#hashFrom(0, this.count, 4 * depth), count: this.count }
  }

  #encode(top: number, room: Room): EncodedLeaves {
    const leaves = this.#leaves
    const { count } = this
    let size = keysAt(count)
    for (const leaf of leaves) size += leaf.keyLength + leaf.valueLength
    const bytes = room(size)
    bytes[0] = LEAF_PAGE
    bytes[1] = count
    for (let i = 0; i < count; i++) {
      const { keyLength: key = 0, valueLength: value = 0 } = leaves[i] ?? {}
      const at = HEAD_BYTES + LENGTHS_BYTES * i
      bytes[at] = key
      bytes[at + 1] = value >> 16
      bytes[at + 2] = value >> 8
      bytes[at + 3] = value
    }
    this.#writeSplits(bytes)
    this.#writeLeaves(bytes)
    const hash = new Uint8Array(HASH_BYTES)
    if (count === 1) this.#hashLeaf(0, hash, 0)
    else {
      const at = this.#hash(bytes, 0, count, top)
      hash.set(bytes.subarray(at, at + HASH_BYTES))
    }
    return { bytes, slot: { hash, count } }
  }

  /**
   * @param depth nibbles of the page's name
   * @param siblings hashes beside the path are added
   * @returns the leaf that lies where the path's own would, if it is another's
   */
  prove(depth: number, path: Uint8Array, siblings: Uint8Array[]): LeafHashes[] {
    let [from, to] = [0, this.count]
    for (let bit = 4 * depth; to - from > 1; bit++) {
      if (bit === PATH_BITS)
        throw new StateError({ code: 'STATE_PAGE_CORRUPT', page: toHex(path), reason: 'its splits' })
      const top = topOf(this.#splits, from, to - 1)
      const isSplit = this.#splits[top]?.bit === bit
      const middle = isSplit ? top + 1 : bitAt(this.#pathOf(from), bit) === 0 ? to : from
      const isLeft = bitAt(path, bit) === 0
      const [besideFrom, besideTo] = isLeft ? [middle, to] : [from, middle]
      siblings.push(besideFrom === besideTo ? EMPTY_HASH : this.#hashFrom(besideFrom, besideTo, bit + 1))
      if (isLeft) to = middle
      else from = middle
    }
    return from === to ? [] : this.#othersAt(from, path)
  }

  /** The only leaf, if it is another's than the path's. */
  others(path: Uint8Array): LeafHashes[] {
    return this.#othersAt(0, path)
  }

  #othersAt(at: number, path: Uint8Array): LeafHashes[] {
    const own = this.#pathOf(at)
    if (equal(own, path)) return []
    const valueHash = new Uint8Array(HASH_BYTES)
    this.#hashValue(at, valueHash, 0)
    return [{ path: own, valueHash }]
  }

  /** Hash of the subtree of leaves from … to as a node at the height `top` has it. */
  #hashFrom(from: number, to: number, top: number): Uint8Array {
    const part = new Leaves()
    part.#leaves = this.#leaves.slice(from, to)
    part.#splits = this.#splits.slice(from, to - 1).map((split) => ({ ...split }))
    forgetTop(part.#splits, 0, part.#splits.length)
    return part.#encode(top, (size) => new Uint8Array(size)).slot.hash
  }

  #writeSplits(bytes: Uint8Array): void {
    const { count } = this
    for (let i = 0; i < count - 1; i++) {
      const split = this.#splits[i]
      if (split === undefined) continue
      bytes[splitAt(count, i)] = split.bit
      if (split.hashIn === undefined) continue
      const to = hashAt(count, i)
      for (let b = 0; b < HASH_BYTES; b++) bytes[to + b] = split.hashIn[split.hashAt + b] ?? 0
    }
  }

  #writeLeaves(bytes: Uint8Array): void {
    let at = keysAt(this.count)
    for (const { keyIn, keyAt, keyLength: length } of this.#leaves) {
      for (let b = 0; b < length; b++) bytes[at++] = keyIn[keyAt + b] ?? 0
    }
    for (const { valueIn, valueAt, valueLength: length } of this.#leaves) {
      for (let b = 0; b < length; b++) bytes[at++] = valueIn[valueAt + b] ?? 0
    }
  }

  #find(key: Uint8Array): number {
    for (let i = 0; i < this.#leaves.length; i++) {
      const leaf = this.#leaves[i]
      if (leaf === undefined || leaf.keyLength !== key.length) continue
      let at = key.length - 1
      while (at >= 0 && leaf.keyIn[leaf.keyAt + at] === key[at]) at--
      if (at < 0) return i
    }
    return -1
  }

  #replace(at: number, path: Uint8Array, value: Uint8Array): void {
    const leaf = this.#leaves[at]
    if (leaf === undefined) return
    leaf.path = path
    leaf.valueIn = value
    leaf.valueAt = 0
    leaf.valueLength = value.length
    this.#forgetAbove(at)
  }

  #remove(at: number): void {
    this.#forgetAbove(at)
    const splits = this.#splits
    const before = splits[at - 1]?.bit ?? -1
    const behind = splits[at]?.bit ?? -1
    // The node above the leaf goes, and what was beside it is seen from further up.
    if (before > behind) forgetTop(splits, this.#reach(at - 1, before, -1), at - 1)
    else if (behind >= 0) forgetTop(splits, at + 1, this.#reach(at, behind, 1) + 1)
    this.#leaves.splice(at, 1)
    if (splits.length > 0) splits.splice(before > behind ? at - 1 : at, 1)
  }

  #insert(key: Uint8Array, path: Uint8Array, value: Uint8Array): void {
    const leaf: Leaf = {
      keyIn: key,
      keyAt: 0,
      keyLength: key.length,
      valueIn: value,
      valueAt: 0,
      valueLength: value.length,
      path
    }
    if (this.count === 0) {
      this.#leaves.push(leaf)
      return
    }
    const near = this.#descend(path, PATH_BITS)
    const bit = firstDifference(path, this.#pathOf(near.from))
    assert(bit < PATH_BITS, 'two keys of one path')
    const { from, to } = this.#descend(path, bit)
    forgetTop(this.#splits, from, to - 1)
    const split: Split = { bit, ...NOWHERE }
    const isLeft = bitAt(path, bit) === 0
    const at = isLeft ? from : to
    this.#leaves.splice(at, 0, leaf)
    this.#splits.splice(isLeft ? from : to - 1, 0, split)
    this.#forgetAbove(at)
  }

  /** The largest subtree on a path's way whose split lies at or below a bit: leaves from … to. */
  #descend(path: Uint8Array, bit: number): { from: number; to: number } {
    let [from, to] = [0, this.count]
    while (to - from > 1) {
      const top = topOf(this.#splits, from, to - 1)
      const at = this.#splits[top]?.bit ?? 0
      if (at >= bit) break
      if (bitAt(path, at) === 0) to = top + 1
      else from = top + 1
    }
    return { from, to }
  }

  /** The last split from `at` on in a direction that lies below a bit. */
  #reach(at: number, bit: number, step: 1 | -1): number {
    let last = at
    while ((this.#splits[last + step]?.bit ?? -1) > bit) last += step
    return last
  }

  /** Splits above a leaf: walking from it, each that is higher than all before it. */
  #forgetAbove(leaf: number): void {
    let lowest = PATH_BITS
    for (let i = leaf - 1; i >= 0; i--) lowest = forgetIfAbove(this.#splits[i], lowest)
    lowest = PATH_BITS
    for (let i = leaf; i < this.#splits.length; i++) lowest = forgetIfAbove(this.#splits[i], lowest)
  }

  #pathOf(at: number): Uint8Array {
    const leaf = this.#leaves[at]
    assert(leaf !== undefined, 'a leaf that is there')
    leaf.path ??= pathOf(leaf.keyIn.subarray(leaf.keyAt, leaf.keyAt + leaf.keyLength))
    return leaf.path
  }

  /** @returns where the hash of the subtree of leaves from … to, two or more, lies in the page that is written */
  #hash(bytes: Uint8Array, from: number, to: number, top: number): number {
    const at = topOf(this.#splits, from, to - 1)
    const into = hashAt(this.count, at)
    const split = this.#splits[at]
    if (split === undefined || split.hashIn !== undefined) return into
    const left = at - from > 0 ? this.#hash(bytes, from, at + 1, split.bit + 1) : 0
    const right = to - at > 2 ? this.#hash(bytes, at + 1, to, split.bit + 1) : 0
    pair[0] = INNER_TAG
    this.#side(bytes, left, from, SIDES[0])
    this.#side(bytes, right, at + 1, SIDES[1])
    sha256Into(pair, bytes, into)
    if (split.bit > top) {
      const path = this.#anyPath(from, to)
      for (let bit = split.bit - 1; bit >= top; bit--) hashAlone(bytes, into, bitAt(path, bit))
    }
    return into
  }

  #side(bytes: Uint8Array, hash: number, leaf: number, at: number): void {
    if (hash === 0) this.#hashLeaf(leaf, pair, at)
    else for (let b = 0; b < HASH_BYTES; b++) pair[at + b] = bytes[hash + b] ?? 0
  }

  #hashLeaf(at: number, into: Uint8Array, to: number): void {
    const path = this.#pathOf(at)
    leafInput[0] = LEAF_TAG
    leafInput.set(path, SIDES[0])
    this.#hashValue(at, leafInput, SIDES[1])
    sha256Into(leafInput, into, to)
  }

  #hashValue(at: number, into: Uint8Array, to: number): void {
    const leaf = must(this.#leaves[at], 'a leaf that is there')
    const { valueIn, valueAt, valueLength: length } = leaf
    // A value that was set is hashed as it is: a view of it would be an object.
    const value = length === valueIn.length ? valueIn : valueIn.subarray(valueAt, valueAt + length)
    if (isInPage(leaf.keyIn[leaf.keyAt])) sha256Into(value, into, to)
    else into.set(value, to)
  }

  /** One that is known, if there is one. */
  #anyPath(from: number, to: number): Uint8Array {
    for (let i = from; i < to; i++) {
      const path = this.#leaves[i]?.path
      if (path !== undefined) return path
    }
    return this.#pathOf(from)
  }
}
