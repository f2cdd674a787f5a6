/** SHA-256 where there is no node:crypto (browsers). Same function, same vectors. */
export { sha256 } from '@noble/hashes/sha2.js'
