/**
 * Reads parsed JSON strictly and remembers the first thing that is wrong, by the path of its key. Every method returns
 * a harmless value of the right type after a problem, so that a reader of a whole document is straight code; the
 * caller asks for `problem` at the end.
 */
import { fromHex, utf8 } from '../primitives/bytes.ts'
import { refuse } from '../primitives/result.ts'
import type { Refusal } from '../primitives/result.ts'
import { decodeAddress } from '../crypto/address.ts'

export type ReaderCode = 'genesis-key-unknown' | 'genesis-key-missing' | 'genesis-value' | 'genesis-too-many'
type Fields = Readonly<Record<string, unknown>>

export class StrictReader {
  #problem: Refusal<ReaderCode> | undefined

  get problem(): Refusal<ReaderCode> | undefined {
    return this.#problem
  }

  /** An object with exactly these keys. */
  object<K extends string>(
    value: unknown,
    path: string,
    keys: readonly K[]
  ): { readonly [key in K]: unknown } {
    const fields = this.fields(value, path)
    const unknown = Object.keys(fields).find((key) => !keys.some((known) => known === key))
    if (unknown !== undefined) this.#fail('genesis-key-unknown', `unknown key ${join(path, unknown)}`)
    const missing = keys.find((key) => !Object.hasOwn(fields, key))
    if (missing !== undefined) this.#fail('genesis-key-missing', `key ${join(path, missing)} is missing`)
    return fields as { readonly [key in K]: unknown }
  }

  /** An object with any keys. */
  fields(value: unknown, path: string): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
    this.#fail('genesis-value', `${path === '' ? 'the genesis' : path} must be an object`)
    return {}
  }

  list(value: unknown, path: string, max: number): readonly unknown[] {
    if (!Array.isArray(value)) {
      this.#fail('genesis-value', `${path} must be a list`)
      return []
    }
    if (value.length <= max) return value as unknown[]
    this.#fail('genesis-too-many', `${path} has more than ${max} entries`)
    return []
  }

  integer(value: unknown, path: string, min: number, max: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
      // −0 is in range, but not the number that the encoding gives back.
      return value === 0 ? 0 : value
    }
    this.#fail('genesis-value', `${path} must be an integer from ${min} to ${max}`)
    return min
  }

  text(value: unknown, path: string): string {
    if (typeof value === 'string' && value.isWellFormed()) return value
    this.#fail('genesis-value', `${path} must be a text`)
    return ''
  }

  utf8(value: unknown, path: string): Uint8Array {
    return utf8(this.text(value, path))
  }

  /** Base units as a decimal string without sign and leading zeros. */
  amount(value: unknown, path: string): bigint {
    if (typeof value === 'string' && /^(?:0|[1-9]\d{0,19})$/.test(value)) return BigInt(value)
    this.#fail('genesis-value', `${path} must be base units as a decimal string`)
    return 0n
  }

  bytes(value: unknown, path: string, length: number): Uint8Array {
    if (typeof value === 'string' && value.length === 2 * length && /^[0-9a-f]*$/.test(value))
      return fromHex(value)
    this.#fail('genesis-value', `${path} must be ${length} bytes of lower-case hex`)
    return new Uint8Array(length)
  }

  address(value: unknown, path: string): Uint8Array {
    const address = typeof value === 'string' ? decodeAddress(value) : undefined
    if (address !== undefined) return address
    this.#fail('genesis-value', `${path} must be an address icn1…`)
    return new Uint8Array(21)
  }

  /** Distinct bit numbers 0 … 63 in any order. */
  bits(value: unknown, path: string): bigint {
    let bits = 0n
    for (const [index, entry] of this.list(value, path, 64).entries()) {
      const bit = 1n << BigInt(this.integer(entry, `${path}[${index}]`, 0, 63))
      if ((bits & bit) !== 0n) this.#fail('genesis-value', `${path}[${index}] names its bit again`)
      bits |= bit
    }
    return bits
  }

  #fail(code: ReaderCode, detail: string): void {
    this.#problem ??= refuse(code, detail)
  }
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)
