/**
 * Keys and values of many rows one behind the other, where an object for each would cost more than what is done with it:
 * key length (4) ‖ value length (4) ‖ a byte of room for the prefix of whoever stores them ‖ key ‖ value.
 */
const HEAD_BYTES = 9
const VALUE_LENGTH_AT = 4

export class PackedRows {
  #bytes: Uint8Array
  #view: DataView
  #end = 0
  readonly #firstBytes: number

  /**
   * @param firstBytes memory that is taken with the first row …
   * @param room … if this is too small for it, whatever it holds
   */
  constructor(firstBytes: number, room: Uint8Array = new Uint8Array(0)) {
    this.#firstBytes = firstBytes
    this.#bytes = room
    this.#view = viewOf(room)
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
    this.#bytes[keyAt - 1] = 0
    return keyAt
  }

  /** Its rows; it is empty afterwards. */
  take(): Uint8Array {
    const rows = this.#bytes.subarray(0, this.#end)
    this.#bytes = new Uint8Array(0)
    this.#view = viewOf(this.#bytes)
    this.#end = 0
    return rows
  }

  #grow(used: number): void {
    const bytes = new Uint8Array(Math.max(this.#end, 2 * this.#bytes.length, this.#firstBytes))
    bytes.set(this.#bytes.subarray(0, used))
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** The place of each key, which a byte of room precedes, and of its value. */
export function eachPackedRow(
  rows: Uint8Array,
  visit: (keyFrom: number, valueFrom: number, end: number) => void
): void {
  const view = viewOf(rows)
  for (let at = 0; at < rows.length;) {
    const keyFrom = at + HEAD_BYTES
    const valueFrom = keyFrom + view.getUint32(at)
    at = valueFrom + view.getUint32(at + VALUE_LENGTH_AT)
    visit(keyFrom, valueFrom, at)
  }
}
