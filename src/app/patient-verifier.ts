/**
 * A verifier that waits out its back end's trouble: a full queue or a worker that is being replaced is nobody's fault
 * but ours, so whoever consensus waits for is asked again instead of the node failing. What is not urgent (gossip
 * bundles, submissions) is refused at once, which sheds load where it comes from.
 */
import { VerifyPoolError } from '../crypto/errors.ts'
import type { SignatureJob, Verifier, VerifyOptions } from '../crypto/ports.ts'

const PAUSE_MS = 50
/** A back end that does not recover within 10 s is a failure of the node. */
const TRIES_MAX = 200

export class PatientVerifier implements Verifier {
  readonly #inner: Verifier
  readonly #pause: (ms: number) => Promise<void>

  /** @param pause resolves after so many milliseconds. */
  constructor(inner: Verifier, pause: (ms: number) => Promise<void>) {
    this.#inner = inner
    this.#pause = pause
  }

  async verify(jobs: readonly SignatureJob[], options: VerifyOptions = {}): Promise<boolean[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#inner.verify(jobs, options)
      } catch (error) {
        const passes = error instanceof VerifyPoolError && error.code !== 'CRYPTO_POOL_STOPPED'
        if (!passes || options.urgent !== true || tries >= TRIES_MAX) throw error
      }
      await this.#pause(PAUSE_MS)
    }
  }
}
