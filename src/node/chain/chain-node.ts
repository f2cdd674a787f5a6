/**
 * One chain in this node, assembled: store, block tree, pool, consensus, pulls, anti-entropy (SYSTEM D2: the same code
 * for the coordination chain and every shard). Straight wiring, no decisions. The simulator builds exactly this.
 */
import { toHex } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { FRAME_DIGEST, FRAME_WANT } from '../../codec/messages.ts'
import { NOTARISE } from '../../codec/statement.ts'
import type { Vote } from '../../codec/statement.ts'
import type { Attendance, Block } from '../../codec/block.ts'
import type { Proposal } from '../../codec/proposal.ts'
import type { Instance } from '../../consensus/instance.ts'
import type { FinalRef } from '../../consensus/types.ts'
import type { Verifier } from '../../crypto/ports.ts'
import { Pool } from '../../mempool/pool.ts'
import type { Dropped } from '../../mempool/pool.ts'
import { VerifiedCache } from '../../mempool/verified-cache.ts'
import type { GossipJudge, GossipKind, GossipVerdict, Network, Peer } from '../../net/types.ts'
import { isBoundary, nextEpoch } from '../../sharding/epochs.ts'
import type { GenesisConstants } from '../../state/types.ts'
import type { Certificate } from '../../codec/statement.ts'
import type { ChainStore, SnapshotRecord } from '../../store/chain-store.ts'
import type { NodeStore } from '../../store/node-store.ts'
import type { ChainEvents, Clock } from '../ports.ts'
import type { Validator } from '../validator.ts'
import { AntiEntropy, LAG_TOLERATED } from './anti-entropy.ts'
import { BlockTree, storedAttendance } from './block-tree.ts'
import type { Executed } from './block-tree.ts'
import { Builder } from './builder.ts'
import { ConsensusDriver } from './consensus-driver.ts'
import type { CoordinationView } from './coordination-view.ts'
import type { EpochBook } from './epoch-book.ts'
import { Executor } from './executor.ts'
import { Finaliser } from './finaliser.ts'
import { GossipJudges } from './gossip-judges.ts'
import { PoolRepair } from './pool-repair.ts'
import { Pull } from './pull.ts'
import { Transactions } from './transactions.ts'
import type { BundleCounts } from './transactions.ts'

export interface ChainNodeComponents {
  readonly network: Network
  readonly clock: Clock
  readonly verifier: Verifier
  readonly store: ChainStore
  readonly nodeStore: NodeStore
  readonly epochs: EpochBook
  readonly coord: CoordinationView
  readonly validator: Validator | undefined
  readonly events: ChainEvents
  /** Epoch snapshots frozen by a block; none on shards. */
  readonly freeze: (executed: Executed) => readonly SnapshotRecord[]
  readonly onDropped: (chain: ChainId, dropped: readonly Dropped[]) => void
  readonly onBundle?: (chain: ChainId, counts: BundleCounts) => void
  readonly randomSeed: () => Uint8Array
}

export interface ChainNodeInit {
  readonly chain: ChainId
  readonly constants: GenesisConstants
  /** Finality certificate of the store's last final block; undefined at genesis. */
  readonly certificate: Certificate | undefined
}

interface Place {
  readonly epoch: number
  readonly base: FinalRef
}

/** GOS-6: what we are too busy for is ignored; blocks bring the transactions, and digests what is left (POOL-8). */
const BUSY: GossipVerdict = { action: 'ignore', rule: 'busy' }

/** Covers a full pool and a few blocks (M6). */
const VERIFIED_MAX = 131_072

export class ChainNode {
  readonly chain: ChainId
  readonly store: ChainStore
  readonly pool: Pool
  readonly tree: BlockTree
  readonly driver: ConsensusDriver
  readonly transactions: Transactions
  readonly pull: Pull
  readonly #antiEntropy: AntiEntropy
  readonly #repair: PoolRepair
  readonly #judges: GossipJudges
  readonly #validator: Validator | undefined
  readonly #events: ChainEvents
  readonly #networkId: Uint8Array
  readonly #coord: CoordinationView
  readonly #network: Network
  readonly #epochs: EpochBook
  #certificate: Certificate | undefined
  #work: { readonly at: string; readonly found: boolean } = { at: '', found: false }
  #halted: string | undefined

