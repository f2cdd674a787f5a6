import { deepEqual, equal, ok } from 'node:assert/strict'
import { manaCost, regenerate } from '../../../src/state/mana.ts'

describe('Mana', () => {
  it('TX-12: costs 1 + k + ⌊k · (10 + 2 · other shards) / 10⌋ with k KiB begun', () => {
    const table: [number, number, bigint][] = [
      [1, 0, 3n],
      [1024, 0, 3n],
      [1025, 0, 5n],
      [2048, 0, 5n],
      [2049, 0, 7n],
      [16_640, 0, 35n],
      [1024, 1, 3n],
      [1024, 4, 3n],
      [1024, 5, 4n],
      [5 * 1024, 1, 12n],
      // Seed 000 part 2 section 16: 5 KiB cost 11, and ten references make a bandwidth of 3.
      [5 * 1024, 0, 11n],
      [1024, 10, 5n]
    ]
    for (const [bytes, others, cost] of table)
      equal(manaCost(bytes, others), cost, `${bytes} bytes, ${others}`)
  })

  it('M11, TX-11: regains whole units with chain time, up to the cap, and keeps the remainder of time', () => {
    const params = { manaCap: 1_000, manaPerPeriod: 10, manaPeriodMs: 15_000 }
    const table: [bigint, number, bigint, number][] = [
      [0n, 0, 0n, 0],
      [0n, 1_499, 0n, 0],
      [0n, 1_500, 1n, 1_500],
      [0n, 2_999, 1n, 1_500],
      [0n, 3_000, 2n, 3_000],
      [5n, 15_000, 15n, 15_000],
      [998n, 1_500, 999n, 1_500],
      [998n, 3_000, 1_000n, 3_000],
      [998n, 4_000, 1_000n, 4_000],
      [1_000n, 4_000, 1_000n, 4_000],
      [0n, 10_000_000, 1_000n, 10_000_000]
    ]
    for (const [mana, elapsed, expected, at] of table) {
      deepEqual(regenerate({ mana, manaTimeMs: 0 }, elapsed, params), { mana: expected, manaTimeMs: at })
    }
  })

  it('M11: many touches never regain more than one', () => {
    for (const [manaPerPeriod, manaPeriodMs] of [
      [10, 15_000],
      [10_000, 1_000],
      [7, 3],
      [1, 86_400_000],
      [3, 7]
    ] as const) {
      const params = { manaCap: 1_000_000_000, manaPerPeriod, manaPeriodMs }
      let touched = { mana: 0n, manaTimeMs: 0 }
      for (let now = 0; now <= 5_000; now += 13) {
        touched = regenerate(touched, now, params)
        ok(touched.manaTimeMs <= now)
        ok(touched.mana <= regenerate({ mana: 0n, manaTimeMs: 0 }, now, params).mana)
      }
    }
  })

  it('M11: a rate of zero regains nothing, an earlier time neither, and a lowered cap is kept', () => {
    const params = { manaCap: 100, manaPerPeriod: 0, manaPeriodMs: 1 }
    deepEqual(regenerate({ mana: 5n, manaTimeMs: 10 }, 1_000, params), { mana: 5n, manaTimeMs: 10 })
    const fast = { ...params, manaPerPeriod: 10 }
    deepEqual(regenerate({ mana: 5n, manaTimeMs: 10 }, 9, fast), { mana: 5n, manaTimeMs: 10 })
    deepEqual(regenerate({ mana: 500n, manaTimeMs: 10 }, 20, fast), { mana: 100n, manaTimeMs: 20 })
  })
})
