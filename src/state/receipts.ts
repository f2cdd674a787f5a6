/**
 * Receipts that arrive (R7, R8): applied in the order of their lane, each exactly once. Applying one never fails a
 * block: what cannot be credited goes back as a refund, and a refund that cannot be credited is kept as lost and found.
 */
import { u16be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { RECEIPT_REFUND, RECEIPT_VALUE } from '../codec/receipt.ts'
import type { InLane, Receipt } from '../codec/receipt.ts'
import { refusalNumber } from '../codec/refusals.ts'
import type { ReceiptCode } from '../codec/refusals.ts'
import { ACCOUNT_STATE_BYTES } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { checkAcknowledgement } from './lanes.ts'
import type { AcknowledgementFault } from './lanes.ts'
import type { BlockContext, ReceiptResult } from './types.ts'

/** What a block brings from one source, its proofs checked. */
export interface CheckedDelivery {
  readonly source: ChainId
  /** The whole delivery as it travels. */
  readonly bytes: Uint8Array
  readonly receipts: readonly Receipt[]
  /** The source's record of the lane from this chain. */
  readonly acknowledgement: InLane | undefined
}

export type DeliveryFault = AcknowledgementFault | 'wrong-sequence' | 'empty-delivery'

const MAX_AMOUNT = 2n ** 64n - 1n
/** Hops of a receipt before it is no longer answered; a refund of a refund does not exist, so two suffice. */
const HOPS_MAX = 255

/** Whether a block may carry it next: its receipts follow the cursor (R7), its acknowledgement is possible (R10). */
export function checkDelivery(
  { lanes }: Ledger,
  { source, receipts, acknowledgement }: CheckedDelivery
): Refusal<DeliveryFault> | undefined {
  if (receipts.length === 0 && acknowledgement === undefined) {
    return refuse('empty-delivery', `nothing from chain ${source}`)
  }
  const { cursor } = lanes.in(source)
  const stray = receipts.find(({ sequence }, index) => sequence !== cursor + index)
  if (stray !== undefined) {
    return refuse('wrong-sequence', `receipt ${stray.sequence} of chain ${source}, cursor ${cursor}`)
  }
  return acknowledgement === undefined ? undefined : checkAcknowledgement(lanes.out(source), acknowledgement)
}

/** @returns nothing applied and a refusal, which makes the block invalid, or what became of each receipt. */
export function applyDelivery(
  ledger: Ledger,
  delivery: CheckedDelivery,
  context: BlockContext
): Verdict<ReceiptResult[], DeliveryFault> {
  const refused = checkDelivery(ledger, delivery)
  if (refused !== undefined) return refused
  const { source, receipts, acknowledgement } = delivery
  if (acknowledgement !== undefined) ledger.lanes.acknowledge(source, acknowledgement)
  return accept(
    receipts.map((receipt) => {
      ledger.receive(receipt)
      return { source, sequence: receipt.sequence, ...applyReceipt(ledger, receipt, context) }
    })
  )
}

type Outcome = Pick<ReceiptResult, 'refusal' | 'refund'>

function applyReceipt(ledger: Ledger, receipt: Receipt, context: BlockContext): Outcome {
  if (receipt.kind === RECEIPT_REFUND) {
    ledger.lanes.countRefundReceived(receipt.source)
    const refusal = credit(ledger, receipt)
    if (refusal !== undefined) ledger.creditLost(receipt)
    return { refusal, refund: undefined }
  }
  const refusal =
    receipt.kind === RECEIPT_VALUE ? creditOrCreate(ledger, receipt, context) : 'unknown-receipt'
  const carriesValue = receipt.consumer > 0n || receipt.industrial > 0n
  const isReturned = refusal !== undefined && carriesValue
  return { refusal, refund: isReturned ? refund(ledger, receipt, refusal, context) : undefined }
}

function creditOrCreate(
  ledger: Ledger,
  receipt: Receipt,
  { params, timeMs }: BlockContext
): ReceiptCode | undefined {
  const { receiver, consumer, industrial } = receipt
  if (ledger.account(receiver) !== undefined) return credit(ledger, receipt)
  const minBalance = BigInt(params.minBalance)
  if (consumer < minBalance && industrial < minBalance) return 'below-min-balance'
  if (ledger.totals.stateBytes + ACCOUNT_STATE_BYTES > params.maxStateBytes) return 'state-full'
  ledger.create(receiver, { nonce: 0n, consumer, industrial, mana: 0n, manaTimeMs: timeMs })
  return undefined
}

function credit(ledger: Ledger, { receiver, consumer, industrial }: Receipt): ReceiptCode | undefined {
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

/** R8: on the reverse lane, whatever room it has; the payload is the number of the reason. */
function refund(ledger: Ledger, receipt: Receipt, reason: ReceiptCode, { chain }: BlockContext): number {
  ledger.lanes.countRefundEmitted(receipt.source)
  return ledger.send(chain, receipt.source, {
    kind: RECEIPT_REFUND,
    origin: receipt.origin,
    hop: Math.min(receipt.hop + 1, HOPS_MAX),
    sender: receipt.receiver,
    receiver: receipt.sender,
    consumer: receipt.consumer,
    industrial: receipt.industrial,
    mana: receipt.mana,
    payload: u16be(refusalNumber(reason))
  })
}
