/** The state while consecutive blocks are executed and none of them is stored yet: one layer over the store. */
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import type { StateChanges, StateView } from '../../state/ports.ts'

export class RunState implements StateView {
  readonly #below: StateView
  readonly #values = new Map<Hex, Uint8Array | undefined>()
  readonly #pages = new Map<Hex, Uint8Array | undefined>()
  #root: Uint8Array

  constructor(below: StateView) {
    this.#below = below
    this.#root = below.root
  }

  get root(): Uint8Array {
    return this.#root
  }

  /** What all blocks so far changed, as one: what a later block wrote again stands once. It goes on growing. */
  get changes(): StateChanges {
    return { values: this.#values, pages: this.#pages, root: this.#root }
  }

  get(key: Uint8Array, hex = toHex(key)): Uint8Array | undefined {
    const held = this.#values.get(hex)
    return held !== undefined || this.#values.has(hex) ? held : this.#below.get(key, hex)
  }

  page(path: Hex): Uint8Array | undefined {
    const held = this.#pages.get(path)
    return held !== undefined || this.#pages.has(path) ? held : this.#below.page(path)
  }

  apply({ values, pages, root }: StateChanges): void {
    for (const [key, value] of values) this.#values.set(key, value)
    for (const [path, page] of pages) this.#pages.set(path, page)
    this.#root = root
  }
}
