import assert from 'node:assert/strict'
import { CATEGORIES } from '../../../src/codec/cooperation.ts'
import { expMinusPpm, lnOnePlusPpm, ratioPpm, timesPpm } from '../../../src/cooperation/fixed.ts'
import {
  activityOf,
  baseOf,
  collusionOf,
  consistencyOf,
  diversityOf,
  performanceOf,
  scoreOf,
  shardOf
} from '../../../src/cooperation/score.ts'
import type { ScoreFacts } from '../../../src/cooperation/score.ts'
import { tierOf } from '../../../src/cooperation/eligibility.ts'
import { POINT } from '../../../src/cooperation/reputation.ts'
import { cooldownOf } from '../../../src/cooperation/weights.ts'

/**
 * Within a millionth of the formula's value in whole millionths, as the seed's four digits go on: each step of ours rounds
 * down.
 */
const near = (ours: number, stated: number): void =>
  assert(Math.abs(ours - stated) <= 1, `${ours} ppm is not ${stated}`)

const experienced = { total: 50, validations: 100 }
const plain: ScoreFacts = {
  points: CATEGORIES.map(() => 0),
  partners: { total: 0, distinct: 0 },
  outcomes: { total: 0, successes: 0, validations: 0 },
  performance: undefined,
  risk: 0,
  shard: undefined,
  idleHours: { part: 0, whole: 1 }
}
/** The twelve categories of seed 000 at 1.0. */
const twelve = CATEGORIES.map((_, index) => (index < 12 ? POINT : 0))

