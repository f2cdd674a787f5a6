import { deepEqual, equal } from 'node:assert/strict'
import { PackedRows, eachPackedRow } from '../../../src/primitives/packed-rows.ts'
import { unpacked } from '../../support/packed.ts'

describe('Packed rows', () => {
  const rowOf = (number: number): [Uint8Array, Uint8Array] => [
    new Uint8Array(number % 5).fill(number),
    new Uint8Array((7 * number) % 11).fill(255 - number)
  ]
  const expected = Array.from({ length: 50 }, (_, number) => rowOf(number))
  function filled(firstBytes: number, room?: Uint8Array): PackedRows {
    const rows = new PackedRows(firstBytes, room)
    for (const [key, value] of expected) {
      const at = rows.add(key.length, value.length)
      rows.bytes.set(key, at)
      rows.bytes.set(value, at + key.length)
    }
    return rows
  }

  it('all come back in their order, whatever memory they began with; empty keys and values too', () => {
    for (const firstBytes of [0, 1, 100, 100_000]) deepEqual(unpacked(filled(firstBytes).take()), expected)
  })

  it('room that is given is used, whatever it held and wherever it lies, until it is too small', () => {
    const bytes = filled(0).take()
    for (const size of [0, 1, bytes.length - 1, bytes.length, bytes.length + 100]) {
      const room = new Uint8Array(size + 3).fill(0xee).subarray(3)
      const rows = filled(10, room).take()
      deepEqual(rows, bytes)
      equal(rows.buffer === room.buffer, size >= bytes.length)
    }
  })

  it('what was taken is gone, and takes the bytes that a row is said to take', () => {
    const rows = filled(10)
    const bytes = expected.reduce((sum, [key, value]) => sum + PackedRows.sizeOf(key.length, value.length), 0)
    equal(rows.take().length, bytes)
    deepEqual(unpacked(rows.take()), [])
    rows.add(0, 0)
    equal(unpacked(rows.take()).length, 1)
  })

  it('the byte before a key belongs to no row', () => {
    const bytes = filled(0).take()
    eachPackedRow(bytes, (keyFrom) => (bytes[keyFrom - 1] = 0xff))
    deepEqual(unpacked(bytes), expected)
  })
})
