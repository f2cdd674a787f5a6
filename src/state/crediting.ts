/** What arrives for an account (R8): raises its balances, or creates its record as a transfer would (M8). */
import { COORD } from '../primitives/chain-id.ts'
import { ACCOUNT_STATE_BYTES } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import type { Amounts, BlockContext } from './types.ts'

export type CreditCode = 'unknown-account' | 'balance-overflow' | 'below-min-balance' | 'state-full'

/** Amounts on their way to an account. */
export interface Incoming extends Amounts {
  readonly receiver: Uint8Array
}

const MAX_AMOUNT = 2n ** 64n - 1n

/** @returns why not; nothing was changed then. */
export function creditOrCreate(
  ledger: Ledger,
  { receiver, consumer, industrial }: Incoming,
  { chain, params, timeMs }: Pick<BlockContext, 'chain' | 'params' | 'timeMs'>
): CreditCode | undefined {
  if (ledger.account(receiver) !== undefined) return credit(ledger, { receiver, consumer, industrial })
  // There a record costs a deposit (EMI-8), and no honest chain sends anything else to it.
  if (chain === COORD) return 'unknown-account'
  const minBalance = BigInt(params.minBalance)
  if (consumer < minBalance && industrial < minBalance) return 'below-min-balance'
  if (ledger.totals.stateBytes + ACCOUNT_STATE_BYTES > params.maxStateBytes) return 'state-full'
  ledger.create(receiver, { nonce: 0n, consumer, industrial, mana: 0n, manaTimeMs: timeMs })
  return undefined
}

export function credit(ledger: Ledger, { receiver, consumer, industrial }: Incoming): CreditCode | undefined {
  const account = ledger.account(receiver)
  if (account === undefined) return 'unknown-account'
  const credited = {
    ...account,
    consumer: account.consumer + consumer,
    industrial: account.industrial + industrial
  }
  if (credited.consumer > MAX_AMOUNT || credited.industrial > MAX_AMOUNT) return 'balance-overflow'
  ledger.update(receiver, credited)
  return undefined
}
