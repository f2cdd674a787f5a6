/** What the seeds' own tests of consensus and reputation were after, under their numbers, against what became of it. */
import assert from 'node:assert/strict'
import { CATEGORIES } from '../../src/codec/cooperation.ts'
import { CATEGORY_WEIGHTS } from '../../src/cooperation/categories.ts'
import { countEpoch } from '../../src/cooperation/count.ts'
import {
  admitValidator,
  changePoints,
  newReputation,
  POINT,
  readReputation,
  takePoints
} from '../../src/cooperation/reputation.ts'
import { baseOf } from '../../src/cooperation/score.ts'
import { socialReputation } from '../../src/cooperation/social.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { u64be } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { committeeOf } from '../../src/sharding/committee.ts'
import { createSchedule } from '../../src/sharding/schedule.ts'
import { CHAINS, CooperationScene, STEADY, factsOf } from '../support/cooperation.ts'
import { FactsWorld } from '../support/facts-world.ts'
import { membersOf, someKey } from '../support/genesis.ts'

const SPAN = { unbondingEpochs: 168 }
const TODAY = { epoch: 0, params: SPAN }
const SHARD = shardId(0)

function scheduleOf(members: number, weight = 1_000_000) {
  const committee = committeeOf(
    SHARD,
    membersOf(
      Array.from({ length: members }, (_, i) => i + 1),
      weight
    ),
    false
  )
  const snapshot = {
    epoch: 0,
    seed: sha256(u64be(members)),
    params: PRESETS.devnet.params,
    committees: new Map([[SHARD, committee]])
  }
  return createSchedule(snapshot, SHARD)
}

describe('seed 000, part 1: its tests of nodes and selection', () => {
  it('T2: a validator that registers twice is there once, with what it had', () => {
    const scene = new CooperationScene(1)
    const key = someKey(9)
    admitValidator(scene.ledger, key, 3)
    const first = readReputation(scene.view, key)
    admitValidator(scene.ledger, key, 4)
    assert.deepEqual(readReputation(scene.view, key), first)
  })

  it('T5: with one registered node a block is made, whatever its reputation', () => {
    const schedule = scheduleOf(1, 1)
    for (let view = 1; view <= 10; view++) assert.equal(schedule.leader(view), 0)
  })

  it('no. 104: with 1, 2, 3 or more validators 500 blocks in a row have a leader', () => {
    for (let members = 1; members <= 5; members++) {
      const schedule = scheduleOf(members)
      for (let view = 1; view <= 500; view++) assert(schedule.leader(view) < members)
    }
  })
})

