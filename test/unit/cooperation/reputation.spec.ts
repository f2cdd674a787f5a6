import assert from 'node:assert/strict'
import { CATEGORIES } from '../../../src/codec/cooperation.ts'
import type { Category } from '../../../src/codec/cooperation.ts'
import { isExcluded, lapsesLease, markSuspicion, readmitValidator } from '../../../src/cooperation/count.ts'
import { dayEpochs, hourEpochs } from '../../../src/cooperation/days.ts'
import {
  GENESIS_POINTS,
  NEWCOMER_POINTS,
  POINT,
  addToHour,
  admitValidator,
  changePoints,
  newReputation,
  readReputation,
  takePoints,
  writeReputation
} from '../../../src/cooperation/reputation.ts'
import { SOCIAL_MAX, socialReputation } from '../../../src/cooperation/social.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { readSummary, recordSummary } from '../../../src/state/facts.ts'
import { ABSENT, CHAINS, CooperationScene, STEADY, factsOf } from '../../support/cooperation.ts'
import { someKey } from '../../support/genesis.ts'

const SPAN = { unbondingEpochs: 14 }

describe('reputation', () => {
  it('COOP-11: a day is the seventh part of unbonding, an hour its 24th, neither less than an epoch', () => {
    for (const [unbondingEpochs, day, hour] of [
      [168, 24, 1],
      [1, 1, 1],
      [13, 1, 1],
      [14, 2, 1],
      [1_680, 240, 10]
    ] as const) {
      assert.deepEqual([dayEpochs({ unbondingEpochs }), hourEpochs({ unbondingEpochs })], [day, hour])
    }
  })

  it('COOP-12: genesis validators begin with 12 points, registered ones with 3, and nobody twice', () => {
    const scene = new CooperationScene(1)
    assert.equal(scene.points(0) * POINT, GENESIS_POINTS)
    const newcomer = someKey(77)
    admitValidator(scene.ledger, newcomer, 5)
    const admitted = readReputation(scene.view, newcomer)
    assert.deepEqual([admitted.points[0], admitted.activeEpoch], [NEWCOMER_POINTS, 5])
    writeReputation(scene.ledger, newcomer, takePoints(admitted, 2 * POINT))
    admitValidator(scene.ledger, newcomer, 9)
    assert.equal(readReputation(scene.view, newcomer).points[0], POINT)
  })

  it('COOP-12: windows are bounded: 50 outcomes, 100 partners, 24 hours, 128 events', () => {
    const scene = new CooperationScene(1)
    const partners = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255)
    for (let epoch = 0; epoch < 66; epoch++) scene.next(() => ({ ...STEADY, partners }))
    const { outcomes, partners: kept, hours, events, validations } = scene.reputation(0)
    assert.deepEqual([outcomes.length, kept.length, hours.length, validations], [50, 100, 24, 66 * 30])
    assert.equal(events.length, 128)
  })

  it('COOP-13, COOP-21: counts of an hour stop at the largest value, whatever shards state', () => {
    const scene = new CooperationScene(1)
    const most = 0xffff_ffff
    const at = { epoch: 7, params: { unbondingEpochs: 1_680 } }
    const counts = { attended: most, missed: 1, led: most, skipped: 0 }
    const once = addToHour(scene.reputation(0), counts, at)
    writeReputation(scene.ledger, scene.validators[0]!, addToHour(once, counts, at))
    assert.deepEqual(scene.reputation(0).hours, [{ attended: most, missed: 2, led: most, skipped: 0 }])
  })

  it('COOP-13: leading and voting raise points up to 12 in a category, skipping and missing lower them to 0', () => {
    const scene = new CooperationScene(3)
    const silent = factsOf({ missed: 40 })
    scene.next((index) => [STEADY, ABSENT, silent][index]!)
    const of = (index: number, category: Category): number =>
      scene.reputation(index).points[CATEGORIES.indexOf(category)]! / POINT
    assert.deepEqual([of(0, 'validation'), of(1, 'validation'), of(2, 'validation')], [12, 0, 12])
    assert.deepEqual(
      [0, 1, 2].map((index) => of(index, 'transaction_validation')),
      [1, 0, 0]
    )
    assert.deepEqual([of(0, 'network_stability'), of(1, 'network_stability')], [1, 0])
    for (let epoch = 0; epoch < 20; epoch++) scene.next(() => ({ ...STEADY, late: 99 }))
    assert(scene.reputation(0).points.every((points) => points <= 12 * POINT))
    assert.equal(of(0, 'data_availability'), 12)
  })

  it('COOP-13: each third skipped view in a row costs a point of stability, once, over epochs too', () => {
    const scene = new CooperationScene(2)
    const stability = (): number =>
      scene.reputation(0).points[CATEGORIES.indexOf('network_stability')]! / POINT
    for (let epoch = 0; epoch < 6; epoch++) scene.next(() => STEADY, [COORD])
    assert.equal(stability(), 6)
    const run = (length: number, led = 0) =>
      factsOf({
        attended: 40,
        skipped: length,
        led,
        firstRun: length,
        lastRun: led ? 0 : length,
        longestRun: length
      })
    scene.next(() => run(2), [COORD])
    assert.equal(stability(), 6)
    scene.next(() => run(1), [COORD])
    assert.equal(stability(), 5)
    scene.next(() => run(1, 1), [COORD])
    assert.equal(stability(), 5)
    scene.next(() => run(3, 1), [COORD])
    assert.equal(stability(), 4)
  })

  it('COOP-13: what nobody drew any more comes back by voting: a steady epoch is a success', () => {
    const scene = new CooperationScene(2)
    scene.next((index) => (index === 0 ? factsOf({ attended: 40, skipped: 4 }) : STEADY))
    assert.deepEqual(
      [...scene.reputation(0).outcomes],
      Array.from({ length: 12 }, () => 0)
    )
    const ill = scene.weight(0)
    assert.equal(ill.ineligible, 'reputation')
    for (let epoch = 0; epoch < 12; epoch++) scene.next(() => factsOf({ attended: 40 }))
    assert.equal([...scene.reputation(0).outcomes].filter((outcome) => outcome === 1).length, 12)
    assert.equal(scene.weight(0).ineligible, undefined)
  })

  it('COOP-13: every idle day takes a twentieth, once; a vote ends it', () => {
    const scene = new CooperationScene(2)
    scene.next(() => STEADY)
    const before = scene.points(0)
    const nobody = () => factsOf({})
    scene.next(nobody, [])
    assert.equal(scene.points(0), before)
    scene.next(nobody, [])
    const day = scene.points(0)
    assert(Math.abs(day - before * 0.95) < 0.0001, `${before} ${day}`)
    scene.next(nobody, [])
    assert.equal(scene.points(0), day)
    scene.next(nobody, [])
    assert(Math.abs(scene.points(0) - day * 0.95) < 0.0001)
    scene.next(() => STEADY, [COORD])
    assert.deepEqual([scene.reputation(0).idleDays, scene.reputation(0).activeEpoch], [0, scene.epoch])
  })

  it('COOP-9, COOP-15: an idle validator weighs less after a day, by e to the days', () => {
    const scene = new CooperationScene(2)
    scene.next(() => STEADY)
    const factor = (): number => scene.weight(0).score.factors.activity
    scene.next(() => factsOf({}), [])
    scene.next(() => factsOf({}), [])
    assert.equal(factor(), 1_000_000)
    scene.next(() => factsOf({}), [])
    assert.equal(factor(), 223_130)
  })

  it('COOP-14: events fade by the day and category, a tenth of each counts as participation', () => {
    let reputation = newReputation(0, 0)
    for (const [category, points] of [
      ['development', 10],
      ['voting', 5],
      ['voting', -1]
    ] as const) {
      reputation = changePoints(reputation, [[category, points * POINT]], { epoch: 0, params: SPAN })
    }
    const today = socialReputation(reputation, 0)
    assert.deepEqual(
      [today.categories.development, today.categories.voting, today.categories.participation],
      [10 * POINT, 4 * POINT, 1.6 * POINT]
    )
    assert.equal(today.total, 2 * 10 * POINT + 1.2 * 4 * POINT + 1.1 * 1.6 * POINT)
    const later = socialReputation(reputation, 10).categories
    assert.deepEqual([later.development, later.voting], [8_187_300, 2_426_120])
    assert.notEqual(socialReputation(reputation, 30).total, 0)
    assert.equal(socialReputation(reputation, 31).total, 0)
  })

  it('COOP-14: is never below 0 nor above 10,000 points', () => {
    const huge = { category: 3, day: 0, gained: 2n ** 60n, lost: 0n }
    assert.equal(socialReputation({ events: [huge] }, 0).total, SOCIAL_MAX)
    assert.equal(socialReputation({ events: [{ ...huge, gained: 0n, lost: 5n }] }, 0).total, 0)
  })

  it('COOP-19: five skipped views in a row exclude, four do not; over epochs and per chain', () => {
    const scene = new CooperationScene(4)
    const run = (length: number) =>
      factsOf({ attended: 40, skipped: length, firstRun: length, lastRun: length, longestRun: length })
    const only = (length: number, on: number) => (index: number, chain: number) =>
      index === 0 && chain === on ? run(length) : STEADY
    assert.equal(scene.next(only(4, 0)).excluded.size, 0)
    assert.equal(
      scene.next((index, chain) => (index === 0 && chain === 1 ? run(4) : STEADY)).excluded.size,
      0
    )
    assert.equal(scene.next((index) => (index === 0 ? factsOf({ attended: 40 }) : STEADY)).excluded.size, 0)
    assert.equal(scene.next(only(1, 1)).excluded.size, 1)
    assert(isExcluded(scene.view, scene.validators[0]!))
  })

  it('COOP-19, COOP-24: under half of a reported epoch excludes, half does not, and none of it is a ghost', () => {
    const scene = new CooperationScene(4)
    const half = factsOf({ attended: 20, missed: 20 })
    assert.equal(scene.next((index) => (index === 0 ? half : STEADY)).excluded.size, 0)
    const under = factsOf({ attended: 19, missed: 21 })
    assert.equal(
      scene.next((index, chain) => (index === 0 && chain === COORD ? under : STEADY)).excluded.size,
      1
    )
    const silent = factsOf({ missed: 32 })
    const { ghosts, excluded } = scene.next((index, chain) =>
      index === 1 && chain === shardId(1) ? silent : STEADY
    )
    assert.deepEqual(
      CHAINS.map((chain) => ghosts.get(chain)?.size),
      [0, 1, 0]
    )
    assert.equal(excluded.size, 1, 'of four no more than one at any time')
    assert.equal(scene.next(() => STEADY).ghosts.get(shardId(1))?.size, 0)
  })

  it('COOP-24, EPO-13: an epoch too short to miss a block makes nobody a ghost, and nobody fewer than half', () => {
    const scene = new CooperationScene(4)
    const { ghosts, excluded } = scene.next(() => factsOf({ led: 1 }))
    assert.deepEqual([[...ghosts.values()].map((keys) => keys.size), excluded.size], [[0, 0, 0], 0])
  })

  it('COOP-19: a third at most at once, the worst first, and never the only one', () => {
    const scene = new CooperationScene(7)
    const excluded = scene.next((index) => factsOf({ attended: index, missed: 40 - index })).excluded
    assert.equal(excluded.size, 2)
    assert(isExcluded(scene.view, scene.validators[0]!) && isExcluded(scene.view, scene.validators[1]!))
    const more = scene.next((index) => (index < 2 ? factsOf({}) : ABSENT)).excluded
    assert.equal(more.size, 2, 'nor more than a third within a day, whatever happens in further epochs')
    const later = scene.next((index) => (index < 2 ? factsOf({}) : ABSENT)).excluded
    assert.equal(later.size, 4, 'who could be back holds nobody’s place')
    assert.equal(new CooperationScene(1).next(() => ABSENT).excluded.size, 0)
    assert.equal(new CooperationScene(2).next(() => ABSENT).excluded.size, 1)
  })

  it('COOP-19: who is excluded is back by registering from a day after on, not an epoch before', () => {
    const scene = new CooperationScene(4)
    scene.next((index) => (index === 0 ? ABSENT : STEADY))
    const from = scene.epoch
    const back = (epoch: number): boolean =>
      readmitValidator(scene.ledger, scene.validators[0]!, { epoch, params: scene.params })
    assert.equal(back(from + 1), false)
    assert.equal(scene.next((index) => (index === 0 ? factsOf({}) : STEADY)).excluded.size, 1)
    const points = scene.points(0)
    assert.equal(back(from + 2), true)
    assert.deepEqual([isExcluded(scene.view, scene.validators[0]!), scene.points(0)], [false, points])
    assert.equal(scene.reputation(0).outcomes.length, 0)
    assert.equal(scene.next(() => STEADY).excluded.size, 0)
  })

  it('COOP-24: several summaries of a chain between two freezes add up, and are counted once', () => {
    const [twice, once] = [new CooperationScene(2), new CooperationScene(2)]
    twice.next(() => factsOf({ attended: 20, led: 3 }), [COORD, COORD])
    once.next(() => factsOf({ attended: 40, led: 6 }), [COORD])
    assert.deepEqual(twice.reputation(0), once.reputation(0))
    const before = once.reputation(0).validations
    once.next(() => STEADY, [])
    assert.equal(once.reputation(0).validations, before)
  })

  it('COOP-24: a chain forgets who is not registered any more, once there is nothing left to count', () => {
    const scene = new CooperationScene(3)
    const key = someKey(99)
    const members = [{ key, facts: STEADY }]
    recordSummary(scene.ledger, COORD, { epoch: 0, height: 8, blocks: 40, members })
    const has = (): boolean =>
      readSummary(scene.view, COORD)!.tenures.some((tenure) => toHex(tenure.key) === toHex(key))
    scene.next(() => STEADY)
    assert.equal(has(), true)
    scene.next(() => STEADY)
    assert.equal(has(), false)
    assert.equal(readSummary(scene.view, COORD)!.tenures.length, 3)
  })

  it('COOP-25: a suspicion costs five points and 240 heights, and ends by itself', () => {
    const scene = new CooperationScene(2)
    for (let epoch = 0; epoch < 5; epoch++) scene.next(() => STEADY)
    const before = scene.points(0)
    markSuspicion(scene.ledger, scene.validators[0]!, { height: 1_000 })
    assert.equal(scene.points(0), before - 5)
    const at = (height: number) => scene.weight(0, COORD, height).ineligible
    assert.deepEqual([at(1_000), at(1_239), at(1_240)], ['suspicious', 'suspicious', undefined])
    for (let mark = 0; mark < 20; mark++) {
      markSuspicion(scene.ledger, scene.validators[0]!, { height: 2_000 + mark })
    }
    assert.deepEqual([scene.points(0), scene.reputation(0).suspicions.length], [0, 8])
  })

  it('COOP-26: under 5 % of the views of a day a lease lapses, at 5 % it does not, nor without views', () => {
    const lapses = (led: number, skipped: number): boolean => {
      const scene = new CooperationScene(2)
      scene.next((index) => (index === 0 ? factsOf({ attended: 40, led, skipped }) : STEADY), [COORD])
      return lapsesLease(scene.reputation(0))
    }
    assert.deepEqual([lapses(0, 2), lapses(0, 3), lapses(1, 19), lapses(1, 20)], [false, true, false, true])
  })
})
