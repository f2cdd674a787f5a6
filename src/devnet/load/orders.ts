/** What the load consists of besides transfers: shares of it, drawn evenly, and what each kind is and costs. */
import { multiTransferCost, orderCost, signMultiTransfer, signOrder } from '../../client/index.ts'
import type { ChainId, Leg, Order, SignedTransaction, Signer } from '../../client/index.ts'

export type LoadKind = 'near' | 'far' | 'action' | 'order'

/** Of a hundred transactions. What is left stays within a shard. */
export interface Shares {
  /** Transfers to another shard. */
  readonly cross: number
  /** Actions over two shards, all or nothing. */
  readonly atomic: number
  /** Activations on the coordination chain, and stake for a validator, in turns. */
  readonly orders: number
}

export type Costs = Parameters<typeof orderCost>[0] & { readonly activationDeposit: number }

export interface Terms {
  readonly network: Uint8Array
  readonly chain: ChainId
  readonly nonce: bigint
  readonly validUntil: number
  readonly signer: Signer
}

/** Primes: the thousand accounts take turns, and none of them is always given the same kind. */
const PLACES = 101
const STRIDE = 37

/** Spread evenly, whatever the shares. @param serial counts all transactions */
export function kindOf(serial: number, { cross, atomic, orders }: Shares): LoadKind {
  const place = ((serial * STRIDE) % PLACES) * 100
  if (place < atomic * PLACES) return 'action'
  if (place < (atomic + orders) * PLACES) return 'order'
  const transfers = (100 - atomic - orders) * PLACES
  return (place - (atomic + orders) * PLACES) * 100 < cross * transfers ? 'far' : 'near'
}

/** Two payments of one sender, or one where there is no other shard: all or nothing. */
export function signAction(
  terms: Terms,
  legs: readonly Leg[],
  costs: Costs,
  shards: number
): SignedTransaction {
  const cost = multiTransferCost(costs, terms.signer.publicKey, legs, shards)
  return signMultiTransfer({ ...terms, legs, ...cost })
}

/** @param validators to whose stake is added; with none there are only activations */
export function signTurn(
  terms: Terms,
  serial: number,
  costs: Costs,
  validators: readonly Uint8Array[]
): SignedTransaction {
  const validator = serial % 2 === 0 ? validators[(serial / 2) % Math.max(1, validators.length)] : undefined
  // No two orders of one account are the same transaction: it may take a refused one's nonce.
  const more = BigInt(serial)
  const order: Order =
    validator === undefined
      ? { activate: { consumer: BigInt(costs.activationDeposit) + more, industrial: 0n } }
      : { stake: { validator, consumer: more, industrial: 0n } }
  return signOrder({ ...terms, order, ...orderCost(costs, order) })
}
