/**
 * Rows of many chunks written in the order of their keys. A chunk has the rows of a range of paths, which are hashes of
 * keys, so its keys lie all over the state: written as they come, every table of LevelDB overlaps all others and each is
 * merged several times. Rows are put into bins by key instead, as many at a time as are to be held in memory.
 */
import type { Write } from './ports.ts'

export interface RowSource {
  readonly chunks: number
  /** Asked now and then. */
  readonly goesOn: () => boolean
  /** Calls back for each row of a chunk, with places in its bytes; the rows are in no order. */
  readonly scan: (chunk: Uint8Array, visit: RowVisitor) => void
  readonly read: (indexes: readonly number[]) => Promise<Uint8Array[]>
}
export type PutRows = (writes: readonly Write[]) => Promise<void>
export type RowVisitor = (keyFrom: number, keyTo: number, valueFrom: number, valueTo: number) => void

export interface KeyOrderLimits {
  /** Rows of so many bytes are one write. */
  readonly binBytes: number
  /** Rows of more than this are read again, in as many passes as it takes. */
  readonly heldBytes: number
}

const LIMITS: KeyOrderLimits = { binBytes: 256 * 1024, heldBytes: 48 * 1024 * 1024 }
/** Keys of these tell where bins begin. Paths are hashes, so what lies in a chunk is a fair sample. */
const SAMPLE_CHUNKS = 4
const READ_TOGETHER = 8
const WRITES_OUT = 4
/** Bytes of a key that choose its bin, the most that a number holds. Keys that are equal there share a bin. */
const HEAD_BYTES = 6
/** Lengths before a row in a bin: of its key and of its value. */
const LENGTH_BYTES = 8
/** A sample may be wrong: then some rows are written before others that should come first, which costs a merge. */
const HELD_FACTOR = 1.5
/** Of a bin at first, as a part of what it is to hold: a sample is not exact. */
const ROOM = 1.25

/**
 * @param put writes rows whose keys, each behind the byte `prefix`, lie above those of the write before, in no order
 * among themselves: a table of LevelDB in memory has its own
 * @returns whether all were written; not if the source did not go on
 */
export async function writeInKeyOrder(
  source: RowSource,
  prefix: number,
  put: PutRows,
  limits = LIMITS
): Promise<boolean> {
  const starts = await binStarts(source, limits)
  const bins = starts.length + 1
  const passes = Math.ceil((bins * limits.binBytes) / limits.heldBytes)
  const perPass = Math.ceil(bins / passes)
  for (let from = 0; from < bins; from += perPass) {
    const pass = new Pass(starts, { from, to: Math.min(bins, from + perPass) }, prefix, limits)
    await pass.run(source, put)
    if (!source.goesOn()) return false
  }
  return true
}

