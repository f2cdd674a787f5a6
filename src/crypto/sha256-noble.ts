/** SHA-256 where there is no node:crypto (browsers). Same function, same vectors. */
import { sha256 } from '@noble/hashes/sha2.js'

export { sha256 }

/** The digest goes to `at` in `into`. */
export function sha256Into(bytes: Uint8Array, into: Uint8Array, at: number): void {
  into.set(sha256(bytes), at)
}
