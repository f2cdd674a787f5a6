/** A leader's proposal (C9): header, body, its own notarise vote (the only signature), and why it may be proposed. */
import { ByteListType, ContainerType, ListCompositeType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { HeaderType, MAX_BODY_BYTES } from './block.ts'
import { CertificateType, VoteType } from './statement.ts'

/** Newest nullifications that travel with a proposal; older ones are pulled. */
export const MAX_JUSTIFYING_NULLIFICATIONS = 64

export const CoordinationProofType = new ContainerType(
  { header: HeaderType, certificate: CertificateType },
  { typeName: 'CoordinationProof' }
)
export type CoordinationProof = ValueOf<typeof CoordinationProofType>

export const ProposalType = new ContainerType(
  {
    header: HeaderType,
    body: new ByteListType(MAX_BODY_BYTES),
    /** notarise(v, h) of the leader of v: it authenticates the proposal. */
    vote: VoteType,
    /** Re-proposal only: the notarisation of h. A new block carries its parent's certificate in its body. */
    notarisation: new ListCompositeType(CertificateType, 1),
    /** Nullifications of views between the parent's (or h's notarised) view and v, newest last. */
    nullifications: new ListCompositeType(CertificateType, MAX_JUSTIFYING_NULLIFICATIONS),
    /** Present if the block's coordination reference differs from its parent's. */
    coordination: new ListCompositeType(CoordinationProofType, 1)
  },
  { typeName: 'Proposal' }
)
export type Proposal = ValueOf<typeof ProposalType>
