/**
 * Keys and values of many rows one behind the other, where an object for each would cost more than what is done with it:
 * key length (4) ‖ value length (4) ‖ a byte of room for the prefix of whoever stores them ‖ key ‖ value.
 */
const HEAD_BYTES = 9
const VALUE_LENGTH_AT = 4

export class PackedRows {
  #bytes = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  #end = 0
  readonly #firstBytes: number

  /** @param firstBytes memory that is taken with the first row */
  constructor(firstBytes: number) {
    this.#firstBytes = firstBytes
  }

  /** Of a row of these lengths. */
  static sizeOf(keyBytes: number, valueBytes: number): number {
    return HEAD_BYTES + keyBytes + valueBytes
  }

  /** Where rows are written; another array after each `add`. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Room for a row. @returns where its key begins; the value follows */
  add(keyBytes: number, valueBytes: number): number {
    const at = this.#end
    const keyAt = at + HEAD_BYTES
    this.#end = keyAt + keyBytes + valueBytes
    if (this.#end > this.#bytes.length) this.#grow(at)
    this.#view.setUint32(at, keyBytes)
    this.#view.setUint32(at + VALUE_LENGTH_AT, valueBytes)
    return keyAt
  }

  /** Its rows; it is empty afterwards. */
  take(): Uint8Array {
    const rows = this.#bytes.subarray(0, this.#end)
    this.#bytes = new Uint8Array(0)
    this.#view = new DataView(this.#bytes.buffer)
    this.#end = 0
    return rows
  }

  #grow(used: number): void {
    const bytes = new Uint8Array(Math.max(this.#end, 2 * this.#bytes.length, this.#firstBytes))
    bytes.set(this.#bytes.subarray(0, used))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

/** The place of each key, which a byte of room precedes, and of its value. */
export function eachPackedRow(
  rows: Uint8Array,
  visit: (keyFrom: number, valueFrom: number, end: number) => void
): void {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length)
  for (let at = 0; at < rows.length;) {
    const keyFrom = at + HEAD_BYTES
    const valueFrom = keyFrom + view.getUint32(at)
    at = valueFrom + view.getUint32(at + VALUE_LENGTH_AT)
    visit(keyFrom, valueFrom, at)
  }
}
