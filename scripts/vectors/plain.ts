/** Values as JSON: bytes as hex, u64 amounts as decimal strings, other integers as numbers, bitmaps as 0 and 1. */
import { BitArray } from '@chainsafe/ssz'
import { toHex } from '../../src/primitives/bytes.ts'

export type Plain = string | number | readonly Plain[] | { readonly [name: string]: Plain }

export function toPlain(value: unknown): Plain {
  if (value instanceof Uint8Array) return toHex(value)
  if (value instanceof BitArray) return value.toBoolArray().map(Number).join('')
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map(toPlain)
  if (typeof value !== 'object' || value === null) throw new TypeError(`no plain form: ${String(value)}`)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toPlain(part)]))
}

/** A file's text: equal input, equal bytes. */
export const toText = (file: Plain): string => `${JSON.stringify(file, null, 1)}\n`
