/** The registry of validators in coordination state (REG-1): a record each, and the list of those that may be seated. */
import { must } from '../../primitives/errors.ts'
import { compare, equal } from '../../primitives/bytes.ts'
import { CooperativeListType, ValidatorListType } from '../../codec/registry.ts'
import type { Validator } from '../../codec/registry.ts'
import { ValidatorRecordType } from '../../codec/registry-records.ts'
import type { ValidatorRecord } from '../../codec/registry-records.ts'
import { COOPERATIVES_KEY, VALIDATORS_KEY, validatorKey } from '../keys.ts'
import type { Ledger } from '../ledger.ts'
import type { StateView } from '../ports.ts'

/** A state, or a ledger while a block is executed. */
export type Records = Pick<StateView, 'get'>
export const recordsOf = (ledger: Ledger): Records => ({ get: (key) => ledger.record(key) })

/** @param key validator key, 32 bytes */
export function readValidator(records: Records, key: Uint8Array): ValidatorRecord | undefined {
  const bytes = records.get(validatorKey(key))
  return bytes === undefined ? undefined : ValidatorRecordType.deserialize(bytes)
}

export function writeValidator(ledger: Ledger, key: Uint8Array, record: ValidatorRecord): void {
  ledger.setRecord(validatorKey(key), ValidatorRecordType.serialize(record))
}

/** Everybody who is registered and has not left, in key order. */
export const readElectorate = (records: Records): Validator[] =>
  ValidatorListType.deserialize(must(records.get(VALIDATORS_KEY), 'coordination state without validators'))

export function enrol(ledger: Ledger, validator: Validator): void {
  const others = readElectorate(recordsOf(ledger))
  writeElectorate(ledger, [...others, validator])
}

export function strike(ledger: Ledger, keys: readonly Uint8Array[]): void {
  if (keys.length === 0) return
  const others = readElectorate(recordsOf(ledger))
  writeElectorate(
    ledger,
    others.filter(({ key }) => !keys.some((one) => equal(one, key)))
  )
}

function writeElectorate(ledger: Ledger, validators: readonly Validator[]): void {
  const sorted = validators.toSorted((a, b) => compare(a.key, b.key))
  ledger.setRecord(VALIDATORS_KEY, ValidatorListType.serialize(sorted))
}

export function isCooperative(records: Records, id: number): boolean {
  if (id === 0) return true
  const bytes = must(records.get(COOPERATIVES_KEY), 'coordination state without cooperatives')
  return CooperativeListType.deserialize(bytes).some((cooperative) => cooperative.id === id)
}
