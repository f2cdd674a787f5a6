/**
 * A database that can be replaced by another one under everything that holds it: how a snapshot, complete in a database
 * of its own, takes the place of a chain. It is replaced within one turn, and the old one closes when what was under
 * way in it has ended (retention, packing, an answer that is being read), so that nobody finds a closed one.
 */
import type { KeyValueStore, Range, Write } from './ports.ts'

type Row = readonly [Uint8Array, Uint8Array]

/** A second database of a chain, until it takes the place of the first. */
export interface Staging {
  readonly database: KeyValueStore
  /** The chain lives in `database` from now on: closes and removes what it has replaced. Atomic over a crash. */
  retire(replaced: KeyValueStore): Promise<void>
}

export class SwitchableStore implements KeyValueStore {
  #current: Used

  constructor(current: KeyValueStore) {
    this.#current = new Used(current)
  }

  /** @returns what was there before, still open; it closes once nothing is under way in it. */
  replace(next: KeyValueStore): KeyValueStore {
    const replaced = this.#current
    this.#current = new Used(next)
    return replaced
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#current.get(key)
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#current.getMany(keys)
  }

  async batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    return this.#current.batch(writes, options)
  }

  async flush(): Promise<void> {
    await this.#current.flush()
  }

  range(range: Range): AsyncIterable<Row> {
    return this.#current.range(range)
  }

  async pack(): Promise<void> {
    await this.#current.pack()
  }

  async settle(): Promise<void> {
    await this.#current.settle()
  }

  async diskBytes(): Promise<number> {
    return this.#current.diskBytes()
  }

  /** At once: whoever stops the node has stopped its readers. */
  async close(): Promise<void> {
    return this.#current.closeNow()
  }
}

/** Counts what is under way in a database. */
class Used implements KeyValueStore {
  readonly #database: KeyValueStore
  #underWay = 0
  #idle: () => void = () => undefined

  constructor(database: KeyValueStore) {
    this.#database = database
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#database.get(key)
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return (await this.#during(this.#database.getMany(keys))) ?? []
  }

  async batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    await this.#during(this.#database.batch(writes, options))
  }

  async flush(): Promise<void> {
    await this.#during(this.#database.flush())
  }

  range(range: Range): AsyncIterable<Row> {
    return { [Symbol.asyncIterator]: () => this.#rows(range) }
  }

  async pack(): Promise<void> {
    await this.#during(this.#database.pack?.())
  }

  async settle(): Promise<void> {
    await this.#during(this.#database.settle?.())
  }

  async diskBytes(): Promise<number> {
    return (await this.#during(this.#database.diskBytes?.())) ?? 0
  }

  /** Ends when the last that was under way has ended. */
  async close(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    await this.#database.close()
  }

  async closeNow(): Promise<void> {
    return this.#database.close()
  }

  /** Rows are read from the moment of the first call of `next`, which is also when they begin to count. */
  #rows(range: Range): AsyncIterator<Row> {
    const rows = this.#database.range(range)[Symbol.asyncIterator]()
    let isCounted = false
    const begin = (): void => {
      if (!isCounted) this.#underWay++
      isCounted = true
    }
    let isOver = false
    const end = (): void => {
      if (isCounted && !isOver) this.#ended()
      isOver = true
    }
    return {
      next: async () => {
        begin()
        try {
          const row = await rows.next()
          if (row.done === true) end()
          return row
        } catch (error) {
          end()
          throw error
        }
      },
      return: async () => {
        try {
          await rows.return?.()
        } finally {
          end()
        }
        return { done: true, value: undefined }
      }
    }
  }

  async #during<T>(work: Promise<T> | undefined): Promise<T | undefined> {
    this.#underWay++
    try {
      return await work
    } finally {
      this.#ended()
    }
  }

  #ended(): void {
    if (--this.#underWay === 0) this.#idle()
  }
}
