/**
 * Addresses and home shards (D3; protocols/crypto.md CRY-5 … CRY-7).
 * Address bytes = key type (1) ‖ first 20 bytes of SHA-256(domain ‖ type ‖ key). Text form: bech32m with prefix `icn`.
 */
import { bech32m } from '@scure/base'
import { shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { DOMAINS } from './domains.ts'
import { sha256, sha256Of } from './hash.ts'

export const ADDRESS_BYTES = 21
export const KEY_TYPE_ED25519 = 0

const PREFIX = 'icn'

export function addressOfKey(publicKey: Uint8Array, keyType: number = KEY_TYPE_ED25519): Uint8Array {
  const type = Uint8Array.of(keyType)
  const address = new Uint8Array(ADDRESS_BYTES)
  address.set(type)
  address.set(sha256Of(DOMAINS.address, type, publicKey).subarray(0, 20), 1)
  return address
}

export const encodeAddress = (address: Uint8Array): string => bech32m.encode(PREFIX, bech32m.toWords(address))

/** @returns undefined for anything that is not the text of an address. */
export function decodeAddress(text: string): Uint8Array | undefined {
  const decoded = bech32m.decodeUnsafe(text)
  if (decoded === undefined || decoded.prefix !== PREFIX || text !== text.toLowerCase()) return undefined
  const bytes = bech32m.fromWordsUnsafe(decoded.words)
  return bytes !== undefined && bytes.length === ADDRESS_BYTES ? bytes : undefined
}

const U32 = 2 ** 32

/** First 8 bytes, big-endian, of SHA-256(address) modulo the number of shards. */
export function homeShard(address: Uint8Array, shards: number): ChainId {
  const digest = sha256(address)
  const view = new DataView(digest.buffer, digest.byteOffset, 8)
  // In halves, without bigint: exact while there are fewer than 2^21 shards.
  const high = (view.getUint32(0) % shards) * (U32 % shards)
  return shardId((high + view.getUint32(4)) % shards)
}
