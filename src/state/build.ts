/** A leader's selection (M13): executes while it selects, with the code that will judge the block. */
import { TransactionType } from '../codec/transaction.ts'
import { commit } from './commit.ts'
import { execute } from './execute.ts'
import { Ledger } from './ledger.ts'
import type { StateView } from './ports.ts'
import type { BlockContext, CheckedTransaction, Execution, TransactionResult } from './types.ts'

/** SSZ offset that each transaction of a body costs besides its bytes. */
const OFFSET_BYTES = 4

/** No transaction needs less room: with less left, a block is full, however many wait. */
const SMALLEST_BYTES = TransactionType.minSize + OFFSET_BYTES

/** Transactions in order of preference. */
export interface TransactionSource extends Iterable<CheckedTransaction> {
  /** The last one cannot be taken, so nothing behind it of its sender can. */
  skipSender?(): void
}

export interface SelectionLimits {
  readonly count: number
  /** Bytes that the body has left for transactions, their offsets included. */
  readonly bytes: number
}

export interface Selection extends Execution {
  readonly transactions: readonly CheckedTransaction[]
}

/**
 * Takes candidates in the order they come (fee rate, then wire hash, per sender by nonce: the pool's policy) and skips
 * those that cannot be included or do not fit.
 */
export function selectTransactions(
  view: StateView,
  context: BlockContext,
  candidates: TransactionSource,
  limits: SelectionLimits
): Selection {
  const ledger = new Ledger(view)
  const transactions: CheckedTransaction[] = []
  const results: TransactionResult[] = []
  let room = limits.bytes
  for (const checked of candidates) {
    if (transactions.length >= limits.count || room < SMALLEST_BYTES) break
    const size = checked.bytes.length + OFFSET_BYTES
    const executed = size > room ? undefined : execute(ledger, checked, context)
    if (executed?.ok !== true) {
      candidates.skipSender?.()
      continue
    }
    room -= size
    transactions.push(checked)
    results.push(executed.value)
  }
  return { transactions, results, changes: commit(view, ledger.changedValues()) }
}
