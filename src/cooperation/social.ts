/**
 * Social reputation (COOP-14): weights and daily decay of seed 001, applied to the stored events when it is read. For
 * governance and rankings; leaders are not drawn by it.
 */
import { CATEGORIES } from '../codec/cooperation.ts'
import type { Category, Reputation } from '../codec/cooperation.ts'
import { CATEGORY_WEIGHTS } from './categories.ts'
import { PPM, expMinusPpm } from './fixed.ts'

/** Days after which an event no longer counts. */
export const EVENT_DAYS = 30
/** Most a category or the whole amounts to, in millionths of points: 002's scale. */
export const SOCIAL_MAX = 10_000_000_000

export interface SocialReputation {
  /** Millionths of points by category, faded, before weights. */
  readonly categories: Readonly<Record<Category, number>>
  /** Weighted sum, millionths. */
  readonly total: number
}

const bounded = (value: bigint): number =>
  Number(value < 0n ? 0n : value > BigInt(SOCIAL_MAX) ? BigInt(SOCIAL_MAX) : value)

export function socialReputation({ events }: Pick<Reputation, 'events'>, day: number): SocialReputation {
  const sums = CATEGORIES.map(() => 0n)
  for (const { category, day: then, gained, lost } of events) {
    const age = Math.max(0, day - then)
    const weights = CATEGORY_WEIGHTS[category]
    if (age > EVENT_DAYS || weights === undefined) continue
    const left = BigInt(expMinusPpm(age * weights.decayPerMille, 1_000))
    sums[category] = (sums[category] ?? 0n) + ((gained - lost) * left) / BigInt(PPM)
  }
  const values = sums.map(bounded)
  const total = values.reduce(
    (sum, value, index) =>
      sum + (BigInt(value) * BigInt(CATEGORY_WEIGHTS[index]?.social ?? PPM)) / BigInt(PPM),
    0n
  )
  const categories = Object.fromEntries(
    CATEGORIES.map((name, index) => [name, values[index] ?? 0])
  ) as Readonly<Record<Category, number>>
  return { categories, total: bounded(total) }
}
