/**
 * Transactions that this node promised to carry (D10, "accepted must arrive"): stored before the promise, until final
 * or expired, and offered to the pool again at start.
 */
import type { ChainId } from '../primitives/chain-id.ts'
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { NODE_BUCKETS as B, bucketKey, bucketRange, corrupt } from './buckets.ts'
import { chainBytes } from './guard-records.ts'
import type { KeyValueStore, Write } from './ports.ts'

/** More than any pool of the presets holds; what users send is bounded by the pool before it comes here. */
export const LOCAL_TRANSACTIONS_MAX = 100_000

export interface LocalTransaction {
  readonly chain: ChainId
  readonly id: Uint8Array
  /** Wire bytes. */
  readonly bytes: Uint8Array
}

export interface Reservation {
  release(): void
}

export class LocalTransactions {
  readonly #store: KeyValueStore
  readonly #max: number
  readonly #keys: Set<Hex>

  private constructor(store: KeyValueStore, max: number, keys: Set<Hex>) {
    this.#store = store
    this.#max = max
    this.#keys = keys
  }

  static async open(store: KeyValueStore, max: number = LOCAL_TRANSACTIONS_MAX): Promise<LocalTransactions> {
    const keys = new Set<Hex>()
    for await (const [key] of store.range(bucketRange(B.localTransaction))) {
      if (key.length !== 35) throw corrupt(B.localTransaction, key)
      keys.add(toHex(key))
    }
    return new LocalTransactions(store, max, keys)
  }

  get count(): number {
    return this.#keys.size
  }

  /**
   * Room for one that is about to be promised, so that `put` will find it. What is not put has to be released.
   * @returns undefined for one that is here already: there is nothing to release.
   */
  reserve(chain: ChainId, id: Uint8Array): Verdict<Reservation | undefined, 'local-transactions-full'> {
    const key = toHex(keyOf(chain, id))
    if (this.#keys.has(key)) return accept(undefined)
    if (this.#keys.size >= this.#max) return this.#full()
    this.#keys.add(key)
    return accept({ release: () => void this.#keys.delete(key) })
  }

  #full(): Refusal<'local-transactions-full'> {
    return refuse('local-transactions-full', `${this.#keys.size} of ${this.#max} are in use`)
  }

  /** All in one synced write, or none of them when they do not fit. */
  async put(transactions: readonly LocalTransaction[]): Promise<Verdict<void, 'local-transactions-full'>> {
    const writes = transactions.map(({ chain, id, bytes }): Write => {
      return { type: 'put', key: keyOf(chain, id), value: bytes }
    })
    const fresh = new Set(writes.map(({ key }) => toHex(key)).filter((key) => !this.#keys.has(key)))
    if (this.#keys.size + fresh.size > this.#max) {
      return this.#full()
    }
    for (const key of fresh) this.#keys.add(key)
    if (writes.length > 0) await this.#store.batch(writes, { sync: true })
    return accept(undefined)
  }

  /** Unsynced: one that comes back after a crash is final or expired, and the pool says so again. */
  async delete(chain: ChainId, ids: readonly Uint8Array[]): Promise<void> {
    const keys = ids.map((id) => keyOf(chain, id)).filter((key) => this.#keys.delete(toHex(key)))
    if (keys.length === 0) return
    await this.#store.batch(
      keys.map((key): Write => ({ type: 'del', key })),
      { sync: false }
    )
  }

  async list(chain: ChainId): Promise<LocalTransaction[]> {
    const found: LocalTransaction[] = []
    for await (const [key, bytes] of this.#store.range(bucketRange(B.localTransaction, chainBytes(chain)))) {
      found.push({ chain, id: key.slice(3), bytes })
    }
    return found
  }
}

const keyOf = (chain: ChainId, id: Uint8Array): Uint8Array =>
  bucketKey(B.localTransaction, chainBytes(chain), id)
