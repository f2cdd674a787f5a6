/**
 * One shard's part of an atomic action (ATO-5 … ATO-9): what its payers give is held, and a promise is made that its
 * receivers can be credited. From then on nothing but the coordinator's decision moves it; no deadline is read here.
 */
import {
  ESCROWS_PER_ACCOUNT_MAX,
  EscrowType,
  OUTCOME_COMMIT,
  PHASE_COMMITTED,
  PHASE_PREPARED,
  cosignedBytes
} from '../../codec/atomic.ts'
import type { Cosignature, Escrow, Prepare } from '../../codec/atomic.ts'
import type { PartCode } from '../../codec/refusals.ts'
import { addressOfKey } from '../../crypto/address.ts'
import { verify } from '../../crypto/ed25519.ts'
import { equal } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { credit } from '../crediting.ts'
import type { Ledger } from '../ledger.ts'
import type { Amounts, BlockContext } from '../types.ts'
import { NOTHING, payersOn, placed, sum } from './legs.ts'
import type { Payer, PlacedLeg } from './legs.ts'
import { atomicAccountOf, escrowOf, putAtomicAccount, putEscrow } from './records.ts'

/** Key and value of an account's record of co-signatures. */
const ATOMIC_ACCOUNT_BYTES = 23 + 10
const ESCROW_KEY_BYTES = 33

/** @returns why this shard cannot take its part; nothing is changed. */
export function checkPart(
  ledger: Ledger,
  id: Uint8Array,
  prepare: Prepare,
  context: BlockContext
): PartCode | undefined {
  if (escrowOf(ledger, id) !== undefined) return 'atomic-known'
  const { chain, params, shards } = context
  const legs = placed(prepare.terms.legs, shards)
  const payers = payersOn(chain, legs)
  for (const payer of payers) {
    const refusal = checkPayer(ledger, payer, prepare, context)
    if (refusal !== undefined) return refusal
  }
  const minBalance = BigInt(params.minBalance)
  for (const { destination, to, consumer, industrial } of legs) {
    if (destination !== chain || ledger.account(to) !== undefined) continue
    // Each leg alone, since legs of different shards arrive one by one.
    if (consumer < minBalance && industrial < minBalance) return 'below-min-balance'
  }
  // A record is never smaller than the accounts that its legs may create, so a commit needs no room.
  const bytes = ESCROW_KEY_BYTES + EscrowType.serialize(escrowFor(prepare, NOTHING)).length
  const growth = bytes + payers.length * ATOMIC_ACCOUNT_BYTES
  return ledger.totals.stateBytes + growth > params.maxStateBytes ? 'state-full' : undefined
}

function checkPayer(
  ledger: Ledger,
  payer: Payer,
  prepare: Prepare,
  { network, chain }: BlockContext
): PartCode | undefined {
  const account = ledger.account(payer.address)
  if (account === undefined) return 'unknown-account'
  const { open, next } = atomicAccountOf(ledger, payer.address)
  if (open >= ESCROWS_PER_ACCOUNT_MAX) return 'escrow-limit'
  if (account.consumer < payer.consumer || account.industrial < payer.industrial) return 'insufficient-funds'
  // Only its own shard knows that the sender signed the transaction; no other chain's word moves an account.
  if (isSender(payer, prepare, chain)) return undefined
  const consent = cosignatureOf(payer, prepare)
  if (consent === undefined) return 'cosignature-invalid'
  if (consent.sequence !== next) return 'cosignature-used'
  const message = cosignedBytes(network, prepare.terms, next)
  return verify(consent.signature, message, consent.key) ? undefined : 'cosignature-invalid'
}

const isSender = ({ address }: Payer, { terms }: Prepare, chain: ChainId): boolean =>
  terms.chain === chain && equal(address, terms.sender)

const cosignatureOf = ({ address }: Payer, { cosignatures }: Prepare): Cosignature | undefined =>
  cosignatures.find(({ key }) => equal(addressOfKey(key), address))

const escrowFor = ({ terms }: Prepare, { consumer, industrial }: Amounts): Escrow => ({
  coordinator: terms.chain,
  sender: terms.sender,
  phase: PHASE_PREPARED,
  paid: 0,
  consumer,
  industrial,
  legs: [...terms.legs]
})

/** Holds what the payers of this shard give; `checkPart` has found nothing against it. */
export function holdPart(ledger: Ledger, id: Uint8Array, prepare: Prepare, context: BlockContext): void {
  const payers = payersOn(context.chain, placed(prepare.terms.legs, context.shards))
  for (const payer of payers) {
    const account = must(ledger.account(payer.address), 'a payer was checked')
    ledger.update(payer.address, {
      ...account,
      consumer: account.consumer - payer.consumer,
      industrial: account.industrial - payer.industrial
    })
    const { open, next } = atomicAccountOf(ledger, payer.address)
    const signed = isSender(payer, prepare, context.chain) ? next : next + 1n
    putAtomicAccount(ledger, payer.address, { open: open + 1, next: signed })
  }
  putEscrow(ledger, id, escrowFor(prepare, sum(payers)))
}

