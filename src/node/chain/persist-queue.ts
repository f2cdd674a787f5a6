/**
 * Group commit of local transactions: what arrives in one turn of the event loop, or while a synced write is under way,
 * goes into one write. Users send in batches, and the first of a batch alone would be a write and a bundle of its own.
 */
import type { Verdict } from '../../primitives/result.ts'
import type { LocalTransaction, LocalTransactions } from '../../store/local-transactions.ts'
import type { Clock } from '../ports.ts'

type Outcome = Verdict<void, 'local-transactions-full'>

interface Waiting {
  readonly transaction: LocalTransaction
  readonly done: PromiseWithResolvers<Outcome>
}

export class PersistQueue {
  readonly #local: LocalTransactions
  readonly #clock: Pick<Clock, 'soon'>
  #waiting: Waiting[] = []
  #writing = false

  constructor(local: LocalTransactions, clock: Pick<Clock, 'soon'>) {
    this.#local = local
    this.#clock = clock
  }

  async put(transaction: LocalTransaction): Promise<Outcome> {
    const done = Promise.withResolvers<Outcome>()
    this.#waiting.push({ transaction, done })
    if (!this.#writing) {
      this.#writing = true
      const write = (): void => void this.#write()
      if (this.#clock.soon === undefined) write()
      else this.#clock.soon(write)
    }
    return done.promise
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        const outcome = await this.#local.put(group.map(({ transaction }) => transaction))
        for (const { done } of group) done.resolve(outcome)
      } catch (error) {
        for (const { done } of group) done.reject(error)
      }
    }
    this.#writing = false
  }
}
