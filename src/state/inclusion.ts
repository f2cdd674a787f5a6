/**
 * Whether a transaction may be in a block (M7, M9). One rule, three users: the pool at admission and upkeep, the leader
 * that builds, and execution, where a refusal makes the block invalid.
 */
import { must } from '../primitives/errors.ts'
import { refuse } from '../primitives/result.ts'
import type { Refusal } from '../primitives/result.ts'
import { tokenText, tokensText } from '../primitives/tokens.ts'
import type { InclusionCode } from '../codec/refusals.ts'
import type { Account } from '../codec/state-records.ts'
import { actionByNumber } from './actions/registry.ts'
import type { Action } from './actions/action.ts'
import { feeAmounts, minFee } from './fees.ts'
import { regenerate } from './mana.ts'
import type { Amounts, BlockContext, CheckedTransaction } from './types.ts'

/** Of the block that would include it: `height` is one above the head it is judged against. */
export type InclusionContext = Pick<BlockContext, 'height' | 'timeMs' | 'params'>

/** What the sender's other pending transactions take. */
export interface Reserved extends Amounts {
  readonly mana: bigint
}
export const NOTHING_RESERVED: Reserved = { consumer: 0n, industrial: 0n, mana: 0n }

/** The action of a checked transaction. */
export const actionOf = ({ transaction }: CheckedTransaction): Action =>
  must(actionByNumber(transaction.action), 'a checked transaction with an unknown action')

/** What a transaction takes of its sender at most, besides a creation charge: fee, amounts and max mana. */
export function reservation(checked: CheckedTransaction): Reserved {
  const { fee, feeSelector, maxMana } = checked.transaction
  const paid = feeAmounts(fee, feeSelector)
  const spent = actionOf(checked).spends(checked.payload, checked.sender)
  return {
    consumer: paid.consumer + spent.consumer,
    industrial: paid.industrial + spent.industrial,
    mana: maxMana
  }
}

/** In a block: every refusal makes the block invalid. */
export function checkInclusion(
  account: Account | undefined,
  checked: CheckedTransaction,
  context: InclusionContext
): Refusal<InclusionCode> | undefined {
  return (
    checkTerms(checked, context) ??
    checkNonce(account, checked, 0) ??
    checkCover(account, checked, context, NOTHING_RESERVED)
  )
}

/**
 * At a pool (M7): besides what a block demands, the balance must cover the amounts, after what the sender's other
 * pending transactions take; the nonce may lie up to `ahead` above the account's.
 */
export function checkAdmission(
  account: Account | undefined,
  checked: CheckedTransaction,
  context: InclusionContext,
  pending: { readonly reserved: Reserved; readonly ahead: number }
): Refusal<InclusionCode | 'insufficient-funds'> | undefined {
  const refused =
    checkTerms(checked, context) ??
    checkNonce(account, checked, pending.ahead) ??
    checkCover(account, checked, context, pending.reserved)
  if (refused !== undefined || account === undefined) return refused
  const { reserved } = pending
  const needed = reservation(checked)
  return account.consumer < reserved.consumer + needed.consumer ||
    account.industrial < reserved.industrial + needed.industrial
    ? refuse('insufficient-funds', `needs ${tokensText(needed)} with the fee, ${hasText(account, reserved)}`)
    : undefined
}

/** What height and parameters say of the transaction alone, whoever sent it. */
export function checkTerms(
  checked: CheckedTransaction,
  { height, params }: Pick<InclusionContext, 'height' | 'params'>
): Refusal<InclusionCode> | undefined {
  const { validUntil, fee, maxMana } = checked.transaction
  if (height > validUntil) return refuse('expired', `valid until ${validUntil}, height ${height}`)
  // Judged against the head, which is the parent of the block at `height`.
  if (validUntil > height - 1 + params.maxLifetime) {
    return refuse(
      'lifetime-too-long',
      `valid until ${validUntil}, at most ${height - 1 + params.maxLifetime}`
    )
  }
  const floor = actionOf(checked).isFree === true ? 0n : minFee(checked.bytes.length, maxMana, params)
  if (fee < floor) return refuse('fee-floor', `fee ${tokenText(fee)}, at least ${tokenText(floor)}`)
  const cost = actionOf(checked).cost(checked.bytes.length, checked.destinations.length)
  return maxMana < cost ? refuse('mana-below-cost', `max mana ${maxMana}, cost ${cost}`) : undefined
}

function checkNonce(
  account: Account | undefined,
  { transaction }: CheckedTransaction,
  ahead: number
): Refusal<InclusionCode> | undefined {
  if (account === undefined) return refuse('unknown-account', 'no record')
  const { nonce } = transaction
  if (nonce < account.nonce) return refuse('nonce-reuse', `nonce ${nonce}, next is ${account.nonce}`)
  return nonce > account.nonce + BigInt(ahead)
    ? refuse('nonce-gap', `nonce ${nonce}, next is ${account.nonce}`)
    : undefined
}

function checkCover(
  account: Account | undefined,
  { transaction }: CheckedTransaction,
  { timeMs, params }: InclusionContext,
  reserved: Reserved
): Refusal<InclusionCode> | undefined {
  if (account === undefined) return refuse('unknown-account', 'no record')
  const fee = feeAmounts(transaction.fee, transaction.feeSelector)
  if (
    account.consumer < reserved.consumer + fee.consumer ||
    account.industrial < reserved.industrial + fee.industrial
  ) {
    return refuse('fee-unpayable', `fee ${tokensText(fee)}, ${hasText(account, reserved)}`)
  }
  const { mana } = regenerate(account, timeMs, params)
  return mana < reserved.mana + transaction.maxMana
    ? refuse('insufficient-mana', `max mana ${transaction.maxMana}, has ${mana - reserved.mana}`)
    : undefined
}

/** Pending transactions may have taken more than there is by now. */
function hasText(account: Account, reserved: Reserved): string {
  const rest = (amount: bigint, taken: bigint): bigint => (amount > taken ? amount - taken : 0n)
  const consumer = rest(account.consumer, reserved.consumer)
  const industrial = rest(account.industrial, reserved.industrial)
  return `has ${tokensText({ consumer, industrial })}`
}