/** Legs from one shard to another that are still to be paid. */
const unpaid = (escrow: Escrow, source: ChainId, { chain, shards }: BlockContext): PlacedLeg[] =>
  placed(escrow.legs, shards).filter(
    (leg) => leg.source === source && leg.destination === chain && (escrow.paid & (1 << leg.index)) === 0
  )

/** Whether amounts from a shard are exactly what its payers owe to this one, now. */
export function isOwed(escrow: Escrow, source: ChainId, amounts: Amounts, context: BlockContext): boolean {
  const owed = sum(unpaid(escrow, source, context))
  return owed.consumer === amounts.consumer && owed.industrial === amounts.industrial
}

/** Takes in what `isOwed`: held until the decision, credited after it. @returns the escrow as it is then */
export function takePayment(ledger: Ledger, escrow: Escrow, source: ChainId, context: BlockContext): Escrow {
  const legs = unpaid(escrow, source, context)
  const paid = legs.reduce((bits, { index }) => bits | (1 << index), escrow.paid)
  if (escrow.phase === PHASE_COMMITTED) {
    creditLegs(ledger, legs, context)
    return { ...escrow, paid }
  }
  return { ...escrow, paid, ...sum([escrow, ...legs]) }
}

/** Everybody's due: what this shard's payers owe to other shards. */
export function outgoing(escrow: Escrow, { chain, shards }: BlockContext): Map<ChainId, Amounts> {
  const amounts = new Map<ChainId, Amounts>()
  for (const leg of placed(escrow.legs, shards)) {
    if (leg.source !== chain || leg.destination === chain) continue
    amounts.set(leg.destination, sum([amounts.get(leg.destination) ?? NOTHING, leg]))
  }
  return new Map([...amounts].sort(([a], [b]) => a - b))
}

/**
 * Carries the decision out. Committed: what has arrived and what stays here is credited, and what leaves is no longer
 * held, since the caller sends it. Aborted: the payers have theirs again.
 */
export function settlePart(ledger: Ledger, escrow: Escrow, outcome: number, context: BlockContext): Escrow {
  const legs = placed(escrow.legs, context.shards)
  const payers = payersOn(context.chain, legs)
  for (const { address } of payers) {
    const account = atomicAccountOf(ledger, address)
    putAtomicAccount(ledger, address, { ...account, open: account.open - 1 })
  }
  const settled = { ...escrow, phase: PHASE_COMMITTED, consumer: 0n, industrial: 0n }
  if (outcome === OUTCOME_COMMIT) {
    const here = legs.filter(({ destination }) => destination === context.chain)
    const isPaid = ({ source, index }: PlacedLeg): boolean =>
      source === context.chain || (escrow.paid & (1 << index)) !== 0
    creditLegs(ledger, here.filter(isPaid), context)
    return settled
  }
  for (const { address, consumer, industrial } of payers) {
    place(ledger, { address, consumer, industrial }, context)
  }
  // Paid by a shard that had no decision to pay for: there is nobody here to have it.
  const own = sum(payers)
  ledger.creditLost({
    consumer: escrow.consumer - own.consumer,
    industrial: escrow.industrial - own.industrial
  })
  return settled
}

/** Whether nothing is left to do for this shard: all that others pay to it has come. */
export const isFinished = (escrow: Escrow, { chain, shards }: BlockContext): boolean =>
  escrow.phase === PHASE_COMMITTED &&
  placed(escrow.legs, shards).every(
    ({ source, destination, index }) =>
      destination !== chain || source === chain || (escrow.paid & (1 << index)) !== 0
  )

function creditLegs(ledger: Ledger, legs: readonly PlacedLeg[], context: BlockContext): void {
  for (const { to, consumer, industrial } of legs) {
    place(ledger, { address: to, consumer, industrial }, context)
  }
}

/** Promised at preparing: a record that is missing is made, whatever else grew meanwhile. */
function place(ledger: Ledger, { address, consumer, industrial }: Payer, { timeMs }: BlockContext): void {
  if (ledger.account(address) === undefined) {
    ledger.create(address, { nonce: 0n, consumer, industrial, mana: 0n, manaTimeMs: timeMs })
  } else if (credit(ledger, { receiver: address, consumer, industrial }) !== undefined) {
    ledger.creditLost({ consumer, industrial })
  }
}
