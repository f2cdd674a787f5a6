/**
 * One chain in this node, assembled: store, block tree, pool, consensus, pulls, anti-entropy (SYSTEM D2: the same code
 * for the coordination chain and every shard). Straight wiring, no decisions. The simulator builds exactly this.
 */
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { FRAME_DIGEST, FRAME_WANT } from '../../codec/messages.ts'
import { NOTARISE } from '../../codec/statement.ts'
import type { Vote } from '../../codec/statement.ts'
import type { Block } from '../../codec/block.ts'
import type { Proposal } from '../../codec/proposal.ts'
import type { Instance } from '../../consensus/instance.ts'
import { Pool } from '../../mempool/pool.ts'
import { VerifiedCache } from '../../mempool/verified-cache.ts'
import { stopEach } from '../../net/stopping.ts'
import type { FollowerJudges, GossipVerdict, Network, Peer } from '../../net/types.ts'
import { isBoundary, nextEpoch } from '../../sharding/epochs.ts'
import type { GenesisConstants } from '../../state/types.ts'
import type { Certificate } from '../../codec/statement.ts'
import { Lanes } from '../../state/lanes.ts'
import type { ChainStore } from '../../store/chain-store.ts'
import type { ChainEvents } from '../ports.ts'
import { AntiEntropy, LAG_TOLERATED } from './anti-entropy.ts'
import { BlockTree, storedAttendance } from './block-tree.ts'
import type { Executed } from './block-tree.ts'
import { Builder } from './builder.ts'
import { ConsensusDriver } from './consensus-driver.ts'
import type { Place } from './consensus-driver.ts'
import type { CoordinationView } from './coordination-view.ts'
import type { EpochBook } from './epoch-book.ts'
import { Executor } from './executor.ts'
import { Finaliser } from './finaliser.ts'
import { GossipJudges } from './gossip-judges.ts'
import { placeInEpoch } from './place.ts'
import { PoolRepair } from './pool-repair.ts'
import { Pull } from './pull.ts'
import { Transactions } from './transactions.ts'
import { Work } from './work.ts'
import { TwinWatch } from './twin-watch.ts'
import type { ChainNodeComponents, ChainNodeInit } from './chain-components.ts'
import { ChainSync } from '../sync/chain-sync.ts'
import type { LivePart } from '../sync/chain-sync.ts'
import { Importer } from '../sync/importer.ts'
import { Inbox } from './inbox.ts'

