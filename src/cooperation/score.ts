/**
 * The cooperation score (COOP-2 to COOP-9): a product of a base and six factors, in ppm, rounded down after each. It
 * reads counts that stand in state and nothing else; who has more successes never has a lower score.
 */
import { assert } from '../primitives/errors.ts'
import { CATEGORY_WEIGHTS } from './categories.ts'
import { PPM, expMinusPpm, lnOnePlusPpm, ratioPpm, timesPpm } from './fixed.ts'

export interface ScoreFacts {
  /** Millionths of points by category. */
  readonly points: readonly number[]
  /** Cooperative interactions: how many, and with how many cooperatives. */
  readonly partners: { readonly total: number; readonly distinct: number }
  /** Of the last views it was to lead; `validations`: ever. */
  readonly outcomes: { readonly total: number; readonly successes: number; readonly validations: number }
  /** ppm each; undefined: nothing is known yet. */
  readonly performance:
    | { readonly availability: number; readonly success: number; readonly reliability: number }
    | undefined
  /** ppm. */
  readonly risk: number
  /** Service on the shard; undefined: the score is not for a shard. */
  readonly shard: ShardFacts | undefined
  /** Hours without activity, as a fraction. */
  readonly idleHours: { readonly part: number; readonly whole: number }
}

export interface ShardFacts {
  /** Served so far, as a part of a day, ppm; more than a day counts as one. */
  readonly experience: number
  readonly selections: number
  readonly successes: number
}

export interface Factors {
  readonly base: number
  readonly diversity: number
  readonly consistency: number
  readonly performance: number
  readonly collusion: number
  readonly shard: number
  readonly activity: number
}

export interface Score {
  /** ppm: 1.0 is a million. */
  readonly ppm: number
  readonly factors: Factors
}

export function scoreOf(facts: ScoreFacts): Score {
  const factors: Factors = {
    base: baseOf(facts.points),
    diversity: diversityOf(facts.partners),
    consistency: consistencyOf(facts.outcomes),
    performance: performanceOf(facts.performance),
    collusion: collusionOf(facts.risk),
    shard: shardOf(facts.shard),
    activity: activityOf(facts.idleHours)
  }
  return { ppm: productOf(factors), factors }
}

/** The same score for another shard: all other factors are the same on every chain. */
export function scoreOn(score: Score, shard: ShardFacts | undefined): Score {
  const factors = { ...score.factors, shard: shardOf(shard) }
  return { ppm: productOf(factors), factors }
}

const productOf = (factors: Factors): number => {
  const { base, diversity, consistency, performance, collusion, shard, activity } = factors
  return [diversity, consistency, performance, collusion, shard, activity].reduce(timesPpm, base)
}

/** COOP-3. */
export function baseOf(points: readonly number[]): number {
  const sum = points.reduce((total, value, index) => {
    return total + value * (CATEGORY_WEIGHTS[index]?.consensus ?? PPM)
  }, 0)
  // 16 categories of at most 12 points by weights of at most 1.5.
  assert(Number.isSafeInteger(sum), 'COOP-3: points and weights are bounded')
  return (sum - (sum % PPM)) / PPM
}

/** From this number of interactions on their spread is rewarded, with a bonus from five cooperatives on. */
const MANY_INTERACTIONS = 20
const MANY_COOPERATIVES = 5

/** COOP-4. */
export function diversityOf({ total, distinct }: ScoreFacts['partners']): number {
  assert(distinct <= total, 'COOP-4: more cooperatives than interactions')
  if (total === 0) return PPM
  if (total < MANY_INTERACTIONS) return Math.max(700_000, ratioPpm(distinct, total))
  const spread = lnOnePlusPpm(distinct, total)
  return PPM + (distinct >= MANY_COOPERATIVES ? timesPpm(spread, 1_500_000) : spread)
}

/** Least success share that is not held against a validator, and what newcomers are spared of it. */
const SUCCESS_FLOOR = 400_000
const NEWCOMER_RELIEF_STEP = 8_000
const NEWCOMER_VALIDATIONS = 10

/** COOP-5: the relief of newcomers tapers off, or the tenth success would lower the score. */
export function consistencyOf({ total, successes, validations }: ScoreFacts['outcomes']): number {
  if (total === 0) return PPM
  const relief = NEWCOMER_RELIEF_STEP * Math.max(0, NEWCOMER_VALIDATIONS - validations)
  const floor = SUCCESS_FLOOR - relief
  const share = ratioPpm(successes, total)
  if (share > 950_000) return 1_800_000
  if (share > 800_000) return 1_500_000
  if (share > floor) return Math.min(1_500_000, PPM + ratioPpm(share - floor, PPM - floor))
  return Math.max(500_000, ratioPpm(share, floor))
}

/** COOP-6. */
export function performanceOf(performance: ScoreFacts['performance']): number {
  if (performance === undefined) return PPM
  const { availability, success, reliability } = performance
  const weighted =
    timesPpm(availability, 350_000) + timesPpm(success, 350_000) + timesPpm(reliability, 300_000)
  if (weighted > 950_000) return timesPpm(weighted, 1_200_000)
  if (weighted > 900_000) return timesPpm(weighted, 1_100_000)
  return Math.max(600_000, weighted)
}

/** COOP-7. */
export function collusionOf(risk: number): number {
  if (risk > 900_000) return 200_000
  if (risk > 700_000) return 500_000
  return risk > 500_000 ? 700_000 : PPM
}

/** COOP-8: the first fifth of a day on a shard is a newcomer's, once. */
export function shardOf(shard: ShardFacts | undefined): number {
  if (shard === undefined) return PPM
  const { selections, successes } = shard
  const experience = Math.min(PPM, shard.experience)
  const success = timesPpm(selections === 0 ? PPM : ratioPpm(successes, selections), 300_000)
  return experience < 200_000 ? 700_000 + success : 400_000 + timesPpm(experience, 300_000) + success
}

/** COOP-9. */
export function activityOf({ part, whole }: ScoreFacts['idleHours']): number {
  return part > 24 * whole ? expMinusPpm(part, 24 * whole) : PPM
}
