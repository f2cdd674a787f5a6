import assert from 'node:assert/strict'
import { fc } from '../support/fast-check.ts'
import type { MemberFacts } from '../../src/codec/cooperation.ts'
import { countEpoch } from '../../src/cooperation/count.ts'
import { readReputation } from '../../src/cooperation/reputation.ts'
import { scoreOf } from '../../src/cooperation/score.ts'
import type { ScoreFacts } from '../../src/cooperation/score.ts'
import { weightsOf } from '../../src/cooperation/weights.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { joinFacts, recordSummary } from '../../src/state/facts.ts'
import { CooperationScene, factsOf } from '../support/cooperation.ts'

const CHAINS: readonly ChainId[] = [shardId(0), shardId(1), COORD]
const ppm = fc.integer({ min: 0, max: 1_000_000 })

const scoreFacts: fc.Arbitrary<ScoreFacts> = fc
  .record({
    points: fc.array(fc.integer({ min: 0, max: 12_000_000 }), { minLength: 16, maxLength: 16 }),
    total: fc.nat(100),
    distinctShare: ppm,
    outcomes: fc.nat(50),
    successShare: ppm,
    validations: fc.nat(200),
    performance: fc.option(fc.record({ availability: ppm, success: ppm, reliability: ppm }), {
      nil: undefined
    }),
    risk: ppm,
    shard: fc.option(fc.record({ experience: ppm, selections: fc.nat(100), share: ppm }), { nil: undefined }),
    idle: fc.nat(1_000)
  })
  .map(
    ({
      points,
      total,
      distinctShare,
      outcomes,
      successShare,
      validations,
      performance,
      risk,
      shard,
      idle
    }) => ({
      points,
      partners: { total, distinct: Math.min(total, 1 + Math.floor((distinctShare * total) / 1_000_000)) },
      outcomes: {
        total: outcomes,
        successes: Math.floor((successShare * outcomes) / 1_000_000),
        validations: Math.max(outcomes, validations)
      },
      performance,
      risk,
      shard:
        shard === undefined
          ? undefined
          : {
              experience: shard.experience,
              selections: shard.selections,
              successes: Math.floor((shard.share * shard.selections) / 1_000_000)
            },
      idleHours: { part: idle, whole: 3 }
    })
  )

/** What is better by one success in one respect. */
const improvements: readonly ((facts: ScoreFacts) => ScoreFacts)[] = [
  (facts) => ({
    ...facts,
    points: facts.points.map((value, index) => (index === 0 ? value + 1_000_000 : value))
  }),
  (facts) => {
    const { total, successes, validations } = facts.outcomes
    // A full window loses its oldest outcome: at worst a success.
    const next = total < 50 ? { total: total + 1, successes: successes + 1 } : { total, successes }
    return { ...facts, outcomes: { ...next, validations: validations + 1 } }
  },
  (facts) => ({
    ...facts,
    outcomes: { ...facts.outcomes, successes: Math.min(facts.outcomes.total, facts.outcomes.successes + 1) }
  }),
  ...(['availability', 'success', 'reliability'] as const).map((name) => (facts: ScoreFacts): ScoreFacts => {
    const { performance } = facts
    if (performance === undefined) return facts
    return {
      ...facts,
      performance: { ...performance, [name]: Math.min(1_000_000, performance[name] + 20_000) }
    }
  }),
  (facts) =>
    facts.shard === undefined
      ? facts
      : {
          ...facts,
          shard: {
            ...facts.shard,
            selections: facts.shard.selections + 1,
            successes: facts.shard.successes + 1
          }
        }
]

const memberFacts: fc.Arbitrary<MemberFacts> = fc
  .record({
    attended: fc.nat(50),
    missed: fc.nat(50),
    led: fc.nat(20),
    skipped: fc.nat(8),
    late: fc.nat(200),
    partners: fc.uint8Array({ minLength: 8, maxLength: 8 })
  })
  .map(({ skipped, led, ...rest }) =>
    factsOf({
      ...rest,
      led,
      skipped,
      firstRun: skipped,
      lastRun: led === 0 ? skipped : 0,
      longestRun: skipped
    })
  )

