/** A large block's accounts are read off-thread before it is executed, where the state is large; else it is sooner done. */
import type { ChainStore } from '../../store/chain-store.ts'
import { readSet } from '../../state/read-set.ts'
import { readTotals } from '../../state/supply.ts'
import type { CheckedTransaction } from '../../state/types.ts'

/** Below this, waiting for the threads takes longer than reading here. */
export const READ_AHEAD_FROM = 64
/**
 * In a smaller state the rows are in the store's cache, and reading ahead costs all threads together more than it saves
 * this one.
 */
export const READ_AHEAD_ACCOUNTS = 100_000

const nothing = (): void => undefined

/** @returns what lets go of the rows once the block is executed */
export async function readAhead(
  store: Pick<ChainStore, 'readAhead' | 'get'> | undefined,
  transactions: readonly CheckedTransaction[]
): Promise<() => void> {
  if (store === undefined || transactions.length < READ_AHEAD_FROM) return nothing
  if (readTotals(store).accounts < READ_AHEAD_ACCOUNTS) return nothing
  return store.readAhead(readSet(transactions))
}
