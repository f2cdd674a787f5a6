/**
 * What a proposer has earned on this chain leaves it as a whole (M12): to an account here, or as one value receipt to
 * the receiver's shard.
 */
import { homeShard } from '../crypto/address.ts'
import { RECEIPT_VALUE } from '../codec/receipt.ts'
import { creditOrCreate } from './crediting.ts'
import type { CreditCode } from './crediting.ts'
import { exceedsInflowCap } from './inflow.ts'
import type { Ledger } from './ledger.ts'
import type { BlockContext, ReceiptPlace } from './types.ts'

export interface ClaimOf {
  readonly validator: Uint8Array
  /** Address of the validator's key: who asked. */
  readonly sender: Uint8Array
  readonly to: Uint8Array
  readonly origin: Uint8Array
  readonly hop: number
}

export type PayoutCode = CreditCode | 'nothing-to-claim' | 'lane-congested' | 'above-inflow-cap'

const HERE: readonly ReceiptPlace[] = []

/** @returns the receipts it emitted, or why nothing was paid; nothing changed then. */
export function payClaim(
  ledger: Ledger,
  { validator, sender, to, origin, hop }: ClaimOf,
  context: BlockContext
): readonly ReceiptPlace[] | PayoutCode {
  const { chain, shards, params } = context
  const earned = ledger.claim(validator)
  if (earned.consumer === 0n && earned.industrial === 0n) return 'nothing-to-claim'
  const destination = homeShard(to, shards)
  if (destination === chain) {
    const refusal = creditOrCreate(ledger, { receiver: to, ...earned }, context)
    if (refusal === undefined) ledger.takeClaim(validator)
    return refusal ?? HERE
  }
  // Whether the receiver has a record is not known here; what makes one is never refused for its amount.
  const minBalance = BigInt(params.minBalance)
  if (earned.consumer < minBalance && earned.industrial < minBalance) return 'below-min-balance'
  // By the cap of the lane back: what is refused there has to come home, and no lane from coordination has one.
  if (exceedsInflowCap(destination, earned, params)) return 'above-inflow-cap'
  if (ledger.lanes.isCongested(destination, params)) return 'lane-congested'
  ledger.takeClaim(validator)
  const sequence = ledger.send(chain, destination, {
    ...earned,
    kind: RECEIPT_VALUE,
    origin,
    hop,
    sender,
    receiver: to,
    mana: 0n,
    payload: new Uint8Array(0)
  })
  return [{ destination, sequence }]
}