const VALIDATORS = 5
/** Facts by epoch, chain and validator. */
const history = fc.array(
  fc.array(fc.array(memberFacts, { minLength: VALIDATORS, maxLength: VALIDATORS }), {
    minLength: CHAINS.length,
    maxLength: CHAINS.length
  }),
  { minLength: 1, maxLength: 4 }
)

/** Everything that comes of a history, with members, chains and validators told in the order that is given. */
function outcomeOf(epochs: readonly (readonly (readonly MemberFacts[])[])[], reversed: boolean): unknown {
  const scene = new CooperationScene(VALIDATORS)
  const ordered = <T>(list: readonly T[]): T[] => (reversed ? list.toReversed() : [...list])
  const results = epochs.map((chains, index) => {
    const epoch = index + 1
    for (const [at, members] of ordered([...chains.entries()])) {
      const keyed = ordered(members.map((facts, member) => ({ key: scene.validators[member]!, facts })))
      recordSummary(scene.ledger, CHAINS[at]!, { epoch: index, height: epoch, blocks: 60, members: keyed })
    }
    const { excluded } = countEpoch(scene.ledger, {
      epoch,
      params: scene.params,
      chains: ordered(CHAINS),
      validators: ordered(scene.validators)
    })
    return [...excluded].toSorted()
  })
  const at = { epoch: epochs.length, height: 99, params: scene.params, riskOf: () => 0 }
  const weights = CHAINS.map((chain) => weightsOf(scene.view, chain, scene.validators, at))
  return { results, weights, reputations: scene.validators.map((key) => readReputation(scene.view, key)) }
}

describe('cooperation', () => {
  it('COOP-1, COOP-2: scores are whole numbers, and bounded', () => {
    fc.assert(
      fc.property(scoreFacts, (facts) => {
        const { ppm: score, factors } = scoreOf(facts)
        for (const value of [score, ...Object.values<number>({ ...factors })])
          assert(Number.isSafeInteger(value) && value >= 0)
        // 16 categories of 12 points at most, by their weights and the largest of each factor.
        assert(score < 2 ** 32 && factors.base <= 230_400_000)
        assert(factors.diversity <= 2_039_721 && factors.consistency <= 1_800_000)
        assert(
          factors.performance <= 1_200_000 && factors.shard <= 1_000_000 && factors.activity <= 1_000_000
        )
      })
    )
  })

  it('COOP-2, COOP-5: more success never lowers a score', () => {
    fc.assert(
      fc.property(scoreFacts, fc.nat(improvements.length - 1), (facts, which) => {
        const better = improvements[which]!(facts)
        assert(scoreOf(better).ppm >= scoreOf(facts).ppm)
      }),
      { numRuns: 1_000 }
    )
  })

  it('COOP-13, COOP-24: what follows from facts does not depend on the order they are told in', () => {
    fc.assert(
      fc.property(history, (epochs) => {
        assert.deepEqual(outcomeOf(epochs, true), outcomeOf(epochs, false))
      }),
      { numRuns: 40 }
    )
  })

  it('COOP-13: an epoch with more blocks led, or more attended in place of missed, never leaves fewer points', () => {
    fc.assert(
      fc.property(memberFacts, fc.integer({ min: 1, max: 5 }), fc.boolean(), (facts, more, isLed) => {
        const moved = Math.min(more, facts.missed)
        const better = isLed
          ? { ...facts, led: facts.led + more, lastRun: 0 }
          : { ...facts, attended: facts.attended + moved, missed: facts.missed - moved }
        const after = (own: MemberFacts): number => {
          const scene = new CooperationScene(2)
          scene.next((index) => (index === 0 ? own : factsOf({ attended: 9 })), [COORD])
          return scene.points(0)
        }
        assert(after(better) >= after(facts))
      })
    )
  })

  it('COOP-21: facts of spans join in any grouping', () => {
    fc.assert(
      fc.property(memberFacts, memberFacts, memberFacts, (a, b, c) => {
        assert.deepEqual(joinFacts(joinFacts(a, b), c), joinFacts(a, joinFacts(b, c)))
      })
    )
  })
})
