/**
 * What stands behind the crypto port in the simulator. `keyed`: a keyed hash, a hundred times cheaper than a signature
 * and as good as one while nobody in the simulation computes it with a key that is not its own. `real`: Ed25519.
 */
import { concat, equal, utf8 } from '../../primitives/bytes.ts'
import { createSigningFunction, publicKeyFromSeed } from '../../crypto/ed25519.ts'
import { sha256 } from '../../crypto/hash.ts'
import { inlineVerifier } from '../../crypto/inline-verifier.ts'
import type { Signer, Verifier } from '../../crypto/ports.ts'

export interface SimCrypto {
  signer(seed: Uint8Array): Signer
  readonly verifier: Verifier
}

const KEY_TAG = utf8('icn simulator key')

function keyedSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = sha256(concat(publicKey, message))
  return concat(digest, digest)
}

export const keyedCrypto: SimCrypto = {
  signer: (seed) => {
    const publicKey = sha256(concat(KEY_TAG, seed))
    return { publicKey, sign: (message) => keyedSignature(publicKey, message) }
  },
  verifier: {
    verify: (jobs) =>
      Promise.resolve(
        jobs.map(({ publicKey, message, signature }) => equal(signature, keyedSignature(publicKey, message)))
      )
  }
}

export const realCrypto: SimCrypto = {
  signer: (seed) => ({ publicKey: publicKeyFromSeed(seed), sign: createSigningFunction(seed) }),
  verifier: inlineVerifier
}
