/**
 * Addresses and home shards (D3; protocols/crypto.md CRY-5 … CRY-7).
 * Address bytes = key type (1) ‖ first 20 bytes of SHA-256(domain ‖ type ‖ key). Text form: bech32m with prefix `icn`.
 */
import { bech32m } from '@scure/base'
import { concat, copyBytes, readU32be } from '../primitives/bytes.ts'
import { shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert } from '../primitives/errors.ts'
import { DOMAINS } from './domains.ts'
import { sha256Into } from './hash.ts'

export const ADDRESS_BYTES = 21
export const KEY_TYPE_ED25519 = 0

const PREFIX = 'icn'

const KEY_BYTES = 32
/** What addresses are hashes of, one buffer for all: a hash is complete before the next begins. */
const hashed = concat(DOMAINS.address, new Uint8Array(1 + KEY_BYTES))
const digest = new Uint8Array(32)

export function addressOfKey(publicKey: Uint8Array, keyType: number = KEY_TYPE_ED25519): Uint8Array {
  assert(publicKey.length === KEY_BYTES, 'an address is made of a key of 32 bytes')
  hashed[DOMAINS.address.length] = keyType
  copyBytes(hashed, DOMAINS.address.length + 1, publicKey)
  sha256Into(hashed, digest, 0)
  const address = new Uint8Array(ADDRESS_BYTES)
  address[0] = keyType
  copyBytes(address, 1, digest, 0, ADDRESS_BYTES - 1)
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
  sha256Into(address, digest, 0)
  // In halves, without bigint: exact while there are fewer than 2^21 shards.
  const high = (readU32be(digest) % shards) * (U32 % shards)
  return shardId((high + readU32be(digest, 4)) % shards)
}
