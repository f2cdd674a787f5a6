/**
 * Rows of the final state that a block is about to read one by one, fetched together and off this thread: the pages of
 * the tree on the way to its accounts, level after level, and the values of other records. Execution stays synchronous and finds
 * them here; what is missing it reads itself. A commit that begins meanwhile takes its rows out of here.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { pathOf } from '../state/hashes.ts'
import { isInPage } from '../state/leaf-page.ts'
import { hasPageBelow } from '../state/page.ts'
import type { StateChanges } from '../state/ports.ts'
import { CHAIN_BUCKETS as B, bucketKey } from './buckets.ts'
import { pageKey } from './chain-writes.ts'
import type { KeyValueStore } from './ports.ts'

/** These levels are asked for with the values: 273 pages at most, and they exist in all but the smallest states. */
const FIRST_LEVELS = 3

type Rows = Map<Hex, Uint8Array | undefined>

export class ReadAhead {
  readonly #store: KeyValueStore
  readonly #values: Rows = new Map()
  readonly #pages: Rows = new Map()
  /** Changes of the commits that overlap each fetch under way: it may have read rows of before. */
  readonly #underWay = new Set<StateChanges[]>()
  #holders = 0

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  get isEmpty(): boolean {
    return this.#values.size === 0 && this.#pages.size === 0
  }

  get values(): ReadonlyMap<Hex, Uint8Array | undefined> {
    return this.#values
  }

  get pages(): ReadonlyMap<Hex, Uint8Array | undefined> {
    return this.#pages
  }

  /** Rows of a commit that begins: from now on they are read where they are written. */
  pass(changes: StateChanges): void {
    for (const overlapped of this.#underWay) overlapped.push(changes)
    if (this.isEmpty) return
    for (const key of changes.values.keys()) this.#values.delete(key)
    for (const path of changes.pages.keys()) this.#pages.delete(path)
  }

  /** The database was replaced: nothing of the old one is of use, nor what is being fetched from it. */
  reset(): void {
    this.#values.clear()
    this.#pages.clear()
    this.#underWay.clear()
  }

  /**
   * @param committing the commit under way
   * @returns what lets go of these rows; they are held until the last holder has
   */
  async fetch(keys: readonly Uint8Array[], committing: StateChanges | undefined): Promise<() => void> {
    const overlapped = committing === undefined ? [] : [committing]
    this.#underWay.add(overlapped)
    this.#holders++
    try {
      await this.#fetch(keys, overlapped)
    } catch (error) {
      this.#release()
      throw error
    } finally {
      this.#underWay.delete(overlapped)
    }
    let isHeld = true
    return () => {
      if (isHeld) this.#release()
      isHeld = false
    }
  }

  async #fetch(keys: readonly Uint8Array[], overlapped: StateChanges[]): Promise<void> {
    const values = keys
      .filter((key) => !isInPage(key[0]))
      .map((key) => ({ id: toHex(key), key: bucketKey(B.state, key) }))
    const paths = keys.map((key) => toHex(pathOf(key)))
    const first = new Set<Hex>()
    for (const path of paths)
      for (let depth = 0; depth < FIRST_LEVELS; depth++) first.add(prefix(path, depth))
    const rows = await this.#store.getMany([...values.map(({ key }) => key), ...[...first].map(pageKey)])
    if (!this.#underWay.has(overlapped)) return
    for (const [at, { id }] of values.entries()) {
      if (!overlapped.some((changes) => changes.values.has(id))) this.#values.set(id, rows[at])
    }
    this.#keepPages([...first], rows.slice(values.length), overlapped)
    for (let depth = FIRST_LEVELS; ; depth++) {
      const next = this.#level(paths, depth)
      if (next.length === 0) return
      const pages = await this.#store.getMany(next.map(pageKey))
      if (!this.#underWay.has(overlapped)) return
      this.#keepPages(next, pages, overlapped)
    }
  }

  /** Pages of a level that exist by what their parents say. */
  #level(paths: readonly Hex[], depth: number): Hex[] {
    const wanted = new Set<Hex>()
    for (const path of paths) {
      const id = prefix(path, depth)
      const parent = this.#pages.get(prefix(path, depth - 1))
      if (parent === undefined || this.#pages.has(id) || wanted.has(id)) continue
      if (hasPageBelow(parent, Number.parseInt(path[depth - 1] ?? '', 16))) wanted.add(id)
    }
    return [...wanted]
  }

  #keepPages(
    ids: readonly Hex[],
    pages: readonly (Uint8Array | undefined)[],
    overlapped: readonly StateChanges[]
  ): void {
    for (const [at, id] of ids.entries()) {
      if (!overlapped.some((changes) => changes.pages.has(id))) this.#pages.set(id, pages[at])
    }
  }

  #release(): void {
    this.#holders--
    if (this.#holders > 0) return
    this.#values.clear()
    this.#pages.clear()
  }
}

const prefix = (path: Hex, depth: number): Hex => path.slice(0, depth) as Hex
