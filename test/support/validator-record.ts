/** A registry record with what a test says of it. */
import { STATUS_REGISTERED } from '../../src/codec/registry-records.ts'
import type { ValidatorRecord } from '../../src/codec/registry-records.ts'

/** Registered since genesis, of full weight, without a seat, a node or a tip. */
export const validatorRecord = (said: Partial<ValidatorRecord> = {}): ValidatorRecord => ({
  cooperative: 0,
  weight: 1_000_000,
  status: STATUS_REGISTERED,
  since: 0,
  joined: 0,
  ready: 0,
  leftEpoch: 0,
  sponsor: new Uint8Array(32),
  node: [],
  leases: [],
  tip: [],
  pendingTip: [],
  unbondings: [],
  ...said
})
