/** Proofs that a key has a value or has none, and the root computed from flat values alone (STA-8 … STA-10, STA-13). */
import { sha256 } from '../crypto/hash.ts'
import { compare, equal, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import { MAX_PROOF_DEPTH } from '../codec/state-proof.ts'
import type { StateProof } from '../codec/state-proof.ts'
import { EMPTY_HASH, bitAt, innerHash, leafHash, pathOf } from './hashes.ts'
import { isLeafPage } from './leaf-page.ts'
import { Leaves } from './leaves.ts'
import { Page } from './page.ts'
import type { StateView } from './ports.ts'
import { childPage } from './tree.ts'

/** Nodes of a page from this one on are slots. */
const FIRST_SLOT = 16

export function proveKey(view: Pick<StateView, 'page'>, key: Uint8Array): StateProof {
  const path = pathOf(key)
  const nibbles = toHex(path)
  const siblings: Uint8Array[] = []
  let bytes = view.page('' as Hex)
  for (let depth = 0; bytes !== undefined; depth++) {
    const id = nibbles.slice(0, depth)
    if (isLeafPage(bytes)) return { siblings, other: Leaves.decode(bytes, id).prove(depth, path, siblings) }
    const page = Page.decode(bytes, id)
    let node = 1
    while (node < FIRST_SLOT && page.weight(node) === 2) {
      const bit = bitAt(path, siblings.length)
      siblings.push(page.hash(2 * node + (1 - bit)))
      node = 2 * node + bit
    }
    if (page.weight(node) === 0) break
    // A single leaf stands for all above it (STA-6), and has its page below its own slot.
    const slot = page.weight(node) === 1 ? page.onlySlot(node) : node - FIRST_SLOT
    const child = id + slot.toString(16)
    bytes = childPage(view, child)
    if (page.weight(node) === 1) return { siblings, other: Leaves.decode(bytes, child).others(path) }
  }
  return { siblings, other: [] }
}

/** Whether `proof` shows that under `root` the key has exactly this value; undefined: that it has none. */
export function verifyProof(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | undefined,
  proof: StateProof
): boolean {
  const depth = proof.siblings.length
  if (depth > MAX_PROOF_DEPTH || proof.other.length > 1) return false
  const path = pathOf(key)
  const [other] = proof.other
  let hash = EMPTY_HASH
  if (value !== undefined) {
    if (other !== undefined) return false
    hash = leafHash(path, sha256(value))
  } else if (other !== undefined) {
    // The leaf must lie where the key's own leaf would be, and must not be it.
    if (equal(other.path, path) || !sharesPrefix(other.path, path, depth)) return false
    hash = leafHash(other.path, other.valueHash)
  }
  for (const [index, sibling] of [...proof.siblings.entries()].toReversed()) {
    hash = bitAt(path, index) === 0 ? innerHash(hash, sibling) : innerHash(sibling, hash)
  }
  return equal(hash, root)
}

function sharesPrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let index = 0; index < bits; index++) if (bitAt(a, index) !== bitAt(b, index)) return false
  return true
}

/**
 * The root from keys and values, by the definition and not by the pages: what `icn check` compares with the stored tree.
 */
export function rebuildRoot(values: Iterable<readonly [Uint8Array, Uint8Array]>): Uint8Array {
  const leaves: { readonly path: Uint8Array; readonly hash: Uint8Array }[] = []
  for (const [key, value] of values) {
    const path = pathOf(key)
    leaves.push({ path, hash: leafHash(path, sha256(value)) })
  }
  leaves.sort((a, b) => compare(a.path, b.path))
  const subtree = (from: number, to: number, bit: number): Uint8Array => {
    const first = leaves[from]
    if (first === undefined || from === to) return EMPTY_HASH
    if (to - from === 1) return first.hash
    assert(bit < MAX_PROOF_DEPTH, 'two values of one key')
    let split = from
    for (let leaf = first; split < to && bitAt(leaf.path, bit) === 0;) {
      split++
      leaf = leaves[split] ?? leaf
    }
    return innerHash(subtree(from, split, bit + 1), subtree(split, to, bit + 1))
  }
  return subtree(0, leaves.length, 0)
}
