/** Byte strings that no decoder may accept: small edits of a canonical one, each with the rule it breaks. */
import { decode } from '../../src/codec/ssz.ts'
import type { Type } from '../../src/codec/ssz.ts'
import { concat, toHex } from '../../src/primitives/bytes.ts'
import type { Plain } from './plain.ts'

export interface Refusal {
  readonly name: string
  readonly rule: string
  readonly bytes: Uint8Array
}

export const cut = (bytes: Uint8Array, rule = 'ENC-9'): Refusal => {
  return { name: 'one byte short', rule, bytes: bytes.subarray(0, bytes.length - 1) }
}

export const extended = (bytes: Uint8Array): Refusal => {
  return { name: 'one byte after the end', rule: 'ENC-11', bytes: concat(bytes, Uint8Array.of(0)) }
}

export const empty: Refusal = { name: 'no bytes', rule: 'ENC-9', bytes: new Uint8Array(0) }

export function overwrite(bytes: Uint8Array, at: number, patch: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes)
  out.set(patch, at)
  return out
}

export function u32le(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value, true)
  return out
}

/** 2^53 as u64: the first number that not every reader holds exactly. */
export const UNSAFE = Uint8Array.of(0, 0, 0, 0, 0, 0, 32, 0)
export const ALL_ONES = new Uint8Array(8).fill(255)

export function unsafeCount(bytes: Uint8Array, field: string, at: number): Refusal[] {
  return [
    { name: `${field} = 2^53`, rule: 'ENC-3', bytes: overwrite(bytes, at, UNSAFE) },
    { name: `${field} = 2^64 - 1`, rule: 'ENC-3', bytes: overwrite(bytes, at, ALL_ONES) }
  ]
}

/** Wrong values for the offset at `at`, whose canonical value is `value`. */
export function badOffsets(bytes: Uint8Array, field: string, at: number, value: number): Refusal[] {
  const put = (offset: number) => overwrite(bytes, at, u32le(offset))
  return [
    { name: `${field}: offset leaves a gap`, rule: 'ENC-10', bytes: put(value + 1) },
    { name: `${field}: offset into the fixed part`, rule: 'ENC-10', bytes: put(value - 1) },
    { name: `${field}: offset zero`, rule: 'ENC-10', bytes: put(0) },
    { name: `${field}: offset past the end`, rule: 'ENC-10', bytes: put(bytes.length + 1) },
    { name: `${field}: offset 2^32 - 1`, rule: 'ENC-10', bytes: put(0xffff_ffff) }
  ]
}

/** A refusal that our own decoder accepts would be a wrong vector. */
export function refusals<T>(type: Type<T>, list: readonly Refusal[]): Plain {
  return list.map(({ name, rule, bytes }) => {
    if (decode(type, bytes).ok) throw new Error(`accepted although refused: ${type.typeName} ${name}`)
    return { type: type.typeName, name, rule, bytes: toHex(bytes) }
  })
}
