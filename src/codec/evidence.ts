/**
 * What no honest validator signs, as a proof that needs nothing beside it but the committee of its epoch (C30):
 * two votes that contradict each other, or the vote for an own proposal whose parent certificate is none.
 */
import { concat, u16be, u64be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'
import { HeaderType } from './block.ts'
import { Bytes32, ContainerType, ListCompositeType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { CertificateType, VoteType } from './statement.ts'

/** The header that a leader voted for, and of its attendance what its root is made of (ENC-14). */
export const SignedProposalType = new ContainerType(
  {
    header: HeaderType,
    parentCertificate: CertificateType,
    /** Hash tree root of the attendance's list of late votes. */
    lateVotesRoot: Bytes32
  },
  { typeName: 'SignedProposal' }
)
export type SignedProposal = ValueOf<typeof SignedProposalType>

export const EvidenceType = new ContainerType(
  {
    network: Bytes32,
    publicKey: Bytes32,
    /** Two that contradict each other, by kind and hash; or the one for the proposal. */
    votes: new ListCompositeType(VoteType, 2),
    proposal: new ListCompositeType(SignedProposalType, 1)
  },
  { typeName: 'Evidence' }
)
export type Evidence = ValueOf<typeof EvidenceType>

export const TWO_NOTARISE = 1
export const NULLIFY_AND_FINALISE = 2
export const TWO_FINALISE = 3
export const INVALID_PARENT = 4
export type EvidenceKind =
  | typeof TWO_NOTARISE
  | typeof NULLIFY_AND_FINALISE
  | typeof TWO_FINALISE
  | typeof INVALID_PARENT
export const EVIDENCE_NAMES: Record<EvidenceKind, string> = {
  1: 'two-notarise',
  2: 'nullify-and-finalise',
  3: 'two-finalise',
  4: 'invalid-parent-certificate'
}

/** What a piece of evidence is about: it counts once, whichever signatures prove it. */
export interface Offence {
  readonly publicKey: Uint8Array
  readonly chain: ChainId
  readonly epoch: number
  readonly view: number
  readonly kind: EvidenceKind
}

export const offenceId = ({ publicKey, chain, epoch, view, kind }: Offence): Uint8Array =>
  sha256(concat(DOMAINS.evidence, publicKey, u16be(chain), u64be(epoch), u64be(view), Uint8Array.of(kind)))
