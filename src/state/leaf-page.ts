/**
 * A leaf page holds all leaves of a low subtree of the state tree, keys and values, in the order of their paths:
 *
 *   bytes = 2 ‖ number of leaves (u8) ‖ per leaf: key length (u8), value length (u24) ‖ per split: its bit (u8) ‖
 *           per split: its hash (32) ‖ keys ‖ values
 *
 * Accounts are nearly all that a large state has, and their records are short. A record of any other kind may be long,
 * and would be written with every change of an account beside it: it has a row of its own, and here its SHA-256 stands.
 *
 * Split i lies between leaves i and i + 1: their paths differ at its bit first. So splits are the inner nodes that have
 * leaves on both sides, and no path need be known to find the way. A split's hash is that of the subtree as its parent
 * sees it: hashed up through nodes of which one side is empty. A change hashes its own way up and nothing beside it.
 */
import { PREFIX_ACCOUNT } from '../codec/state-prefixes.ts'
import { StateError } from './errors.ts'
/** First byte of every leaf page. */
export const LEAF_PAGE = 2
/** More leaves are an inner page. A million are 15 in each of 65,536 pages; a page is read and written as a whole. */
export const LEAVES_MAX = 24
export const HEAD_BYTES = 2
export const LENGTHS_BYTES = 4
export const HASH_BYTES = 32

/** Whether the value of a key stands in its page, by the key's first byte. */
export const isInPage = (prefix: number | undefined): boolean => prefix === PREFIX_ACCOUNT

export const isLeafPage = (bytes: Uint8Array): boolean => bytes[0] === LEAF_PAGE
export const leavesIn = (bytes: Uint8Array): number => bytes[1] ?? 0
/** Where the keys begin in a page of so many leaves. */
export const keysAt = (count: number): number =>
  HEAD_BYTES + LENGTHS_BYTES * count + Math.max(0, count - 1) * (1 + HASH_BYTES)
export const splitAt = (count: number, index: number): number => HEAD_BYTES + LENGTHS_BYTES * count + index
export const hashAt = (count: number, index: number): number => splitAt(count, count - 1) + HASH_BYTES * index
export const keyLength = (bytes: Uint8Array, index: number): number =>
  bytes[HEAD_BYTES + LENGTHS_BYTES * index] ?? 0
export function valueLength(bytes: Uint8Array, index: number): number {
  const at = HEAD_BYTES + LENGTHS_BYTES * index
  return ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
}

/**
 * @returns what stands there for the value of a key, a view into the page; undefined: the key is not there
 * @throws StateError when the lengths do not fit; `id` names the page
 */
export function valueIn(bytes: Uint8Array, key: Uint8Array, id: string): Uint8Array | undefined {
  const count = leavesIn(bytes)
  let keyAt = keysAt(count)
  let found = -1
  for (let i = 0; i < count; i++) {
    const length = keyLength(bytes, i)
    if (found < 0 && isKeyAt(bytes, keyAt, length, key)) found = i
    keyAt += length
  }
  let [valueAt, foundAt] = [keyAt, 0]
  for (let i = 0; i < count; i++) {
    if (i === found) foundAt = valueAt
    valueAt += valueLength(bytes, i)
  }
  if (valueAt !== bytes.length) throw notALeafPage(id)
  return found < 0 ? undefined : bytes.subarray(foundAt, foundAt + valueLength(bytes, found))
}

export const notALeafPage = (id: string): StateError =>
  new StateError({ code: 'STATE_PAGE_CORRUPT', page: id, reason: 'not a leaf page' })

/** From the end: keys of one kind begin alike. */
function isKeyAt(bytes: Uint8Array, at: number, length: number, key: Uint8Array): boolean {
  if (length !== key.length) return false
  for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== key[i]) return false
  return true
}

/** Keys of a page with what stands there for their values, as views. The bytes are a leaf page. */
export function* leafRows(bytes: Uint8Array): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
  const count = leavesIn(bytes)
  let keyAt = keysAt(count)
  let valueAt = keyAt
  for (let i = 0; i < count; i++) valueAt += keyLength(bytes, i)
  for (let i = 0; i < count; i++) {
    const [keyEnd, valueEnd] = [keyAt + keyLength(bytes, i), valueAt + valueLength(bytes, i)]
    yield [bytes.subarray(keyAt, keyEnd), bytes.subarray(valueAt, valueEnd)]
    keyAt = keyEnd
    valueAt = valueEnd
  }
}
