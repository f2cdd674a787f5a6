/**
 * Unfinal blocks as layers in memory over the final state (D7). A read walks up until a layer knows the answer.
 * When a block becomes final its layer is settled: the base then holds its changes, and layers above read the base.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { StateChanges, StateView } from './ports.ts'

/** Most layers a read may walk; a block beyond that is merged into the layer below it. */
export const MAX_OVERLAY_DEPTH = 32

export class Overlay implements StateView {
  readonly root: Uint8Array
  /** Changes of this layer relative to the parent it was built on, even after merging. */
  readonly changes: StateChanges
  /** Layers down to the base, this one included, when it was built. */
  readonly depth: number
  #parent: StateView
  #layer: StateChanges | undefined

  constructor(parent: StateView, changes: StateChanges) {
    this.root = changes.root
    this.changes = changes
    const below = unsettled(parent)
    if (below instanceof Overlay && below.#layer !== undefined && below.#height() >= MAX_OVERLAY_DEPTH) {
      this.#parent = below.#parent
      this.#layer = mergeChanges(below.#layer, changes)
    } else {
      this.#parent = below
      this.#layer = changes
    }
    this.depth = this.#height()
  }

  get(key: Uint8Array, hex = toHex(key)): Uint8Array | undefined {
    return this.#value(key, hex)
  }

  page(path: Hex): Uint8Array | undefined {
    if (this.#layer?.pages.has(path) === true) return this.#layer.pages.get(path)
    return this.#below().page(path)
  }

  /** This block is final and `base` holds its changes: layers above it read `base` from now on. */
  settle(base: StateView): void {
    this.#layer = undefined
    this.#parent = base
  }

  /** The hex of the key is made once, however many layers are asked. */
  #value(key: Uint8Array, hex: Hex): Uint8Array | undefined {
    if (this.#layer?.values.has(hex) === true) return this.#layer.values.get(hex)
    const below = this.#below()
    return below instanceof Overlay ? below.#value(key, hex) : below.get(key, hex)
  }

  /** The parent, skipping settled layers for good. */
  #below(): StateView {
    this.#parent = unsettled(this.#parent)
    return this.#parent
  }

  /** What lies under a settled layer; undefined while it is not settled. */
  settledOn(): StateView | undefined {
    return this.#layer === undefined ? this.#parent : undefined
  }

  #height(): number {
    let height = 1
    for (let view = this.#below(); view instanceof Overlay; view = view.#below()) height++
    return height
  }
}

function unsettled(view: StateView): StateView {
  let at = view
  while (at instanceof Overlay) {
    const base = at.settledOn()
    if (base === undefined) break
    at = base
  }
  return at
}

/** Both changes as one, relative to the parent of `older`. */
export function mergeChanges(older: StateChanges, newer: StateChanges): StateChanges {
  return {
    values: new Map([...older.values, ...newer.values]),
    pages: new Map([...older.pages, ...newer.pages]),
    root: newer.root
  }
}

/** The state after a block: the parent itself when the block changed nothing. */
export const stateAfter = (parent: StateView, changes: StateChanges): StateView =>
  changes.values.size === 0 ? parent : new Overlay(parent, changes)
