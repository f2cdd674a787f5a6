/**
 * Certificates and votes, signature by signature under the committee of their epoch (C4, C5). Written apart from the
 * node's own check: two programs that agree are the point. What was verified is noted as signed.
 */
import { equal, isZero, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { chainName } from '../primitives/chain-id.ts'
import { CertificateType, NULLIFY, isStatementKind, signedBytes } from '../codec/statement.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import type { Offence } from '../codec/evidence.ts'
import { decodeEvidence, isGuilty, judgeEvidence } from '../consensus/evidence.ts'
import { sha256 } from '../crypto/hash.ts'
import type { SignatureJob, Verifier } from '../crypto/ports.ts'
import type { Committee } from '../sharding/types.ts'
import type { KnownEpochs } from './epochs.ts'
import type { Report } from './findings.ts'
import type { SignedStatements } from './statements.ts'

/** Where a signature lies, for a contradiction to name it, and who is told of one. */
export interface Place {
  readonly epochs: KnownEpochs
  readonly where: string
  readonly report: Report
}

export class SignatureCheck {
  readonly #network: Uint8Array
  readonly #verifier: Verifier
  readonly #statements: SignedStatements
  /** Verdicts by hash of the certificate: directories hold mostly the same ones. */
  readonly #verdicts = new Map<Hex, string | undefined>()

  constructor(network: Uint8Array, verifier: Verifier, statements: SignedStatements) {
    this.#network = network
    this.#verifier = verifier
    this.#statements = statements
  }

  /** @returns what is wrong with it, undefined if nothing is. */
  async certificate(certificate: Certificate, place: Place): Promise<string | undefined> {
    const { chain, epoch, kind, hash } = certificate
    const committee = place.epochs.committee(chain, epoch)
    if (committee === undefined) return `no committee of ${chainName(chain)} epoch ${epoch} is known`
    const id = toHex(sha256(CertificateType.serialize(certificate)))
    if (this.#verdicts.has(id)) return this.#verdicts.get(id)
    const shape = shapeProblem(kind, hash)
    const verdict = shape ?? (await this.#signatures(certificate, committee, place))
    this.#verdicts.set(id, verdict)
    return verdict
  }

  async #signatures(
    certificate: Certificate,
    committee: Committee,
    place: Place
  ): Promise<string | undefined> {
    const { members, quorum } = committee
    if (certificate.signers.bitLen !== members.length) {
      return `a bitmap of ${certificate.signers.bitLen} for ${members.length} members`
    }
    const signers = members.filter((_member, index) => certificate.signers.get(index))
    if (signers.length !== certificate.signatures.length) {
      return `${certificate.signatures.length} signatures of ${signers.length} signers`
    }
    const message = signedBytes(this.#network, certificate)
    const jobs: SignatureJob[] = []
    for (const [index, { key: publicKey }] of signers.entries()) {
      const signature = certificate.signatures[index]
      if (signature !== undefined) jobs.push({ publicKey, message, signature })
    }
    const valid = await this.#verifier.verify(jobs)
    const forged = jobs.filter((_job, index) => valid[index] !== true)
    for (const job of jobs) if (!forged.includes(job)) this.#note(job.publicKey, certificate, place)
    const [first] = forged
    if (first !== undefined) return `the signature of ${toHex(first.publicKey)} is not valid`
    return signers.length < quorum ? `${signers.length} signers, the quorum is ${quorum}` : undefined
  }

  /** A vote, under the key it claims. @returns what is wrong, or the key. */
  async vote(
    vote: Vote,
    place: Place
  ): Promise<{ readonly problem: string } | { readonly publicKey: Uint8Array }> {
    const { chain, epoch, signer, signature } = vote
    const committee = place.epochs.committee(chain, epoch)
    if (committee === undefined)
      return { problem: `no committee of ${chainName(chain)} epoch ${epoch} is known` }
    const publicKey = committee.members[signer]?.key
    if (publicKey === undefined) return { problem: `no member ${signer} in the committee` }
    const shape = shapeProblem(vote.kind, vote.hash)
    if (shape !== undefined) return { problem: shape }
    const [valid] = await this.#verifier.verify([
      { publicKey, message: signedBytes(this.#network, vote), signature }
    ])
    if (valid !== true) return { problem: `the signature of ${toHex(publicKey)} is not valid` }
    this.#note(publicKey, vote, place)
    return { publicKey }
  }

  /** C30. @returns undefined when it proves nothing */
  async evidence(bytes: Uint8Array, place: Place): Promise<Offence | undefined> {
    const evidence = decodeEvidence(bytes)
    if (!evidence.ok) return undefined
    const accused = judgeEvidence(evidence.value, this.#network, (chain, epoch) =>
      place.epochs.committee(chain, epoch)
    )
    if (!accused.ok) return undefined
    const { holds, fails, offence } = accused.value
    return isGuilty(accused.value, await this.#verifier.verify([...holds, ...fails])) ? offence : undefined
  }

  #note(publicKey: Uint8Array, signed: Vote | Certificate, { where, report }: Place): void {
    const contradiction = this.#statements.note(publicKey, signed, where)
    if (contradiction !== undefined) report('statements', '', contradiction)
  }
}

function shapeProblem(kind: number, hash: Uint8Array): string | undefined {
  if (!isStatementKind(kind)) return `unknown kind ${kind}`
  return kind === NULLIFY && !isZero(hash) ? 'a nullification that names a block' : undefined
}

/** Whether a certificate or vote is over this block of this chain. */
export const isOver = (
  certificate: Pick<Certificate, 'chain' | 'epoch' | 'hash'>,
  block: { readonly chain: number; readonly epoch: number; readonly hash: Uint8Array }
): boolean =>
  certificate.chain === block.chain &&
  certificate.epoch === block.epoch &&
  equal(certificate.hash, block.hash)
