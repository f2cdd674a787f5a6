/** What pure code reads of a chain's state. The store, the simulator's disk and an overlay all stand behind it. */
import type { Hex } from '../primitives/bytes.ts'

export interface StateView {
  /** Flat value of a state key, or undefined. `hex` is the key's, where the caller has it. */
  get(key: Uint8Array, hex?: Hex): Uint8Array | undefined
  /** Tree page by its path id (protocols/state.md), or undefined for an empty one. */
  page(path: Hex): Uint8Array | undefined
  /** Root of the state tree, 32 bytes. */
  readonly root: Uint8Array
}

/** What a block changed, relative to its parent: undefined means deleted. Keys in hex. */
export interface StateChanges {
  readonly values: ReadonlyMap<Hex, Uint8Array | undefined>
  readonly pages: ReadonlyMap<Hex, Uint8Array | undefined>
  readonly root: Uint8Array
}
