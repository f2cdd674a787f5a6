import assert from 'node:assert/strict'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { PRESETS } from '../../../src/params/presets.ts'
import { committeeOf } from '../../../src/sharding/committee.ts'
import { RUN_MAX, WINDOW_VIEWS, mostOf, quotasOf } from '../../../src/sharding/quotas.ts'
import { cooldownOf, createSchedule } from '../../../src/sharding/schedule.ts'
import type { EpochSnapshot } from '../../../src/sharding/types.ts'
import { membersOf, someKey } from '../../support/genesis.ts'

const SHARD = shardId(0)

/** One committee for both chains: a member for each weight, in key order. */
function snapshotOf(
  weights: readonly number[],
  seed = 1,
  cooldown: (index: number) => number = () => 3
): EpochSnapshot {
  const { members } = committeeOf(COORD, membersOf(weights.map((_, index) => index + 1)), false)
  const weighted = members.map((member, index) => ({
    ...member,
    weight: weights[index]!,
    cooldown: cooldown(index)
  }))
  const committee = (chain: ChainId) => committeeOf(chain, weighted, false)
  return {
    epoch: 0,
    seed: someKey(seed),
    params: PRESETS.minimal.params,
    committees: new Map([
      [SHARD, committee(SHARD)],
      [COORD, committee(COORD)]
    ])
  }
}
const equalWeights = (count: number): number[] => Array.from({ length: count }, () => 1_000_000)

function leadersOf(snapshot: EpochSnapshot, views: number, first = 1, chain: ChainId = SHARD): number[] {
  const schedule = createSchedule(snapshot, chain)
  return Array.from({ length: views }, (_, index) => schedule.leader(first + index))
}

/** Sum of (observed − expected)² / expected, in thousandths, in integers. */
function chiSquareMilli(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, index) => {
    const deviation = count - expected[index]!
    return sum + Math.floor((1_000 * deviation * deviation) / expected[index]!)
  }, 0)
}

function countLeaders(leaders: readonly number[], members: number): number[] {
  const counts = Array.from({ length: members }, () => 0)
  for (const leader of leaders) counts[leader]! += 1
  return counts
}

function longestRun(leaders: readonly number[]): number {
  let longest = 0
  for (let view = 0, run = 0; view < leaders.length; view++) {
    run = view > 0 && leaders[view] === leaders[view - 1] ? run + 1 : 1
    longest = Math.max(longest, run)
  }
  return longest
}

/** 0.1 % bounds of chi-square with n − 1 degrees of freedom, in thousandths. */
const CHI_SQUARE_MILLI: Readonly<Record<number, number>> = {
  1: 1,
  2: 10_828,
  3: 13_816,
  4: 16_266,
  7: 22_458,
  20: 43_820,
  100: 148_230
}

