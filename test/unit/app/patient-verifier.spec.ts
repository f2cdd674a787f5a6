import assert from 'node:assert/strict'
import { PatientVerifier } from '../../../src/app/patient-verifier.ts'
import { VerifyPoolError } from '../../../src/crypto/errors.ts'
import type { Verifier } from '../../../src/crypto/ports.ts'

const FULL = { code: 'CRYPTO_QUEUE_FULL', jobs: 1, bytes: 1 } as const

/** Fails so many times, then answers. */
function failing(times: number, error: Error): Verifier & { readonly asked: { count: number } } {
  const asked = { count: 0 }
  return {
    asked,
    verify: async () => {
      if (asked.count++ < times) throw error
      return [true]
    }
  }
}
const noPause = async (): Promise<void> => undefined

describe('app/patient-verifier', () => {
  it('M6: what consensus waits for is asked again while the back end is busy or a worker is replaced', async () => {
    for (const detail of [FULL, { code: 'CRYPTO_WORKER_DIED', reason: 'x' } as const]) {
      const inner = failing(3, new VerifyPoolError(detail))
      assert.deepEqual(await new PatientVerifier(inner, noPause).verify([], { urgent: true }), [true])
      assert.equal(inner.asked.count, 4)
    }
  })

  it('M6: what is not urgent is refused at once', async () => {
    const inner = failing(1, new VerifyPoolError(FULL))
    await assert.rejects(new PatientVerifier(inner, noPause).verify([]), VerifyPoolError)
    assert.equal(inner.asked.count, 1)
  })

  it('a stopped pool, a foreign error and a back end that does not recover are failures', async () => {
    const stopped = failing(1, new VerifyPoolError({ code: 'CRYPTO_POOL_STOPPED' }))
    const foreign = failing(1, new RangeError('x'))
    const broken = failing(1_000, new VerifyPoolError(FULL))
    for (const inner of [stopped, foreign, broken]) {
      await assert.rejects(new PatientVerifier(inner, noPause).verify([], { urgent: true }))
    }
    assert.equal(stopped.asked.count, 1)
    assert.equal(foreign.asked.count, 1)
    assert.equal(broken.asked.count, 200)
  })
})
