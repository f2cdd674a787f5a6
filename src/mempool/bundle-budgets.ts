/**
 * What each forwarder may still cost us in transactions that we neither knew nor could use (M5). A budget refills with
 * time and never becomes score. Bounded: an absent forwarder has a full budget, so one that has refilled is forgotten.
 */
export interface BudgetLimits {
  /** Bytes of a full budget. */
  readonly capacityBytes: number
  readonly refillBytesPerSecond: number
  /** More than there can be connections; beyond it the forwarder that was debited longest ago is forgotten. */
  readonly forwardersMax: number
}

/**
 * Some 80 useless transfers a second, for good; one that floods with hundreds is cut down within seconds.
 *
 * @default 256 KiB at once, 16 KiB a second, 1,024 forwarders
 */
export const BUDGET_LIMITS: BudgetLimits = {
  capacityBytes: 262_144,
  refillBytesPerSecond: 16_384,
  forwardersMax: 1_024
}

/**
 * What a node itself may cost its neighbours by relaying what was useless here: a quarter of what each of them grants a
 * forwarder. So an honest relay's budget is never spent, however many flooders use it (M5).
 *
 * @default 64 KiB at once, 4 KiB a second
 */
export const RELAY_LIMITS: BudgetLimits = {
  capacityBytes: BUDGET_LIMITS.capacityBytes / 4,
  refillBytesPerSecond: BUDGET_LIMITS.refillBytesPerSecond / 4,
  forwardersMax: 1
}

interface Debt {
  /** Bytes × 1000, so that a refill over milliseconds is exact. */
  readonly milliBytes: number
  readonly atMs: number
}

export class BundleBudgets {
  readonly #limits: BudgetLimits
  /** Least recently debited first. */
  readonly #debts = new Map<string, Debt>()

  constructor(limits: BudgetLimits = BUDGET_LIMITS) {
    this.#limits = limits
  }

  /** Forwarders with a debt on record: a gauge. */
  get size(): number {
    return this.#debts.size
  }

  /** The budget goes below zero by at most the bundle that emptied it. */
  isEmpty(forwarder: string, nowMs: number): boolean {
    return this.#debtAt(forwarder, nowMs) >= this.#limits.capacityBytes * 1000
  }

  /** `bytes`: those of the transactions that were neither known nor admitted. */
  debit(forwarder: string, bytes: number, nowMs: number): void {
    if (bytes <= 0) return
    const milliBytes = this.#debtAt(forwarder, nowMs) + bytes * 1000
    this.#debts.delete(forwarder)
    if (this.#debts.size >= this.#limits.forwardersMax) {
      const [oldest] = this.#debts.keys()
      if (oldest !== undefined) this.#debts.delete(oldest)
    }
    this.#debts.set(forwarder, { milliBytes, atMs: nowMs })
  }

  #debtAt(forwarder: string, nowMs: number): number {
    const debt = this.#debts.get(forwarder)
    if (debt === undefined) return 0
    const refilled = Math.max(0, nowMs - debt.atMs) * this.#limits.refillBytesPerSecond
    if (refilled < debt.milliBytes) return debt.milliBytes - refilled
    this.#debts.delete(forwarder)
    return 0
  }
}
