/** When a peer that was not reached is dialled again: exponential, with jitter, so that nobody dials in step. Pure. */

export interface Backoff {
  readonly firstMs: number
  readonly mostMs: number
}

/** A number in [0, 1); randomness here only spreads load. */
export type Random = () => number

/** Half to one and a half of it. */
export const jitter = (ms: number, random: Random): number => Math.round(ms * (0.5 + random()))

/** Time until the next attempt after so many failures in a row; the first failure is number 1. */
export const backoffMs = ({ firstMs, mostMs }: Backoff, failures: number, random: Random): number =>
  jitter(Math.min(mostMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1))), random)
