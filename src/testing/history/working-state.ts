/**
 * The state while a chain is made: what the last blocks changed, over the store. What is committed stays here as a
 * cache, since it is what the store holds too.
 */
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import type { StateChanges, StateView } from '../../state/ports.ts'

/** Rows kept after a commit; some tens of megabytes. */
const CACHE_ROWS = 200_000

export class WorkingState implements StateView {
  readonly #store: StateView
  readonly #values = new Map<Hex, Uint8Array | undefined>()
  readonly #pages = new Map<Hex, Uint8Array | undefined>()
  #changedValues = new Map<Hex, Uint8Array | undefined>()
  #changedPages = new Map<Hex, Uint8Array | undefined>()
  root: Uint8Array

  constructor(store: StateView) {
    this.#store = store
    this.root = store.root
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const hex = toHex(key)
    return this.#values.has(hex) ? this.#values.get(hex) : this.#store.get(key)
  }

  page(path: Hex): Uint8Array | undefined {
    return this.#pages.has(path) ? this.#pages.get(path) : this.#store.page(path)
  }

  apply({ values, pages, root }: StateChanges): void {
    for (const [key, value] of values) {
      this.#values.set(key, value)
      this.#changedValues.set(key, value)
    }
    for (const [path, page] of pages) {
      this.#pages.set(path, page)
      this.#changedPages.set(path, page)
    }
    this.root = root
  }

  /** All changes since the last call as one: rows that many blocks touch are written once. */
  takeChanges(): StateChanges {
    const changes = { values: this.#changedValues, pages: this.#changedPages, root: this.root }
    this.#changedValues = new Map()
    this.#changedPages = new Map()
    return changes
  }

  /** The store holds everything that was taken. */
  settled(): void {
    if (this.#values.size + this.#pages.size <= CACHE_ROWS) return
    this.#values.clear()
    this.#pages.clear()
  }
}
