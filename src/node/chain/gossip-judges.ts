/**
 * The ordered rules of the consensus topics (C31; protocols/gossip.md): one function a topic, one named rule a row.
 * Reject only for facts that are equal for all honest nodes; what we lack or already have is ignored, and every ignore
 * that our own lag causes schedules a pull.
 */
import { equal, toHex } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { receiveBlock } from '../../chain/receive.ts'
import { transactionsRoot } from '../../codec/block.ts'
import type { Block, Header } from '../../codec/block.ts'
import { ProposalType } from '../../codec/proposal.ts'
import type { Proposal } from '../../codec/proposal.ts'
import { decode } from '../../codec/ssz.ts'
import { CertificateType, NOTARISE, NULLIFY, VoteType } from '../../codec/statement.ts'
import type { Certificate, Vote } from '../../codec/statement.ts'
import { wireHash } from '../../codec/transaction.ts'
import { contradictsHeld, holdsCertificate } from '../../consensus/certificates.ts'
import { certificateJobs, voteJob } from '../../consensus/certificate-check.ts'
import { EARLY_VIEWS } from '../../consensus/instance.ts'
import type { Instance } from '../../consensus/instance.ts'
import { voteWindow } from '../../consensus/window.ts'
import type { Verifier } from '../../crypto/ports.ts'
import type { GossipVerdict, Peer } from '../../net/types.ts'
import type { Committee } from '../../sharding/types.ts'
import type { EpochBook } from './epoch-book.ts'
import type { Executor } from './executor.ts'

export interface GossipComponents {
  readonly verifier: Verifier
  readonly epochs: EpochBook
  readonly executor: Executor
  readonly instance: () => Instance
  /** Own lag: ask the peer for what is missing. */
  readonly pull: (from: Peer) => void
  readonly onVote: (vote: Vote) => void
  readonly onCertificate: (certificate: Certificate, byGossip: boolean) => void
  readonly onProposal: (proposal: Proposal, block: Block, from: Peer) => void
}

/** C31, `block`: proposals of views this far ahead of the own one are held. */
const PROPOSAL_VIEWS_AHEAD = 8
/** Current view of the next epoch, as seen from this one: what is kept for it is bounded alike. */
const FIRST_VIEW = 1

const accepted = (rule: string): GossipVerdict => ({ action: 'accept', rule })
const ignored = (rule: string): GossipVerdict => ({ action: 'ignore', rule })
const rejected = (rule: string): GossipVerdict => ({ action: 'reject', rule })

export class GossipJudges {
  readonly #c: GossipComponents
  readonly #network: Uint8Array
  readonly #chain: ChainId

  constructor(components: GossipComponents, init: { network: Uint8Array; chain: ChainId }) {
    this.#c = components
    this.#network = init.network
    this.#chain = init.chain
  }

  async vote(data: Uint8Array, from: Peer): Promise<GossipVerdict> {
    const decoded = decode(VoteType, data)
    if (!decoded.ok) return rejected('not-canonical')
    return this.judgeVote(decoded.value, from)
  }

