/** Activation receipts (M8): records of accounts on the coordination chain, with a deposit and prepaid fees. */
import type { Receipt } from '../codec/receipt.ts'
import type { ReceiptCode } from '../codec/refusals.ts'
import { credit } from './crediting.ts'
import { ACCOUNT_STATE_BYTES } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import type { BlockContext } from './types.ts'

/** A first one locks the deposit and makes the record; later ones only fill it. @returns why not */
export function activate(
  ledger: Ledger,
  receipt: Receipt,
  { params, timeMs }: Pick<BlockContext, 'params' | 'timeMs'>
): ReceiptCode | undefined {
  const { receiver, consumer, industrial } = receipt
  if (ledger.account(receiver) !== undefined) return credit(ledger, receipt)
  const deposit = BigInt(params.activationDeposit)
  // An honest shard sends no less (EMI-7). Another one would make records without end, each with mana of its own.
  if (consumer < deposit) return 'below-deposit'
  if (ledger.totals.stateBytes + ACCOUNT_STATE_BYTES > params.maxStateBytes) return 'state-full'
  ledger.lockDeposit(deposit)
  ledger.create(receiver, {
    nonce: 0n,
    consumer: consumer - deposit,
    industrial,
    mana: 0n,
    manaTimeMs: timeMs
  })
  return undefined
}
