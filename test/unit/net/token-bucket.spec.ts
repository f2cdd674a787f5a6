import assert from 'node:assert/strict'
import { TokenBucket } from '../../../src/net/token-bucket.ts'

describe('token bucket', () => {
  it('REQ-11: gives a burst at once, then delays by the debt', () => {
    const bucket = new TokenBucket({ perS: 10, burst: 5 }, 0)
    for (let i = 0; i < 5; i++) assert.equal(bucket.take(1, 0), 0)
    assert.equal(bucket.take(1, 0), 100)
    assert.equal(bucket.take(2, 0), 300)
    assert.equal(bucket.waitFor(0, 200), 100)
    assert.equal(bucket.waitFor(0, 300), 0)
  })

  it('REQ-11: looking takes nothing', () => {
    const bucket = new TokenBucket({ perS: 1, burst: 1 }, 0)
    assert.equal(bucket.waitFor(2, 0), 1_000)
    assert.equal(bucket.waitFor(1, 0), 0)
    assert.equal(bucket.take(1, 0), 0)
  })

  it('REQ-11: never holds more than a burst, and a clock that steps back refills nothing', () => {
    const bucket = new TokenBucket({ perS: 1_000, burst: 2 }, 10_000)
    assert.equal(bucket.take(2, 90_000), 0)
    assert.equal(bucket.take(1, 5_000), 1)
  })
})