  async judgeVote(vote: Vote, from: Peer): Promise<GossipVerdict> {
    const committee = this.#committee(vote, from)
    if ('action' in committee) return committee
    const job = voteJob(this.#network, committee, vote)
    if (!job.ok) return rejected(job.code)
    const instance = this.#c.instance()
    if (vote.epoch === instance.config.epoch) {
      const place = this.#window(vote.view, from)
      if (place !== undefined) return place
      if (holdsVote(instance, vote)) return ignored('already-held')
    } else if (vote.view > FIRST_VIEW + EARLY_VIEWS) return this.#lagging(from)
    const [valid] = await this.#c.verifier.verify([job.value], { urgent: true })
    if (valid !== true) return rejected('bad-signature')
    const conflicting = conflicts(this.#c.instance(), vote)
    this.#c.onVote(vote)
    return conflicting ? ignored('conflicting') : accepted('valid')
  }

  async certificate(data: Uint8Array, from: Peer): Promise<GossipVerdict> {
    const decoded = decode(CertificateType, data)
    if (!decoded.ok) return rejected('not-canonical')
    return this.judgeCertificate(decoded.value, from, true)
  }

  async judgeCertificate(certificate: Certificate, from: Peer, byGossip: boolean): Promise<GossipVerdict> {
    const committee = this.#committee(certificate, from)
    if ('action' in committee) return committee
    const jobs = certificateJobs(this.#network, committee, certificate)
    if (!jobs.ok) return rejected(jobs.code)
    const instance = this.#c.instance()
    const isHeld = certificate.epoch === instance.config.epoch && holdsCertificate(instance, certificate)
    // C27: one that contradicts what is held is an alarm, if its signatures hold.
    if (isHeld && !contradictsHeld(instance, certificate)) return ignored('already-held')
    if (!(await this.#c.executor.certificateHolds(certificate))) return rejected('bad-signature')
    this.#c.onCertificate(certificate, byGossip)
    return accepted('valid')
  }

  async block(data: Uint8Array, from: Peer): Promise<GossipVerdict> {
    const decoded = decode(ProposalType, data)
    if (!decoded.ok) return rejected('not-canonical')
    const proposal = decoded.value
    const { header, vote } = proposal
    if (!this.#isOurs(header)) return rejected('wrong-chain')
    const committee = this.#committee(vote, from)
    if ('action' in committee) return committee
    const shape = this.#proposalShape(proposal, committee)
    if (shape !== undefined) return shape
    const received = receiveBlock(header, proposal.body)
    if (!received.ok) return rejected(received.code)
    const block = received.value
    if (!equal(vote.hash, block.hash)) return rejected('vote-for-another')
    if (!equal(header.transactionsRoot, transactionsRoot(block.body.transactions.map(wireHash)))) {
      return rejected('wrong-transactions-root')
    }
    const place = this.#proposalPlace(vote, from)
    if (place !== undefined) return place
    const job = voteJob(this.#network, committee, vote)
    if (!job.ok) return rejected(job.code)
    const [valid] = await this.#c.verifier.verify([job.value], { urgent: true })
    if (valid !== true) return rejected('bad-signature')
    const second = conflicts(this.#c.instance(), vote)
    this.#c.onProposal(proposal, block, from)
    return second ? ignored('second-proposal') : accepted('valid')
  }

  #isOurs(header: Header): boolean {
    return header.chain === this.#chain && equal(header.network, this.#network)
  }

  #proposalPlace(vote: Vote, from: Peer): GossipVerdict | undefined {
    const instance = this.#c.instance()
    if (vote.epoch !== instance.config.epoch) {
      return vote.view > FIRST_VIEW + PROPOSAL_VIEWS_AHEAD ? this.#lagging(from) : undefined
    }
    if (vote.view < instance.view - 1) return ignored('late')
    if (vote.view > instance.view + PROPOSAL_VIEWS_AHEAD) return this.#lagging(from)
    return knowsProposal(instance, vote) ? ignored('already-held') : undefined
  }

  /** C9: views and proposers that no honest leader states, whatever the state of the receiver. */
  #proposalShape({ header, vote }: Proposal, committee: Committee): GossipVerdict | undefined {
    if (vote.kind !== NOTARISE || vote.epoch !== header.epoch || vote.view < header.view || header.view < 1) {
      return rejected('inconsistent-views')
    }
    const schedule = this.#c.epochs.schedule(this.#chain, vote.epoch)
    if (schedule.leader(vote.view) !== vote.signer) return rejected('not-the-leader')
    const proposer = committee.members[schedule.leader(header.view)]
    if (proposer === undefined || !equal(proposer.key, header.proposer)) return rejected('wrong-proposer')
    return undefined
  }

  /** The committee of the statement's epoch, or the verdict for a chain or epoch that is not ours to judge. */
  #committee(statement: { chain: ChainId; epoch: number }, from: Peer): Committee | GossipVerdict {
    if (statement.chain !== this.#chain) return rejected('wrong-chain')
    const current = this.#c.instance().config.epoch
    if (statement.epoch < current) return ignored('older-epoch')
    if (statement.epoch > current + 1) return this.#lagging(from)
    return this.#c.epochs.committee(this.#chain, statement.epoch) ?? this.#lagging(from)
  }

  #window(view: number, from: Peer): GossipVerdict | undefined {
    const place = voteWindow(this.#c.instance(), view)
    if (place === 'late') return ignored('late')
    return place === 'early' ? this.#lagging(from) : undefined
  }

  #lagging(from: Peer): GossipVerdict {
    this.#c.pull(from)
    return ignored('we-lag')
  }
}

function holdsVote(instance: Instance, vote: Vote): boolean {
  const record = instance.views.get(vote.view)
  const tally =
    vote.kind === NOTARISE ? record?.notarise : vote.kind === NULLIFY ? record?.nullify : record?.finalise
  return tally?.get(toHex(vote.hash))?.has(vote.signer) === true
}

/** The signer already stated another hash of this kind in this view: kept as evidence, not spread (C31). */
function conflicts(instance: Instance, vote: Vote): boolean {
  if (vote.epoch !== instance.config.epoch) return false
  const record = instance.views.get(vote.view)
  const tally =
    vote.kind === NOTARISE ? record?.notarise : vote.kind === NULLIFY ? undefined : record?.finalise
  const key = toHex(vote.hash)
  return [...(tally ?? [])].some(([hash, votes]) => hash !== key && votes.has(vote.signer))
}

function knowsProposal(instance: Instance, vote: Vote): boolean {
  return holdsVote(instance, vote) && instance.blocks.has(toHex(vote.hash))
}
