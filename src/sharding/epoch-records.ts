/**
 * The records of coordination state that an epoch snapshot is computed from (C2), with proofs: whoever trusts the
 * header of the freeze height computes the snapshot from them without holding the state (C32).
 */
import { toHex } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { CooperativeListType, ParameterListType, ValidatorListType } from '../codec/registry.ts'
import { decode } from '../codec/ssz.ts'
import type { EpochProof } from '../codec/state-snapshot.ts'
import { paramsFromList } from '../params/check.ts'
import { COOPERATIVES_KEY, PARAMETERS_KEY, VALIDATORS_KEY } from '../state/keys.ts'
import type { StateView } from '../state/ports.ts'
import { proveKey, verifyProof } from '../state/proof.ts'

export type ProvenRecords = EpochProof['records']
export type RecordsCode = 'records-missing' | 'records-proof' | 'records-malformed'

/** In their order. */
export const RECORD_KEYS: readonly Uint8Array[] = [PARAMETERS_KEY, VALIDATORS_KEY, COOPERATIVES_KEY]

/** @param state coordination state after the freeze height */
export const proveRecords = (state: Pick<StateView, 'get' | 'page'>): ProvenRecords =>
  RECORD_KEYS.flatMap((key) => {
    const value = state.get(key)
    return value === undefined ? [] : [{ value, proof: proveKey(state, key) }]
  })

/** @returns what the snapshot is computed from, if `root` commits to all of it. */
export function readRecords(
  root: Uint8Array,
  records: ProvenRecords
): Verdict<Pick<StateView, 'get'>, RecordsCode> {
  if (records.length !== RECORD_KEYS.length) return refuse('records-missing', `${records.length} records`)
  const values = new Map<string, Uint8Array>()
  for (const [index, key] of RECORD_KEYS.entries()) {
    const record = records[index]
    if (record === undefined || !verifyProof(root, key, record.value, record.proof)) {
      return refuse('records-proof', `record ${index} is not in the state`)
    }
    values.set(toHex(key), record.value)
  }
  const [parameters, validators, cooperatives] = records
  const list = decode(ParameterListType, parameters?.value ?? new Uint8Array())
  const isReadable =
    list.ok &&
    paramsFromList(list.value).ok &&
    decode(ValidatorListType, validators?.value ?? new Uint8Array()).ok &&
    decode(CooperativeListType, cooperatives?.value ?? new Uint8Array()).ok
  if (!isReadable) return refuse('records-malformed', 'a proven record cannot be decoded')
  return accept({ get: (key) => values.get(toHex(key)) })
}
