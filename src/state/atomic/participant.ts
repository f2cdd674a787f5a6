/**
 * What a shard does when it is asked for its part of an atomic action, told the decision, or paid (ATO-6 … ATO-9). It
 * never decides by itself: who has prepared waits for the coordinator, however long that takes.
 */
import {
  CALL_PREPARE,
  OUTCOME_ABORT,
  OUTCOME_COMMIT,
  PHASE_ABORTED,
  PHASE_COMMITTED,
  PHASE_PREPARED,
  PHASE_REFUSED,
  PrepareType
} from '../../codec/atomic.ts'
import type { Escrow } from '../../codec/atomic.ts'
import type { Receipt } from '../../codec/receipt.ts'
import { refusalNumber } from '../../codec/refusals.ts'
import type { ReceiptCode } from '../../codec/refusals.ts'
import { decode } from '../../codec/ssz.ts'
import { equal } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Ledger } from '../ledger.ts'
import { sendMessage } from '../system/message.ts'
import type { BlockContext } from '../types.ts'
import { endOwn } from './coordinator.ts'
import { checkPart, holdPart, isFinished, isOwed, outgoing, settlePart, takePayment } from './escrow.ts'
import { placed, shardsOf } from './legs.ts'
import { ANSWER, PAYMENT } from './messages.ts'
import { atomicOf, escrowOf, putAtomic, putEscrow } from './records.ts'

/** Hops of the messages of an action, from its transaction on. */
const VOTE_HOP = 1
const PAYMENT_HOP = 3
const END_HOP = 3

/** A call receipt. What is no call that this version knows, or carries amounts, is refused as unknown (R8). */
export function call(receipt: Receipt, ledger: Ledger, context: BlockContext): ReceiptCode | undefined {
  const { payload, origin, source, sender, consumer, industrial } = receipt
  const decoded = payload[0] === CALL_PREPARE ? decode(PrepareType, payload.subarray(1)) : undefined
  if (decoded?.ok !== true || consumer > 0n || industrial > 0n) return 'unknown-receipt'
  const prepare = decoded.value
  const { terms } = prepare
  // Who has no part is never asked by an honest chain, and would hold what nobody ever lets go of.
  const hasPart = shardsOf(placed(terms.legs, context.shards)).includes(context.chain)
  if (terms.chain !== source || !equal(terms.sender, sender) || !hasPart) return 'unknown-receipt'
  const refusal = checkPart(ledger, origin, prepare, context)
  if (refusal === undefined) holdPart(ledger, origin, prepare, context)
  const vote = refusal === undefined ? PHASE_PREPARED : PHASE_REFUSED
  answer(ledger, context, source, { origin, sender, hop: VOTE_HOP }, vote, refusal)
  return refusal
}

interface About {
  readonly origin: Uint8Array
  readonly sender: Uint8Array
  readonly hop: number
}

function answer(
  ledger: Ledger,
  context: BlockContext,
  coordinator: ChainId,
  { origin, sender, hop }: About,
  phase: number,
  refusal?: ReceiptCode
): void {
  const reason = refusal === undefined ? 0 : refusalNumber(refusal)
  const draft = { payload: { phase, reason }, origin, hop, sender, receiver: sender }
  sendMessage(ledger, context, coordinator, ANSWER, { ...draft, consumer: 0n, industrial: 0n })
}

/** The coordinator's word, and the only one that moves what is held here. */
export function obey(
  { outcome }: { readonly outcome: number },
  receipt: Receipt,
  ledger: Ledger,
  context: BlockContext
): ReceiptCode | undefined {
  const { origin, source } = receipt
  const escrow = escrowOf(ledger, origin)
  if (escrow === undefined || escrow.coordinator !== source) return 'atomic-unknown'
  if (escrow.phase !== PHASE_PREPARED) return 'atomic-repeated'
  if (outcome === OUTCOME_ABORT) {
    if (receipt.consumer > 0n || receipt.industrial > 0n) ledger.creditLost(receipt)
    settlePart(ledger, escrow, OUTCOME_ABORT, context)
    putEscrow(ledger, origin, undefined)
    const about = { origin, sender: escrow.sender, hop: END_HOP }
    answer(ledger, context, source, about, PHASE_ABORTED)
    return undefined
  }
  if (outcome !== OUTCOME_COMMIT || !isOwed(escrow, source, receipt, context)) return 'atomic-repeated'
  const paid = takePayment(ledger, escrow, source, context)
  // Held for a moment, so that what is settled is what the record says.
  putEscrow(ledger, origin, paid)
  const settled = settlePart(ledger, paid, OUTCOME_COMMIT, context)
  pay(ledger, origin, escrow, context)
  conclude(ledger, origin, settled, context)
  return undefined
}

/** What this shard's payers owe to others leaves in one receipt for each shard. */
function pay(ledger: Ledger, origin: Uint8Array, escrow: Escrow, context: BlockContext): void {
  const { sender } = escrow
  for (const [destination, amounts] of outgoing(escrow, context)) {
    sendMessage(ledger, context, destination, PAYMENT, {
      payload: { outcome: OUTCOME_COMMIT },
      origin,
      hop: PAYMENT_HOP,
      sender,
      receiver: sender,
      ...amounts
    })
  }
}

function conclude(ledger: Ledger, origin: Uint8Array, escrow: Escrow, context: BlockContext): void {
  const isOver = isFinished(escrow, context)
  putEscrow(ledger, origin, isOver ? undefined : escrow)
  const about = { origin, sender: escrow.sender, hop: END_HOP }
  if (isOver) answer(ledger, context, escrow.coordinator, about, PHASE_COMMITTED)
}

/** Payers of another shard have paid: credited once this shard knows the decision too. */
export function takePaid(
  { outcome }: { readonly outcome: number },
  receipt: Receipt,
  ledger: Ledger,
  context: BlockContext
): ReceiptCode | undefined {
  const { origin, source } = receipt
  const escrow = escrowOf(ledger, origin)
  if (escrow === undefined || outcome !== OUTCOME_COMMIT) return 'atomic-unknown'
  if (source === escrow.coordinator || !isOwed(escrow, source, receipt, context)) return 'atomic-repeated'
  const paid = takePayment(ledger, escrow, source, context)
  if (paid.phase !== PHASE_COMMITTED) {
    putEscrow(ledger, origin, paid)
  } else if (escrow.coordinator === context.chain) {
    const record = atomicOf(ledger, origin)
    if (record === undefined) return 'atomic-unknown'
    const draft = { ...record }
    endOwn(ledger, origin, draft, paid, context)
    putAtomic(ledger, origin, draft)
  } else conclude(ledger, origin, paid, context)
  return undefined
}
