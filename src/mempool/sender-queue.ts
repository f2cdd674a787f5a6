/**
 * The transactions of one sender in one pool, by nonce. Those without a gap from the account's nonce on are pending,
 * the rest is queued (M7). Short by rule (at most the per-sender limit), so plain arrays do.
 */
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import { NOTHING_RESERVED } from '../state/inclusion.ts'
import type { Reserved } from '../state/inclusion.ts'
import type { PoolEntry } from './entry.ts'

/** What a pool's heaps and its count of pending entries hold of a queue. */
interface Shown {
  readonly first: PoolEntry | undefined
  readonly last: PoolEntry | undefined
  readonly pending: number
}

export class SenderQueue {
  readonly sender: Hex
  /** Kept by the pool's index. */
  shown: Shown = { first: undefined, last: undefined, pending: 0 }
  /** Ascending by nonce, one per nonce. */
  readonly #entries: PoolEntry[] = []
  /** The account's nonce as last seen: the nonce that runs next. Entries below it wait for upkeep to drop them. */
  #accountNonce: bigint
  #start = 0
  #pendingCount = 0

  constructor(sender: Hex, accountNonce: bigint) {
    this.sender = sender
    this.#accountNonce = accountNonce
  }

  get entries(): readonly PoolEntry[] {
    return this.#entries
  }

  get accountNonce(): bigint {
    return this.#accountNonce
  }

  get pendingCount(): number {
    return this.#pendingCount
  }

  /** The first nonce that neither the chain nor a pending transaction has used. */
  get freeNonce(): bigint {
    return this.#accountNonce + BigInt(this.#pendingCount)
  }

  /** The pending transaction that runs first. */
  get first(): PoolEntry | undefined {
    return this.#pendingCount === 0 ? undefined : this.#entries[this.#start]
  }

  get last(): PoolEntry | undefined {
    return this.#entries.at(-1)
  }

  at(nonce: bigint): PoolEntry | undefined {
    return this.#entries.find((entry) => entry.nonce === nonce)
  }

  /** The pending transaction with this nonce. */
  pendingAt(nonce: bigint): PoolEntry | undefined {
    const index = nonce - this.#accountNonce
    return index >= 0n && index < this.#pendingCount ? this.#entries[this.#start + Number(index)] : undefined
  }

  before(entry: PoolEntry): PoolEntry | undefined {
    const index = this.#entries.indexOf(entry)
    return index > 0 ? this.#entries[index - 1] : undefined
  }

  /** What all but `left` may take: queued ones too, so that filling a gap never makes one unpayable. */
  reserved(left?: PoolEntry): Reserved {
    let { consumer, industrial, mana } = NOTHING_RESERVED
    for (const entry of this.#entries) {
      if (entry === left || entry.nonce < this.#accountNonce) continue
      consumer += entry.takes.consumer
      industrial += entry.takes.industrial
      mana += entry.takes.mana
    }
    return { consumer, industrial, mana }
  }

  insert(entry: PoolEntry): void {
    let index = this.#entries.length
    while (index > 0 && (this.#entries[index - 1]?.nonce ?? -1n) >= entry.nonce) index -= 1
    assert(this.#entries[index]?.nonce !== entry.nonce, 'two pool entries for one nonce')
    this.#entries.splice(index, 0, entry)
    this.#count()
  }

  remove(entry: PoolEntry): void {
    const index = this.#entries.indexOf(entry)
    assert(index >= 0, 'removal of an entry that its sender does not have')
    this.#entries.splice(index, 1)
    this.#count()
  }

  /** The account's nonce at the head that is judged now. An unfinal head may have been abandoned: it can go back. */
  settle(accountNonce: bigint): void {
    this.#accountNonce = accountNonce
    this.#count()
  }

  #count(): void {
    const start = this.#entries.findIndex((entry) => entry.nonce >= this.#accountNonce)
    this.#start = start < 0 ? this.#entries.length : start
    let count = 0
    while (this.#entries[this.#start + count]?.nonce === this.#accountNonce + BigInt(count)) count += 1
    this.#pendingCount = count
  }
}
