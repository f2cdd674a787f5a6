/** Packed rows as keys and values. */
import { eachPackedRow } from '../../src/primitives/packed-rows.ts'

export function unpacked(rows: Uint8Array): [Uint8Array, Uint8Array][] {
  const list: [Uint8Array, Uint8Array][] = []
  eachPackedRow(rows, (keyFrom, valueFrom, end) => {
    list.push([rows.slice(keyFrom, valueFrom), rows.slice(valueFrom, end)])
  })
  return list
}
