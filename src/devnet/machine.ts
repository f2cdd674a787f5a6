/** What this machine gives: the figure beside which processor times of a run can be read. */
import { createSigningFunction, publicKeyFromSeed, verify } from '../crypto/ed25519-sodium.ts'
import { assert } from '../primitives/errors.ts'

const ROUNDS = 5
const PER_ROUND = 400
/** A transfer's signed bytes are about as many. */
const MESSAGE_BYTES = 200

/** Microseconds of processor time of one bare Ed25519 verification: the best of five rounds, a tenth of a second in all. */
export function verificationUs(): number {
  const seed = new Uint8Array(32).fill(7)
  const publicKey = publicKeyFromSeed(seed)
  const message = new Uint8Array(MESSAGE_BYTES).fill(1)
  const signature = createSigningFunction(seed)(message)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let count = 0; count < PER_ROUND; count++)
      assert(verify(signature, message, publicKey), 'it is valid')
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / PER_ROUND)
  }
  return Math.round(best * 10) / 10
}
