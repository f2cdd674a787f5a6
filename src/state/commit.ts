/** Flat values that changed, as changes of a state: one update of the tree. */
import { sha256 } from '../crypto/hash.ts'
import { bytesOfHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { EMPTY_HASH, pathOf } from './hashes.ts'
import { isInPage } from './leaf-page.ts'
import type { LeafChange } from './leaves.ts'
import type { StateChanges, StateView } from './ports.ts'
import { updateTree } from './tree.ts'

/** The state before a genesis. */
export const EMPTY_VIEW: StateView = { get: () => undefined, page: () => undefined, root: EMPTY_HASH }

/** Values by hex of their state key; undefined deletes. Nothing changed: the parent's root and no pages. */
export function commit(parent: StateView, values: ReadonlyMap<Hex, Uint8Array | undefined>): StateChanges {
  if (values.size === 0) return { values, pages: new Map(), root: parent.root }
  const changes: LeafChange[] = []
  values.forEach((value, key) => {
    const bytes = bytesOfHex(key)
    const stands = value === undefined || isInPage(bytes[0]) ? value : sha256(value)
    changes.push({ key: bytes, path: pathOf(bytes), value: stands })
  })
  return { values, ...updateTree(parent, changes) }
}
