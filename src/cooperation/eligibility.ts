/**
 * Who may be drawn as a leader (COOP-16): enough reputation for what it has behind it, enough of its views used, no
 * suspicion and no sanction. Who is not eligible still votes, and leads where nobody else can (COOP-18).
 */
import type { Reputation } from '../codec/cooperation.ts'
import { ratioPpm } from './fixed.ts'
import { POINT, outcomeCounts, totalPoints } from './reputation.ts'

/** Coordination heights that a suspicion mark lasts, and what it costs. */
export const SUSPICION_HEIGHTS = 240
export const SUSPICION_POINTS = 5 * POINT
/** Risk above which nobody leads. */
const RISK_MAX = 800_000
const SUCCESS_FLOOR = 400_000
/** Validations from which the success share counts. */
const JUDGED_FROM = 10

/** Points that a validator needs after so many validations: 10 × 0.3, 0.7, 1.0, 1.2. */
export function tierOf(validations: number): number {
  if (validations < 5) return 3 * POINT
  if (validations <= 10) return 7 * POINT
  return validations <= 20 ? 10 * POINT : 12 * POINT
}

export type Ineligibility = 'sanctioned' | 'suspicious' | 'risk' | 'reputation' | 'success-share'

export interface Standing {
  /** Coordination height at which it is asked. */
  readonly height: number
  /** ppm. */
  readonly risk: number
  readonly sanctionLevel: number
}

/** @returns undefined: it may lead. */
export function whyIneligible(reputation: Reputation, at: Standing): Ineligibility | undefined {
  if (at.sanctionLevel > 0) return 'sanctioned'
  if (isSuspicious(reputation, at.height)) return 'suspicious'
  if (at.risk > RISK_MAX) return 'risk'
  if (totalPoints(reputation) < tierOf(reputation.validations)) return 'reputation'
  return hasSuccess(reputation) ? undefined : 'success-share'
}

export const isSuspicious = ({ suspicions }: Pick<Reputation, 'suspicions'>, height: number): boolean =>
  suspicions.some((marked) => height < marked + SUSPICION_HEIGHTS)

function hasSuccess(reputation: Reputation): boolean {
  const { total, successes } = outcomeCounts(reputation)
  if (reputation.validations <= JUDGED_FROM || total === 0) return true
  return ratioPpm(successes, total) >= SUCCESS_FLOOR
}