/** Heads of the first keys of all bins but the first. */
async function binStarts(source: RowSource, { binBytes }: KeyOrderLimits): Promise<Float64Array> {
  const indexes = range(0, Math.min(SAMPLE_CHUNKS, source.chunks))
  const heads: number[] = []
  let bytes = 0
  for (const chunk of await source.read(indexes)) {
    bytes += chunk.length
    source.scan(chunk, (from, to) => heads.push(headOf(chunk, from, to)))
  }
  heads.sort((a, b) => a - b)
  const bins = Math.max(1, Math.ceil((bytes * source.chunks) / Math.max(1, indexes.length) / binBytes))
  return Float64Array.from(
    { length: bins - 1 },
    (_, i) => heads[Math.floor(((i + 1) * heads.length) / bins)] ?? 0
  )
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

function headOf(bytes: Uint8Array, from: number, to: number): number {
  let head = 0
  for (let i = 0; i < HEAD_BYTES; i++) head = head * 256 + (from + i < to ? (bytes[from + i] ?? 0) : 0)
  return head
}

class Pass {
  readonly #starts: Float64Array
  readonly #from: number
  readonly #bins: Bin[]
  readonly #limits: KeyOrderLimits
  #heldBytes = 0

  constructor(
    starts: Float64Array,
    { from, to }: { readonly from: number; readonly to: number },
    prefix: number,
    limits: KeyOrderLimits
  ) {
    this.#starts = starts
    this.#from = from
    this.#limits = limits
    this.#bins = range(from, to).map(() => new Bin(prefix, Math.ceil(ROOM * limits.binBytes)))
  }

  async run(source: RowSource, put: PutRows): Promise<void> {
    const read = async (at: number): Promise<Uint8Array[]> =>
      source.read(range(at, Math.min(source.chunks, at + READ_TOGETHER)))
    let coming = read(0)
    for (let at = 0; at < source.chunks && source.goesOn(); at += READ_TOGETHER) {
      const chunks = await coming
      coming = read(at + READ_TOGETHER)
      // Who waits for it hears of a failure; nobody does where something else failed first.
      coming.catch(() => undefined)
      for (const chunk of chunks) this.#add(source, chunk)
      if (this.#heldBytes > this.#limits.heldBytes * HELD_FACTOR) await this.#write(put)
    }
    await coming
    await this.#write(put)
  }

  #add(source: RowSource, chunk: Uint8Array): void {
    source.scan(chunk, (keyFrom, keyTo, valueFrom, valueTo) => {
      const bin = this.#bins[binOf(this.#starts, headOf(chunk, keyFrom, keyTo)) - this.#from]
      if (bin !== undefined) this.#heldBytes += bin.add(chunk, keyFrom, keyTo, valueFrom, valueTo)
    })
  }

  async #write(put: PutRows): Promise<void> {
    const writing: Promise<void>[] = []
    try {
      for (const bin of this.#bins) {
        const writes = bin.take()
        if (writes.length > 0) writing.push(put(writes))
        if (writing.length > WRITES_OUT) await writing.shift()
      }
      await Promise.all(writing)
    } finally {
      await Promise.allSettled(writing)
    }
    this.#heldBytes = 0
  }
}

/** How many bins begin at or below a head: the place of its own. */
function binOf(starts: Float64Array, head: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= head) low = middle + 1
    else high = middle
  }
  return low
}

/** Rows packed one behind the other: a million objects would be found one by one in memory, which costs more than all else. */
class Bin {
  readonly #prefix: number
  /** Room that it begins with. */
  readonly #firstBytes: number
  #bytes = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  #end = 0

  constructor(prefix: number, bytes: number) {
    this.#prefix = prefix
    this.#firstBytes = bytes
  }

  /** @returns the bytes that it takes. */
  add(chunk: Uint8Array, keyFrom: number, keyTo: number, valueFrom: number, valueTo: number): number {
    const keyBytes = keyTo - keyFrom + 1
    const valueBytes = valueTo - valueFrom
    const size = LENGTH_BYTES + keyBytes + valueBytes
    if (this.#end + size > this.#bytes.length) this.#grow(size)
    const bytes = this.#bytes
    let to = this.#end
    this.#view.setUint32(to, keyBytes)
    this.#view.setUint32(to + 4, valueBytes)
    to += LENGTH_BYTES
    bytes[to++] = this.#prefix
    // Byte by byte: a row is short, and a view of it is an object.
    for (let at = keyFrom; at < keyTo; at++) bytes[to++] = chunk[at] ?? 0
    for (let at = valueFrom; at < valueTo; at++) bytes[to++] = chunk[at] ?? 0
    this.#end = to
    return size
  }

  #grow(size: number): void {
    const bytes = new Uint8Array(Math.max(this.#end + size, 2 * this.#bytes.length, this.#firstBytes))
    bytes.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }

  /** Its rows; it is empty afterwards. */
  take(): Write[] {
    const writes: Write[] = []
    for (let at = 0; at < this.#end;) {
      const keyAt = at + LENGTH_BYTES
      const valueAt = keyAt + this.#view.getUint32(at)
      const end = valueAt + this.#view.getUint32(at + 4)
      writes.push({
        type: 'put',
        key: this.#bytes.subarray(keyAt, valueAt),
        value: this.#bytes.subarray(valueAt, end)
      })
      at = end
    }
    this.#bytes = new Uint8Array(0)
    this.#view = new DataView(this.#bytes.buffer)
    this.#end = 0
    return writes
  }
}
