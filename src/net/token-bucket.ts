/**
 * A rate limit that delays before it refuses (D12). The level may fall below zero: what is taken is paid back by
 * waiting. Time is an input.
 */
export interface Rate {
  readonly perS: number
  readonly burst: number
}

export class TokenBucket {
  readonly #rate: Rate
  #level: number
  #at: number

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate
    this.#level = rate.burst
    this.#at = nowMs
  }

  /** @returns how long the taker has to wait, in ms, until the bucket is no longer in debt. */
  take(amount: number, nowMs: number): number {
    this.#refill(nowMs)
    this.#level -= amount
    return this.#debtMs()
  }

  /** The wait that `take(amount)` would return, without taking. */
  waitFor(amount: number, nowMs: number): number {
    this.#refill(nowMs)
    const after = this.#level - amount
    return after >= 0 ? 0 : Math.ceil((-after * 1000) / this.#rate.perS)
  }

  #debtMs(): number {
    return this.#level >= 0 ? 0 : Math.ceil((-this.#level * 1000) / this.#rate.perS)
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#at) return
    this.#level = Math.min(this.#rate.burst, this.#level + ((nowMs - this.#at) * this.#rate.perS) / 1000)
    this.#at = nowMs
  }
}
