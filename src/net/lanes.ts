/**
 * Inbound work in three lanes (D11): consensus and blocks, transactions and receipts, discovery and metadata. The
 * higher lane goes first, each lower one keeps 5 % of the starts, so that neither starves. Work of one turn of the event loop is
 * bounded: a vote that arrives behind a thousand bundles waits for a few milliseconds of them, not for all.
 */
import { Lane } from './lane.ts'
import type { LaneLimits } from './lane.ts'

/** From the highest to the lowest. */
export const LANES = ['consensus', 'transactions', 'discovery'] as const
export type LaneName = (typeof LANES)[number]

/** One start in so many belongs to each lower lane, whatever waits above it. */
export const KEPT_ONE_IN = 20

export interface LanesOptions {
  readonly limits: Readonly<Record<LaneName, LaneLimits>>
  /** Time that jobs may take of one turn of the event loop. */
  readonly sliceMs: number
  readonly nowMs: () => number
  /** Calls back in the next turn of the event loop. */
  readonly defer: (run: () => void) => void
  readonly onLength: (lane: LaneName, length: number) => void
  /** A job threw or was rejected: own fault, and nothing but that job is lost. */
  readonly onFault: (lane: LaneName, error: unknown) => void
}

export class Lanes {
  readonly #options: LanesOptions
  readonly #lanes: Readonly<Record<LaneName, Lane>>
  readonly #told = { consensus: 0, transactions: 0, discovery: 0 }
  #started = 0
  #spentMs = 0
  #isDeferred = false
  #isWorking = false

  constructor(options: LanesOptions) {
    this.#options = options
    const { consensus, transactions, discovery } = options.limits
    this.#lanes = {
      consensus: new Lane(consensus),
      transactions: new Lane(transactions),
      discovery: new Lane(discovery)
    }
  }

  length(lane: LaneName): number {
    return this.#lanes[lane].length
  }

  /** @returns false when the lane, or the share of `from` in it, is full; `run` is then never called. */
  add(lane: LaneName, from: string, bytes: number, run: () => void | Promise<void>): boolean {
    if (!this.#lanes[lane].add(from, bytes, run)) return false
    this.#work()
    return true
  }

  /** The same for work with a result. @returns undefined when it is not run. */
  run<T>(lane: LaneName, from: string, bytes: number, work: () => T | Promise<T>): Promise<T> | undefined {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const isAdded = this.add(lane, from, bytes, async () => {
      try {
        resolve(await work())
      } catch (error) {
        reject(error)
      }
    })
    return isAdded ? promise : undefined
  }

  clear(): void {
    for (const name of LANES) this.#lanes[name].clear()
    this.#tell()
  }

  #work(): void {
    // A job that adds another one does not begin it in its own midst.
    if (this.#isWorking) return
    const { sliceMs, nowMs, onFault } = this.#options
    this.#isWorking = true
    while (this.#spentMs < sliceMs) {
      const name = this.#nextLane()
      if (name === undefined) break
      this.#started += 1
      const fromMs = nowMs()
      this.#lanes[name].runNext(
        () => this.#work(),
        (error) => onFault(name, error)
      )
      this.#spentMs += nowMs() - fromMs
    }
    this.#isWorking = false
    this.#tell()
    this.#deferRest()
  }

  /** Most jobs begin at once, and the gauge stays as it was. */
  #tell(): void {
    for (const name of LANES) {
      const length = this.length(name)
      if (length === this.#told[name]) continue
      this.#told[name] = length
      this.#options.onLength(name, length)
    }
  }

  /** The slice is fresh in the next turn, and what is left goes on. */
  #deferRest(): void {
    if (this.#isDeferred || this.#spentMs === 0) return
    this.#isDeferred = true
    this.#options.defer(() => {
      this.#isDeferred = false
      this.#spentMs = 0
      this.#work()
    })
  }

  #nextLane(): LaneName | undefined {
    const turn = this.#started % KEPT_ONE_IN
    const kept: LaneName | undefined =
      turn === KEPT_ONE_IN - 1 ? 'discovery' : turn === KEPT_ONE_IN / 2 - 1 ? 'transactions' : undefined
    if (kept !== undefined && this.#lanes[kept].isReady) return kept
    return LANES.find((name) => this.#lanes[name].isReady)
  }
}
