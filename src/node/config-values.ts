/** How a key of the configuration is written down, and how its values are read. The tables are in config*.ts. */
import { MAX_SHARDS, shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'

export interface NetworkAddress {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
}

type Kind = 'text' | 'list' | 'switch'

export interface ConfigKey<K extends string, V> {
  readonly key: K
  /** Long option without the dashes. */
  readonly flag: string
  readonly env: string
  readonly kind: Kind
  /** How the value is called in help. */
  readonly argument: string
  readonly help: string
  /** As it would stand in the file; null is "not set". */
  readonly default: string | number | boolean | readonly string[] | null
  /** What a value must be, for the refusal. */
  readonly expected: string
  /** @returns undefined for a value that is none. */
  readonly parse: (value: unknown) => V | undefined | typeof UNSET
}
/** A key may be explicitly not set (null in the file). */
export const UNSET: unique symbol = Symbol('unset')

const texts = (value: unknown): readonly string[] | undefined => {
  if (typeof value === 'string') return value === '' ? [] : value.split(',')
  if (!Array.isArray(value)) return undefined
  const list: readonly unknown[] = value
  return list.every((item) => typeof item === 'string') ? list : undefined
}

export const multiaddrs = (value: unknown): readonly string[] | undefined => {
  const list = texts(value)
  return list?.every((text) => /^\/[a-z0-9-]+\/.+$/.test(text)) === true ? list : undefined
}

export const text = (value: unknown): string | typeof UNSET | undefined => {
  if (value === null) return UNSET
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `host:port` or `[v6]:port`. */
export function parseAddress(value: unknown): NetworkAddress | undefined {
  const match =
    typeof value === 'string' ? /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(value) : null
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host !== undefined && port <= 65_535 ? { host, port } : undefined
}

export const optionalAddress = (value: unknown): NetworkAddress | typeof UNSET | undefined =>
  value === null ? UNSET : parseAddress(value)

export const oneOf =
  <T extends string>(values: readonly T[]) =>
  (value: unknown): T | undefined =>
    values.find((each) => each === value)

export function boolean(value: unknown): boolean | undefined {
  if (value === true || value === 'true' || value === '1') return true
  return value === false || value === 'false' || value === '0' ? false : undefined
}

export function epoch(value: unknown): number | typeof UNSET | undefined {
  if (value === null) return UNSET
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

export function shards(value: unknown): 'all' | 'none' | readonly ChainId[] | undefined {
  if (value === 'all' || value === 'none') return value
  const list: readonly unknown[] | undefined = Array.isArray(value) ? value : texts(value)
  if (list === undefined || list.length === 0) return undefined
  const numbers = list.map((item) =>
    typeof item === 'string' && /^\d{1,4}$/.test(item) ? Number(item) : item
  )
  const ids: ChainId[] = []
  for (const number of numbers) {
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number >= MAX_SHARDS)
      return undefined
    ids.push(shardId(number))
  }
  return [...new Set(ids)].sort((a, b) => a - b)
}

export const row = <K extends string, V>(entry: ConfigKey<K, V>): ConfigKey<K, V> => entry
export const MULTIADDRS = 'multiaddrs such as /ip4/127.0.0.1/tcp/9000, separated by commas'
export const ADDRESS = 'host:port'

/** A whole number, in a file also as JSON number. */
export const wholeNumber =
  (least: number, most: number) =>
  (value: unknown): number | undefined => {
    const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
    return number >= least && number <= most ? number : undefined
  }
