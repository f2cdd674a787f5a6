/**
 * A database that can be replaced by another one under everything that holds it: how a snapshot, complete in a database
 * of its own, takes the place of a chain. It is replaced within one turn, so that no reader finds a closed one.
 */
import type { KeyValueStore, Range, Write } from './ports.ts'

/** A second database of a chain, until it takes the place of the first. */
export interface Staging {
  readonly database: KeyValueStore
  /** The chain lives in `database` from now on: closes and removes what it has replaced. Atomic over a crash. */
  retire(replaced: KeyValueStore): Promise<void>
}

export class SwitchableStore implements KeyValueStore {
  #current: KeyValueStore

  constructor(current: KeyValueStore) {
    this.#current = current
  }

  /** @returns what was there before, still open. */
  replace(next: KeyValueStore): KeyValueStore {
    const replaced = this.#current
    this.#current = next
    return replaced
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
