/** Ed25519 verification through the pool of threads against a bare loop over libsodium. */
import { createSigningFunction, publicKeyFromSeed, verify } from '../crypto/ed25519-sodium.ts'
import type { SignatureJob } from '../crypto/ports.ts'
import { VerifyPool } from '../crypto/verify-pool.ts'
import { assert } from '../primitives/errors.ts'
import type { Bench, Figure } from './figure.ts'
import { compare, nothing } from './timing.ts'

const JOBS = 4_096
const MESSAGE_BYTES = 200

export const signatures: Bench = {
  name: 'signatures',
  summary: 'signature verification through the pool',
  async run() {
    const jobs = signedJobs()
    const pool = new VerifyPool()
    await pool.start()
    const { value, raw } = await compare({
      prepare: nothing,
      async work() {
        const answers = await pool.verify(jobs)
        assert(answers.every(Boolean), 'signatures of the benchmark are valid')
      },
      raw: () => verifyAll(jobs)
    })
    await pool.stop()
    const figure: Figure = {
      name: 'verify a signature',
      what: `${JOBS} signatures of ${MESSAGE_BYTES} bytes through a pool of one thread`,
      unit: 'µs',
      value: (value * 1_000) / JOBS,
      raw: { what: 'libsodium in a loop', value: (raw * 1_000) / JOBS }
    }
    return [figure]
  }
}

/** Microseconds of one verification in a bare loop. */
export async function measureVerification(): Promise<number> {
  const jobs = signedJobs()
  const { raw } = await compare({ prepare: nothing, work: nothing, raw: () => verifyAll(jobs) })
  return (raw * 1_000) / JOBS
}

/** The raw limit of everything that verifies. */
export function verifyAll(jobs: readonly SignatureJob[]): void {
  for (const { signature, message, publicKey } of jobs) {
    assert(verify(signature, message, publicKey), 'signatures of the benchmark are valid')
  }
}

function signedJobs(): SignatureJob[] {
  const seed = new Uint8Array(32).fill(7)
  const sign = createSigningFunction(seed)
  const publicKey = publicKeyFromSeed(seed)
  return Array.from({ length: JOBS }, (_, index) => {
    const message = new Uint8Array(MESSAGE_BYTES).fill(index % 251)
    return { publicKey, message, signature: sign(message) }
  })
}
