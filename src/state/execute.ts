/** One transaction in a block: charged first, then run; a failed action keeps the charge (M9). */
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { must } from '../primitives/errors.ts'
import type { InclusionCode } from '../codec/refusals.ts'
import { feeAmounts, feeShares } from './fees.ts'
import { actionOf, checkInclusion } from './inclusion.ts'
import type { Ledger } from './ledger.ts'
import { regenerate } from './mana.ts'
import type { BlockContext, CheckedTransaction, TransactionResult } from './types.ts'

/** Why a transaction makes its block invalid. */
export type BlockFault = InclusionCode | 'wrong-chain'

const NOTHING_EMITTED: TransactionResult['emitted'] = []

/** A refusal leaves the ledger as it was. */
export function execute(
  ledger: Ledger,
  checked: CheckedTransaction,
  context: BlockContext
): Verdict<TransactionResult, BlockFault> {
  const { transaction, sender } = checked
  if (transaction.chain !== context.chain) return refuse('wrong-chain', `chain ${transaction.chain}`)
  const refused = checkInclusion(ledger.account(sender), checked, context)
  if (refused !== undefined) return refused
  const account = must(ledger.account(sender), 'inclusion was granted without a record')
  const action = actionOf(checked)
  const mana = action.cost(checked.bytes.length, checked.destinations.length)
  const fee = feeAmounts(transaction.fee, transaction.feeSelector)
  const regained = regenerate(account, context.timeMs, context.params)
  ledger.update(sender, {
    nonce: account.nonce + 1n,
    consumer: account.consumer - fee.consumer,
    industrial: account.industrial - fee.industrial,
    mana: regained.mana - mana,
    manaTimeMs: regained.manaTimeMs
  })
  const shares = feeShares(fee, context.params.treasurySharePpm)
  ledger.creditTreasury(shares.treasury)
  ledger.creditClaim(context.proposer, shares.proposer)
  const outcome = action.apply(checked, ledger, context) ?? NOTHING_EMITTED
  return typeof outcome === 'string'
    ? accept({ id: checked.id, failure: outcome, mana, fee, emitted: NOTHING_EMITTED })
    : accept({ id: checked.id, failure: undefined, mana, fee, emitted: outcome })
}
