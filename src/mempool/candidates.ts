/**
 * The order in which a block takes transactions (M13): best fee rate first, then the lower wire hash, per sender by
 * nonce. Lazy: taking k of n costs k·log k, nothing is sorted.
 *
 *   for (const entry of candidates) if (!fits(entry)) candidates.skipSender()
 */
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import type { TransactionSource } from '../state/build.ts'
import type { CheckedTransaction } from '../state/types.ts'
import type { PoolEntry } from './entry.ts'
import type { HeapWalk } from './heap.ts'
import type { PoolIndex } from './pool-index.ts'

export class Candidates implements Iterable<PoolEntry> {
  readonly #index: PoolIndex
  readonly #version: number
  readonly #walk: HeapWalk<PoolEntry>
  /** Senders with transactions in unfinal ancestors: they start behind the last of those. */
  readonly #ahead = new Map<Hex, bigint>()
  #current: PoolEntry | undefined

  constructor(index: PoolIndex, skip: Iterable<Hex>) {
    this.#index = index
    this.#version = index.version
    this.#walk = index.walkFirsts()
    for (const wireHash of skip) {
      const entry = index.byWireHash(wireHash)
      if (entry === undefined) continue
      const known = this.#ahead.get(entry.sender)
      if (known === undefined || known <= entry.nonce) this.#ahead.set(entry.sender, entry.nonce + 1n)
    }
    for (const [sender, nonce] of this.#ahead) this.#offer(sender, nonce)
  }

  /** The next transaction; undefined at the end. */
  next(): PoolEntry | undefined {
    assert(this.#version === this.#index.version, 'the pool changed under its candidates')
    if (this.#current !== undefined) this.#offer(this.#current.sender, this.#current.nonce + 1n)
    this.#current = undefined
    for (let step = this.#walk.next(); step !== undefined; step = this.#walk.next()) {
      if (!step.offered && this.#ahead.has(step.item.sender)) continue
      this.#current = step.item
      return step.item
    }
    return undefined
  }

  /** The last one cannot be taken (no room, not payable here): nothing behind it can run either. */
  skipSender(): void {
    this.#current = undefined
  }

  *[Symbol.iterator](): IterableIterator<PoolEntry> {
    for (let entry = this.next(); entry !== undefined; entry = this.next()) yield entry
  }

  /** The same, as a block builder takes them. */
  transactions(): TransactionSource {
    const entries = this[Symbol.iterator]()
    return {
      *[Symbol.iterator](): IterableIterator<CheckedTransaction> {
        for (const { checked } of entries) yield checked
      },
      skipSender: () => this.skipSender()
    }
  }

  #offer(sender: Hex, nonce: bigint): void {
    const entry = this.#index.queue(sender)?.pendingAt(nonce)
    if (entry !== undefined) this.#walk.offer(entry)
  }
}
