/** Group commit of local transactions: what arrives while one synced write is under way goes into the next one. */
import type { Verdict } from '../../primitives/result.ts'
import type { LocalTransaction, LocalTransactions } from '../../store/local-transactions.ts'

type Outcome = Verdict<void, 'local-transactions-full'>

interface Waiting {
  readonly transaction: LocalTransaction
  readonly done: PromiseWithResolvers<Outcome>
}

export class PersistQueue {
  readonly #local: LocalTransactions
  #waiting: Waiting[] = []
  #writing = false

  constructor(local: LocalTransactions) {
    this.#local = local
  }

  async put(transaction: LocalTransaction): Promise<Outcome> {
    const done = Promise.withResolvers<Outcome>()
    this.#waiting.push({ transaction, done })
    if (!this.#writing) void this.#write()
    return done.promise
  }

  async #write(): Promise<void> {
    this.#writing = true
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