describe('seed 002: its tests of reputation', () => {
  it('no. 21, 51: nobody begins with anything: no events, no facts', () => {
    assert.equal(socialReputation(newReputation(0, 0), 0).total, 0)
    assert.equal(new FactsWorld(3).hasRunning(), false)
  })

  it('no. 22, 23: what goes up in a category counts by its weight, and down again alike', () => {
    const baseAfter = (...steps: readonly number[]): number => {
      let reputation = newReputation(0, 0)
      for (const step of steps) reputation = changePoints(reputation, [['innovation', step * POINT]], TODAY)
      return baseOf(reputation.points)
    }
    const weight = CATEGORY_WEIGHTS[CATEGORIES.indexOf('innovation')]!.consensus
    assert.equal(baseAfter(10) - baseAfter(), 10 * weight)
    assert.equal(baseAfter(10, -5) - baseAfter(), 5 * weight)
  })

  it('no. 28–31: up by 10 is 10, down by 5 then is 5, and never below 0', () => {
    const voting = CATEGORIES.indexOf('voting')
    let reputation = changePoints(newReputation(0, 0), [['voting', 10 * POINT]], TODAY)
    assert.equal(reputation.points[voting], 10 * POINT)
    reputation = changePoints(reputation, [['voting', -5 * POINT]], TODAY)
    assert.equal(reputation.points[voting], 5 * POINT)
    reputation = changePoints(reputation, [['voting', -10 * POINT]], TODAY)
    assert.equal(reputation.points[voting], 0)
    assert.equal(takePoints(reputation, 7 * POINT).points[voting], 0)
    // Each change stands in the history of its day, as it was asked for.
    const event = reputation.events.find(({ category }) => category === voting)!
    assert.deepEqual([event.gained, event.lost], [10_000_000n, 15_000_000n])
  })

  it('no. 24: is between 0 and a maximum', () => {
    let reputation = newReputation(0, 0)
    for (let round = 0; round < 100; round++) {
      reputation = changePoints(reputation, [['voting', 5 * POINT]], TODAY)
    }
    assert.equal(reputation.points[CATEGORIES.indexOf('voting')], 12 * POINT)
  })

  it('no. 25: fades with days', () => {
    const reputation = changePoints(newReputation(0, 0), [['innovation', 10 * POINT]], TODAY)
    const [now, later] = [0, 1].map((day) => socialReputation(reputation, day).categories.innovation)
    assert(now === 10 * POINT && later === 9_801_980, `${now} ${later}`)
  })

  it('no. 26: contributors can be ranked', () => {
    const totals = [5, 1, 9].map(
      (points) =>
        socialReputation(changePoints(newReputation(0, 0), [['governance', points * POINT]], TODAY), 0).total
    )
    const ranked = [0, 1, 2].sort((a, b) => totals[b]! - totals[a]!)
    assert.deepEqual(ranked, [2, 0, 1])
  })

  it('no. 27: what an epoch’s facts give is given once, not again at once', () => {
    const scene = new CooperationScene(3)
    scene.next(() => STEADY, [COORD])
    const counted = scene.reputation(0)
    const { epoch, params, validators } = scene
    countEpoch(scene.ledger, { epoch, params, chains: CHAINS, validators })
    assert.deepEqual(scene.reputation(0).points, counted.points)
  })

  it('no. 32: who votes is rewarded, also if it never leads', () => {
    const scene = new CooperationScene(3)
    const before = scene.points(0)
    scene.next((index) => (index === 0 ? factsOf({ attended: 40 }) : STEADY), [COORD])
    const voting = CATEGORIES.indexOf('transaction_validation')
    assert.equal(scene.reputation(0).points[voting], POINT)
    assert(scene.points(0) > before)
  })
})

describe('seed 002: its tests of consensus', () => {
  it('no. 40: with three validators, what they do for a block changes their reputation', () => {
    const world = new FactsWorld(3, undefined, 4)
    while (!world.isClosed) world.add({})
    const scene = new CooperationScene(3)
    const before = scene.validators.map((_, index) => scene.reputation(index))
    scene.next((index) => world.inOrder()[index]!, [COORD])
    for (const [index, reputation] of before.entries()) {
      assert.notDeepEqual(scene.reputation(index), reputation)
      assert(scene.points(index) > 12)
    }
  })

  it('no. 41, 49: after a view that failed the next one has a leader, and its block counts', () => {
    const world = new FactsWorld(3)
    world.add({ skip: 1 })
    const [first, second] = [1, 2].map((view) => world.leaderOf(view))
    assert.equal(world.running()[first!]!.skipped, 1)
    assert.equal(world.running()[second!]!.led, 1)
  })

  it('no. 42: nobody’s power is more than its seat: weight decides who leads, not what is final', () => {
    const members = membersOf([1, 2, 3, 4])
    const heavy = committeeOf(SHARD, [{ ...members[0]!, weight: 2 ** 32 - 1 }, ...members.slice(1)], false)
    assert.deepEqual([heavy.quorum, heavy.faults], [3, 1])
  })

  it('no. 43: each further miss in a row costs, and the fifth excludes', () => {
    const run = (length: number) => {
      const scene = new CooperationScene(4)
      for (let epoch = 0; epoch < 3; epoch++) scene.next(() => STEADY, [COORD])
      const facts = factsOf({
        attended: 40,
        skipped: length,
        firstRun: length,
        lastRun: length,
        longestRun: length
      })
      const { excluded } = scene.next((index) => (index === 0 ? facts : STEADY), [COORD])
      return { points: scene.points(0), excluded: excluded.size }
    }
    const runs = [1, 2, 3, 4, 5].map(run)
    for (let index = 1; index < runs.length; index++) assert(runs[index]!.points < runs[index - 1]!.points)
    assert.deepEqual(
      runs.map(({ excluded }) => excluded),
      [0, 0, 0, 0, 1]
    )
  })

  it('no. 45, 47, 48: of three validators that registered one is the leader, by reputation', () => {
    const schedule = scheduleOf(3)
    const leaders = new Set(Array.from({ length: 64 }, (_, index) => schedule.leader(index + 1)))
    assert.deepEqual(
      [...leaders].sort((a, b) => a - b),
      [0, 1, 2]
    )
  })
})
