/** The state transition of a block (D6, C7): pure, repeatable for ever, one tree update. */
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { ENTRY_BYTES_MAX } from '../codec/receipt.ts'
import { settleDue } from './atomic/coordinator.ts'
import { isDue } from './atomic/records.ts'
import { commit } from './commit.ts'
import { execute } from './execute.ts'
import type { BlockFault } from './execute.ts'
import { inflowCap } from './inflow.ts'
import { Ledger } from './ledger.ts'
import type { StateView } from './ports.ts'
import { applyDelivery } from './receipts.ts'
import type { CheckedDelivery, DeliveryFault } from './receipts.ts'
import type {
  BlockContext,
  CheckedTransaction,
  Execution,
  ReceiptResult,
  TransactionResult
} from './types.ts'

/** What a block asks of the state: receipts of other chains first, then transactions, both in order. */
export interface BlockWork {
  readonly deliveries: readonly CheckedDelivery[]
  readonly transactions: readonly CheckedTransaction[]
}

/** An entry is at most this part of a block, so that several lanes find room in the half that is theirs (R9). */
const ENTRIES_OF_A_BLOCK = 16

export type WorkFault = BlockFault | DeliveryFault

/** What the rules of blocks still change when all work of a block is done (STA-16); it may emit receipts. */
export type BlockEnd = (ledger: Ledger) => void

/** `view` is the state after the parent. The first part that may not be in a block refuses the block. */
export function applyBlock(
  view: StateView,
  context: BlockContext,
  { deliveries, transactions }: BlockWork,
  end?: BlockEnd
): Verdict<Execution, WorkFault> {
  const isIdle = transactions.length === 0 && deliveries.length === 0 && end === undefined
  if (isIdle && !isDue(view, context.height)) return accept(nothingDone(view))
  const ledger = new Ledger(view)
  const received: ReceiptResult[] = []
  for (const delivery of deliveries) {
    const applied = applyDelivery(ledger, delivery, context)
    if (!applied.ok) return applied
    received.push(...applied.value)
  }
  const results: TransactionResult[] = []
  for (const [index, checked] of transactions.entries()) {
    const executed = execute(ledger, checked, context)
    if (!executed.ok) return refuse(executed.code, `transaction ${index}: ${executed.detail}`)
    results.push(executed.value)
  }
  return accept(seal(view, ledger, context, { results, received }, end))
}

/** Ends the block, numbers what was emitted, and turns what changed into one update of the tree. */
export function seal(
  view: StateView,
  ledger: Ledger,
  context: BlockContext,
  done: Pick<Execution, 'results' | 'received'>,
  end?: BlockEnd
): Execution {
  settleDue(ledger, context)
  end?.(ledger)
  const emitted = ledger.lanes.seal(
    context.height,
    Math.min(ENTRY_BYTES_MAX, Math.floor(context.params.blockBytesMax / ENTRIES_OF_A_BLOCK)),
    inflowCap(context.chain, context.params)
  )
  return {
    ...done,
    emitted,
    changes: commit(view, ledger.changedValues())
  }
}

const nothingDone = (view: StateView): Execution => ({
  changes: commit(view, new Map()),
  results: [],
  received: [],
  emitted: []
})
