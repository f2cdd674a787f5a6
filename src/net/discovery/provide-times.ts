/**
 * When a node announces in the DHT which shards it follows (DIS-15). Each attempt connects to whoever it asks: a node that
 * has just started has peers to find first, and a network that has no time for it would have less and less.
 */
import { jitter } from './backoff.ts'
import type { Random } from './backoff.ts'
import { DISCOVERY_LIMITS } from './limits.ts'

export class ProvideTimes {
  readonly #random: Random
  #nextMs: number
  #retryMs: number = DISCOVERY_LIMITS.provideRetryMs
  #isFirst = true

  constructor(nowMs: number, random: Random, firstMs: number = DISCOVERY_LIMITS.provideFirstMs) {
    this.#random = random
    this.#nextMs = nowMs + jitter(firstMs, random)
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs
  }

  /** Nobody knows who follows a shard, so who looks for this node may not either: the first time is now. */
  hurry(): void {
    if (this.#isFirst) this.#nextMs = 0
  }

  begun(nowMs: number): void {
    this.#isFirst = false
    this.#nextMs = nowMs + DISCOVERY_LIMITS.provideMs
  }

  ended(nowMs: number, isDone: boolean): void {
    if (isDone) {
      this.#retryMs = DISCOVERY_LIMITS.provideRetryMs
      return
    }
    this.#nextMs = nowMs + jitter(this.#retryMs, this.#random)
    this.#retryMs = Math.min(DISCOVERY_LIMITS.provideMs, 2 * this.#retryMs)
  }
}
