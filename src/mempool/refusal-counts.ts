/** Counters of a pool by refusal code and drop reason; the node exports them as `icn_refusals_total{code}` (M3, D10). */
import type { InclusionCode, PoolCode } from '../codec/refusals.ts'

/** Why a transaction is not taken. */
export type AdmissionCode =
  | InclusionCode
  | 'insufficient-funds'
  | Exclude<PoolCode, 'not-admitted' | 'evicted' | 'replaced'>

/** Why a transaction left the pool. All but `included` are refusal codes. */
export type DropReason = 'included' | 'evicted' | 'replaced' | InclusionCode | 'insufficient-funds'

export class RefusalCounts {
  readonly #refused = new Map<AdmissionCode, number>()
  readonly #dropped = new Map<DropReason, number>()

  refuse(code: AdmissionCode): void {
    this.#refused.set(code, this.refusals(code) + 1)
  }

  drop(reason: DropReason): void {
    this.#dropped.set(reason, this.drops(reason) + 1)
  }

  refusals(code: AdmissionCode): number {
    return this.#refused.get(code) ?? 0
  }

  drops(reason: DropReason): number {
    return this.#dropped.get(reason) ?? 0
  }

  /** Those above zero, by code. */
  list(): {
    readonly refused: readonly [AdmissionCode, number][]
    readonly dropped: readonly [DropReason, number][]
  } {
    return { refused: sorted(this.#refused), dropped: sorted(this.#dropped) }
  }
}

const sorted = <C extends string>(counts: ReadonlyMap<C, number>): [C, number][] =>
  [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
