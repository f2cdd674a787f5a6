/**
 * C5: what makes a certificate: the right instance, a bitmap of the committee's width, one signature per set bit, at
 * least a quorum of them, and every signature valid. The shape is judged first; the jobs then go to the verifier.
 */
import type { Certificate, Vote } from '../codec/statement.ts'
import { NULLIFY, isStatementKind, signedBytes } from '../codec/statement.ts'
import type { SignatureJob } from '../crypto/ports.ts'
import { isZero } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import type { Committee } from '../sharding/types.ts'
import { quorumOf } from '../sharding/quorum.ts'

export type CertificateCode = 'unknown-kind' | 'nullify-with-hash' | 'wrong-width' | 'too-few-signers'
export type VoteCode = 'unknown-kind' | 'nullify-with-hash' | 'not-a-member'

/** @returns the signatures that all have to verify before the certificate means anything. */
export function certificateJobs(
  network: Uint8Array,
  committee: Committee,
  certificate: Certificate
): Verdict<SignatureJob[], CertificateCode> {
  const shape = kindShape(certificate)
  if (shape !== undefined) return shape
  const { members } = committee
  if (certificate.signers.bitLen !== members.length) {
    return refuse('wrong-width', `bitmap of ${certificate.signers.bitLen} for ${members.length} members`)
  }
  const indexes = certificate.signers.getTrueBitIndexes()
  if (indexes.length !== certificate.signatures.length || indexes.length < quorumOf(members.length)) {
    return refuse('too-few-signers', `${indexes.length} signers, quorum ${quorumOf(members.length)}`)
  }
  const message = signedBytes(network, certificate)
  const jobs: SignatureJob[] = []
  for (const [place, index] of indexes.entries()) {
    const member = members[index]
    const signature = certificate.signatures[place]
    if (member !== undefined && signature !== undefined)
      jobs.push({ publicKey: member.key, message, signature })
  }
  return accept(jobs)
}

/** Every signature counts: one bad one and the certificate proves nothing (C31 rejects it). */
export const allValid = (results: readonly boolean[]): boolean => results.every(Boolean)

export function voteJob(
  network: Uint8Array,
  committee: Committee,
  vote: Vote
): Verdict<SignatureJob, VoteCode> {
  const shape = kindShape(vote)
  if (shape !== undefined) return shape
  const member = committee.members[vote.signer]
  if (member === undefined)
    return refuse('not-a-member', `signer ${vote.signer} of ${committee.members.length}`)
  return accept({ publicKey: member.key, message: signedBytes(network, vote), signature: vote.signature })
}

function kindShape(signed: Certificate | Vote) {
  if (!isStatementKind(signed.kind)) return refuse('unknown-kind', `kind ${signed.kind}`)
  if (signed.kind === NULLIFY && !isZero(signed.hash))
    return refuse('nullify-with-hash', 'nullify names a block')
  return undefined
}
