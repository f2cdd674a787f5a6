/**
 * The records of coordination state that an epoch is read from (C2), with proofs: whoever trusts the header of the
 * freeze height reads the epoch from them without holding the state (C32). Who only checks certificates needs the first
 * two; who follows the chain needs all.
 */
import { toHex } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { ParameterListType } from '../codec/registry.ts'
import { SeatsType, WeightsType } from '../codec/registry-records.ts'
import { decode } from '../codec/ssz.ts'
import type { EpochProof } from '../codec/state-snapshot.ts'
import { paramsFromList } from '../params/check.ts'
import { MIX_KEY, PARAMETERS_KEY, SEATS_KEY, WEIGHTS_KEY } from '../state/keys.ts'
import type { StateView } from '../state/ports.ts'
import { proveKey, verifyProof } from '../state/proof.ts'
import { areWeights, checkSeats } from './seat-records.ts'

export type ProvenRecords = EpochProof['records']
export type RecordsCode = 'records-missing' | 'records-proof' | 'records-malformed'

/** In their order. */
export const RECORD_KEYS: readonly Uint8Array[] = [PARAMETERS_KEY, SEATS_KEY, WEIGHTS_KEY, MIX_KEY]
/** What committees without weights are read from. */
export const COMMITTEE_KEYS: readonly Uint8Array[] = RECORD_KEYS.slice(0, 2)

/** @param state coordination state after the freeze height */
export const proveRecords = (state: Pick<StateView, 'get' | 'page'>): ProvenRecords =>
  RECORD_KEYS.flatMap((key) => {
    const value = state.get(key)
    return value === undefined ? [] : [{ value, proof: proveKey(state, key) }]
  })

/**
 * @param keys RECORD_KEYS or COMMITTEE_KEYS
 * @returns what the epoch is read from, if `root` commits to all of it
 */
export function readRecords(
  root: Uint8Array,
  records: ProvenRecords,
  { shards, keys }: { readonly shards: number; readonly keys: readonly Uint8Array[] }
): Verdict<Pick<StateView, 'get'>, RecordsCode> {
  if (records.length !== keys.length) return refuse('records-missing', `${records.length} records`)
  const values = new Map<string, Uint8Array>()
  for (const [index, key] of keys.entries()) {
    const record = records[index]
    if (record === undefined || !verifyProof(root, key, record.value, record.proof)) {
      return refuse('records-proof', `record ${index} is not in the state`)
    }
    values.set(toHex(key), record.value)
  }
  const view = { get: (key: Uint8Array) => values.get(toHex(key)) }
  return areReadable(view, shards, keys.length > COMMITTEE_KEYS.length)
    ? accept(view)
    : refuse('records-malformed', 'a proven record cannot be decoded')
}

function areReadable(view: Pick<StateView, 'get'>, shards: number, whole: boolean): boolean {
  const value = (key: Uint8Array): Uint8Array => view.get(key) ?? new Uint8Array(0)
  const list = decode(ParameterListType, value(PARAMETERS_KEY))
  const seats = decode(SeatsType, value(SEATS_KEY))
  if (!list.ok || !paramsFromList(list.value).ok) return false
  if (!seats.ok || checkSeats(seats.value, shards) === undefined) return false
  if (!whole) return true
  const weights = decode(WeightsType, value(WEIGHTS_KEY))
  return weights.ok && areWeights(seats.value, weights.value) && value(MIX_KEY).length === 32
}
