/**
 * Evidence (C30): made of two votes of one key or of a leader's proposal, and judged against the committee of its own
 * epoch. Pure: which signatures have to hold, and which must not, is said here; the caller verifies them.
 */
import { compare, equal } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { AttendanceType, blockHash } from '../codec/block.ts'
import type { Block } from '../codec/block.ts'
import {
  EvidenceType,
  INVALID_PARENT,
  NULLIFY_AND_FINALISE,
  TWO_FINALISE,
  TWO_NOTARISE
} from '../codec/evidence.ts'
import type { Evidence, EvidenceKind, Offence, SignedProposal } from '../codec/evidence.ts'
import { decode } from '../codec/ssz.ts'
import { CertificateType, FINALISE, NOTARISE, NULLIFY } from '../codec/statement.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import { sha256Of } from '../crypto/hash.ts'
import type { SignatureJob } from '../crypto/ports.ts'
import { ListCompositeType } from '../codec/ssz.ts'
import type { Committee } from '../sharding/types.ts'
import { certificateJobs, voteJob } from './certificate-check.ts'

export type CommitteeOf = (chain: ChainId, epoch: number) => Committee | undefined

export type EvidenceCode =
  | 'evidence-malformed'
  | 'evidence-network'
  | 'evidence-epoch'
  | 'evidence-signer'
  | 'evidence-consistent'
  | 'evidence-proposal'

/** What evidence says, if its signatures do what they should. */
export interface Accusation {
  readonly offence: Offence
  /** Every one has to verify. */
  readonly holds: readonly SignatureJob[]
  /** Of a certificate whose form is right: one at least must not verify. Empty: its form is wrong already. */
  readonly fails: readonly SignatureJob[]
}

export const decodeEvidence = (bytes: Uint8Array): Verdict<Evidence, EvidenceCode> => {
  const decoded = decode(EvidenceType, bytes)
  return decoded.ok ? decoded : refuse('evidence-malformed', decoded.detail)
}

/** `results` are those of `holds`, then of `fails`. */
export function isGuilty({ holds, fails }: Accusation, results: readonly boolean[]): boolean {
  if (results.length !== holds.length + fails.length) return false
  const isHeld = results.slice(0, holds.length).every(Boolean)
  return isHeld && (fails.length === 0 || results.slice(holds.length).includes(false))
}

const inOrder = (a: Vote, b: Vote): number => a.kind - b.kind || compare(a.hash, b.hash)

/** Two votes that contradict each other have one form as evidence. */
export const evidenceOfVotes = (network: Uint8Array, publicKey: Uint8Array, a: Vote, b: Vote): Evidence => ({
  network,
  publicKey,
  votes: [a, b].sort(inOrder),
  proposal: []
})

const ParentCertificates = new ListCompositeType(CertificateType, 1)

/** @returns undefined for a block that carries no parent certificate. */
export function evidenceOfProposal(network: Uint8Array, block: Block, vote: Vote): Evidence | undefined {
  const { parentCertificate, lateVotes } = block.body.attendance
  const [certificate] = parentCertificate
  if (certificate === undefined) return undefined
  const lateVotesRoot = AttendanceType.fields.lateVotes.hashTreeRoot(lateVotes)
  return {
    network,
    publicKey: block.header.proposer,
    votes: [vote],
    proposal: [{ header: block.header, parentCertificate: certificate, lateVotesRoot }]
  }
}

/**
 * C27: members that signed both of two certificates, as evidence against each; none if the statements do not contradict
 * each other.
 */
export function signersOfBoth(
  network: Uint8Array,
  { members }: Committee,
  a: Certificate,
  b: Certificate
): Evidence[] {
  const isOneView = a.chain === b.chain && a.epoch === b.epoch && a.view === b.view
  const [first, second] = [votesOf(a), votesOf(b)]
  return members.flatMap(({ key }, signer) => {
    const pair = [first.get(signer), second.get(signer)]
    const [one, other] = pair
    if (!isOneView || one === undefined || other === undefined) return []
    const [lower, upper] = inOrder(one, other) <= 0 ? [one, other] : [other, one]
    return contradiction(lower, upper) === undefined ? [] : [evidenceOfVotes(network, key, one, other)]
  })
}

function votesOf({ signers, signatures, chain, epoch, view, kind, hash }: Certificate): Map<number, Vote> {
  const votes = new Map<number, Vote>()
  for (const [place, signer] of signers.getTrueBitIndexes().entries()) {
    const signature = signatures[place]
    if (signature !== undefined) votes.set(signer, { chain, epoch, view, kind, hash, signer, signature })
  }
  return votes
}

