/** The legs of an atomic action, by the shards they begin and end on. */
import type { Leg } from '../../codec/atomic.ts'
import { homeShard } from '../../crypto/address.ts'
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Amounts } from '../types.ts'

export interface PlacedLeg extends Leg {
  readonly index: number
  readonly source: ChainId
  readonly destination: ChainId
}

export interface Payer extends Amounts {
  readonly address: Uint8Array
}

export const NOTHING: Amounts = { consumer: 0n, industrial: 0n }

export const placed = (legs: readonly Leg[], shards: number): PlacedLeg[] =>
  legs.map((leg, index) => ({
    ...leg,
    index,
    source: homeShard(leg.from, shards),
    destination: homeShard(leg.to, shards)
  }))

/** All shards that legs begin or end on, rising. */
export const shardsOf = (legs: readonly PlacedLeg[]): ChainId[] =>
  [...new Set(legs.flatMap(({ source, destination }) => [source, destination]))].sort((a, b) => a - b)

export function sum(legs: readonly Amounts[]): Amounts {
  let { consumer, industrial } = NOTHING
  for (const leg of legs) {
    consumer += leg.consumer
    industrial += leg.industrial
  }
  return { consumer, industrial }
}

/** What each account of a shard pays in all, in the order of the legs. */
export function payersOn(chain: ChainId, legs: readonly PlacedLeg[]): Payer[] {
  const payers = new Map<Hex, Payer>()
  for (const leg of legs) {
    if (leg.source !== chain) continue
    const key = toHex(leg.from)
    payers.set(key, { address: leg.from, ...sum([payers.get(key) ?? NOTHING, leg]) })
  }
  return [...payers.values()]
}