describe('cooperation score', () => {
  it('COOP-1: ratios and products round down; logarithm and exponential are exact to the millionth', () => {
    assert.equal(ratioPpm(1, 3), 333_333)
    assert.equal(timesPpm(1_999_999, 1_999_999), 3_999_996)
    for (let part = 0; part <= 100; part++) {
      assert.equal(lnOnePlusPpm(part, 100), Math.floor(Math.log1p(part / 100) * 1e6 + 1e-6))
    }
    for (let hours = 0; hours <= 480; hours += 3) {
      const ours = expMinusPpm(hours, 24)
      assert(Math.abs(ours - Math.floor(Math.exp(-hours / 24) * 1e6 + 1e-6)) <= 0, `${hours} h: ${ours}`)
    }
    assert.equal(expMinusPpm(14, 1), 0)
    assert.equal(expMinusPpm(13, 1), 2)
  })

  it('COOP-3: all twelve categories of the seed at 1.0 make 14.5; nothing else yet makes it 17.4 with full marks', () => {
    assert.equal(baseOf(twelve), 14_500_000)
    const full = { availability: 1_000_000, success: 1_000_000, reliability: 1_000_000 }
    assert.equal(scoreOf({ ...plain, points: twelve, performance: full }).ppm, 17_400_000)
  })

  it('COOP-4: diversity matches the seed, its step at twenty interactions included', () => {
    for (const [total, distinct, stated] of [
      [1, 1, 1_000_000],
      [10, 1, 700_000],
      [10, 7, 700_000],
      [19, 19, 1_000_000],
      [20, 20, 2_039_720],
      [20, 5, 1_334_715],
      [20, 4, 1_182_321],
      [100, 5, 1_073_185],
      [100, 1, 1_009_950],
      [100, 100, 2_039_720]
    ] as const) {
      near(diversityOf({ total, distinct }), stated)
    }
    assert.equal(diversityOf({ total: 0, distinct: 0 }), 1_000_000)
  })

  it('COOP-5: consistency matches the seed below 0.8; above it is clamped, where the seed rewards a failure', () => {
    for (const [successes, stated] of [
      [50, 1_800_000],
      [48, 1_800_000],
      [47, 1_500_000],
      [41, 1_500_000],
      // The seed has 1.6667 here: more than for one success more.
      [40, 1_500_000],
      [21, 1_033_333],
      [20, 1_000_000],
      [10, 500_000],
      [0, 500_000]
    ] as const) {
      near(consistencyOf({ ...experienced, successes }), stated)
    }
    assert.equal(consistencyOf({ total: 50, validations: 0, successes: 40 }), 1_500_000)
    assert.equal(consistencyOf({ total: 50, validations: 0, successes: 16 }), 1_000_000)
    assert.equal(consistencyOf({ total: 0, validations: 0, successes: 0 }), 1_000_000)
  })

  it('COOP-5: one success more never lowers consistency, whoever is new', () => {
    for (let total = 1; total <= 50; total++) {
      for (let successes = 0; successes <= total; successes++) {
        const now = consistencyOf({ total, successes, validations: total })
        const more = consistencyOf({ total: total + 1, successes: successes + 1, validations: total + 1 })
        assert(more >= now, `${successes} of ${total}: ${now}, then ${more}`)
        if (successes > 0) {
          assert(now >= consistencyOf({ total, successes: successes - 1, validations: total }))
        }
      }
    }
  })

  it('COOP-6: performance matches the seed', () => {
    for (const [percent, stated] of [
      [100, 1_200_000],
      [96, 1_152_000],
      [95, 1_045_000],
      [91, 1_001_000],
      [90, 900_000],
      [50, 600_000]
    ] as const) {
      const each = percent * 10_000
      near(performanceOf({ availability: each, success: each, reliability: each }), stated)
    }
    assert.equal(performanceOf(undefined), 1_000_000)
  })

  it('COOP-7: risk costs from above 0.5, 0.7 and 0.9', () => {
    const cases = [0, 500_000, 500_001, 700_000, 700_001, 900_000, 900_001, 1_000_000]
    assert.deepEqual(
      cases.map(collusionOf),
      [1_000_000, 1_000_000, 700_000, 700_000, 500_000, 500_000, 200_000, 200_000]
    )
  })

  it('COOP-8: service on a shard matches the seed; without a shard it is no factor', () => {
    const hours = (count: number): number => Math.floor((count * 1_000_000) / 24)
    for (const [experience, selections, successes, stated] of [
      [0, 0, 0, 1_000_000],
      [hours(4.7), 1, 1, 1_000_000],
      [hours(4.9), 1, 1, 761_250],
      [hours(12), 1, 1, 850_000],
      [hours(24), 1, 1, 1_000_000],
      [hours(24), 1, 0, 700_000],
      [0, 5, 0, 700_000]
    ] as const) {
      near(shardOf({ experience, selections, successes }), stated)
    }
    assert.equal(shardOf(undefined), 1_000_000)
    assert.equal(shardOf({ experience: 3_000_000, selections: 1, successes: 1 }), 1_000_000)
  })

  it('COOP-9: inactivity matches the seed, its step after a day included', () => {
    for (const [part, whole, stated] of [
      [23, 1, 1_000_000],
      [24, 1, 1_000_000],
      [2_401, 100, 367_726],
      [48, 1, 135_335],
      [72, 1, 49_787]
    ] as const) {
      near(activityOf({ part, whole }), stated)
    }
  })

  it('COOP-16: the tiers change at 5, 11 and 21 validations', () => {
    const counts = [0, 4, 5, 10, 11, 20, 21, 1_000]
    assert.deepEqual(
      counts.map((count) => tierOf(count) / POINT),
      [3, 3, 7, 7, 10, 10, 12, 12]
    )
  })

  it('COOP-17: cooldowns match the seed', () => {
    const all = [1, 2, 3, 4, 5, 6, 10, 20].map((selections) => cooldownOf(selections, 1_000_000))
    assert.deepEqual(all, [3, 4, 4, 5, 6, 6, 9, 9])
    assert.deepEqual([cooldownOf(1, 500_000), cooldownOf(1, 0)], [5, 6])
    assert.deepEqual([cooldownOf(10, 500_000), cooldownOf(10, 0)], [10, 10])
  })
})
