/**
 * What chains tell each other of themselves: receipts of kind 5 (R8, R18). The first byte of the payload is the
 * number of the message, the rest its own content. A message is one module with what it carries and what it does; the
 * registry next to this file lists them all. Nothing is ever sent back: amounts that a message cannot place are lost
 * and found.
 */
import { concat } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { RECEIPT_SYSTEM } from '../../codec/receipt.ts'
import type { Receipt } from '../../codec/receipt.ts'
import type { ReceiptCode } from '../../codec/refusals.ts'
import { decode } from '../../codec/ssz.ts'
import type { Type } from '../../codec/ssz.ts'
import type { Ledger } from '../ledger.ts'
import type { Amounts, BlockContext, ReceiptPlace } from '../types.ts'

export interface SystemMessage<P> {
  /** First byte of the payload; given to one message for ever. */
  readonly number: number
  readonly name: string
  /** It brings amounts, and places them. Those of any other message are lost and found (R18). */
  readonly isPaid?: true
  /** The payload behind its number. */
  readonly payloadType: Type<P>
  /**
   * Places the receipt's amounts and does what the message says. A reason, which comes before the first change, is
   * recorded as the outcome of the receipt (R17).
   */
  apply(payload: P, receipt: Receipt, ledger: Ledger, context: BlockContext): ReceiptCode | undefined
}

/** A message as the registry holds it: what it carries is read where it is applied. */
export interface RegisteredMessage {
  readonly number: number
  readonly name: string
  apply(receipt: Receipt, ledger: Ledger, context: BlockContext): ReceiptCode | undefined
}

export const registered = <P>(message: SystemMessage<P>): RegisteredMessage => ({
  number: message.number,
  name: message.name,
  apply(receipt, ledger, context) {
    const payload = decode(message.payloadType, receipt.payload.subarray(1))
    if (!payload.ok) return 'unknown-receipt'
    const refusal = message.apply(payload.value, receipt, ledger, context)
    // What is refused is kept by whoever applies receipts (R8).
    if (refusal === undefined && message.isPaid !== true) ledger.creditLost(receipt)
    return refusal
  }
})

export interface SystemDraft<P> extends Amounts {
  readonly payload: P
  readonly origin: Uint8Array
  readonly hop: number
  readonly sender: Uint8Array
  readonly receiver: Uint8Array
}

/** R9: never refused, whatever room the lane has. The caller has taken the amounts from where they were. */
export function sendMessage<P>(
  ledger: Ledger,
  { chain }: Pick<BlockContext, 'chain'>,
  destination: ChainId,
  { number, payloadType }: Pick<SystemMessage<P>, 'number' | 'payloadType'>,
  { payload, ...draft }: SystemDraft<P>
): ReceiptPlace {
  const sequence = ledger.send(chain, destination, {
    ...draft,
    kind: RECEIPT_SYSTEM,
    mana: 0n,
    payload: concat(Uint8Array.of(number), payloadType.serialize(payload))
  })
  return { destination, sequence }
}
