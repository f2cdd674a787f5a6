/** SHA-256 where there is no node:crypto (browsers). Same function, same vectors. */
import { sha256 } from '@noble/hashes/sha2.js'
import type { PairHash } from './ports.ts'

export { sha256 }

/** The digest goes to `at` in `into`. */
export function sha256Into(bytes: Uint8Array, into: Uint8Array, at: number): void {
  into.set(sha256(bytes), at)
}

/** WebAssembly is faster at it. */
export const hashPair: PairHash | undefined = undefined
