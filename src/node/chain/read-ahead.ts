/** A large block's accounts are read off-thread before it is executed; a small one is executed sooner than that. */
import type { ChainStore } from '../../store/chain-store.ts'
import { readSet } from '../../state/read-set.ts'
import type { CheckedTransaction } from '../../state/types.ts'

/** Below this, waiting for the threads takes longer than reading here. */
export const READ_AHEAD_FROM = 64

const nothing = (): void => undefined

/** @returns what lets go of the rows once the block is executed */
export async function readAhead(
  store: Pick<ChainStore, 'readAhead'> | undefined,
  transactions: readonly CheckedTransaction[]
): Promise<() => void> {
  if (store === undefined || transactions.length < READ_AHEAD_FROM) return nothing
  return store.readAhead(readSet(transactions))
}
