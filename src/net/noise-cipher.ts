/**
 * What Noise encrypts frames with. The library takes WebAssembly for small ones and the platform's cipher for the rest,
 * which costs more to set up than a frame of a few kilobytes to encrypt; libsodium costs next to nothing to set up and
 * is overtaken by the platform only in large ones. The bytes are the same.
 */
import { noise } from '@libp2p/noise'
import type { ICryptoInterface } from '@libp2p/noise'
import { defaultCrypto } from '@libp2p/noise/crypto'
import { open, seal } from '../crypto/chacha-sodium.ts'

/** From here on the platform's vectors are worth their setting up. */
export const PLATFORM_FROM_BYTES = 32 * 1024

export const NOISE_CRYPTO: ICryptoInterface = {
  ...defaultCrypto,
  chaCha20Poly1305Encrypt: (plaintext, nonce, associated, key) =>
    plaintext.byteLength < PLATFORM_FROM_BYTES
      ? seal(key, nonce, plaintext.subarray(), associated)
      : defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, associated, key),
  chaCha20Poly1305Decrypt: (sealed, nonce, associated, key, into) =>
    sealed.byteLength < PLATFORM_FROM_BYTES
      ? open(key, nonce, sealed.subarray(), associated)
      : defaultCrypto.chaCha20Poly1305Decrypt(sealed, nonce, associated, key, into)
}

export const encrypter = (): ReturnType<typeof noise> => noise({ crypto: NOISE_CRYPTO })
