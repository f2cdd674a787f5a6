/** Builds and signs atomic actions: several payments over several shards, all or none (ATO; protocols/receipts.md). */
import { ACTION_MULTI_TRANSFER, MultiTransferType, cosignedBytes } from '../codec/atomic.ts'
import type { AtomicTerms, Cosignature, Leg } from '../codec/atomic.ts'
import { TRANSACTION_VERSION, TransactionType } from '../codec/transaction.ts'
import type { TransactionContent } from '../codec/transaction.ts'
import { KEY_TYPE_ED25519, addressOfKey } from '../crypto/address.ts'
import type { Signer } from '../crypto/ports.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { shardId } from '../primitives/chain-id.ts'
import type { Params } from '../params/params.ts'
import { multiTransfer } from '../state/actions/multi-transfer.ts'
import { minFee } from '../state/fees.ts'
import { FEE_SELECTORS, signTransaction, signerOfSeed } from './transfer.ts'
import type { FeeToken, SignedTransaction } from './transfer.ts'

export type { AtomicTerms, Cosignature, Leg } from '../codec/atomic.ts'

/** Heights of the sender's shard until the deadline, where nothing else is said. */
export const DEFAULT_HEIGHTS = 300

/** What everybody who pays agrees to. */
export interface TermsFields {
  /** The sender's home shard: it coordinates. */
  readonly chain: ChainId
  /** The sender's public key. */
  readonly sender: Uint8Array
  readonly nonce: bigint
  readonly validUntil: number
  /** @default 300 */
  readonly heights?: number
  readonly legs: readonly Leg[]
}

export interface MultiTransferFields extends TermsFields {
  /** One of each payer that is not the sender. @default none */
  readonly cosignatures?: readonly Cosignature[]
  readonly maxMana: bigint
  readonly fee: bigint
  /** @default 'consumer' */
  readonly feeToken?: FeeToken
}

export const termsOf = (fields: TermsFields): AtomicTerms => ({
  sender: addressOfKey(fields.sender),
  chain: fields.chain,
  nonce: fields.nonce,
  validUntil: fields.validUntil,
  heights: fields.heights ?? DEFAULT_HEIGHTS,
  legs: [...fields.legs]
})

/**
 * A payer's consent to these terms and no others, once.
 * @param sequence the account's next one: `cosignSequence` of `account_get`
 */
export function cosign(
  network: Uint8Array,
  terms: AtomicTerms,
  sequence: bigint,
  signer: Signer | Uint8Array
): Cosignature {
  const own = signer instanceof Uint8Array ? signerOfSeed(signer) : signer
  const signature = own.sign(cosignedBytes(network, terms, sequence))
  return { key: own.publicKey, sequence, signature }
}

export function buildMultiTransfer(fields: MultiTransferFields): TransactionContent {
  return {
    version: TRANSACTION_VERSION,
    chain: fields.chain,
    keyType: KEY_TYPE_ED25519,
    sender: fields.sender,
    nonce: fields.nonce,
    validUntil: fields.validUntil,
    action: ACTION_MULTI_TRANSFER,
    payload: MultiTransferType.serialize({
      heights: fields.heights ?? DEFAULT_HEIGHTS,
      legs: [...fields.legs],
      cosignatures: [...(fields.cosignatures ?? [])]
    }),
    maxMana: fields.maxMana,
    fee: fields.fee,
    feeSelector: FEE_SELECTORS[fields.feeToken ?? 'consumer']
  }
}

export type SignMultiTransfer = Omit<MultiTransferFields, 'sender'> & {
  /** 32 bytes: the network id. */
  readonly network: Uint8Array
  /** A seed of 32 bytes, or what signs for a key kept elsewhere. */
  readonly signer: Signer | Uint8Array
}

export function signMultiTransfer({ network, signer, ...fields }: SignMultiTransfer): SignedTransaction {
  const own = signer instanceof Uint8Array ? signerOfSeed(signer) : signer
  return signTransaction(network, buildMultiTransfer({ ...fields, sender: own.publicKey }), own)
}

/** What it needs at least: mana for every shard that takes part, and the floor of the fee (M9, R15). */
export function multiTransferCost(
  params: Pick<Params, 'minFeePerByte' | 'minFeePerMana'>,
  sender: Uint8Array,
  legs: readonly Leg[],
  shards: number
): { readonly maxMana: bigint; readonly fee: bigint } {
  const address = addressOfKey(sender)
  const others = new Set(legs.map(({ from }) => String(from)).filter((from) => from !== String(address)))
  const unsigned = { key: new Uint8Array(32), sequence: 0n, signature: new Uint8Array(64) }
  const content = buildMultiTransfer({
    chain: shardId(0),
    sender,
    nonce: 0n,
    validUntil: 0,
    legs,
    cosignatures: Array.from(others, () => unsigned),
    maxMana: 0n,
    fee: 0n
  })
  const bytes = TransactionType.serialize({ ...content, signature: new Uint8Array(64) }).length
  const payload = { heights: 1, legs: [...legs], cosignatures: [] }
  const constants = { network: new Uint8Array(32), shards, payloadBytesMax: 0 }
  const maxMana = multiTransfer.cost(bytes, multiTransfer.destinations(payload, address, constants).length)
  return { maxMana, fee: minFee(bytes, maxMana, params) }
}