  constructor(c: ChainNodeComponents, init: ChainNodeInit) {
    const { chain, constants } = init
    this.chain = chain
    this.store = c.store
    this.#networkId = constants.network
    this.#validator = c.validator
    this.#coord = c.coord
    this.#network = c.network
    this.#epochs = c.epochs
    this.#certificate = init.certificate
    this.#events = this.#observe(c.events)
    const tip = must(c.store.header(c.store.final.height), 'the final block is stored')
    const attendance = storedAttendance(c.store)
    const tree = new BlockTree({ header: tip, hash: c.store.final.hash, attendance }, c.store)
    const place = placeInEpoch(c, tree)
    const params = must(c.epochs.snapshot(place.epoch), 'the running epoch is known').params
    const verified = new VerifiedCache(VERIFIED_MAX)
    const executor = new Executor(
      { ...c, tree, verified, known: (key) => this.pool.byWireHash(key)?.checked },
      constants
    )
    this.tree = tree
    this.pool = new Pool(chain, params)
    this.transactions = this.#createTransactions(c, constants, verified)
    this.#repair = new PoolRepair({ network: c.network, clock: c.clock, pool: this.pool, verified }, chain)
    this.driver = this.#createDriver(c, init, executor, place)
    const instance = (): Instance => this.driver.instance
    this.#judges = new GossipJudges(
      {
        ...c,
        executor,
        instance,
        pull: (from) => this.pull.catchUp(from),
        onVote: (vote) => this.#onVote(vote),
        onCertificate: (certificate, byGossip) => this.#onCertificate(certificate, byGossip),
        onProposal: (proposal, block, from) => this.#onProposal(proposal, block, from)
      },
      { network: constants.network, chain }
    )
    this.pull = new Pull(
      {
        network: c.network,
        executor,
        instance,
        onBlock: (block) => this.driver.enqueue({ type: 'block', block }),
        onCertificate: (certificate) => this.#onCertificate(certificate, false)
      },
      chain
    )
    this.#antiEntropy = new AntiEntropy(
      {
        network: c.network,
        store: c.store,
        judges: this.#judges,
        instance,
        onBehind: (peer) => this.pull.catchUp(peer)
      },
      chain
    )
  }

  #createTransactions(
    c: ChainNodeComponents,
    constants: GenesisConstants,
    verified: VerifiedCache
  ): Transactions {
    return new Transactions(
      {
        ...c,
        verified,
        pool: this.pool,
        tree: this.tree,
        local: c.nodeStore.localTransactions,
        onWork: () => this.driver.workAppeared(),
        onDropped: (dropped) => c.onDropped(this.chain, dropped),
        onBundle: (counts) => c.onBundle?.(this.chain, counts),
        onFailed: (error) => c.events.failed(error)
      },
      { constants, chain: this.chain }
    )
  }

  #createDriver(
    c: ChainNodeComponents,
    { chain, constants }: ChainNodeInit,
    executor: Executor,
    place: Place
  ): ConsensusDriver {
    const { tree } = this
    const builder = new Builder({
      ...c,
      tree,
      proposer: c.validator?.publicKey,
      shards: constants.shards,
      candidates: (exclude) => this.pool.select(exclude).transactions(),
      finalCertificate: () => this.#certificate
    })
    const finaliser = new Finaliser(
      {
        ...c,
        events: this.#events,
        tree,
        journal: c.nodeStore.journal,
        onSettled: (certificate) => {
          this.#certificate = certificate
        },
        onFinalBlock: (executed) => this.#onFinalBlock(executed, c.epochs)
      },
      chain
    )
    return new ConsensusDriver(
      {
        ...c,
        events: this.#events,
        journal: c.nodeStore.journal,
        tree,
        executor,
        builder,
        finaliser,
        hasTransactions: () => this.#hasTransactions(),
        fetch: (hash) => this.pull.fetch(hash),
        catchUp: () => this.pull.catchUp(),
        sendStatus: () => this.#antiEntropy.broadcast(),
        onStepped: () => this.pull.progressed(this.driver.instance.halted !== undefined)
      },
      { chain, network: constants.network, ...place, certificate: this.#certificate }
    )
  }

  /** C14: something waits that no unfinal block of the head's branch includes; asked at every step, so remembered. */
  #hasTransactions(): boolean {
    const { pool, tree } = this
    if (pool.pendingCount === 0) return false
    if (pool.pendingCount > tree.transactionCount) return true
    const at = `${pool.changes}/${tree.changes}`
    if (this.#work.at !== at) {
      const included = tree.wireHashesUpTo(toHex(tree.head().hash))
      this.#work = { at, found: pool.select(included).next() !== undefined }
    }
    return this.#work.found
  }

  /** Before the network starts: gossip handlers of this chain. */
  get judges(): Readonly<Record<GossipKind, GossipJudge>> {
    return {
      tx: (data, from) => (this.pull.isFarBehind ? BUSY : this.transactions.judgeBundle(data, from)),
      block: (data, from) => this.#judges.block(data, from),
      vote: (data, from) => this.#judges.vote(data, from),
      certificate: (data, from) => this.#judges.certificate(data, from)
    }
  }

  get halted(): string | undefined {
    return this.#halted
  }

  /** Certificate of the last final block. */
  get certificate(): Certificate | undefined {
    return this.#certificate
  }

  async start(): Promise<void> {
    await this.driver.start()
    await this.transactions.start()
    this.#repair.start()
  }

  async stop(): Promise<void> {
    this.transactions.stop()
    this.#repair.stop()
    this.pull.stop()
    await this.driver.stop()
  }

  onPeer(peer: Peer, finalHeight: number): void {
    if (finalHeight > this.driver.instance.final.height + LAG_TOLERATED) this.pull.catchUp(peer)
    this.transactions.onPeer()
    this.#repair.sendDigest(peer)
    this.#antiEntropy.sendStatus(peer, false)
  }

  /** Asks every peer that states a higher final block than ours. @returns whether there is one, or a pull goes on. */
  pullFromAhead(): boolean {
    const { height } = this.driver.instance.final
    const ahead = this.#network
      .peers(this.chain)
      .filter(({ status }) =>
        status.chains.some((one) => one.chain === this.chain && one.finalHeight > height)
      )
    for (const { peer } of ahead) this.pull.catchUp(peer)
    return ahead.length > 0 || this.pull.active || this.driver.instance.target !== undefined
  }

  async onFrame(peer: Peer, kind: number, bytes: Uint8Array): Promise<void> {
    if (kind === FRAME_DIGEST) this.#repair.onDigest(peer, bytes)
    else if (kind === FRAME_WANT) await this.#repair.onWant(peer, bytes)
    else await this.#antiEntropy.receive(peer, kind, bytes)
  }

  /** A finality certificate that came with a shard's proposal (C9): checked here like any other. */
  async onHint(certificate: Certificate, from: Peer): Promise<void> {
    await this.#judges.judgeCertificate(certificate, from, false)
  }

  #onVote(vote: Vote): void {
    const self = this.driver.instance.config.self
    if (vote.signer === self && vote.epoch === this.driver.instance.config.epoch) this.#noticeTwin(vote)
    this.driver.enqueueFor(vote.epoch, { type: 'vote', vote })
  }

  /** C22: a valid statement of the own key that the guard does not know stops signing for good. */
  #noticeTwin({ chain, epoch, view, kind, hash }: Vote | Certificate): void {
    this.#validator?.noticeTwin({ network: this.#networkId, chain, epoch, view, kind, hash }).then(
      (reason) => {
        if (reason !== undefined) this.#events.signingStopped(reason)
      },
      (error: unknown) => this.#events.failed(error)
    )
  }

  /** The own key among the signers says as much as a vote of it: a restored backup finds it in what it catches up. */
  #noticeInCertificate(certificate: Certificate, epochs: EpochBook): void {
    if (this.#validator === undefined) return
    const own = epochs.memberIndex(certificate.chain, certificate.epoch, this.#validator.publicKey)
    if (own !== undefined && certificate.signers.get(own)) this.#noticeTwin(certificate)
  }

  #noticeInAttendance({ parentCertificate, lateVotes }: Attendance, epochs: EpochBook): void {
    for (const certificate of parentCertificate) this.#noticeInCertificate(certificate, epochs)
    const key = this.#validator?.publicKey
    if (key === undefined) return
    for (const vote of lateVotes) {
      if (vote.signer === epochs.memberIndex(vote.chain, vote.epoch, key)) this.#noticeTwin(vote)
    }
  }

  #onCertificate(certificate: Certificate, byGossip: boolean): void {
    this.#noticeInCertificate(certificate, this.#epochs)
    this.driver.enqueueFor(certificate.epoch, { type: 'certificate', certificate, byGossip })
  }

  /** Its certificates first, so that the leader's vote finds the block and what justifies it. */
  #onProposal(proposal: Proposal, block: Block, from: Peer): void {
    const { vote } = proposal
    for (const { certificate } of proposal.coordination) this.#coord.hint(certificate, from)
    this.driver.enqueueFor(vote.epoch, { type: 'block', block, proposedIn: vote.view })
    this.#onVote(vote)
    const justifying = [
      ...proposal.notarisation,
      ...proposal.nullifications,
      ...block.body.attendance.parentCertificate
    ]
    for (const certificate of justifying) {
      if (certificate.epoch !== vote.epoch || certificate.kind < NOTARISE) continue
      this.#judges
        .judgeCertificate(certificate, from, false)
        .catch((error: unknown) => this.#events.failed(error))
    }
  }

  #onFinalBlock(executed: Executed, epochs: EpochBook): void {
    this.transactions.onFinalBlock(executed)
    this.#noticeInAttendance(executed.block.body.attendance, epochs)
    const { header } = executed.block
    const params = epochs.snapshot(header.epoch)?.params
    if (params === undefined || !isBoundary(header, header.epoch, params.epochLength)) return
    const next = epochs.snapshot(nextEpoch(header, params.epochLength))
    if (next === undefined) return
    const dropped = this.pool.setParams(next.params, this.tree.final.state, this.transactions.head)
    if (dropped.length > 0) this.transactions.forget(dropped)
  }

  #observe(events: ChainEvents): ChainEvents {
    return {
      ...events,
      halted: (chain, reason) => {
        this.#halted = reason
        events.halted(chain, reason)
      }
    }
  }
}

/** C24: after a boundary block the next epoch runs, with that block as its base at view 0. */
function placeInEpoch({ epochs }: ChainNodeComponents, tree: BlockTree): Place {
  const { header, hash } = tree.final
  const { epochLength } = must(epochs.snapshot(header.epoch), 'the final block’s epoch is known').params
  const ended = isBoundary(header, header.epoch, epochLength)
  const epoch = ended ? nextEpoch(header, epochLength) : header.epoch
  return {
    epoch,
    base: { hash, height: header.height, view: ended ? 0 : header.view, timeMs: header.timeMs }
  }
}
