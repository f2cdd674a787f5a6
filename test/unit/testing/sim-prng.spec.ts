import assert from 'node:assert/strict'
import { Prng } from '../../../src/testing/sim/prng.ts'

const drawn = (prng: Prng, count: number): number[] => Array.from({ length: count }, () => prng.next())

describe('simulator: chance', () => {
  it('D19: one seed is one stream, for ever', () => {
    assert.deepEqual(drawn(new Prng('7'), 4), drawn(new Prng('7'), 4))
    assert.deepEqual(drawn(new Prng('7'), 3), PINNED)
  })

  it('D19: other seeds and labels are other streams', () => {
    const streams = [new Prng('7'), new Prng('8'), new Prng('7', 'a'), new Prng('7').fork('a')]
    assert.equal(new Set(streams.map((prng) => drawn(prng, 4).join())).size, streams.length)
  })

  it('D19: a fork does not depend on what was drawn before, nor change what is drawn after', () => {
    const [used, fresh] = [new Prng('7'), new Prng('7')]
    used.next()
    assert.deepEqual(drawn(used.fork('x'), 4), drawn(fresh.fork('x'), 4))
    fresh.next()
    assert.equal(used.next(), fresh.next())
  })

  it('D19: below(n) reaches every number below n about equally often, and no other', () => {
    const prng = new Prng('even')
    const counts = new Map<number, number>()
    for (let i = 0; i < 6_000; i++) {
      const value = prng.below(6)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    assert.deepEqual(
      [...counts.keys()].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5]
    )
    for (const count of counts.values()) assert(count > 850 && count < 1_150, `${count} of 1000`)
  })

  it('D19: below(1) is 0, and a bound of 0 or above 2^32 is an error', () => {
    const prng = new Prng('bounds')
    assert.equal(prng.below(1), 0)
    assert(prng.below(2 ** 32) < 2 ** 32)
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1]) assert.throws(() => prng.below(bound))
  })

  it('D19: shuffled keeps every item once and leaves its input alone', () => {
    const items = Object.freeze([1, 2, 3, 4, 5])
    assert.deepEqual(
      new Prng('s').shuffled(items).sort((a, b) => a - b),
      items
    )
  })
})

const PINNED: readonly number[] = [122_854_798, 1_145_917_438, 3_720_884_739]
