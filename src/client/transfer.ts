/** Builds and signs transfers (M1; protocols/transactions.md). The network never sees the seed. */
import {
  ACTION_TRANSFER,
  TRANSACTION_VERSION,
  TransactionType,
  TransferType,
  transactionSignedBytes
} from '../codec/transaction.ts'
import type { TransactionContent } from '../codec/transaction.ts'
import { ADDRESS_BYTES, KEY_TYPE_ED25519, addressOfKey, homeShard } from '../crypto/address.ts'
import { createSigningFunction, publicKeyFromSeed } from '../crypto/ed25519.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Signer } from '../crypto/ports.ts'
import { toHex, utf8 } from '../primitives/bytes.ts'
import { shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Params } from '../params/params.ts'
import { minFee } from '../state/fees.ts'
import { manaCost } from '../state/mana.ts'

/** Which token pays the fee. */
export const FEE_SELECTORS = { consumer: 0, industrial: 1, split: 2 } as const
export type FeeToken = keyof typeof FEE_SELECTORS

export interface TransferFields {
  /** The sender's home shard. */
  readonly chain: ChainId
  readonly sender: Uint8Array
  readonly nonce: bigint
  /** Last height of `chain` at which it may be included. */
  readonly validUntil: number
  readonly to: Uint8Array
  /** Base units. @default 0n */
  readonly consumer?: bigint
  /** Base units. @default 0n */
  readonly industrial?: bigint
  /** @default none */
  readonly memo?: Uint8Array | string
  readonly maxMana: bigint
  readonly fee: bigint
  /** @default 'consumer' */
  readonly feeToken?: FeeToken
}

/** The content of a transfer: everything but the signature. */
export function buildTransfer(fields: TransferFields): TransactionContent {
  const memo = fields.memo ?? new Uint8Array(0)
  return {
    version: TRANSACTION_VERSION,
    chain: fields.chain,
    keyType: KEY_TYPE_ED25519,
    sender: fields.sender,
    nonce: fields.nonce,
    validUntil: fields.validUntil,
    action: ACTION_TRANSFER,
    payload: TransferType.serialize({
      to: fields.to,
      consumer: fields.consumer ?? 0n,
      industrial: fields.industrial ?? 0n,
      memo: typeof memo === 'string' ? utf8(memo) : memo
    }),
    maxMana: fields.maxMana,
    fee: fields.fee,
    feeSelector: FEE_SELECTORS[fields.feeToken ?? 'consumer']
  }
}

export interface SignedTransaction {
  /** As `tx_submit` takes them. */
  readonly bytes: Uint8Array
  readonly id: string
}

export function signTransaction(
  network: Uint8Array,
  content: TransactionContent,
  signer: Signer
): SignedTransaction {
  const signed = transactionSignedBytes(network, content)
  const bytes = TransactionType.serialize({ ...content, signature: signer.sign(signed) })
  return { bytes, id: toHex(sha256(signed)) }
}

export type SignTransfer = Omit<TransferFields, 'sender'> & {
  /** 32 bytes: the network id. */
  readonly network: Uint8Array
  /** A seed of 32 bytes, or what signs for a key kept elsewhere. */
  readonly signer: Signer | Uint8Array
}

export function signTransfer({ network, signer, ...fields }: SignTransfer): SignedTransaction {
  const own = signer instanceof Uint8Array ? signerOfSeed(signer) : signer
  return signTransaction(network, buildTransfer({ ...fields, sender: own.publicKey }), own)
}

/** A signer that holds an expanded key: make it once for many transactions. */
export const signerOfSeed = (seed: Uint8Array): Signer => ({
  publicKey: publicKeyFromSeed(seed),
  sign: createSigningFunction(seed)
})

export interface SenderIdentity {
  readonly publicKey: Uint8Array
  readonly address: Uint8Array
  readonly chain: ChainId
}

/** Who a key is on a network of so many shards. */
export function identityOf(publicKey: Uint8Array, shards: number): SenderIdentity {
  const address = addressOfKey(publicKey)
  return { publicKey, address, chain: homeShard(address, shards) }
}

/** What a transfer needs at least: mana for its size, and the floor of the fee (M9). Every transfer of one size costs the same. */
export function transferCost(
  params: Pick<Params, 'minFeePerByte' | 'minFeePerMana'>,
  memo: Uint8Array | string = ''
): { readonly maxMana: bigint; readonly fee: bigint } {
  const sender = new Uint8Array(32)
  const to = new Uint8Array(ADDRESS_BYTES)
  const fields = { chain: shardId(0), sender, nonce: 0n, validUntil: 0, to, memo, maxMana: 0n, fee: 0n }
  const signature = new Uint8Array(64)
  const bytes = TransactionType.serialize({ ...buildTransfer(fields), signature }).length
  const maxMana = manaCost(bytes, 0)
  return { maxMana, fee: minFee(bytes, maxMana, params) }
}
