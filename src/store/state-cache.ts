/**
 * Rows of the final state that were read or written of late: accounts are read again at admission, execution and upkeep
 * of the pool, and the upper pages of the tree by every block. Always what the database holds, or will with the commit
 * under way; rows that are absent are asked for each time.
 *
 * Bounded by two generations: when the young one is full the old one is forgotten, and what is found there moves on.
 */
import type { Hex } from '../primitives/bytes.ts'
import type { StateChanges } from '../state/ports.ts'

/** Rows of a generation: some hundred bytes each, with their place in the map. */
const VALUES_MAX = 4_096
/** One or two kilobytes each, about. The levels that a block is sure to read have 273. */
const PAGES_MAX = 512

export class StateCache {
  readonly #values: Generations
  readonly #pages: Generations

  constructor(limits = { values: VALUES_MAX, pages: PAGES_MAX }) {
    this.#values = new Generations(limits.values)
    this.#pages = new Generations(limits.pages)
  }

  /** @param read asks the database, where the row is not known */
  value(key: Hex, read: () => Uint8Array | undefined): Uint8Array | undefined {
    return this.#values.get(key) ?? this.#values.keep(key, read())
  }

  page(path: Hex, read: () => Uint8Array | undefined): Uint8Array | undefined {
    return this.#pages.get(path) ?? this.#pages.keep(path, read())
  }

  /** Rows of a commit that begins; until it ends the caller answers for them. */
  pass({ values, pages }: StateChanges): void {
    for (const [key, value] of values) {
      if (value === undefined) this.#values.delete(key)
      else this.#values.keep(key, value)
    }
    for (const [path, page] of pages) {
      if (page === undefined) this.#pages.delete(path)
      // A copy: pages of one update share memory, which one of them would hold for all.
      else this.#pages.keep(path, new Uint8Array(page))
    }
  }

  /** The database was replaced. */
  clear(): void {
    this.#values.clear()
    this.#pages.clear()
  }
}

class Generations {
  readonly #max: number
  #young = new Map<Hex, Uint8Array>()
  #old = new Map<Hex, Uint8Array>()

  constructor(max: number) {
    this.#max = max
  }

  get(key: Hex): Uint8Array | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    return old === undefined ? undefined : this.keep(key, old)
  }

  keep(key: Hex, row: Uint8Array | undefined): Uint8Array | undefined {
    if (row === undefined) return undefined
    if (this.#young.size >= this.#max && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, row)
    return row
  }

  delete(key: Hex): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
