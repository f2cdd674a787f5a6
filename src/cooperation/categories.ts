/**
 * Categories of reputation (COOP-10): the union of the founding documents. Two readings weigh them differently: the
 * consensus score after seed 000, social reputation after seed 001, which also lets events fade by the day.
 */
import { CATEGORIES } from '../codec/cooperation.ts'
import type { Category } from '../codec/cooperation.ts'

export interface CategoryWeights {
  /** In the consensus score, ppm. */
  readonly consensus: number
  /** In social reputation, ppm. */
  readonly social: number
  /** Of an event, in thousandths a day. */
  readonly decayPerMille: number
}

const weights = (consensus: number, social: number, decayPerMille: number): CategoryWeights => ({
  consensus,
  social,
  decayPerMille
})

/** Categories that only one seed has get the weight 1.0, or its own where it names one, and decay by 0.05. */
const WEIGHTS: Readonly<Record<Category, CategoryWeights>> = {
  validation: weights(1_000_000, 1_000_000, 100),
  proposal_creation: weights(1_000_000, 1_500_000, 30),
  voting: weights(1_000_000, 1_200_000, 50),
  resource_sharing: weights(1_300_000, 1_400_000, 60),
  cooperative_growth: weights(1_500_000, 1_600_000, 30),
  community_building: weights(1_200_000, 1_300_000, 40),
  conflict_resolution: weights(1_100_000, 1_700_000, 50),
  transaction_validation: weights(1_300_000, 1_300_000, 50),
  data_availability: weights(1_200_000, 1_200_000, 50),
  network_stability: weights(1_400_000, 1_400_000, 50),
  innovation: weights(1_300_000, 1_900_000, 20),
  sustainability: weights(1_200_000, 1_500_000, 40),
  development: weights(1_000_000, 2_000_000, 20),
  budget_management: weights(1_000_000, 1_800_000, 80),
  participation: weights(1_000_000, 1_100_000, 70),
  governance: weights(1_000_000, 1_200_000, 50)
}

/** In the order of CATEGORIES. */
export const CATEGORY_WEIGHTS: readonly CategoryWeights[] = CATEGORIES.map((name) => WEIGHTS[name])

export const categoryIndex = (category: Category): number => CATEGORIES.indexOf(category)
