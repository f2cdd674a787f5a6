/**
 * From a block's bytes to its verdict: statelessly check its transactions, verify what was not verified yet in one
 * batch off-thread (M6) with its late votes (C28), check its certificates, wait for its coordination reference, then
 * judge it (C7).
 * A failure of our own (the verifier, the disk) is thrown, never turned into a verdict on the block.
 */
import { ZERO_HASH, toHex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import type { Block } from '../../codec/block.ts'
import type { Certificate } from '../../codec/statement.ts'
import { CertificateType } from '../../codec/statement.ts'
import { wireHash } from '../../codec/transaction.ts'
import type { ReadEvidence } from '../../chain/evidence.ts'
import { judgeBlock } from '../../chain/judge.ts'
import type { BlockCode, Judgement } from '../../chain/judge.ts'
import { allValid, certificateJobs, voteJob } from '../../consensus/certificate-check.ts'
import { sha256 } from '../../crypto/hash.ts'
import type { SignatureJob, Verifier } from '../../crypto/ports.ts'
import { VerifiedCache } from '../../mempool/verified-cache.ts'
import type { ChainStore } from '../../store/chain-store.ts'
import { checkStateless, signatureJob } from '../../state/stateless.ts'
import type { CheckedTransaction, GenesisConstants } from '../../state/types.ts'
import type { BlockTree } from './block-tree.ts'
import { judgementOfPlace } from './judgement.ts'
import type { CoordinationView } from './coordination-view.ts'
import type { EpochBook } from './epoch-book.ts'
import { readAhead } from './read-ahead.ts'
import { readDeliveries } from './read-deliveries.ts'
import { readEvidence } from './read-evidence.ts'

export interface ExecutorComponents {
  readonly verifier: Verifier
  readonly epochs: EpochBook
  readonly tree: BlockTree
  readonly coord: CoordinationView
  /** Wire hashes whose signature was verified here: by gossip, RPC or an earlier block. */
  readonly verified: VerifiedCache
  /** A transaction that waits in the pool, by the hex of its wire hash. */
  readonly known: (key: Hex) => CheckedTransaction | undefined
  /** Where the state is read from. */
  readonly store?: Pick<ChainStore, 'readAhead' | 'get'>
}

/** What a block's signatures say, apart from those of its parent certificate. */
interface Signed {
  readonly transactions: CheckedTransaction[]
  readonly lateVotesValid: boolean
}

/** What was found out of a block before its execution; the reference may be unknown. */
type Found = Pick<
  Judgement,
  'parentCertificateValid' | 'lateVotesValid' | 'deliveries' | 'evidence' | 'transactions'
> & { readonly transactions: readonly CheckedTransaction[]; readonly coordHash: Uint8Array | undefined }

/** Certificates verified here, by the hash of their bytes. */
const CERTIFICATES_MAX = 512

export class Executor {
  readonly #components: ExecutorComponents
  readonly #constants: GenesisConstants
  readonly #certificates = new VerifiedCache(CERTIFICATES_MAX)

  constructor(components: ExecutorComponents, constants: GenesisConstants) {
    this.#components = components
    this.#constants = constants
  }

  /** @returns undefined when the block's branch was abandoned meanwhile or its reference stays unknown. */
  async judge(block: Block): Promise<Verdict<void, BlockCode> | undefined> {
    const { coord } = this.#components
    const { header } = block
    // First, since with the reference come the committees that a delivery may be proven under (R6).
    const coordHash = header.chain === COORD ? ZERO_HASH : await coord.hashAt(header.coordHeight)
    const checked = await this.#checkSignatures(block)
    if (!checked.ok) return checked
    const deliveries = await readDeliveries(block, async (certificate) => this.certificateHolds(certificate))
    const evidence = await this.readEvidence(block.body.evidence)
    const { transactions, lateVotesValid } = checked.value
    const [certificate] = block.body.attendance.parentCertificate
    const parentCertificateValid = certificate !== undefined && (await this.certificateHolds(certificate))
    const letGo = await readAhead(this.#components.store, transactions)
    try {
      return this.#execute(block, {
        coordHash,
        parentCertificateValid,
        lateVotesValid,
        deliveries,
        evidence,
        transactions
      })
    } finally {
      letGo()
    }
  }

  /** In one turn, on the state as it is now. */
  #execute(block: Block, { coordHash, ...found }: Found): Verdict<void, BlockCode> | undefined {
    const { epochs, tree } = this.#components
    const { header } = block
    const parent = tree.ground(toHex(header.parent))
    const snapshot = epochs.snapshot(header.epoch)
    if (coordHash === undefined || parent === undefined || snapshot === undefined) return undefined
    const schedule = epochs.schedule(header.chain, header.epoch)
    const verdict = judgeBlock(block, {
      ...judgementOfPlace(header, parent, snapshot, this.#constants, schedule),
      ...found,
      coordHash
    })
    if (!verdict.ok) return verdict
    tree.add(block, verdict.value, found.transactions)
    return accept(undefined)
  }

  async #checkSignatures(block: Block): Promise<Verdict<Signed, BlockCode>> {
    const { verifier, verified } = this.#components
    const checked: CheckedTransaction[] = []
    const unknown: CheckedTransaction[] = []
    for (const [index, bytes] of block.body.transactions.entries()) {
      const one = this.#checkOne(bytes)
      if (!one.ok) return refuse('bad-transaction', `transaction ${index}: ${one.code}`)
      if (one.value.transaction.chain !== block.header.chain) {
        return refuse('bad-transaction', `transaction ${index}: for another chain`)
      }
      checked.push(one.value)
      if (!verified.has(one.value.key)) unknown.push(one.value)
    }
    const late = this.#lateVoteJobs(block)
    const jobs = [...unknown.map(signatureJob), ...(late ?? [])]
    const results = jobs.length === 0 ? [] : await verifier.verify(jobs, { urgent: true })
    for (const [index, transaction] of unknown.entries()) {
      if (results[index] !== true) return refuse('bad-transaction', 'bad-signature')
      verified.add(transaction.key)
    }
    const lateVotesValid = late !== undefined && allValid(results.slice(unknown.length))
    return accept({ transactions: checked, lateVotesValid })
  }

  /** undefined: one of them cannot be a vote of the epoch's committee. */
  #lateVoteJobs({ header, body }: Block): SignatureJob[] | undefined {
    const committee = this.#components.epochs.committee(header.chain, header.epoch)
    const jobs: SignatureJob[] = []
    for (const vote of body.attendance.lateVotes) {
      const job = committee === undefined ? undefined : voteJob(this.#constants.network, committee, vote)
      if (job?.ok !== true) return undefined
      jobs.push(job.value)
    }
    return jobs
  }

  /** The pool's transaction of these very bytes has been through this check. */
  #checkOne(bytes: Uint8Array): Verdict<CheckedTransaction, string> {
    const known = this.#components.known(toHex(wireHash(bytes)))
    return known === undefined ? checkStateless(this.#constants, bytes) : accept(known)
  }

  /** C30, with the committees that are known now: those of the block's epoch and all before it are. */
  async readEvidence(items: readonly Uint8Array[]): Promise<ReadEvidence[]> {
    const { epochs, verifier } = this.#components
    return readEvidence(items, { network: this.#constants.network, epochs, verifier })
  }

  /** C5, every signature under the committee of the certificate's own epoch; remembered, so each is checked once. */
  async certificateHolds(certificate: Certificate): Promise<boolean> {
    const { epochs, verifier } = this.#components
    const committee = epochs.committee(certificate.chain, certificate.epoch)
    if (committee === undefined) return false
    const jobs = certificateJobs(this.#constants.network, committee, certificate)
    if (!jobs.ok) return false
    const key = toHex(sha256(CertificateType.serialize(certificate)))
    if (this.#certificates.has(key)) return true
    if (!allValid(await verifier.verify(jobs.value, { urgent: true }))) return false
    this.#certificates.add(key)
    return true
  }
}
