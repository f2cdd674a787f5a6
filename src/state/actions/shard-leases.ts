/** `release_lease` and `renew_lease` (REG-8, REG-9): which shards a validator is to serve, within its limit. */
import { ACTION_RELEASE_LEASE, ACTION_RENEW_LEASE, LeaseOfType } from '../../codec/registry-records.ts'
import type { LeaseOf } from '../../codec/registry-records.ts'
import { hasLease, leaseLimit, withLease } from '../coord/leases.ts'
import { writeValidator } from '../coord/validators.ts'
import type { Action } from './action.ts'
import { ON_COORD, isOwn } from './coordination.ts'
import { registered } from './membership.ts'

const stateless: Action<LeaseOf>['stateless'] = ({ key, shard }, sender, { shards }) =>
  isOwn(key, sender) ?? (shard < shards ? undefined : 'no-such-chain')

/** It serves on the shard until its seat has been given up (C3 c). */
export const releaseLease: Action<LeaseOf> = {
  ...ON_COORD,
  number: ACTION_RELEASE_LEASE,
  name: 'release_lease',
  payloadType: LeaseOfType,
  stateless,
  apply({ payload: { key, shard } }, ledger) {
    const record = registered(ledger, key)
    if (typeof record === 'string') return record
    if (!hasLease(record, shard)) return 'lease-unknown'
    const leases = record.leases.filter((lease) => lease.shard !== shard)
    writeValidator(ledger, key, { ...record, leases })
    return undefined
  }
}

/** A lease that is held renews by voting alone; this takes one that is not. */
export const renewLease: Action<LeaseOf> = {
  ...ON_COORD,
  number: ACTION_RENEW_LEASE,
  name: 'renew_lease',
  payloadType: LeaseOfType,
  stateless,
  apply({ payload: { key, shard } }, ledger, { height, params, shards }) {
    const record = registered(ledger, key)
    if (typeof record === 'string') return record
    if (hasLease(record, shard)) return 'lease-held'
    if (record.leases.length >= leaseLimit(params, shards)) return 'lease-limit'
    const leases = withLease(record.leases, { shard, until: height + params.leaseHeights })
    writeValidator(ledger, key, { ...record, leases })
    return undefined
  }
}
