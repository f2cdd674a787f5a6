/**
 * SSZ Merkle branches (protocols/encoding.md, merkleisation): the root that a leaf and its siblings, lowest first,
 * lead to. The generalised index is always computed by the reader from the type, never taken from a peer.
 */
import { equal } from '../primitives/bytes.ts'
import { sha256Of } from './hash.ts'

export interface BranchProof {
  readonly leaf: Uint8Array
  readonly branch: readonly Uint8Array[]
}

/** For proofs from outside: anything malformed is a false proof. */
export function verifyBranch(root: Uint8Array, gindex: bigint, { leaf, branch }: BranchProof): boolean {
  return misfit(leaf, gindex, branch) === undefined && equal(rootFromBranch(leaf, gindex, branch), root)
}

/** @throws RangeError when the branch does not fit the index or a node is not 32 bytes. */
export function rootFromBranch(leaf: Uint8Array, gindex: bigint, branch: readonly Uint8Array[]): Uint8Array {
  const reason = misfit(leaf, gindex, branch)
  if (reason !== undefined) throw new RangeError(reason)
  let node = leaf
  let index = gindex
  for (const sibling of branch) {
    node = (index & 1n) === 1n ? sha256Of(sibling, node) : sha256Of(node, sibling)
    index >>= 1n
  }
  return node
}

function misfit(leaf: Uint8Array, gindex: bigint, branch: readonly Uint8Array[]): string | undefined {
  // The shift also refuses zero and negative indices: none of theirs is one.
  if (gindex >> BigInt(branch.length) !== 1n) {
    return `a branch of ${branch.length} does not fit generalised index ${gindex}`
  }
  // Without this check a 31-byte leaf beside a 33-byte sibling would hash like an honest pair.
  return leaf.length !== 32 || branch.some((node) => node.length !== 32) ? 'a node has 32 bytes' : undefined
}