/** GOS-6: what we are too busy for is ignored; blocks bring the transactions, and digests what is left (POOL-8). */
const BUSY: GossipVerdict = { action: 'ignore', rule: 'busy' }
/** SYN-8: sync brings what follows from it. */
const BEHIND: GossipVerdict = { action: 'ignore', rule: 'we-lag' }

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
  readonly sync: ChainSync
  readonly inbox: Inbox
  readonly #antiEntropy: AntiEntropy
  readonly #repair: PoolRepair
  readonly #judges: GossipJudges
  readonly #events: ChainEvents
  readonly #twins: TwinWatch
  readonly #coord: CoordinationView
  readonly #network: Network
  readonly epochs: EpochBook
  readonly executor: Executor
  #certificate: Certificate | undefined
  readonly #work: Work
  #halted: string | undefined

  constructor(c: ChainNodeComponents, init: ChainNodeInit) {
    const { chain, constants } = init
    this.chain = chain
    this.store = c.store
    this.#coord = c.coord
    this.#network = c.network
    this.epochs = c.epochs
    this.#certificate = init.certificate
    this.#events = this.#observe(c.events)
    this.#twins = new TwinWatch({ ...c, events: this.#events }, constants.network)
    const tip = must(c.store.header(c.store.final.height), 'the final block is stored')
    const attendance = storedAttendance(c.store)
    const tree = new BlockTree({ header: tip, hash: c.store.final.hash, attendance }, c.store)
    const place = placeInEpoch(c.epochs, tree)
    const params = must(c.epochs.snapshot(place.epoch), 'the running epoch is known').params
    const verified = new VerifiedCache(VERIFIED_MAX)
    const executor = new Executor(
      { ...c, tree, verified, known: (key) => this.pool.byWireHash(key)?.checked },
      constants
    )
    this.tree = tree
    this.executor = executor
    this.inbox = new Inbox(c, { chain, shards: constants.shards })
    this.pool = new Pool(chain, params)
    const { pool, inbox } = this
    this.#work = new Work({ ...c, pool, tree, inbox }, () => this.driver.instance.config)
    this.transactions = this.#createTransactions(c, constants, verified)
    this.#repair = new PoolRepair({ network: c.network, clock: c.clock, pool: this.pool, verified }, chain)
    const finaliser = this.#createFinaliser(c)
    this.driver = this.#createDriver(c, init, { executor, finaliser, place })
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
        onCertificate: (certificate) => this.#onCertificate(certificate, false),
        mayPull: () => !this.sync.active
      },
      chain
    )
    this.sync = this.#createSync(c, init, { executor, finaliser })
    this.#antiEntropy = new AntiEntropy(
      {
        network: c.network,
        store: c.store,
        judges: this.#judges,
        instance,
        isPaused: () => this.sync.active,
        onClaim: (peer, finalHeight) => this.sync.hint(peer, finalHeight),
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
        isCongested: (to) =>
          new Lanes(this.tree.head().state).isCongested(to, this.driver.instance.config.params),
        onWork: () => this.driver.workAppeared(),
        onDropped: (dropped) => c.onDropped(this.chain, dropped),
        onBundle: (counts) => c.onBundle?.(this.chain, counts),
        onFailed: (error) => c.events.failed(error)
      },
      { constants, chain: this.chain }
    )
  }

  #createFinaliser(c: ChainNodeComponents): Finaliser {
    return new Finaliser(
      {
        ...c,
        events: this.#events,
        tree: this.tree,
        journal: c.nodeStore.journal,
        onSettled: (certificate) => {
          this.#certificate = certificate
          this.#twins.inCertificate(certificate)
        },
        onFinalBlock: (executed) => this.#onFinalBlock(executed)
      },
      this.chain
    )
  }

  #createSync(
    c: ChainNodeComponents,
    { chain, constants, sync }: ChainNodeInit,
    { executor, finaliser }: { executor: Executor; finaliser: Finaliser }
  ): ChainSync {
    const importer = new Importer({ ...c, constants, tree: this.tree, finaliser, executor }, chain)
    return new ChainSync(
      {
        ...c,
        events: this.#events,
        executor,
        importer,
        live: this.#livePart(),
        slots: () => c.syncSlots(chain),
        fetchSnapshot: async () => this.#fetchSnapshot(c),
        proveSnapshot: async () => c.fastStart?.prove()
      },
      { ...sync, chain, network: constants.network }
    )
  }

  /** SYN-10: the state of a snapshot in place of the own one; `resume` begins from there. */
  async #fetchSnapshot({ fastStart, store }: ChainNodeComponents) {
    const place = await fastStart?.fetch()
    if (place === undefined) return undefined
    const header = must(store.header(place.height), 'the final block is stored')
    this.tree.rebase({ header, hash: place.hash, attendance: storedAttendance(store) })
    this.#certificate = (await store.certificateAtOrAbove(place.height))?.certificate
    return place
  }

  /** SYN-8: what stops while the chain syncs, and begins again from the store. */
  #livePart(): LivePart {
    return {
      final: () => ({ height: this.tree.final.header.height, hash: this.tree.final.hash }),
      pause: async () => {
        await this.driver.pause()
        this.pull.progressed(true)
      },
      resume: async () => {
        const place = placeInEpoch(this.epochs, this.tree)
        this.#useParams(place.epoch)
        await this.driver.resume(place, this.#certificate)
        this.#antiEntropy.broadcast()
        this.pull.catchUp()
      },
      askAround: () => this.#antiEntropy.broadcast()
    }
  }

  #createDriver(
    c: ChainNodeComponents,
    { chain, constants }: ChainNodeInit,
    { executor, finaliser, place }: { executor: Executor; finaliser: Finaliser; place: Place }
  ): ConsensusDriver {
    const { tree } = this
    const builder = new Builder({
      ...c,
      tree,
      proposer: c.validator?.publicKey,
      reveals: c.validator?.reveals,
      shards: constants.shards,
      candidates: (exclude) => this.pool.select(exclude).transactions(),
      deliveries: (parent, coordHeight) =>
        this.inbox.offers(parent, coordHeight, this.driver.instance.config),
      finalCertificate: () => this.#certificate
    })
    return new ConsensusDriver(
      {
        ...c,
        events: this.#events,
        journal: c.nodeStore.journal,
        tree,
        executor,
        builder,
        finaliser,
        hasTransactions: () => this.#work.waits,
        fetch: (hash) => this.pull.fetch(hash),
        catchUp: () => this.pull.catchUp(),
        sendStatus: () => this.#antiEntropy.broadcast(),
        onStepped: () => this.pull.progressed(this.driver.instance.halted !== undefined)
      },
      { chain, network: constants.network, ...place, certificate: this.#certificate }
    )
  }

  /** Before the network starts: gossip handlers of this chain. */
  get judges(): FollowerJudges {
    return {
      tx: (data, from) =>
        this.pull.isFarBehind || this.sync.active ? BUSY : this.transactions.judgeBundle(data, from),
      block: (data, from) => (this.sync.active ? BEHIND : this.#judges.block(data, from)),
      vote: (data, from) => (this.sync.active ? BEHIND : this.#judges.vote(data, from)),
      certificate: (data, from) => (this.sync.active ? BEHIND : this.#judges.certificate(data, from))
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
    await stopEach([async () => this.sync.stop(), async () => this.driver.stop()])
  }

  onPeer(peer: Peer, finalHeight: number): void {
    this.#onClaim(peer, finalHeight, false)
    this.transactions.onPeer()
    this.#repair.sendDigest(peer)
    this.#antiEntropy.sendStatus(peer, false)
  }

  /** Asks every peer that states a higher final block than ours. @returns whether there is one, or a pull goes on. */
  pullFromAhead(): boolean {
    const { height } = this.tree.final.header
    let ahead = 0
    for (const { peer, status } of this.#network.peers(this.chain)) {
      const stated = status.chains.find((one) => one.chain === this.chain)?.finalHeight ?? 0
      if (stated <= height) continue
      ahead += 1
      this.#onClaim(peer, stated, true)
    }
    return ahead > 0 || this.pull.active || this.sync.active || this.driver.instance.target !== undefined
  }

  /** A peer states a final height: its word only says whom to ask. */
  #onClaim(peer: Peer, finalHeight: number, pull: boolean): void {
    const isFar = this.sync.hint(peer, finalHeight)
    if (!isFar && (pull || finalHeight > this.tree.final.header.height + LAG_TOLERATED))
      this.pull.catchUp(peer)
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
    if (vote.signer === self && vote.epoch === this.driver.instance.config.epoch) this.#twins.notice(vote)
    this.driver.enqueueFor(vote.epoch, { type: 'vote', vote })
  }

  #onCertificate(certificate: Certificate, byGossip: boolean): void {
    this.#twins.inCertificate(certificate)
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

  #onFinalBlock(executed: Executed): void {
    this.transactions.onFinalBlock(executed)
    this.#twins.inAttendance(executed.block.body.attendance)
    const { header } = executed.block
    const params = this.epochs.snapshot(header.epoch)?.params
    if (params === undefined || !isBoundary(header, header.epoch, params.epochLength)) return
    this.#useParams(nextEpoch(header, params.epochLength))
  }

  #useParams(epoch: number): void {
    const next = this.epochs.snapshot(epoch)
    if (next === undefined) return
    const dropped = this.pool.setParams(next.params, this.tree.final.state, this.transactions.head)
    if (dropped.length > 0) this.transactions.forget(dropped)
  }

  #observe(events: ChainEvents): ChainEvents {
    return {
      ...events,
      halted: (chain, reason, proof) => {
        this.#halted = reason
        events.halted(chain, reason, proof)
      }
    }
  }
}
