/**
 * A chain is a value, not a class: the coordination chain or a shard (SYSTEM section 3, "chain").
 * On the wire a chain is an unsigned 16-bit number; `coord` is the largest one, so shards count from 0.
 */
export type ChainId = number & { readonly __chain: true }

export const COORD = 0xffff as ChainId
/** Shards are numbered 0 … MAX_SHARDS − 1. */
export const MAX_SHARDS = 1024

export function shardId(index: number): ChainId {
  if (!Number.isInteger(index) || index < 0 || index >= MAX_SHARDS) {
    throw new RangeError(`no shard ${index}`)
  }
  return index as ChainId
}

/** Every chain of a network: its shards in order, then the coordination chain. */
export const chainsOf = (shards: number): ChainId[] => [
  ...Array.from({ length: shards }, (_, index) => shardId(index)),
  COORD
]

export const isShard = (chain: ChainId): boolean => chain < MAX_SHARDS

/** The form of a chain in topics, metrics, logs and RPC text: `coord`, `0`, `1`, …. */
export const chainName = (chain: ChainId): string => (chain === COORD ? 'coord' : String(chain))

/** The form of a chain in JSON: `"coord"` or the shard's number. */
export const chainToJson = (chain: ChainId): 'coord' | number => (chain === COORD ? 'coord' : chain)

/** @returns undefined for anything that names no chain. Accepts both the JSON and the text form. */
export function parseChain(value: unknown): ChainId | undefined {
  if (value === 'coord') return COORD
  const index = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value
  if (typeof index !== 'number' || !Number.isInteger(index)) return undefined
  return index >= 0 && index < MAX_SHARDS ? (index as ChainId) : undefined
}
