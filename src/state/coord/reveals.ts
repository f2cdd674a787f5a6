/**
 * Randomness of epochs (C29, REG-13 … REG-15): every validator registers the tip of a hash chain, and each coordination
 * block may reveal its proposer's next preimage. What was registered is old when it is used, so nobody chooses it
 * knowing what the others will reveal.
 */
import { ZERO_HASH, equal } from '../../primitives/bytes.ts'
import type { ValidatorRecord } from '../../codec/registry-records.ts'
import { DOMAINS } from '../../crypto/domains.ts'
import { sha256Of } from '../../crypto/hash.ts'
import { MIX_KEY } from '../keys.ts'
import type { Ledger } from '../ledger.ts'
import { readValidator, recordsOf, writeValidator } from './validators.ts'
import type { Records } from './validators.ts'

/** One step down a hash chain: the value whose preimage `value` is. */
export const revealStep = (value: Uint8Array): Uint8Array => sha256Of(DOMAINS.reveal, value)

/** @returns 32 bytes; zero until something was revealed */
export const readMix = (records: Records): Uint8Array => records.get(MIX_KEY) ?? ZERO_HASH

/** The tip that a block at this height has to reveal the preimage of; undefined: it may reveal nothing. */
export function tipAt(
  { tip, pendingTip }: Pick<ValidatorRecord, 'tip' | 'pendingTip'>,
  height: number
): Uint8Array | undefined {
  const [pending] = pendingTip
  return pending !== undefined && height >= pending.from ? pending.tip : tip[0]
}

/** Whether the proposer of the coordination block at this height may reveal this. */
export function isReveal(
  records: Records,
  proposer: Uint8Array,
  reveal: Uint8Array,
  height: number
): boolean {
  const record = readValidator(records, proposer)
  const tip = record === undefined ? undefined : tipAt(record, height)
  return tip !== undefined && equal(revealStep(reveal), tip)
}

/** Whether the coordination block of this proposer at this height is expected to reveal something (COOP-20). */
export function owesReveal(records: Records, proposer: Uint8Array, height: number): boolean {
  const record = readValidator(records, proposer)
  return record !== undefined && tipAt(record, height) !== undefined
}

/** The caller has checked it against the state before the block. */
export function applyReveal(ledger: Ledger, proposer: Uint8Array, reveal: Uint8Array, height: number): void {
  const records = recordsOf(ledger)
  const record = readValidator(records, proposer)
  if (record === undefined) return
  const isPromoted = record.pendingTip.some(({ from }) => height >= from)
  writeValidator(ledger, proposer, {
    ...record,
    tip: [reveal],
    pendingTip: isPromoted ? [] : record.pendingTip
  })
  ledger.setRecord(MIX_KEY, sha256Of(DOMAINS.mix, readMix(records), reveal))
}

/** A new tip counts from an epoch's length later on; until then the one before stays. */
export function withTip(
  record: ValidatorRecord,
  tip: Uint8Array,
  height: number,
  epochLength: number
): ValidatorRecord {
  const current = tipAt(record, height)
  return {
    ...record,
    tip: current === undefined ? [] : [current],
    pendingTip: [{ tip, from: height + epochLength }]
  }
}
