/** The records of atomic actions in the state of a chain (ATO), read and written through the ledger of a block. */
import { AtomicAccountType, AtomicDueType, AtomicRecordType, EscrowType } from '../../codec/atomic.ts'
import type { AtomicAccount, AtomicDue, AtomicRecord, Escrow } from '../../codec/atomic.ts'
import { must } from '../../primitives/errors.ts'
import { atomicAccountKey, atomicDueKey, atomicForgottenKey, atomicKey, escrowKey } from '../keys.ts'
import type { Ledger } from '../ledger.ts'
import type { StateView } from '../ports.ts'

type Reader = Pick<StateView, 'get'>

const NEW_ACCOUNT: AtomicAccount = { open: 0, next: 0n }
const NOTHING_DUE: AtomicDue = { deadlines: [], forgotten: 0 }

export function readAtomic(view: Reader, id: Uint8Array): AtomicRecord | undefined {
  const bytes = view.get(atomicKey(id))
  return bytes === undefined ? undefined : AtomicRecordType.deserialize(bytes)
}

export function readEscrow(view: Reader, id: Uint8Array): Escrow | undefined {
  const bytes = view.get(escrowKey(id))
  return bytes === undefined ? undefined : EscrowType.deserialize(bytes)
}

export function readAtomicAccount(view: Reader, address: Uint8Array): AtomicAccount {
  const bytes = view.get(atomicAccountKey(address))
  return bytes === undefined ? NEW_ACCOUNT : AtomicAccountType.deserialize(bytes)
}

/** Whether the block of this height has something to do although nothing arrives (ATO-12). */
export const isDue = (view: Reader, height: number): boolean => view.get(atomicDueKey(height)) !== undefined

const reader = (ledger: Ledger): Reader => ({ get: (key) => ledger.record(key) })

export const atomicOf = (ledger: Ledger, id: Uint8Array): AtomicRecord | undefined =>
  readAtomic(reader(ledger), id)

export const escrowOf = (ledger: Ledger, id: Uint8Array): Escrow | undefined => readEscrow(reader(ledger), id)

export const atomicAccountOf = (ledger: Ledger, address: Uint8Array): AtomicAccount =>
  readAtomicAccount(reader(ledger), address)

export function dueAt(ledger: Ledger, height: number): AtomicDue {
  const bytes = ledger.record(atomicDueKey(height))
  return bytes === undefined ? NOTHING_DUE : AtomicDueType.deserialize(bytes)
}

export const putAtomic = (ledger: Ledger, id: Uint8Array, record: AtomicRecord | undefined): void =>
  ledger.setRecord(atomicKey(id), record === undefined ? undefined : AtomicRecordType.serialize(record))

/** What escrows hold is part of what the chain holds (R11). */
export function putEscrow(ledger: Ledger, id: Uint8Array, escrow: Escrow | undefined): void {
  const before = escrowOf(ledger, id)
  ledger.escrow({
    consumer: (escrow?.consumer ?? 0n) - (before?.consumer ?? 0n),
    industrial: (escrow?.industrial ?? 0n) - (before?.industrial ?? 0n)
  })
  ledger.setRecord(escrowKey(id), escrow === undefined ? undefined : EscrowType.serialize(escrow))
}

/** Stays once the account has co-signed, as a nonce does: its number stops replay. */
export function putAtomicAccount(ledger: Ledger, address: Uint8Array, account: AtomicAccount): void {
  const isNew = account.open === 0 && account.next === 0n
  ledger.setRecord(atomicAccountKey(address), isNew ? undefined : AtomicAccountType.serialize(account))
}

export function putDue(ledger: Ledger, height: number, due: AtomicDue): void {
  const isEmpty = due.deadlines.length === 0 && due.forgotten === 0
  ledger.setRecord(atomicDueKey(height), isEmpty ? undefined : AtomicDueType.serialize(due))
}

/** The record of this action goes with the block of that height (ATO-13). */
export function forgetAt(ledger: Ledger, height: number, id: Uint8Array): void {
  const due = dueAt(ledger, height)
  ledger.setRecord(atomicForgottenKey(height, due.forgotten), id)
  putDue(ledger, height, { ...due, forgotten: due.forgotten + 1 })
}

/** Records whose time has come go, and what named them. */
export function forgetDue(ledger: Ledger, height: number, count: number): void {
  for (let number = 0; number < count; number++) {
    const key = atomicForgottenKey(height, number)
    putAtomic(ledger, must(ledger.record(key), 'counted, and not there'), undefined)
    ledger.setRecord(key, undefined)
  }
}
