/** Short copies between places in larger arrays, four bytes at a time: a view of what is copied would be an object. */
const HASH_BYTES = 32

export function copyHash(from: DataView, at: number, into: DataView, to: number): void {
  for (let i = 0; i < HASH_BYTES; i += 4) into.setUint32(to + i, from.getUint32(at + i, true), true)
}

export function copyBytes(from: DataView, at: number, into: DataView, to: number, length: number): void {
  let i = 0
  for (; i + 4 <= length; i += 4) into.setUint32(to + i, from.getUint32(at + i, true), true)
  for (; i < length; i++) into.setUint8(to + i, from.getUint8(at + i))
}
