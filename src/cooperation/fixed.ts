/**
 * Numbers of the score (COOP-1): parts per million in whole numbers, rounded down after every step. Logarithm and
 * exponential are series in 24 decimal places, so that every machine gets the same millionths.
 */
import { assert } from '../primitives/errors.ts'

/** One, in parts per million. */
export const PPM = 1_000_000
/** One, in the fixed point of the series. */
const ONE = 10n ** 24n
const PPM_STEP = ONE / BigInt(PPM)

/** a · b ÷ 10⁶, rounded down. */
export const timesPpm = (a: number, b: number): number => timesOver(a, b, PPM)

/** part ÷ whole in ppm, rounded down. */
export function ratioPpm(part: number, whole: number): number {
  assert(whole > 0 && part >= 0, 'COOP-1: a ratio of something')
  return timesOver(part, PPM, whole)
}

/** a · b ÷ c, rounded down. Whole numbers as long as the product is one: a freeze makes tens of thousands of these. */
function timesOver(a: number, b: number, c: number): number {
  const product = a * b
  // Not ⌊product ÷ c⌋: near a whole number the quotient is rounded to it.
  if (Number.isSafeInteger(product)) return (product - (product % c)) / c
  return Number((BigInt(a) * BigInt(b)) / BigInt(c))
}

/** ln(1 + part ÷ whole) in ppm, for 0 ≤ part ≤ whole: 2 · artanh(d ÷ (2 + d)). */
export function lnOnePlusPpm(part: number, whole: number): number {
  assert(part >= 0 && whole > 0 && part <= whole, 'COOP-1: a share')
  const z = (BigInt(part) * ONE) / BigInt(2 * whole + part)
  const square = (z * z) / ONE
  let sum = 0n
  let power = z
  for (let odd = 1n; power > 0n; odd += 2n) {
    sum += power / odd
    power = (power * square) / ONE
  }
  return Number((2n * sum) / PPM_STEP)
}

/** exp(−part ÷ whole) in ppm. 0 from 14 on, where less than one part is left. */
export function expMinusPpm(part: number, whole: number): number {
  assert(part >= 0 && whole > 0, 'COOP-1: an age')
  if (part >= 14 * whole) return 0
  // e^-x = (e^-(x / 16))^16: the series is short for small x.
  const x = (BigInt(part) * ONE) / (BigInt(whole) * 16n)
  let sum = ONE
  let term = ONE
  for (let n = 1n; term !== 0n; n++) {
    term = -(term * x) / (ONE * n)
    sum += term
  }
  for (let squaring = 0; squaring < 4; squaring++) sum = (sum * sum) / ONE
  return Number(sum / PPM_STEP)
}
