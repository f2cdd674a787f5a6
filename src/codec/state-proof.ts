/** Proof that a state key has a value, or has none (STA-9, STA-10). */
import { Bytes32, ContainerType, ListCompositeType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** Bits of a path. */
export const MAX_PROOF_DEPTH = 256

const ProofLeafType = new ContainerType({ path: Bytes32, valueHash: Bytes32 }, { typeName: 'ProofLeaf' })

export const StateProofType = new ContainerType(
  {
    /** Hashes beside the path, from the root downwards; an empty subtree is 32 zero bytes. */
    siblings: new ListCompositeType(Bytes32, MAX_PROOF_DEPTH),
    /** Absence only: the other key's leaf in which the path ends; empty if it ends in nothing. */
    other: new ListCompositeType(ProofLeafType, 1)
  },
  { typeName: 'StateProof' }
)
export type StateProof = ValueOf<typeof StateProofType>
