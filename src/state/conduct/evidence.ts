/**
 * Proven offences in coordination state (C30): recorded once each under a number, so that they can be listed, and under
 * what they are about, so that none counts twice.
 */
import { EvidenceCountType, ProvenOffenceType, SanctionType } from '../../codec/sanctions.ts'
import type { ProvenOffence } from '../../codec/sanctions.ts'
import { offenceId } from '../../codec/evidence.ts'
import type { Offence } from '../../codec/evidence.ts'
import { Count } from '../../codec/ssz.ts'
import type { Ledger } from '../ledger.ts'
import type { StateView } from '../ports.ts'
import { EVIDENCE_COUNT_KEY, offenceKey, provenKey, sanctionKey } from './keys.ts'
import { afterOffence } from './sanctions.ts'
import type { Moment } from './sanctions.ts'

type Reader = Pick<StateView, 'get'>

export function evidenceCount(view: Reader): number {
  const bytes = view.get(EVIDENCE_COUNT_KEY)
  return bytes === undefined ? 0 : EvidenceCountType.deserialize(bytes).count
}

/** Whether the offence stands in the state already. */
export const isProven = (view: Reader, offence: Offence): boolean =>
  view.get(offenceKey(offenceId(offence))) !== undefined

/** The last ones, newest first. */
export function provenOffences(view: Reader, limit: number): ProvenOffence[] {
  const found: ProvenOffence[] = []
  for (let number = evidenceCount(view) - 1; number >= 0 && found.length < limit; number--) {
    const bytes = view.get(provenKey(number))
    if (bytes !== undefined) found.push(ProvenOffenceType.deserialize(bytes))
  }
  return found
}

/** Takes from the stake of a validator what a rise to this level costs it. @returns what went to the treasury */
export type Slash = (
  ledger: Ledger,
  validator: Uint8Array,
  level: number
) => { readonly consumer: bigint; readonly industrial: bigint }

/** The caller has checked that it is new (C30). */
export function recordOffence(
  ledger: Ledger,
  offence: Offence,
  at: Moment & { readonly height: number },
  slash: Slash
): void {
  const key = sanctionKey(offence.publicKey)
  const stored = ledger.record(key)
  const before = stored === undefined ? undefined : SanctionType.deserialize(stored)
  const { sanction, raisedTo } = afterOffence(before, offence.epoch, at)
  const slashed =
    raisedTo === 0 ? { consumer: 0n, industrial: 0n } : slash(ledger, offence.publicKey, raisedTo)
  const after = {
    ...sanction,
    slashedConsumer: sanction.slashedConsumer + slashed.consumer,
    slashedIndustrial: sanction.slashedIndustrial + slashed.industrial
  }
  const number = evidenceCount({ get: (one) => ledger.record(one) })
  const proven = { ...offence, height: at.height, level: raisedTo }
  ledger.setRecord(key, SanctionType.serialize(after))
  ledger.setRecord(provenKey(number), ProvenOffenceType.serialize(proven))
  ledger.setRecord(offenceKey(offenceId(offence)), Count.serialize(number))
  ledger.setRecord(EVIDENCE_COUNT_KEY, EvidenceCountType.serialize({ count: number + 1 }))
}
