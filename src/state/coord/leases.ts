/** Leases: on which shards a validator may be seated (REG-7 … REG-9). */
import { shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Lease, ValidatorRecord } from '../../codec/registry-records.ts'
import type { Params } from '../../params/params.ts'

export const leaseLimit = (
  { shardsPerValidator }: Pick<Params, 'shardsPerValidator'>,
  shards: number
): number => Math.min(shardsPerValidator, shards)

export const hasLease = ({ leases }: Pick<ValidatorRecord, 'leases'>, shard: ChainId): boolean =>
  leases.some((lease) => lease.shard === shard)

export const withLease = (leases: readonly Lease[], lease: Lease): Lease[] =>
  [...leases, lease].sort((a, b) => a.shard - b.shard)

/** REG-7: the shards of a newcomer: those with the fewest leases, then the lowest numbers. In order. */
export function chooseShards(
  all: Iterable<Pick<ValidatorRecord, 'leases'>>,
  shards: number,
  count: number
): ChainId[] {
  const held = Array.from({ length: shards }, () => 0)
  if (count < shards) {
    for (const { leases } of all) for (const { shard } of leases) held[shard] = (held[shard] ?? 0) + 1
  }
  return held
    .map((leases, index) => ({ leases, index }))
    .sort((a, b) => a.leases - b.leases || a.index - b.index)
    .slice(0, count)
    .map(({ index }) => index)
    .sort((a, b) => a - b)
    .map(shardId)
}
