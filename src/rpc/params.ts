/**
 * Parameters of methods: JSON schema for the published description and a parser into domain values.
 * Parsers are plain functions made once; a call costs no schema machinery (thousands of `tx_submit` a second).
 */
import { decodeAddress } from '../crypto/address.ts'
import type { Peer } from '../net/types.ts'
import { fromHex } from '../primitives/bytes.ts'
import { MAX_SHARDS, parseChain } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

export interface Param<T, R extends boolean = boolean> {
  readonly schema: JsonSchema
  readonly required: R
  /** @returns undefined if `value` is not one. */
  parse(value: unknown): T | undefined
}
// A table of parameters of any value types; `unknown` would refuse them, being the result of `parse`.
export type ParamTable = Readonly<Record<string, Param<unknown>>>
type ValueOfParam<P> = P extends Param<infer T> ? T : never
export type Parsed<P extends ParamTable> = {
  readonly [K in keyof P as P[K]['required'] extends true ? K : never]: ValueOfParam<P[K]>
} & {
  readonly [K in keyof P as P[K]['required'] extends true ? never : K]?: ValueOfParam<P[K]>
}

const required = <T>(schema: JsonSchema, parse: (value: unknown) => T | undefined): Param<T, true> => ({
  schema,
  required: true,
  parse
})

export const optional = <T>(param: Param<T>): Param<T, false> => ({ ...param, required: false })

/** Bytes as hex, of exactly `length` or at most `max`. */
export function hexParam(title: string, size: { length: number } | { max: number }): Param<Uint8Array, true> {
  const exact = 'length' in size
  const most = exact ? size.length : size.max
  const pattern = exact ? `^[0-9a-f]{${2 * most}}$` : '^([0-9a-f]{2})*$'
  return required({ title, type: 'string', pattern, maxLength: 2 * most }, (value) => {
    if (typeof value !== 'string' || value.length > 2 * most) return undefined
    try {
      return exact ? fromHex(value, most) : fromHex(value)
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  })
}

export function integerParam(
  title: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER
): Param<number, true> {
  return required({ title, type: 'integer', minimum: min, maximum: max }, (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : undefined
  )
}

export const booleanParam = (title: string): Param<boolean, true> =>
  required({ title, type: 'boolean' }, (value) => (typeof value === 'boolean' ? value : undefined))

export const choiceParam = <T extends string>(title: string, choices: readonly T[]): Param<T, true> =>
  required({ title, enum: choices }, (value) => choices.find((each) => each === value))

export const textParam = (title: string, charactersMax: number): Param<string, true> =>
  required({ title, type: 'string', maxLength: charactersMax }, (value) =>
    typeof value === 'string' && value.length <= charactersMax ? value : undefined
  )

/** Text of an Ed25519 peer id, the only kind that nodes have. */
export const peerParam: Param<Peer, true> = required(
  { title: 'peer id', type: 'string', pattern: '^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$' },
  (value) =>
    typeof value === 'string' && /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/u.test(value)
      ? (value as Peer)
      : undefined
)

export const chainParam: Param<ChainId, true> = required(
  {
    title: 'chain: "coord" or the number of a shard',
    oneOf: [{ const: 'coord' }, { type: 'integer', minimum: 0, maximum: MAX_SHARDS - 1 }]
  },
  // Text forms of shard numbers belong to command lines; here a shard is a number.
  (value) => (typeof value === 'number' || value === 'coord' ? parseChain(value) : undefined)
)

export const addressParam: Param<Uint8Array, true> = required(
  { title: 'account address', type: 'string', pattern: '^icn1[02-9ac-hj-np-z]+$' },
  (value) => (typeof value === 'string' ? decodeAddress(value) : undefined)
)

/** What the published description says, for whoever reads a message. */
function expected({ title, type, enum: choices, minimum, maximum, pattern, maxLength }: JsonSchema): string {
  if (Array.isArray(choices)) return `one of ${choices.join(', ')}`
  if (type === 'integer') {
    const most = maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${String(maximum)}`
    return `${String(title)}: an integer from ${String(minimum)}${most}`
  }
  const isHex = typeof pattern === 'string' && pattern.includes('0-9a-f')
  if (isHex)
    return `${String(title)}: ${pattern.startsWith('^(') ? 'at most ' : ''}${String(maxLength)} lower-case hex digits`
  const length = typeof maxLength !== 'number' ? '' : `, at most ${maxLength} characters`
  return `${String(title)}${type === 'boolean' ? ': true or false' : length}`
}

/** @returns the parsed values, or the sentence that names what is wrong. */
export function parseParams(table: ParamTable, params: unknown): Readonly<Record<string, unknown>> | string {
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) {
    return 'parameters are given by name, in an object'
  }
  const given = (params ?? {}) as Readonly<Record<string, unknown>>
  for (const name of Object.keys(given)) if (!Object.hasOwn(table, name)) return `unknown parameter: ${name}`
  const values: Record<string, unknown> = {}
  for (const [name, param] of Object.entries(table)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined) {
      if (param.required) return `missing parameter: ${name}`
      continue
    }
    const parsed = param.parse(value)
    if (parsed === undefined) return `bad parameter: ${name}, expected ${expected(param.schema)}`
    values[name] = parsed
  }
  return values
}
