/**
 * Rows of a state in any order, put into chunks in the order of their paths. Rows
 * wait as bytes and not as objects: sixty-four MiB of them would be half a gigabyte of objects.
 */
import { compare } from '../primitives/bytes.ts'
import { encodeChunk } from './chunk.ts'
import { pathOf } from './hashes.ts'
import { chunkOfPath } from './subtree.ts'

/** path (32) ‖ key length (1) ‖ value length (4) ‖ key ‖ value */
const HEAD_BYTES = 37
const FIRST_BYTES = 4_096

interface Waiting {
  bytes: Uint8Array
  length: number
}

interface Waited {
  readonly path: Uint8Array
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export class ChunkSorter {
  readonly #bits: number
  readonly #from: number
  readonly #waiting: Waiting[]

  /** Chunks `from` … `to` − 1 alone: rows of others pass by. */
  constructor(bits: number, { from, to }: { readonly from: number; readonly to: number }) {
    this.#bits = bits
    this.#from = from
    this.#waiting = Array.from({ length: to - from }, () => ({ bytes: new Uint8Array(0), length: 0 }))
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const path = pathOf(key)
    const chunk = this.#waiting[chunkOfPath(path, this.#bits) - this.#from]
    if (chunk === undefined) return
    const at = chunk.length
    const size = HEAD_BYTES + key.length + value.length
    if (at + size > chunk.bytes.length) chunk.bytes = grown(chunk.bytes, at + size)
    chunk.bytes.set(path, at)
    chunk.bytes[at + 32] = key.length
    new DataView(chunk.bytes.buffer).setUint32(at + 33, value.length)
    chunk.bytes.set(key, at + HEAD_BYTES)
    chunk.bytes.set(value, at + HEAD_BYTES + key.length)
    chunk.length += size
  }

  /** The chunk as it is sent; its rows are given up. */
  take(index: number): Uint8Array {
    const chunk = this.#waiting[index - this.#from]
    if (chunk === undefined) return encodeChunk([])
    const rows = rowsOf(chunk).sort((a, b) => compare(a.path, b.path))
    chunk.bytes = new Uint8Array(0)
    chunk.length = 0
    return encodeChunk(rows)
  }
}

function grown(bytes: Uint8Array, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.max(FIRST_BYTES, 2 * bytes.length, needed))
  larger.set(bytes)
  return larger
}

function rowsOf({ bytes, length }: Waiting): Waited[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const rows: Waited[] = []
  for (let at = 0; at < length;) {
    const keyAt = at + HEAD_BYTES
    const valueAt = keyAt + (bytes[at + 32] ?? 0)
    const end = valueAt + view.getUint32(at + 33)
    rows.push({
      path: bytes.subarray(at, at + 32),
      key: bytes.subarray(keyAt, valueAt),
      value: bytes.subarray(valueAt, end)
    })
    at = end
  }
  return rows
}
