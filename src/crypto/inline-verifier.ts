/** The verifier that answers on the calling thread: for tests, the simulator's real-signature suite and `icn check`. */
import { verify } from './ed25519.ts'
import type { Verifier } from './ports.ts'

export const inlineVerifier: Verifier = {
  verify: (jobs) => Promise.resolve(jobs.map((job) => verify(job.signature, job.message, job.publicKey)))
}
