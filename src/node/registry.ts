/** Validators and their cooperatives as the running epoch of coordination has them (C2). */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { EpochSnapshot } from '../sharding/types.ts'
import type { Chains } from './chains.ts'

/** Goes with the snapshot. */
const kept = new WeakMap<EpochSnapshot, ReadonlyMap<Hex, number>>()

/** @returns undefined for a key that sits in no committee; 0 for a member without a cooperative. */
export function cooperativeOf({ coord, epochs }: Chains, key: Uint8Array): number | undefined {
  const snapshot = epochs.snapshot(coord.driver.instance.config.epoch)
  return snapshot === undefined ? undefined : membersOf(snapshot).get(toHex(key))
}

function membersOf(snapshot: EpochSnapshot): ReadonlyMap<Hex, number> {
  const known = kept.get(snapshot)
  if (known !== undefined) return known
  const members = new Map<Hex, number>()
  for (const committee of snapshot.committees.values())
    for (const { key, cooperative } of committee.members) members.set(toHex(key), cooperative)
  kept.set(snapshot, members)
  return members
}
