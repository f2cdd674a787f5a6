/**
 * A binary heap that can remove any member, and a walk over it that leaves it as it is.
 * The order never changes while an item is a member, so places move only by `add` and `delete`.
 */
import { must } from '../primitives/errors.ts'

export type Precedes<T> = (a: T, b: T) => boolean

/** A binary heap in an array. `moved` hears of every new place of an item. */
class Heap<T> {
  readonly precedes: Precedes<T>
  readonly #moved: ((item: T, place: number) => void) | undefined
  readonly #items: T[] = []

  constructor(precedes: Precedes<T>, moved?: (item: T, place: number) => void) {
    this.precedes = precedes
    this.#moved = moved
  }

  get size(): number {
    return this.#items.length
  }

  at(place: number): T | undefined {
    return this.#items[place]
  }

  push(item: T): void {
    this.#items.push(item)
    this.#rise(item, this.#items.length - 1)
  }

  removeAt(place: number): void {
    const last = must(this.#items.pop(), 'a member of an empty heap')
    if (place === this.#items.length) return
    const parent = this.#items[(place - 1) >> 1]
    if (place > 0 && parent !== undefined && this.precedes(last, parent)) this.#rise(last, place)
    else this.#sink(last, place)
  }

  #rise(item: T, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = must(this.#items[above], 'a heap place without a parent')
      if (!this.precedes(item, parent)) break
      this.#set(place, parent)
      place = above
    }
    this.#set(place, item)
  }

  #sink(item: T, from: number): void {
    let place = from
    for (;;) {
      let below = 2 * place + 1
      let child = this.#items[below]
      const right = this.#items[below + 1]
      if (child !== undefined && right !== undefined && this.precedes(right, child)) {
        child = right
        below += 1
      }
      if (child === undefined || !this.precedes(child, item)) break
      this.#set(place, child)
      place = below
    }
    this.#set(place, item)
  }

  #set(place: number, item: T): void {
    this.#items[place] = item
    this.#moved?.(item, place)
  }
}

export class IndexedHeap<T> {
  readonly #places = new Map<T, number>()
  readonly #heap: Heap<T>

  constructor(precedes: Precedes<T>) {
    this.#heap = new Heap(precedes, (item, place) => this.#places.set(item, place))
  }

  get precedes(): Precedes<T> {
    return this.#heap.precedes
  }

  get size(): number {
    return this.#heap.size
  }

  /** The first item is at place 0; the children of place p are at 2p + 1 and 2p + 2. */
  at(place: number): T | undefined {
    return this.#heap.at(place)
  }

  add(item: T): void {
    this.#heap.push(item)
  }

  /** Nothing happens if `item` is no member. */
  delete(item: T): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#places.delete(item)
    this.#heap.removeAt(place)
  }
}

interface Candidate<T> {
  readonly item: T
  /** Place in the heap that is walked, or −1 for an item that was offered. */
  readonly place: number
}

/**
 * Visits a heap's items in order without changing it: k steps cost k·log k, however large the heap is.
 * `offer` adds an item that is not in the heap (the one behind an item that was visited).
 */
export class HeapWalk<T> {
  readonly #heap: IndexedHeap<T>
  readonly #candidates: Heap<Candidate<T>>

  constructor(heap: IndexedHeap<T>) {
    this.#heap = heap
    const { precedes } = heap
    this.#candidates = new Heap((a, b) => precedes(a.item, b.item))
    this.#enter(0)
  }

  offer(item: T): void {
    this.#candidates.push({ item, place: -1 })
  }

  /** @returns the item and whether it was offered; undefined at the end. */
  next(): { readonly item: T; readonly offered: boolean } | undefined {
    const candidate = this.#candidates.at(0)
    if (candidate === undefined) return undefined
    this.#candidates.removeAt(0)
    const { item, place } = candidate
    if (place < 0) return { item, offered: true }
    this.#enter(2 * place + 1)
    this.#enter(2 * place + 2)
    return { item, offered: false }
  }

  #enter(place: number): void {
    const item = this.#heap.at(place)
    if (item !== undefined) this.#candidates.push({ item, place })
  }
}