export function judgeEvidence(
  evidence: Evidence,
  network: Uint8Array,
  committeeOf: CommitteeOf
): Verdict<Accusation, EvidenceCode> {
  const [first, second] = evidence.votes
  const [proposal] = evidence.proposal
  if (!equal(evidence.network, network)) return refuse('evidence-network', 'of another network')
  if (first === undefined || (second === undefined) === (proposal === undefined))
    return refuse('evidence-malformed', 'neither two votes nor a vote and its proposal')
  const committee = committeeOf(first.chain, first.epoch)
  if (committee === undefined) return refuse('evidence-epoch', `epoch ${first.epoch} is not known`)
  const signer = committee.members[first.signer]
  if (signer === undefined || !equal(signer.key, evidence.publicKey))
    return refuse('evidence-signer', `signer ${first.signer} has another key`)
  const by = { evidence, network, committee, first }
  return second === undefined ? judgeProposal(by, proposal, committeeOf) : judgeVotes(by, second)
}

interface Parts {
  readonly evidence: Evidence
  readonly network: Uint8Array
  readonly committee: Committee
  readonly first: Vote
}

function judgeVotes(
  { evidence, network, committee, first }: Parts,
  second: Vote
): Verdict<Accusation, EvidenceCode> {
  const isOneView =
    first.chain === second.chain &&
    first.epoch === second.epoch &&
    first.view === second.view &&
    first.signer === second.signer
  const kind = contradiction(first, second)
  if (!isOneView || kind === undefined || inOrder(first, second) >= 0)
    return refuse('evidence-consistent', 'the votes do not contradict each other, or stand in another order')
  const jobs = [first, second].map((vote) => voteJob(network, committee, vote))
  const holds = jobs.flatMap((job) => (job.ok ? [job.value] : []))
  if (holds.length < 2) return refuse('evidence-malformed', 'a vote that nobody could sign')
  return accept({ offence: offenceOf(evidence, first, kind), holds, fails: [] })
}

function contradiction(first: Vote, second: Vote): EvidenceKind | undefined {
  if (first.kind === NULLIFY && second.kind === FINALISE) return NULLIFY_AND_FINALISE
  if (first.kind !== second.kind || equal(first.hash, second.hash)) return undefined
  if (first.kind === NOTARISE) return TWO_NOTARISE
  return first.kind === FINALISE ? TWO_FINALISE : undefined
}

/** An honest leader notarises an own block only with a parent certificate that it has verified. */
function judgeProposal(
  { evidence, network, committee, first }: Parts,
  proposal: SignedProposal | undefined,
  committeeOf: CommitteeOf
): Verdict<Accusation, EvidenceCode> {
  if (proposal === undefined) return refuse('evidence-malformed', 'no proposal')
  const { header, parentCertificate } = proposal
  const isOwn =
    first.kind === NOTARISE &&
    equal(first.hash, blockHash(header)) &&
    equal(header.proposer, evidence.publicKey) &&
    equal(header.network, network) &&
    header.chain === first.chain &&
    header.epoch === first.epoch
  if (!isOwn || !equal(header.attendanceRoot, rootOf(proposal)))
    return refuse('evidence-proposal', 'not a vote for an own block with this certificate')
  const vote = voteJob(network, committee, first)
  if (!vote.ok) return refuse('evidence-malformed', vote.detail)
  const fails = certificateFaults(parentCertificate, network, header.chain, header.epoch, committeeOf)
  if (fails === undefined) return refuse('evidence-epoch', `epoch ${parentCertificate.epoch} is not known`)
  return accept({ offence: offenceOf(evidence, first, INVALID_PARENT), holds: [vote.value], fails })
}

/** The signatures of which one must be bad; none if C5 fails by form. undefined: its committee is not known here. */
function certificateFaults(
  certificate: Certificate,
  network: Uint8Array,
  chain: ChainId,
  epoch: number,
  committeeOf: CommitteeOf
): SignatureJob[] | undefined {
  if (certificate.chain !== chain || certificate.epoch > epoch) return []
  const committee = committeeOf(chain, certificate.epoch)
  if (committee === undefined) return undefined
  const jobs = certificateJobs(network, committee, certificate)
  return jobs.ok ? jobs.value : []
}

const rootOf = ({ parentCertificate, lateVotesRoot }: SignedProposal): Uint8Array =>
  sha256Of(ParentCertificates.hashTreeRoot([parentCertificate]), lateVotesRoot)

const offenceOf = ({ publicKey }: Evidence, { chain, epoch, view }: Vote, kind: EvidenceKind): Offence => ({
  publicKey,
  chain,
  epoch,
  view,
  kind
})
