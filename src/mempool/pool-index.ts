/**
 * The entries of a pool and every way to find them: by id, by wire hash, by sender, by expiry, and two heaps, one over
 * each sender's first pending entry (what a block takes next), one over each sender's last (what may be evicted, once
 * the pool is full). All counts follow from `add` and `remove`, so they cannot drift.
 */
import type { Hex } from '../primitives/bytes.ts'
import { assert, must } from '../primitives/errors.ts'
import { goesBefore, leavesBefore } from './entry.ts'
import type { PoolEntry } from './entry.ts'
import { HeapWalk, IndexedHeap } from './heap.ts'
import { SenderQueue } from './sender-queue.ts'

export class PoolIndex {
  readonly #byWireHash = new Map<Hex, PoolEntry>()
  readonly #byId = new Map<Hex, PoolEntry>()
  readonly #queues = new Map<Hex, SenderQueue>()
  /** By valid-until. */
  readonly #expiry = new Map<number, Set<PoolEntry>>()
  readonly #firsts = new IndexedHeap<PoolEntry>(goesBefore)
  /** Most pools are never full: made when it is first asked for, kept until the pool is empty. */
  #lasts: IndexedHeap<PoolEntry> | undefined
  #bytes = 0
  #pending = 0
  #expiredHeight = -1
  #version = 0

  get count(): number {
    return this.#byWireHash.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get pending(): number {
    return this.#pending
  }

  get senders(): number {
    return this.#queues.size
  }

  /** Changes with every change of the index. */
  get version(): number {
    return this.#version
  }

  byWireHash(wireHash: Hex): PoolEntry | undefined {
    return this.#byWireHash.get(wireHash)
  }

  byId(id: Hex): PoolEntry | undefined {
    return this.#byId.get(id)
  }

  queue(sender: Hex): SenderQueue | undefined {
    return this.#queues.get(sender)
  }

  queues(): SenderQueue[] {
    return [...this.#queues.values()]
  }

  /** In order of arrival. */
  entries(): IterableIterator<PoolEntry> {
    return this.#byWireHash.values()
  }

  walkFirsts(): HeapWalk<PoolEntry> {
    return new HeapWalk(this.#firsts)
  }

  walkLasts(): HeapWalk<PoolEntry> {
    return new HeapWalk(this.#eviction())
  }

  /** The entry that leaves first. */
  get cheapest(): PoolEntry | undefined {
    return this.#eviction().at(0)
  }

  #eviction(): IndexedHeap<PoolEntry> {
    if (this.#lasts !== undefined) return this.#lasts
    const lasts = new IndexedHeap<PoolEntry>(leavesBefore)
    for (const { last } of this.#queues.values()) if (last !== undefined) lasts.add(last)
    this.#lasts = lasts
    return lasts
  }

  /** `accountNonce` opens the queue of a sender that has none; others were settled when the entry was judged. */
  add(entry: PoolEntry, accountNonce: bigint): void {
    assert(
      !this.#byWireHash.has(entry.wireHash) && !this.#byId.has(entry.id),
      'a transaction was added twice'
    )
    let queue = this.#queues.get(entry.sender)
    if (queue === undefined) {
      queue = new SenderQueue(entry.sender, accountNonce)
      this.#queues.set(entry.sender, queue)
    }
    queue.insert(entry)
    this.#byWireHash.set(entry.wireHash, entry)
    this.#byId.set(entry.id, entry)
    this.#bytes += entry.size
    const bucket = this.#expiry.get(entry.validUntil)
    if (bucket === undefined) this.#expiry.set(entry.validUntil, new Set([entry]))
    else bucket.add(entry)
    this.#show(queue)
  }

  remove(entry: PoolEntry): void {
    assert(
      this.#byWireHash.delete(entry.wireHash) && this.#byId.delete(entry.id),
      'removal of an unknown entry'
    )
    const queue = must(this.#queues.get(entry.sender), 'an entry without a queue')
    queue.remove(entry)
    this.#bytes -= entry.size
    const bucket = must(this.#expiry.get(entry.validUntil), 'an entry without an expiry')
    bucket.delete(entry)
    if (bucket.size === 0) this.#expiry.delete(entry.validUntil)
    this.#show(queue)
  }

  settle(queue: SenderQueue, accountNonce: bigint): void {
    if (queue.accountNonce === accountNonce) return
    queue.settle(accountNonce)
    this.#show(queue)
  }

  /** Entries whose valid-until is at or below `height`; the caller removes them. */
  takeExpired(height: number): PoolEntry[] {
    const from = this.#expiredHeight + 1
    this.#expiredHeight = Math.max(this.#expiredHeight, height)
    const expired: PoolEntry[] = []
    if (height - from < this.#expiry.size) {
      for (let at = from; at <= height; at++) expired.push(...(this.#expiry.get(at) ?? []))
      return expired
    }
    // After a jump of many heights there are fewer buckets than heights.
    const due = [...this.#expiry.keys()].filter((at) => at <= height).sort((a, b) => a - b)
    for (const at of due) expired.push(...(this.#expiry.get(at) ?? []))
    return expired
  }

  /** Brings heaps and counts in line with a queue that changed. An empty queue is forgotten. */
  #show(queue: SenderQueue): void {
    this.#version += 1
    const { shown: before, first, last, pendingCount: pending } = queue
    if (before.first !== first) {
      if (before.first !== undefined) this.#firsts.delete(before.first)
      if (first !== undefined) this.#firsts.add(first)
    }
    if (before.last !== last && this.#lasts !== undefined) {
      if (before.last !== undefined) this.#lasts.delete(before.last)
      if (last !== undefined) this.#lasts.add(last)
    }
    this.#pending += pending - before.pending
    queue.shown = { first, last, pending }
    if (last !== undefined) return
    this.#queues.delete(queue.sender)
    if (this.#queues.size === 0) this.#lasts = undefined
  }
}
