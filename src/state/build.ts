/** A leader's selection (M13): executes while it selects, with the code that will judge the block. */
import { MAX_DELIVERIES, MAX_DELIVERY_BYTES } from '../codec/block.ts'
import { OFFSET_BYTES } from '../codec/ssz.ts'
import { TransactionType } from '../codec/transaction.ts'
import { seal } from './apply-block.ts'
import type { BlockEnd } from './apply-block.ts'
import { execute } from './execute.ts'
import { Ledger } from './ledger.ts'
import type { StateView } from './ports.ts'
import { applyDelivery } from './receipts.ts'
import type { CheckedDelivery } from './receipts.ts'
import type {
  BlockContext,
  CheckedTransaction,
  Execution,
  ReceiptResult,
  TransactionResult
} from './types.ts'

/** No transaction needs less room: with less left, a block is full, however many wait. */
const SMALLEST_BYTES = TransactionType.minSize + OFFSET_BYTES

/** Transactions in order of preference. */
export interface TransactionSource extends Iterable<CheckedTransaction> {
  /** The last one cannot be taken, so nothing behind it of its sender can. */
  skipSender?(): void
}

export interface SelectionLimits {
  readonly count: number
  /** Bytes that the body has left for deliveries and transactions, their offsets included. */
  readonly bytes: number
  /** Of these, what deliveries may take (R9). */
  readonly deliveryBytes: number
}

export interface Offered {
  /** At most one of each source, in order of their numbers. */
  readonly deliveries: readonly CheckedDelivery[]
  readonly candidates: TransactionSource
}

export interface Selection extends Execution {
  readonly deliveries: readonly CheckedDelivery[]
  readonly transactions: readonly CheckedTransaction[]
}

/**
 * Deliveries first, each if it may come next and fits; then candidates in the order they come (fee rate, then wire
 * hash, per sender by nonce: the pool's policy), without those that cannot be included or do not fit.
 */
export function selectWork(
  view: StateView,
  context: BlockContext,
  { deliveries, candidates }: Offered,
  limits: SelectionLimits,
  end?: BlockEnd
): Selection {
  const ledger = new Ledger(view)
  const deliveryRoom = Math.min(limits.deliveryBytes, limits.bytes)
  const delivered = selectDeliveries(ledger, context, deliveries, deliveryRoom)
  const transactions: CheckedTransaction[] = []
  const results: TransactionResult[] = []
  let room = limits.bytes - delivered.bytes
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
  const execution = seal(view, ledger, context, { results, received: delivered.results }, end)
  return { ...execution, deliveries: delivered.taken, transactions }
}

function selectDeliveries(
  ledger: Ledger,
  context: BlockContext,
  offered: readonly CheckedDelivery[],
  room: number
): { taken: CheckedDelivery[]; results: ReceiptResult[]; bytes: number } {
  const taken: CheckedDelivery[] = []
  const results: ReceiptResult[] = []
  let bytes = 0
  for (const delivery of offered) {
    const size = delivery.bytes.length + OFFSET_BYTES
    const fits = delivery.bytes.length <= MAX_DELIVERY_BYTES && bytes + size <= room
    if (taken.length === MAX_DELIVERIES || !fits) continue
    const applied = applyDelivery(ledger, delivery, context)
    if (!applied.ok) continue
    bytes += size
    taken.push(delivery)
    results.push(...applied.value)
  }
  return { taken, results, bytes }
}
