/**
 * What one peer may ask of one protocol: requests at a time, requests and bytes a second (D12). Both sides keep it, the
 * server to refuse, the asker so that it never has to be refused. It outlives connections: reconnecting refills nothing.
 * Pure: time is an input.
 */
import type { RequestLimits } from './limits.ts'
import { Slots } from './slots.ts'
import { TokenBucket } from './token-bucket.ts'

export class RequestQuota {
  readonly slots: Slots
  readonly #requests: TokenBucket
  readonly #bytes: TokenBucket
  #closedUntilMs = 0

  constructor(limits: RequestLimits, nowMs: number) {
    this.slots = new Slots(limits.concurrency)
    this.#requests = new TokenBucket({ perS: limits.requestsPerS, burst: limits.requestsBurst }, nowMs)
    this.#bytes = new TokenBucket({ perS: limits.bytesPerS, burst: limits.bytesBurst }, nowMs)
  }

  /** Takes one request. @returns the ms after which it may begin, undefined when that is beyond `maxMs`: nothing is taken. */
  admit(nowMs: number, maxMs: number): number | undefined {
    const waitMs = Math.max(
      this.#closedUntilMs - nowMs,
      this.#requests.waitFor(1, nowMs),
      this.#bytes.waitFor(0, nowMs)
    )
    if (waitMs > maxMs) return undefined
    this.#requests.take(1, nowMs)
    return Math.max(0, waitMs)
  }

  /** Bytes are known only when they were answered: who took much waits afterwards. */
  charge(bytes: number, nowMs: number): void {
    this.#bytes.take(bytes, nowMs)
  }

  /** The other side counts differently and said so. */
  close(untilMs: number): void {
    this.#closedUntilMs = Math.max(this.#closedUntilMs, untilMs)
  }
}

/** Quotas by name, the longest unused one forgotten first; one in use never. */
export class QuotaBook {
  readonly #max: number
  readonly #quotas = new Map<string, RequestQuota>()

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#quotas.size
  }

  of(key: string, limits: RequestLimits, nowMs: number): RequestQuota {
    const quota = this.#quotas.get(key) ?? new RequestQuota(limits, nowMs)
    this.#quotas.delete(key)
    if (this.#quotas.size >= this.#max) this.#forget()
    this.#quotas.set(key, quota)
    return quota
  }

  #forget(): void {
    for (const [key, quota] of this.#quotas) {
      if (quota.slots.open > 0) continue
      this.#quotas.delete(key)
      return
    }
  }
}
