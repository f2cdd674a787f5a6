/**
 * Transactions (D9, M1). Signed bytes = domain ‖ network id ‖ SSZ(content); the id is their SHA-256.
 * One message has many valid Ed25519 signatures, so what blocks commit to is the wire hash: SHA-256 of all bytes.
 */
import { concat, copyBytes } from '../primitives/bytes.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'
import { ByteListType, Bytes21, Bytes32, Bytes64, Chain, ContainerType, Count, U16, U64, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** Genesis ceiling on a payload; a genesis may set less, never more. */
export const MAX_PAYLOAD_BYTES = 16_384
/** Genesis ceiling on a whole transaction: fixed part, payload, signature. */
export const MAX_TRANSACTION_BYTES = MAX_PAYLOAD_BYTES + 256
export const TRANSACTION_VERSION = 1

const contentFields = {
  version: U8,
  chain: Chain,
  keyType: U8,
  sender: Bytes32,
  nonce: U64,
  /** Last height of `chain` at which the transaction may be included. */
  validUntil: Count,
  action: U16,
  payload: new ByteListType(MAX_PAYLOAD_BYTES),
  maxMana: U64,
  /** Base units; which token pays is `feeSelector`: 0 consumer, 1 industrial, 2 half each (odd unit: consumer). */
  fee: U64,
  feeSelector: U8
}
export const TransactionContentType = new ContainerType(contentFields, { typeName: 'TransactionContent' })
export type TransactionContent = ValueOf<typeof TransactionContentType>
export const TransactionType = new ContainerType(
  { ...contentFields, signature: Bytes64 },
  { typeName: 'Transaction' }
)
export type Transaction = ValueOf<typeof TransactionType>

const SIGNATURE_BYTES = Bytes64.fixedSize
/** version, chain, keyType, sender, nonce, validUntil, action; then where the payload begins. */
const PAYLOAD_OFFSET_AT = 1 + 2 + 1 + 32 + 8 + 8 + 2
/** That, then maxMana, fee, feeSelector; the payload follows, or in a transaction the signature. */
const CONTENT_FIXED_BYTES = PAYLOAD_OFFSET_AT + 4 + 8 + 8 + 1
/** Where the payload begins in what is signed, as SSZ writes it. */
const PAYLOAD_OFFSET = Uint8Array.of(CONTENT_FIXED_BYTES, 0, 0, 0)
const NETWORK_BYTES = Bytes32.fixedSize

export const ACTION_TRANSFER = 1
export const MAX_MEMO_BYTES = 256
export const TransferType = new ContainerType(
  { to: Bytes21, consumer: U64, industrial: U64, memo: new ByteListType(MAX_MEMO_BYTES) },
  { typeName: 'Transfer' }
)
export type Transfer = ValueOf<typeof TransferType>

export const transactionSignedBytes = (network: Uint8Array, content: TransactionContent): Uint8Array =>
  concat(DOMAINS.transaction, network, TransactionContentType.serialize(content))

/** The same out of a canonical transaction as it travels: only the signature and what stands before the payload differ. */
export function signedBytesOfWire(network: Uint8Array, bytes: Uint8Array): Uint8Array {
  const signed = new Uint8Array(signedLength(bytes))
  writeSigned(signed, network, bytes)
  return signed
}

/** One buffer for all: a hash is complete before the next begins. */
const hashed = new Uint8Array(DOMAINS.transaction.length + NETWORK_BYTES + MAX_TRANSACTION_BYTES)

/** The id of a canonical transaction as it travels. */
export function idOfWire(network: Uint8Array, bytes: Uint8Array): Uint8Array {
  writeSigned(hashed, network, bytes)
  return sha256(hashed.subarray(0, signedLength(bytes)))
}

const signedLength = (bytes: Uint8Array): number =>
  DOMAINS.transaction.length + NETWORK_BYTES + bytes.length - SIGNATURE_BYTES

function writeSigned(into: Uint8Array, network: Uint8Array, bytes: Uint8Array): void {
  const content = DOMAINS.transaction.length + NETWORK_BYTES
  const payload = content + CONTENT_FIXED_BYTES
  copyBytes(into, 0, DOMAINS.transaction)
  copyBytes(into, DOMAINS.transaction.length, network)
  copyBytes(into, content, bytes, 0, CONTENT_FIXED_BYTES)
  copyBytes(into, content + PAYLOAD_OFFSET_AT, PAYLOAD_OFFSET)
  copyBytes(into, payload, bytes, CONTENT_FIXED_BYTES + SIGNATURE_BYTES)
}

export const transactionId = (network: Uint8Array, content: TransactionContent): Uint8Array =>
  sha256(transactionSignedBytes(network, content))

/** SHA-256 of the transaction as it travels. */
export const wireHash = (bytes: Uint8Array): Uint8Array => sha256(bytes)