describe('leader schedule', () => {
  it('C8, EPO-7: every view has a leader, for every number of members from 1 to 100', () => {
    for (let members = 1; members <= 100; members++) {
      const snapshot = snapshotOf(equalWeights(members))
      for (const first of [1, 1_000_000_007, Number.MAX_SAFE_INTEGER - 2 * WINDOW_VIEWS]) {
        for (const leader of leadersOf(snapshot, WINDOW_VIEWS, first)) {
          assert(Number.isInteger(leader) && leader >= 0 && leader < members)
        }
      }
    }
  })

  it('C8: weights of any size yield a leader, all minimal and all maximal ones included', () => {
    for (const weights of [
      [1],
      [1, 1, 1, 1, 1],
      Array.from({ length: 7 }, () => 2 ** 32 - 1),
      [1, 2 ** 32 - 1, 1, 1]
    ]) {
      for (const leader of leadersOf(snapshotOf(weights), 200)) assert(leader >= 0 && leader < weights.length)
    }
  })

  it('C8: the leader depends on the view alone, not on the order of questions', () => {
    const snapshot = snapshotOf(equalWeights(10))
    const inOrder = leadersOf(snapshot, 400)
    const schedule = createSchedule(snapshot, SHARD)
    for (let index = 0; index < 400; index++) {
      const view = ((index * 187) % 400) + 1
      assert.equal(schedule.leader(view), inOrder[view - 1])
    }
  })

  it('C8: seed, chain and weights all change the schedule', () => {
    const base = leadersOf(snapshotOf(equalWeights(7)), 64)
    assert.notDeepEqual(leadersOf(snapshotOf(equalWeights(7), 2), 64), base)
    assert.notDeepEqual(leadersOf(snapshotOf(equalWeights(7)), 64, 1, COORD), base)
    assert.notDeepEqual(leadersOf(snapshotOf([1, ...equalWeights(6)]), 64), base)
    assert.deepEqual(leadersOf(snapshotOf(equalWeights(7)), 64), base)
  })

  it('EPO-8: the cooldown is what the snapshot states, 3 if nothing, and at most the number of faulty members', () => {
    const cooldowns = [1, 2, 3, 4, 6, 7, 9, 10, 13, 100].map((members) => {
      const committee = snapshotOf(equalWeights(members)).committees.get(SHARD)!
      return [undefined, 0, 10].map((cooldown) =>
        cooldownOf(committee, { ...committee.members[0]!, ...(cooldown === undefined ? {} : { cooldown }) })
      )
    })
    assert.deepEqual(cooldowns, [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [1, 0, 1],
      [1, 0, 1],
      [2, 0, 2],
      [2, 0, 2],
      [3, 0, 3],
      [3, 0, 4],
      [3, 0, 10]
    ])
  })

  it('D17, EPO-8, EPO-9: nobody leads again within its cooldown, across windows too', () => {
    for (const members of [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25]) {
      for (const weights of [equalWeights(members), [2 ** 32 - 1, ...equalWeights(members - 1)]]) {
        const snapshot = snapshotOf(weights, 1, (index) => 3 + (index % 8))
        const committee = snapshot.committees.get(SHARD)!
        const leaders = leadersOf(snapshot, 20 * WINDOW_VIEWS)
        for (let view = 0; view < leaders.length; view++) {
          const cooldown = cooldownOf(committee, committee.members[leaders[view]!]!)
          const before = leaders.slice(Math.max(0, view - cooldown), view)
          assert(!before.includes(leaders[view]!), `n = ${members}, view ${view + 1}`)
        }
      }
    }
  })

  it('D17, EPO-8: nobody leads more than 3 views in a row where others can, whatever the weights', () => {
    for (const weights of [
      [1, 1],
      [1, 2 ** 32 - 1],
      [3, 2, 1],
      [2 ** 32 - 1, 1, 1],
      [5, 5, 1]
    ]) {
      for (const seed of [1, 2, 3]) {
        const leaders = leadersOf(snapshotOf(weights, seed), 20 * WINDOW_VIEWS)
        assert.equal(longestRun(leaders), RUN_MAX, `${weights.join(' ')}, seed ${seed}`)
      }
    }
    assert.equal(longestRun(leadersOf(snapshotOf([7]), 100)), 100)
  })

  for (const members of [1, 2, 3, 4, 7, 20, 100]) {
    it(`C8, EPO-7: over 50,000 views ${members} members lead by weight (seed ${members}), chi-square p > 0.001`, () => {
      // Differing weights, of which none asks for more than its cooldown allows.
      const weights = Array.from({ length: members }, (_, index) => 1_000_000 * (10 + ((7 * index) % 10)))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const snapshot = snapshotOf(weights, members, (index) => 3 + (index % 8))
      const observed = countLeaders(leadersOf(snapshot, 50_000), members)
      const expected = weights.map((weight) => Math.floor((50_000 * weight) / total))
      assert(chiSquareMilli(observed, expected) < CHI_SQUARE_MILLI[members]!, String(observed))
    })
  }

  it('EPO-8: the views of a window are dealt out by weight, rounded by chance, and none is left over', () => {
    const members = [5, 3, 2].map((weight) => ({ weight, cooldown: 0 }))
    const sums = [0, 0, 0]
    for (let chance = 0; chance < 10; chance++) {
      const quotas = quotasOf(members, BigInt(chance))
      assert.equal(
        quotas.reduce((sum, quota) => sum + quota, 0),
        WINDOW_VIEWS
      )
      for (const [index, quota] of quotas.entries()) {
        assert(Math.abs(quota - (WINDOW_VIEWS * members[index]!.weight) / 10) < 1)
        sums[index]! += quota
      }
    }
    // Each offset of the comb once: the mean is the share to the last digit.
    assert.deepEqual(sums, [320, 192, 128])
  })

  it('EPO-8: nobody gets more views than its cooldown leaves room for; the others get the rest by weight', () => {
    const members = [1_000_000, 2, 1, 1].map((weight) => ({ weight, cooldown: 1 }))
    assert.equal(mostOf(members[0]!, 4), 31)
    assert.deepEqual(quotasOf(members, 0n), [31, 17, 8, 8])
    assert.equal(mostOf({ weight: 1, cooldown: 10 }, 31), 4)
    assert.equal(mostOf({ weight: 1, cooldown: 0 }, 2), 45)
    assert.equal(mostOf({ weight: 1, cooldown: 0 }, 1), WINDOW_VIEWS)
  })

  it('D17: a heavier member leads more often, and nobody is left out', () => {
    for (const members of [4, 7, 10]) {
      const weights = Array.from({ length: members }, (_, index) => 1_000_000 * (index + 1))
      const counts = countLeaders(leadersOf(snapshotOf(weights), 6_400), members)
      for (let index = 1; index < members; index++)
        assert(counts[index]! > counts[index - 1]!, String(counts))
      assert(counts[0]! > 30, String(counts))
    }
  })

  it('C8: the places of a window are not favoured: each member leads its share of every place', () => {
    const members = 7
    const leaders = leadersOf(snapshotOf(equalWeights(members)), 700 * WINDOW_VIEWS)
    for (const place of [0, 1, 2, WINDOW_VIEWS - 2, WINDOW_VIEWS - 1]) {
      const here = leaders.filter((_, index) => index % WINDOW_VIEWS === place)
      const counts = countLeaders(here, members)
      assert(
        chiSquareMilli(
          counts,
          counts.map(() => 100)
        ) < 22_458,
        `place ${place}: ${String(counts)}`
      )
    }
  })

  it('C8: views below 1 and chains without a committee are our own error', () => {
    const schedule = createSchedule(snapshotOf(equalWeights(4)), SHARD)
    for (const view of [0, -1, 1.5, Number.MAX_SAFE_INTEGER + 1]) assert.throws(() => schedule.leader(view))
    assert.throws(() => createSchedule(snapshotOf(equalWeights(4)), shardId(1)))
  })
})
