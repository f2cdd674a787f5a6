/**
 * Transactions (D9, M1). Signed bytes = domain ‖ network id ‖ SSZ(content); the id is their SHA-256.
 * One message has many valid Ed25519 signatures, so what blocks commit to is the wire hash: SHA-256 of all bytes.
 */
import { concat, copyBytes } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'
import {
  ByteListType,
  Bytes21,
  Bytes32,
  Bytes64,
  Chain,
  ContainerType,
  Count,
  U16,
  U64,
  U8,
  readCount
} from './ssz.ts'
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
const transactionFields = { ...contentFields, signature: Bytes64 }

const SIGNATURE_BYTES = Bytes64.fixedSize
/** version, chain, keyType, sender, nonce, validUntil, action; then where the payload begins. */
const PAYLOAD_OFFSET_AT = 1 + 2 + 1 + 32 + 8 + 8 + 2
/** That, then maxMana, fee, feeSelector; the payload follows, or in a transaction the signature. */
const CONTENT_FIXED_BYTES = PAYLOAD_OFFSET_AT + 4 + 8 + 8 + 1
/** Where the payload begins in what is signed, as SSZ writes it. */
const PAYLOAD_OFFSET = Uint8Array.of(CONTENT_FIXED_BYTES, 0, 0, 0)
const NETWORK_BYTES = Bytes32.fixedSize
const SENDER_AT = 1 + 2 + 1
const NONCE_AT = SENDER_AT + 32
const MAX_MANA_AT = PAYLOAD_OFFSET_AT + 4
const TRANSACTION_FIXED_BYTES = CONTENT_FIXED_BYTES + SIGNATURE_BYTES

/**
 * Views of a transaction are read by hand, field by field, in a third of the library's time and memory: a node decodes
 * nothing more often. Whatever is not as it should be goes to the library, which says what is wrong.
 */
class TransactionContainer extends ContainerType<typeof transactionFields> {
  override deserialize(
    bytes: Uint8Array,
    options?: { readonly reuseBytes?: boolean }
  ): ValueOf<ContainerType<typeof transactionFields>> {
    const payloadBytes = bytes.length - TRANSACTION_FIXED_BYTES
    if (options?.reuseBytes !== true || payloadBytes < 0 || payloadBytes > MAX_PAYLOAD_BYTES) {
      return super.deserialize(bytes, options)
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const validUntil = readCount(view, NONCE_AT + 8)
    const payloadAt = view.getUint32(PAYLOAD_OFFSET_AT, true)
    if (validUntil === undefined || payloadAt !== TRANSACTION_FIXED_BYTES) {
      return super.deserialize(bytes, options)
    }
    return {
      version: view.getUint8(0),
      chain: view.getUint16(1, true) as ChainId,
      keyType: view.getUint8(3),
      sender: bytes.subarray(SENDER_AT, NONCE_AT),
      nonce: view.getBigUint64(NONCE_AT, true),
      validUntil,
      action: view.getUint16(NONCE_AT + 16, true),
      payload: bytes.subarray(TRANSACTION_FIXED_BYTES),
      maxMana: view.getBigUint64(MAX_MANA_AT, true),
      fee: view.getBigUint64(MAX_MANA_AT + 8, true),
      feeSelector: view.getUint8(MAX_MANA_AT + 16),
      signature: bytes.subarray(CONTENT_FIXED_BYTES, TRANSACTION_FIXED_BYTES)
    }
  }
}
export const TransactionType = new TransactionContainer(transactionFields, { typeName: 'Transaction' })
export type Transaction = ValueOf<typeof TransactionType>

export const ACTION_TRANSFER = 1
export const MAX_MEMO_BYTES = 256
const transferFields = {
  to: Bytes21,
  consumer: U64,
  industrial: U64,
  memo: new ByteListType(MAX_MEMO_BYTES)
}
const AMOUNTS_AT = Bytes21.fixedSize
const TRANSFER_FIXED_BYTES = AMOUNTS_AT + 8 + 8 + 4

/** As transactions are, for the same reason. */
class TransferContainer extends ContainerType<typeof transferFields> {
  override deserialize(
    bytes: Uint8Array,
    options?: { readonly reuseBytes?: boolean }
  ): ValueOf<ContainerType<typeof transferFields>> {
    const memoBytes = bytes.length - TRANSFER_FIXED_BYTES
    if (options?.reuseBytes !== true || memoBytes < 0 || memoBytes > MAX_MEMO_BYTES) {
      return super.deserialize(bytes, options)
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (view.getUint32(AMOUNTS_AT + 16, true) !== TRANSFER_FIXED_BYTES)
      return super.deserialize(bytes, options)
    return {
      to: bytes.subarray(0, AMOUNTS_AT),
      consumer: view.getBigUint64(AMOUNTS_AT, true),
      industrial: view.getBigUint64(AMOUNTS_AT + 8, true),
      memo: bytes.subarray(TRANSFER_FIXED_BYTES)
    }
  }
}
export const TransferType = new TransferContainer(transferFields, { typeName: 'Transfer' })
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

export const signedLength = (bytes: Uint8Array): number =>
  DOMAINS.transaction.length + NETWORK_BYTES + bytes.length - SIGNATURE_BYTES

export function writeSigned(into: Uint8Array, network: Uint8Array, bytes: Uint8Array): void {
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
