/**
 * Transactions that entered the network through this node (M4): it alone repeats them, every 8 blocks, until they are
 * final or expired. Kept in order of last announcement, so finding the due ones costs only those.
 */
import type { Hex } from '../primitives/bytes.ts'
import type { PoolEntry } from './entry.ts'

/** Blocks between two announcements of one local transaction (M4). */
export const REPEAT_BLOCKS = 8

interface Local {
  readonly entry: PoolEntry
  readonly announcedHeight: number
}

export class LocalList {
  readonly #locals = new Map<Hex, Local>()

  get size(): number {
    return this.#locals.size
  }

  /** The node announces a new local transaction at once; one that is listed keeps its turn. */
  add(entry: PoolEntry, height: number): void {
    if (!this.#locals.has(entry.wireHash))
      this.#locals.set(entry.wireHash, { entry, announcedHeight: height })
  }

  /** @returns whether the entry was local. */
  remove(entry: PoolEntry): boolean {
    return this.#locals.delete(entry.wireHash)
  }

  list(): PoolEntry[] {
    return [...this.#locals.values()].map((local) => local.entry)
  }

  takeDue(height: number): PoolEntry[] {
    const due: PoolEntry[] = []
    for (const { entry, announcedHeight } of this.#locals.values()) {
      if (announcedHeight + REPEAT_BLOCKS > height) break
      due.push(entry)
    }
    for (const entry of due) {
      this.#locals.delete(entry.wireHash)
      this.#locals.set(entry.wireHash, { entry, announcedHeight: height })
    }
    return due
  }
}
