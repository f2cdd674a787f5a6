/**
 * A database that can be replaced by another one under everything that holds it: how a snapshot, complete in a database
 * of its own, takes the place of a chain. Nobody may write or read a range while it is replaced.
 */
import type { KeyValueStore, Range, Write } from './ports.ts'

/** A second database of a chain, until it takes the place of the first. */
export interface Staging {
  readonly database: KeyValueStore
  /** Closes both, puts this one where the other was, and opens it: atomic over a crash. */
  promote(replaced: KeyValueStore): Promise<KeyValueStore>
}

export class SwitchableStore implements KeyValueStore {
  #current: KeyValueStore

  constructor(current: KeyValueStore) {
    this.#current = current
  }

  /** @param promote closes what is given to it and returns what takes its place. */
  async replace(promote: (replaced: KeyValueStore) => Promise<KeyValueStore>): Promise<void> {
    this.#current = await promote(this.#current)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#current.get(key)
  }

  async batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    return this.#current.batch(writes, options)
  }

  range(range: Range): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    return this.#current.range(range)
  }

  async pack(): Promise<void> {
    await this.#current.pack?.()
  }

  async diskBytes(): Promise<number> {
    return (await this.#current.diskBytes?.()) ?? 0
  }

  async close(): Promise<void> {
    return this.#current.close()
  }
}
