/** SHA-256 over joined parts. The back end is chosen by the package's import conditions. */
import { hashPair, sha256, sha256Into } from '#sha256'
import { concat } from '../primitives/bytes.ts'

export { hashPair, sha256, sha256Into }
export const sha256Of = (...parts: readonly Uint8Array[]): Uint8Array => sha256(concat(...parts))
