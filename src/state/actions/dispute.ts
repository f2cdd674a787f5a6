/**
 * `dispute`: a validator contests what was proven against it (SAN-7). It changes nothing but that everybody can read
 * that it did, and the hash of what it says; whether a sanction is lifted is for governance. It costs no fee (REG-6):
 * the account of a validator need not hold a token.
 */
import { equal } from '../../primitives/bytes.ts'
import {
  ACTION_DISPUTE,
  DisputeOrderType,
  DisputesType,
  MAX_DISPUTES,
  ProvenOffenceType
} from '../../codec/sanctions.ts'
import type { DisputeOrder } from '../../codec/sanctions.ts'
import { Count } from '../../codec/ssz.ts'
import { disputesKey, offenceKey, provenKey } from '../conduct/keys.ts'
import type { Action } from './action.ts'
import { ON_COORD } from './coordination.ts'

export const dispute: Action<DisputeOrder> = {
  ...ON_COORD,
  number: ACTION_DISPUTE,
  name: 'dispute',
  payloadType: DisputeOrderType,

  stateless: () => undefined,

  apply({ payload, sender, transaction }, ledger, { height, params }) {
    const number = ledger.record(offenceKey(payload.offence))
    const proven = number && ledger.record(provenKey(Count.deserialize(number)))
    if (proven === undefined) return 'unknown-offence'
    if (!equal(ProvenOffenceType.deserialize(proven).publicKey, transaction.sender)) return 'not-accused'
    const key = disputesKey(payload.offence)
    const before = ledger.record(key)
    const disputes = before === undefined ? [] : DisputesType.deserialize(before).disputes
    if (disputes.length >= MAX_DISPUTES) return 'disputes-full'
    const value = DisputesType.serialize({
      disputes: [...disputes, { sender, textHash: payload.textHash, height }]
    })
    const grown = value.length - (before?.length ?? -key.length)
    if (ledger.totals.stateBytes + grown > params.maxStateBytes) return 'state-full'
    ledger.setRecord(key, value)
    return undefined
  }
}
