/**
 * ChaCha20-Poly1305 (RFC 8439) by libsodium: one call for a whole message, where the platform's makes a key object, a
 * cipher and three buffers for each, which takes ten times as long for a few kilobytes.
 */
import sodium from 'sodium-native'

export const TAG_BYTES = 16

/** @returns the ciphertext with its tag behind it, in memory of its own */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array
): Uint8Array {
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES)
  sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, presence(associated), null, nonce, key)
  return sealed
}

/**
 * @returns the plaintext in memory of its own
 * @throws Error for a tag that does not fit
 */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array
): Uint8Array {
  if (sealed.length < TAG_BYTES) throw new RangeError('a sealed message has a tag')
  const plaintext = new Uint8Array(sealed.length - TAG_BYTES)
  sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, presence(associated), nonce, key)
  return plaintext
}

/** The library wants nothing instead of no bytes. */
const presence = (associated: Uint8Array): Uint8Array | null => (associated.length === 0 ? null : associated)
