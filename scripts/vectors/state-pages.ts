/**
 * Pages of the state tree as STA-11 and STA-12 describe them, made from the keys and values alone. The program keeps its
 * tree otherwise, which those rules leave to it; whoever keeps it so finds here what to compare with.
 */
import { sha256 } from '../../src/crypto/hash.ts'
import { compare, concat, toHex, u16be } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { EMPTY_HASH, innerHash, leafHash, pathOf } from '../../src/state/hashes.ts'

interface Leaf {
  readonly path: Uint8Array
  readonly valueHash: Uint8Array
}

const SLOTS = 16

export function pagesOf(
  values: Iterable<readonly [key: Uint8Array, value: Uint8Array]>
): Map<Hex, Uint8Array> {
  const leaves = [...values]
    .map(([key, value]): Leaf => ({ path: pathOf(key), valueHash: sha256(value) }))
    .sort((a, b) => compare(a.path, b.path))
  const pages = new Map<Hex, Uint8Array>()
  if (leaves.length > 0) addPage(pages, '', leaves)
  return pages
}

/** STA-11. @returns the hash of the page's subtree */
function addPage(pages: Map<Hex, Uint8Array>, name: string, leaves: readonly Leaf[]): Uint8Array {
  const below = Array.from({ length: SLOTS }, (_, slot) =>
    leaves.filter(({ path }) => toHex(path).startsWith(name + slot.toString(16)))
  )
  const nodes: Uint8Array[] = []
  const slots = below.map((own, slot) => {
    const [first] = own
    if (own.length < 2 || first === undefined) {
      nodes[SLOTS + slot] = first === undefined ? EMPTY_HASH : leafHash(first.path, first.valueHash)
      return first === undefined ? new Uint8Array() : concat(first.path, first.valueHash)
    }
    const hash = addPage(pages, name + slot.toString(16), own)
    nodes[SLOTS + slot] = hash
    return hash
  })
  const bitmap = (isIn: (own: readonly Leaf[]) => boolean): Uint8Array =>
    u16be(below.reduce((bits, own, slot) => (isIn(own) ? bits | (1 << slot) : bits), 0))
  const counts = [...Array.from({ length: SLOTS }, () => 0), ...below.map((own) => own.length)]
  for (let node = SLOTS - 1; node >= 1; node--) joinNode(nodes, counts, node)
  const inner = nodes.slice(2, SLOTS).filter((_, at) => (counts[2 + at] ?? 0) > 1)
  pages.set(
    name as Hex,
    concat(
      bitmap((own) => own.length === 1),
      bitmap((own) => own.length > 1),
      ...slots,
      ...inner
    )
  )
  return nodes[1] ?? EMPTY_HASH
}

/** STA-5 … STA-7. */
function joinNode(nodes: Uint8Array[], counts: number[], node: number): void {
  const [left = 0, right = 0] = [counts[2 * node], counts[2 * node + 1]]
  const [leftHash = EMPTY_HASH, rightHash = EMPTY_HASH] = [nodes[2 * node], nodes[2 * node + 1]]
  counts[node] = left + right
  if (left + right > 1) nodes[node] = innerHash(leftHash, rightHash)
  else nodes[node] = left > 0 ? leftHash : rightHash
}
