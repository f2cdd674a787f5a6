/** The registry of validators in coordination state (REG-1): a record each, and the list of those that may be seated. */
import { must } from '../../primitives/errors.ts'
import { compare, equal } from '../../primitives/bytes.ts'
import { CooperativeListType, ValidatorListType } from '../../codec/registry.ts'
import type { Validator } from '../../codec/registry.ts'
import type { Type } from '../../codec/ssz.ts'
import { ValidatorRecordType } from '../../codec/registry-records.ts'
import type { ValidatorRecord } from '../../codec/registry-records.ts'
import { COOPERATIVES_KEY, VALIDATORS_KEY, validatorKey } from '../keys.ts'
import type { Ledger } from '../ledger.ts'
import type { StateView } from '../ports.ts'

/** A state, or a ledger while a block is executed. */
export type Records = Pick<StateView, 'get'>
export const recordsOf = (ledger: Ledger): Records => ({ get: (key) => ledger.record(key) })

/** Decoded once for each array of bytes: actions of one block look over the whole registry, again and again. */
const decodedRecords = new WeakMap<Uint8Array, ValidatorRecord>()
const decodedElectorates = new WeakMap<Uint8Array, readonly Validator[]>()

function decodedOnce<T>(known: WeakMap<Uint8Array, T>, type: Type<T>, bytes: Uint8Array): T {
  const held = known.get(bytes)
  if (held !== undefined) return held
  const value = type.deserialize(bytes)
  known.set(bytes, value)
  return value
}

/** @param key validator key, 32 bytes */
export function readValidator(records: Records, key: Uint8Array): ValidatorRecord | undefined {
  const bytes = records.get(validatorKey(key))
  return bytes === undefined ? undefined : decodedOnce(decodedRecords, ValidatorRecordType, bytes)
}

export function writeValidator(ledger: Ledger, key: Uint8Array, record: ValidatorRecord): void {
  ledger.setRecord(validatorKey(key), ValidatorRecordType.serialize(record))
}

/** Everybody who is registered and has not left, in key order. */
export function readElectorate(records: Records): readonly Validator[] {
  const bytes = must(records.get(VALIDATORS_KEY), 'coordination state without validators')
  return decodedOnce(decodedElectorates, ValidatorListType, bytes)
}

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
