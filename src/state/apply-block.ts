/** The state transition of a block (D6, C7): pure, repeatable for ever, one tree update. */
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { commit } from './commit.ts'
import { execute } from './execute.ts'
import type { BlockFault } from './execute.ts'
import { Ledger } from './ledger.ts'
import type { StateView } from './ports.ts'
import type { BlockContext, CheckedTransaction, Execution, TransactionResult } from './types.ts'

/** `view` is the state after the parent. The first transaction that may not be in a block refuses the block. */
export function applyBlock(
  view: StateView,
  context: BlockContext,
  transactions: readonly CheckedTransaction[]
): Verdict<Execution, BlockFault> {
  if (transactions.length === 0) return accept({ changes: commit(view, new Map()), results: [] })
  const ledger = new Ledger(view)
  const results: TransactionResult[] = []
  for (const [index, checked] of transactions.entries()) {
    const executed = execute(ledger, checked, context)
    if (!executed.ok) return refuse(executed.code, `transaction ${index}: ${executed.detail}`)
    results.push(executed.value)
  }
  return accept({ changes: commit(view, ledger.changedValues()), results })
}
