/**
 * Receipts that arrive (R7, R8): applied in the order of their lane, each exactly once. Applying one never fails a
 * block: what cannot be credited goes back as a refund; a refund or a system message whose amounts find no place keeps
 * them as lost and found.
 */
import { u16be } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import {
  RECEIPT_ACTIVATION,
  RECEIPT_CALL,
  RECEIPT_REFUND,
  RECEIPT_SYSTEM,
  RECEIPT_VALUE,
  nextHop
} from '../codec/receipt.ts'
import type { InLane, Receipt } from '../codec/receipt.ts'
import { refusalNumber } from '../codec/refusals.ts'
import type { ReceiptCode } from '../codec/refusals.ts'
import { activate } from './activation.ts'
import { call } from './atomic/participant.ts'
import { credit, creditOrCreate } from './crediting.ts'
import { checkInflow, countInflow } from './inflow.ts'
import type { Ledger } from './ledger.ts'
import { checkAcknowledgement } from './lanes.ts'
import type { AcknowledgementFault } from './lanes.ts'
import { messageByNumber } from './system/registry.ts'
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

export type DeliveryFault = AcknowledgementFault | 'wrong-sequence' | 'empty-delivery' | 'inflow-capped'

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
  return acknowledgement === undefined ? undefined : checkAcknowledgement(lanes, source, acknowledgement)
}

/** @returns nothing applied and a refusal, which makes the block invalid, or what became of each receipt. */
export function applyDelivery(
  ledger: Ledger,
  delivery: CheckedDelivery,
  context: BlockContext
): Verdict<ReceiptResult[], DeliveryFault> {
  const { source, receipts, acknowledgement } = delivery
  const refused = checkDelivery(ledger, delivery) ?? checkInflow(ledger, source, receipts, context)
  if (refused !== undefined) return refused
  countInflow(ledger, source, receipts, context)
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
    return applied(ledger, receipt, credit(ledger, receipt))
  }
  if (receipt.kind === RECEIPT_VALUE) {
    return answered(ledger, receipt, creditOrCreate(ledger, receipt, context), context)
  }
  if (receipt.kind === RECEIPT_CALL) return answered(ledger, receipt, call(receipt, ledger, context), context)
  if (receipt.kind === RECEIPT_ACTIVATION && context.chain === COORD) {
    return applied(ledger, receipt, activate(ledger, receipt, context))
  }
  const [number] = receipt.payload
  const message =
    receipt.kind === RECEIPT_SYSTEM && number !== undefined ? messageByNumber(number) : undefined
  return message === undefined
    ? answered(ledger, receipt, 'unknown-receipt', context)
    : applied(ledger, receipt, message.apply(receipt, ledger, context))
}

const carriesValue = ({ consumer, industrial }: Receipt): boolean => consumer > 0n || industrial > 0n

/** What is refused goes back with what it carried. */
function answered(
  ledger: Ledger,
  receipt: Receipt,
  refusal: ReceiptCode | undefined,
  context: BlockContext
): Outcome {
  const isReturned = refusal !== undefined && carriesValue(receipt)
  return { refusal, refund: isReturned ? refund(ledger, receipt, refusal, context) : undefined }
}

/** What cannot be refused: amounts that found no place are kept, and nothing answers. */
function applied(ledger: Ledger, receipt: Receipt, refusal: ReceiptCode | undefined): Outcome {
  if (refusal !== undefined) ledger.creditLost(receipt)
  return { refusal, refund: undefined }
}

/** R8: on the reverse lane, whatever room it has; the payload is the number of the reason. */
function refund(ledger: Ledger, receipt: Receipt, reason: ReceiptCode, { chain }: BlockContext): number {
  ledger.lanes.countRefundEmitted(receipt.source)
  return ledger.send(chain, receipt.source, {
    kind: RECEIPT_REFUND,
    origin: receipt.origin,
    hop: nextHop(receipt),
    sender: receipt.receiver,
    receiver: receipt.sender,
    consumer: receipt.consumer,
    industrial: receipt.industrial,
    mana: receipt.mana,
    payload: u16be(refusalNumber(reason))
  })
}
