/**
 * Bundles of the transactions that entered the network here (M4): one chain, at most 512 transactions and 64 KiB as
 * encoded, flushed when full or when the oldest has waited 10 ms. Time is an input.
 */
import type { ChainId } from '../primitives/chain-id.ts'
import { assert } from '../primitives/errors.ts'
import { BUNDLE_BYTES_MAX, BUNDLE_TRANSACTIONS_MAX, BundleType } from '../codec/messages.ts'
import { OFFSET_BYTES } from '../codec/ssz.ts'
import { MAX_TRANSACTION_BYTES } from '../codec/transaction.ts'

export const BUNDLE_WAIT_MS = 10

/** SSZ: the chain and the offset of the list, then one offset for each transaction. */
const FIXED_BYTES = 6

export class Bundler {
  readonly #chain: ChainId
  #transactions: Uint8Array[] = []
  #bytes = FIXED_BYTES
  #dueMs: number | undefined

  constructor(chain: ChainId) {
    this.#chain = chain
  }

  /** When `flushDue` has something to do; undefined while nothing waits. */
  get dueMs(): number | undefined {
    return this.#dueMs
  }

  /** @returns the encoded bundles that became full: at most two. */
  add(transaction: Uint8Array, nowMs: number): Uint8Array[] {
    assert(transaction.length <= MAX_TRANSACTION_BYTES, 'a transaction above the ceiling was bundled')
    const size = transaction.length + OFFSET_BYTES
    const full: Uint8Array[] = []
    if (this.#bytes + size > BUNDLE_BYTES_MAX) full.push(...this.flush())
    this.#transactions.push(transaction)
    this.#bytes += size
    this.#dueMs ??= nowMs + BUNDLE_WAIT_MS
    if (this.#transactions.length === BUNDLE_TRANSACTIONS_MAX || this.#bytes === BUNDLE_BYTES_MAX) {
      full.push(...this.flush())
    }
    return full
  }

  flushDue(nowMs: number): Uint8Array[] {
    return this.#dueMs !== undefined && nowMs >= this.#dueMs ? this.flush() : []
  }

  /** What waits, due or not (before a stop); nothing if nothing waits. */
  flush(): Uint8Array[] {
    if (this.#transactions.length === 0) return []
    const bundle = BundleType.serialize({ chain: this.#chain, transactions: this.#transactions })
    this.#transactions = []
    this.#bytes = FIXED_BYTES
    this.#dueMs = undefined
    return [bundle]
  }
}
