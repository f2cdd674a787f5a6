/**
 * Builds and signs what moves value to the coordination chain, and out of what a validator earned: `activate`, `stake`,
 * `claim` (EMI-5, EMI-7, EMI-9).
 */
import {
  ACTION_ACTIVATE,
  ACTION_CLAIM,
  ACTION_STAKE,
  ActivationType,
  ClaimOrderType,
  StakingType
} from '../codec/claims.ts'
import type { Activation, ClaimOrder, Staking } from '../codec/claims.ts'
import { TRANSACTION_VERSION, TransactionType } from '../codec/transaction.ts'
import type { TransactionContent } from '../codec/transaction.ts'
import { KEY_TYPE_ED25519 } from '../crypto/address.ts'
import type { Params } from '../params/params.ts'
import { minFee } from '../state/fees.ts'
import { manaCost } from '../state/mana.ts'
import { FEE_SELECTORS, signTransaction, signerOfSeed } from './transfer.ts'
import type { SignTransfer, SignedTransaction } from './transfer.ts'

export type { Activation, ClaimOrder, Staking } from '../codec/claims.ts'

/** What the sender wants, under its name. */
export type Order =
  | { readonly claim: ClaimOrder }
  | { readonly activate: Activation }
  | { readonly stake: Staking }

type Terms = Omit<SignTransfer, 'network' | 'signer' | 'to' | 'consumer' | 'industrial' | 'memo'>

export type OrderFields = Terms & { readonly order: Order; readonly sender: Uint8Array }
export type SignOrder = Terms & Pick<SignTransfer, 'network' | 'signer'> & { readonly order: Order }

/** The content of the transaction: everything but the signature. */
export function buildOrder({ order, feeToken, ...terms }: OrderFields): TransactionContent {
  return {
    version: TRANSACTION_VERSION,
    keyType: KEY_TYPE_ED25519,
    ...terms,
    ...actionOf(order),
    feeSelector: FEE_SELECTORS[feeToken ?? 'consumer']
  }
}

function actionOf(order: Order): { readonly action: number; readonly payload: Uint8Array } {
  if ('claim' in order) return { action: ACTION_CLAIM, payload: ClaimOrderType.serialize(order.claim) }
  if ('stake' in order) return { action: ACTION_STAKE, payload: StakingType.serialize(order.stake) }
  return { action: ACTION_ACTIVATE, payload: ActivationType.serialize(order.activate) }
}

export function signOrder({ network, signer, ...fields }: SignOrder): SignedTransaction {
  const own = signer instanceof Uint8Array ? signerOfSeed(signer) : signer
  return signTransaction(network, buildOrder({ ...fields, sender: own.publicKey }), own)
}

/** What it needs at least where it touches another chain, as all but a claim at home do. */
export function orderCost(
  params: Pick<Params, 'minFeePerByte' | 'minFeePerMana'>,
  order: Order
): { readonly maxMana: bigint; readonly fee: bigint } {
  const bytes = TransactionType.minSize + actionOf(order).payload.length
  const maxMana = manaCost(bytes, 1)
  return { maxMana, fee: minFee(bytes, maxMana, params) }
}
