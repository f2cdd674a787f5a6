/** Byte strings: hex, order, joining. Inputs are checked at the door; nothing here knows the chain. */
import { hexToBytes } from '@noble/hashes/utils.js'

/** Lower-case hex without 0x. Used wherever bytes are a map key or leave the node as text. */
export type Hex = string & { readonly __hex: true }

/** Character codes of both digits, at twice the byte. */
const HEX_CODES = Uint8Array.from({ length: 512 }, (_, at) =>
  (at >> 1)
    .toString(16)
    .padStart(2, '0')
    .charCodeAt(at & 1)
)
/** Arguments of one call are bounded; every hash, key and signature fits into one. */
const HEX_CHUNK = 64

/** One for each length, written anew by each call: lists that grow would be most of what a transaction allocates. */
const hexScratch = Array.from({ length: HEX_CHUNK + 1 }, (_, count) =>
  Array.from({ length: 2 * count }, () => 0)
)

/**
 * From character codes, not by joining digits: a joined string is a tree that the first look-up in a map has to
 * flatten, and such look-ups are what a transaction costs a node most often.
 */
export function toHex(bytes: Uint8Array): Hex {
  let text = ''
  for (let from = 0; from < bytes.length; from += HEX_CHUNK) {
    const count = Math.min(HEX_CHUNK, bytes.length - from)
    const codes = hexScratch[count] ?? []
    for (let at = 0; at < count; at++) {
      const place = 2 * (bytes[from + at] ?? 0)
      codes[2 * at] = HEX_CODES[place] ?? 0
      codes[2 * at + 1] = HEX_CODES[place + 1] ?? 0
    }
    text += String.fromCharCode(...codes)
  }
  return text as Hex
}

/** @throws RangeError when `text` is not lower-case hex of `length` bytes (any even length if absent). */
export function fromHex(text: string, length?: number): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new RangeError('not lower-case hex')
  if (length !== undefined && text.length !== 2 * length) {
    throw new RangeError(`expected ${length} bytes of hex, got ${text.length / 2}`)
  }
  return hexToBytes(text)
}

const nibbleOf = (code: number): number => (code < 0x3a ? code - 0x30 : code - 0x57)

/** The bytes that `toHex` made `text` of, behind `head` that stay free. Not for text from outside: nothing is checked. */
export function bytesOfHex(text: Hex, head = 0): Uint8Array {
  const bytes = new Uint8Array(head + text.length / 2)
  for (let i = 0, at = head; i < text.length; i += 2, at++) {
    bytes[at] = (nibbleOf(text.charCodeAt(i)) << 4) | nibbleOf(text.charCodeAt(i + 1))
  }
  return bytes
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

/** Below this, a loop is done before a view of the bytes has been made. */
const LOOPED_BYTES = 128

/** Copies `from[start … end)` to `to[at …)`. */
export function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start = 0, end = from.length): void {
  if (end - start > LOOPED_BYTES) to.set(from.subarray(start, end), at)
  else for (let i = start; i < end; i++) to[at + i - start] = from[i] ?? 0
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order by unsigned byte, then by length: negative, zero or positive. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Unsigned 32 bits, big-endian. */
export function u32be(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

/** Unsigned 16 bits, big-endian. */
export const u16be = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)

/** Unsigned 64 bits, big-endian; sorts like the number, so it is the form of heights in store keys. */
export function u64be(value: number | bigint): Uint8Array {
  const out = new Uint8Array(8)
  writeU64be(out, 0, value)
  return out
}

/** Safe integers without a bigint or a view: rows of a block are written with thousands of them. */
export function writeU64be(to: Uint8Array, at: number, value: number | bigint): void {
  if (typeof value === 'bigint' || !Number.isSafeInteger(value) || value < 0) {
    new DataView(to.buffer, to.byteOffset).setBigUint64(at, BigInt(value))
    return
  }
  let rest = value
  for (let i = at + 7; i >= at; i--) {
    to[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

export const readU32be = (bytes: Uint8Array, offset = 0): number =>
  (((bytes[offset] ?? 0) << 24) |
    ((bytes[offset + 1] ?? 0) << 16) |
    ((bytes[offset + 2] ?? 0) << 8) |
    (bytes[offset + 3] ?? 0)) >>>
  0

export function readU64be(bytes: Uint8Array, offset = 0): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
export const utf8 = (text: string): Uint8Array => encoder.encode(text)
/** @throws TypeError when the bytes are not valid UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes)

export const ZERO_HASH: Uint8Array = new Uint8Array(32)
export const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)
