/**
 * From reputation to the lottery (COOP-17, COOP-18): the weight and the cooldown of each member of a committee. Read
 * after the facts of the epoch were counted (`count.ts`), at the freeze height.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { isShard } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Reputation, Tenure } from '../codec/cooperation.ts'
import { sanctionsOf } from '../state/conduct/sanctions.ts'
import { readSummary } from '../state/facts.ts'
import type { StateView } from '../state/ports.ts'
import { dayEpochs, hourEpochs } from './days.ts'
import type { SpanParams } from './days.ts'
import { whyIneligible } from './eligibility.ts'
import type { Ineligibility } from './eligibility.ts'
import { PPM, ratioPpm } from './fixed.ts'
import { dayCounts, outcomeCounts, readReputation } from './reputation.ts'
import { scoreOf, scoreOn } from './score.ts'
import type { Score, ScoreFacts, ShardFacts } from './score.ts'

export interface WeightMoment {
  /** The epoch that is being frozen. */
  readonly epoch: number
  /** Coordination height of the freeze. */
  readonly height: number
  readonly params: SpanParams
  /** Risk of collusion, ppm, of a validator with this reputation. */
  readonly riskOf: (validator: Uint8Array, reputation: Reputation) => number
}

export interface LeaderWeight {
  /** What it is drawn by, ppm; at least 1. */
  readonly weight: number
  /** Views after leading in which it is not drawn, before the committee's bound (EPO-8). */
  readonly cooldown: number
  readonly score: Score
  /** undefined: it may lead. Who may not has the weight 1. */
  readonly ineligible: Ineligibility | undefined
}

/** Least weight: who is not eligible leads only where the others are in their cooldown. */
export const WEIGHT_MIN = 1
const WEIGHT_MAX = 0xffff_ffff
const COOLDOWN_BASE = 3
export const COOLDOWN_MAX = 10
/** Selections in an hour that count as full activity. */
const ACTIVITY_FULL = 10

/** In the order of `validators`. */
export const weightsOf = (
  view: Pick<StateView, 'get'>,
  chain: ChainId,
  validators: readonly Uint8Array[],
  at: WeightMoment
): LeaderWeight[] => createWeights(view, at)(chain, validators)

/** For several chains: what is the same on all of them is computed once for each validator. */
export function createWeights(
  view: Pick<StateView, 'get'>,
  at: WeightMoment,
  read: Counted = {}
): (chain: ChainId, validators: readonly Uint8Array[]) => LeaderWeight[] {
  const known = new Map<Hex, Everywhere>()
  return (chain, validators) => {
    const own = read.tenures?.get(chain) ?? readSummary(view, chain)?.tenures ?? []
    const tenures = new Map(own.map((tenure) => [toHex(tenure.key), tenure]))
    return validators.map((validator) => {
      const key = toHex(validator)
      const everywhere = known.get(key) ?? judgeValidator(view, validator, at, read.reputations?.get(key))
      known.set(key, everywhere)
      return weightOn(chain, everywhere, tenures.get(key), at.params)
    })
  }
}

/** Records that were read or written already. */
export interface Counted {
  readonly reputations?: ReadonlyMap<Hex, Reputation>
  readonly tenures?: ReadonlyMap<ChainId, readonly Tenure[]>
}

/** What does not depend on the chain. */
interface Everywhere {
  /** For no shard. */
  readonly score: Score
  readonly success: number
  readonly ineligible: Ineligibility | undefined
}

function judgeValidator(
  view: Pick<StateView, 'get'>,
  validator: Uint8Array,
  at: WeightMoment,
  counted: Reputation | undefined
): Everywhere {
  const reputation = counted ?? readReputation(view, validator)
  const risk = at.riskOf(validator, reputation)
  const sanctionLevel = sanctionsOf(view, validator, { epoch: at.epoch, params: at.params }).level
  return {
    score: scoreOf(scoreFacts(reputation, { ...at, risk })),
    success: successOf(reputation),
    ineligible: whyIneligible(reputation, { height: at.height, risk, sanctionLevel })
  }
}

function weightOn(
  chain: ChainId,
  { score: general, success, ineligible }: Everywhere,
  tenure: Tenure | undefined,
  params: SpanParams
): LeaderWeight {
  const score = isShard(chain) ? scoreOn(general, shardFacts(tenure, params)) : general
  const weight = ineligible === undefined ? Math.min(WEIGHT_MAX, Math.max(WEIGHT_MIN, score.ppm)) : WEIGHT_MIN
  const selections = (tenure?.recent ?? 0) * hourEpochs(params)
  return { weight, cooldown: cooldownOf(selections, success), score, ineligible }
}

/** COOP-17: min(⌊3 · (1 + 2p + q)⌋, 10), p by selections in the last hour, q by failures. */
export function cooldownOf(selections: number, successPpm: number): number {
  const activity = ratioPpm(Math.min(selections, ACTIVITY_FULL), ACTIVITY_FULL)
  const factor = PPM + 2 * activity + (PPM - successPpm)
  return Math.min(COOLDOWN_MAX, Math.floor((COOLDOWN_BASE * factor) / PPM))
}

function successOf(reputation: Reputation): number {
  const { total, successes } = outcomeCounts(reputation)
  return total === 0 ? PPM : ratioPpm(successes, total)
}

function distinctOf(partners: Uint8Array): number {
  const met = new Uint8Array(256)
  let distinct = 0
  for (const partner of partners) {
    if (met[partner] === 0) distinct++
    met[partner] = 1
  }
  return distinct
}

interface FactsMoment extends WeightMoment {
  readonly risk: number
}

/** COOP-15: what the score reads of a record. */
function scoreFacts(reputation: Reputation, at: FactsMoment): ScoreFacts {
  const { attended, missed, led, skipped } = dayCounts(reputation)
  const share = (part: number, whole: number): number => (whole === 0 ? PPM : ratioPpm(part, whole))
  return {
    points: reputation.points,
    partners: { total: reputation.partners.length, distinct: distinctOf(reputation.partners) },
    outcomes: { ...outcomeCounts(reputation), validations: reputation.validations },
    performance:
      attended + missed + led + skipped === 0
        ? undefined
        : {
            availability: share(led, led + skipped),
            success: successOf(reputation),
            reliability: share(attended, attended + missed)
          },
    risk: at.risk,
    shard: undefined,
    idleHours: { part: 24 * Math.max(0, at.epoch - reputation.activeEpoch), whole: dayEpochs(at.params) }
  }
}

const shardFacts = (tenure: Tenure | undefined, params: SpanParams): ShardFacts => ({
  experience: Math.min(PPM, ratioPpm(tenure?.epochs ?? 0, dayEpochs(params))),
  selections: (tenure?.led ?? 0) + (tenure?.skipped ?? 0),
  successes: tenure?.led ?? 0
})
