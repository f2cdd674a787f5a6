/**
 * All chains of one node over its stores and its network: the core that the libp2p node and the simulator share.
 * The coordination chain is followed always, shards by choice (D2). Owns the routing of peers' frames and requests to
 * chains, and the moment at which the validator may sign.
 */
import { COORD, chainsOf, isShard } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { BundleType, FRAME_BOUNDARY, FRAME_EVIDENCE, FRAME_STATUS } from '../codec/messages.ts'
import type { Status } from '../codec/messages.ts'
import { decode } from '../codec/ssz.ts'
import { listenMs } from '../consensus/timers.ts'
import type { Verifier } from '../crypto/ports.ts'
import type { Dropped } from '../mempool/pool.ts'
import { INVALID, LACKS } from '../net/answers.ts'
import { stopEach } from '../net/stopping.ts'
import type { Network, Peer, Response } from '../net/types.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import type { GenesisConstants } from '../state/types.ts'
import { discardImport } from '../store/chain-import.ts'
import { ChainStore } from '../store/chain-store.ts'
import type { NodeStore } from '../store/node-store.ts'
import type { KeyValueStore } from '../store/ports.ts'
import { SwitchableStore } from '../store/switchable.ts'
import type { Staging } from '../store/switchable.ts'
import { Announcements } from './announcements.ts'
import { ChainNode } from './chain/chain-node.ts'
import { EpochBook } from './chain/epoch-book.ts'
import type { BundleCounts } from './chain/transactions.ts'
import type { Source } from './chain/outbox.ts'
import { EvidencePool, NO_EVIDENCE } from './evidence-pool.ts'
import { observeFinal, observeFinality, observeOffences } from './observed-events.ts'
import { observeCheckpoint, ofChain, refuseStored } from './checkpoint.ts'
import { Coordination } from './coordination.ts'
import { serveChains } from './chain-requests.ts'
import { createDuties } from './duties.ts'
import type { ChainSyncInit } from './sync/chain-sync.ts'
import { slotsOf } from '../sync/budget.ts'
import type { Demand } from '../sync/budget.ts'
import { createGenesis, freezer, loadSnapshot } from './chain/genesis-chain.ts'
import { ChainSnapshots } from './snapshot/chain-snapshots.ts'
import type { ChunkVerifier } from './snapshot/chunk-verifier.ts'
import { Receipts, sourceOf } from './receipts.ts'
import type { ChainEvents, Clock } from './ports.ts'
import type { Validator } from './validator.ts'

export interface ChainsComponents {
  readonly network: Network
  readonly clock: Clock
  readonly verifier: Verifier
  readonly chunks: ChunkVerifier
  readonly nodeStore: NodeStore
  readonly openChain: (chain: ChainId) => Promise<KeyValueStore>
  /** A second database of a chain, for a fast start. */
  readonly openStaging?: (chain: ChainId) => Promise<Staging>
  readonly validator: Validator | undefined
  readonly events: ChainEvents
  readonly onDropped: (chain: ChainId, dropped: readonly Dropped[]) => void
  readonly onBundle?: (chain: ChainId, counts: BundleCounts) => void
  readonly randomSeed: () => Uint8Array
}

type Sync = Pick<ChainSyncInit, 'mode' | 'checkpoint'>

export interface ChainsInit {
  readonly genesis: Genesis
  /** Shards to follow, in order. */
  readonly shards: readonly ChainId[]
  /** @default a full sync from genesis */
  readonly sync?: Sync
  /** Whether blocks below a snapshot are fetched (SNAP-9). @default false */
  readonly backfill?: boolean
}

/** How often the time of listening is prolonged while others are ahead. */
const LISTEN_EXTENSIONS_MAX = 10
/** Where `chain` stands in the frames of `consensus/1`: the first field, behind version and network in a header. */
const CHAIN_OFFSET = 0
const HEADER_CHAIN_OFFSET = 33

export class Chains {
  readonly genesis: Genesis
  readonly constants: GenesisConstants
  readonly epochs: EpochBook
  readonly #c: ChainsComponents
  readonly snapshots: ReadonlyMap<ChainId, ChainSnapshots>
  readonly evidence: EvidencePool
  readonly #chains: ReadonlyMap<ChainId, ChainNode>
  readonly #stores: readonly KeyValueStore[]
  readonly #coordination: Coordination
  #cancelListening: () => void = () => undefined

  private constructor(
    c: ChainsComponents,
    parts: Pick<Chains, 'genesis' | 'constants' | 'epochs' | 'evidence'> & {
      chains: ReadonlyMap<ChainId, ChainNode>
      snapshots: ReadonlyMap<ChainId, ChainSnapshots>
      stores: readonly KeyValueStore[]
      coordination: Coordination
    }
  ) {
    this.#c = c
    this.genesis = parts.genesis
    this.constants = parts.constants
    this.epochs = parts.epochs
    this.#chains = parts.chains
    this.snapshots = parts.snapshots
    this.evidence = parts.evidence
    this.#stores = parts.stores
    this.#coordination = parts.coordination
  }

  /** Opens or creates every chain's store. @throws StoreError; none stays open then */
  static async open(c: ChainsComponents, init: ChainsInit): Promise<Chains> {
    const stores: KeyValueStore[] = []
    try {
      return await Chains.#assemble(c, init, stores)
    } catch (error) {
      await Promise.all(stores.map(async (store) => store.close()))
      throw error
    }
  }

  /** Every store that was opened is in `stores`, whatever happens. */
  static async #assemble(
    c: ChainsComponents,
    { genesis, shards, sync = FULL, backfill = false }: ChainsInit,
    stores: KeyValueStore[]
  ): Promise<Chains> {
    const network = networkId(genesis)
    const constants = { network, shards: genesis.shards, payloadBytesMax: genesis.params.payloadBytesMax }
    const failed = (error: unknown): void => c.events.failed(error)
    const coordination = new Coordination(failed)
    const genesisHash = buildChainGenesis(genesis, COORD).block.hash
    const databases = new Map<ChainId, SwitchableStore>()
    const snapshots = new Map<ChainId, ChainSnapshots>()
    const open = async (chain: ChainId): Promise<ChainStore> => {
      const kv = new SwitchableStore(await c.openChain(chain))
      stores.push(kv)
      databases.set(chain, kv)
      return openStore(kv, { network, chain }, () => createGenesis(genesis, chain, genesisHash))
    }
    const coordStore = await open(COORD)
    refuseStored(coordStore, sync.checkpoint)
    const epochs = new EpochBook((epoch) => loadSnapshot(coordStore, epoch))
    const chains = new Map<ChainId, ChainNode>()
    const receipts = new Receipts({ network: c.network, constants, chains, failed })
    const announcements = announcementsOf(c, { constants, epochs, chains, receipts })
    const fetchCoordHistory = (): void => snapshots.get(COORD)?.fetchHistory()
    const evidence = evidencePool(c, { epochs, network, coord: () => chains.get(COORD) })
    const observed = observeFinality(c.events, coordination, receipts, announcements)
    const events = observeOffences(observed, evidence, (chain) => chains.get(chain))
    for (const chain of [COORD, ...shards]) {
      const store = chain === COORD ? coordStore : await open(chain)
      const freeze = chain === COORD ? freezer(epochs, genesisHash, genesis.shards) : () => []
      const certificate = (await store.certificateAtOrAbove(store.final.height))?.certificate
      const database = must(databases.get(chain), 'its store was opened')
      const shared = { ...c, ...syncBudget(chains), epochs, store }
      const own = await ChainSnapshots.open(
        { ...shared, events, database, coord: coordStore, fetchCoordHistory },
        { genesisHash, shards: genesis.shards, backfill, checkpoint: ofChain(sync, chain).checkpoint }
      )
      snapshots.set(chain, own)
      const node = new ChainNode(
        {
          ...shared,
          events: observeFinal(observeCheckpoint(events, sync.checkpoint), own),
          fastStart: own,
          evidence: chain === COORD ? evidence : NO_EVIDENCE,
          coord: coordination,
          freeze,
          source: (other) => sourceIn(chains, other)
        },
        { chain, constants, certificate, sync: ofChain(sync, chain) }
      )
      if (chain === COORD) coordination.attach(node, { genesisHash, wanted: fetchCoordHistory })
      chains.set(chain, node)
    }
    for (const [chain, node] of chains) if (isShard(chain)) coordination.onFinal(() => node.driver.wake())
    coordination.onFinal(() => receipts.pull())
    const duties = createDuties(c.validator, { constants, chain: (chain) => chains.get(chain), failed })
    coordination.onFinal(() => duties?.check())
    const parts = { genesis, constants, epochs, chains, snapshots, stores, coordination, evidence }
    const all = new Chains(c, parts)
    all.#join(receipts, announcements)
    return all
  }

  get(chain: ChainId): ChainNode | undefined {
    return this.#chains.get(chain)
  }

  get coord(): ChainNode {
    return must(this.#chains.get(COORD), 'coordination is always followed')
  }

  /** Coordination first, then shards in order. */
  get list(): readonly ChainNode[] {
    return [...this.#chains.values()]
  }

  /** What the status handshake says of this node. */
  status(): Status {
    return {
      network: this.constants.network,
      features: this.genesis.features,
      required: this.genesis.required,
      role: this.#c.validator === undefined ? 0 : 1,
      chains: this.list.map(({ chain, store }) => ({
        chain,
        epoch: store.final.epoch,
        finalHeight: store.final.height,
        finalHash: store.final.hash
      }))
    }
  }

  /** Resumes from disk; a validator listens for two full view timers before its first statement (C12). */
  async start(): Promise<void> {
    for (const chain of this.list) await chain.start()
    for (const each of this.snapshots.values()) each.startBackfill()
    if (this.#c.validator !== undefined) this.#listen(this.#c.validator, LISTEN_EXTENSIONS_MAX)
  }

  /**
   * C12, C22: what others have made final shows which statements of our key exist, so nothing is said while some peer
   * is ahead and can prove it. A peer that only claims to be ahead delays us by a bounded number of windows.
   */
  #listen(validator: Validator, extensions: number): void {
    const { clock } = this.#c
    const waitMs = listenMs(this.coord.driver.instance.config.params)
    this.#cancelListening = clock.at(clock.monoMs() + waitMs, () => {
      const behind = this.list.filter((node) => node.pullFromAhead())
      if (behind.length > 0 && extensions > 0) {
        this.#listen(validator, extensions - 1)
        return
      }
      validator.activate()
      if (validator.state !== 'active') return
      for (const { driver } of this.list) driver.enqueue({ type: 'signing', enabled: true })
    })
  }

  /** Drivers finish the effect they are at, then the databases close. */
  async stop(): Promise<void> {
    this.#cancelListening()
    this.#coordination.stop()
    await stopEach([
      async () => this.evidence.stop(),
      ...this.list.map((chain) => async () => chain.stop()),
      ...[...this.snapshots.values()].map((each) => async () => each.stop()),
      ...this.#stores.map((store) => async () => store.close())
    ])
  }

  #join(receipts: Receipts, announcements: Announcements): void {
    const { network } = this.#c
    for (const chain of chainsOf(this.constants.shards)) {
      const node = this.get(chain)
      if (node === undefined) network.join(chain, { receipt: announcements.judge(chain) })
      else network.join(chain, node.judges, isShard(chain) ? ['receipt'] : [])
    }
    serveChains(network, { node: (chain) => this.get(chain), snapshots: this.snapshots, receipts })
    network.serve('transactions', async (body, from) => this.#handedOver(body, from))
    network.listen({
      peerUp: (peer, status) => {
        for (const { chain, finalHeight } of status.chains) this.get(chain)?.onPeer(peer, finalHeight)
      },
      peerDown: (peer) => this.evidence.forget(peer),
      consensusFrame: (peer, frame) => this.#route(peer, frame)
    })
  }

  /** D10: a node that does not follow the chain hands transactions on; here they enter like a user's own. */
  async #handedOver(body: Uint8Array, from: Peer): Promise<Response> {
    const bundle = decode(BundleType, body)
    if (!bundle.ok) return INVALID
    const node = this.get(bundle.value.chain)
    if (node === undefined) return LACKS
    const verdict = await node.transactions.judgeBundle(body, from)
    if (verdict.action === 'reject') return INVALID
    // A peer that follows the chain only repairs a loss of ours (POOL-8); what it has, others have.
    const repairs = this.#c.network.peers(node.chain).some(({ peer }) => peer === from)
    if (verdict.action === 'accept' && !repairs) await this.#c.network.publish(node.chain, 'tx', body)
    return { result: 'ok', frames: [] }
  }

  #route(peer: Peer, frame: Uint8Array): void {
    const kind = frame[0]
    const bytes = frame.subarray(1)
    const at = kind === FRAME_BOUNDARY ? HEADER_CHAIN_OFFSET : CHAIN_OFFSET
    if (kind === undefined || kind < 1 || kind > FRAME_EVIDENCE || bytes.length < at + 2) {
      this.#c.network.report(peer, 'invalid', 'consensus/1: unknown frame')
      return
    }
    if (kind === FRAME_EVIDENCE) {
      this.#run(this.evidence.receive(peer, bytes))
      return
    }
    const chain = new DataView(bytes.buffer, bytes.byteOffset).getUint16(at, true) as ChainId
    if (chain === COORD && kind === FRAME_STATUS) this.evidence.give(peer)
    this.#run(this.get(chain)?.onFrame(peer, kind, bytes))
  }

  #run(work: Promise<void> | undefined): void {
    work?.catch((error: unknown) => this.#c.events.failed(error))
  }
}

const FULL: Sync = { mode: 'full', checkpoint: undefined }

async function openStore(
  kv: SwitchableStore,
  of: { readonly network: Uint8Array; readonly chain: ChainId },
  genesis: () => ReturnType<typeof createGenesis>
): Promise<ChainStore> {
  if (ChainStore.exists(kv)) return ChainStore.open(kv, of)
  // An import that was given up: nothing of it may be taken for state.
  await discardImport(kv)
  return ChainStore.create(kv, of, genesis())
}

function evidencePool(
  c: ChainsComponents,
  init: { epochs: EpochBook; network: Uint8Array; coord: () => ChainNode | undefined }
): EvidencePool {
  const coord = (): ChainNode => must(init.coord(), 'coordination is always followed')
  return new EvidencePool({
    ...c,
    epochs: init.epochs,
    networkId: init.network,
    final: () => ({ state: coord().tree.final.state, epoch: coord().driver.instance.config.epoch }),
    onTaken: (taken) => c.events.evidence(taken),
    onChanged: () => coord().driver.workAppeared(),
    onFailed: (error) => c.events.failed(error)
  })
}

function announcementsOf(
  { network, validator, events }: ChainsComponents,
  init: {
    readonly constants: GenesisConstants
    readonly epochs: EpochBook
    readonly chains: ReadonlyMap<ChainId, ChainNode>
    readonly receipts: Receipts
  }
): Announcements {
  const { constants, epochs, chains, receipts } = init
  return new Announcements({
    network,
    constants,
    epochs,
    source: (chain) => sourceIn(chains, chain),
    certificateHolds: async (certificate) =>
      must(chains.get(COORD), 'coordination is always followed').executor.certificateHolds(certificate),
    publicKey: validator?.publicKey,
    hinted: (source, destination) => receipts.hinted(source, destination),
    failed: (error) => events.failed(error)
  })
}

/** D15: one budget of requests for all chains, and coordination first. */
function syncBudget(chains: ReadonlyMap<ChainId, ChainNode>) {
  const demands = (): Demand[] =>
    [...chains].map(([chain, { sync }]) => ({ chain, active: sync.active || sync.out > 0, out: sync.out }))
  return {
    syncSlots: (chain: ChainId) => slotsOf(chain, demands()),
    coordinationSyncs: () => chains.get(COORD)?.sync.active === true
  }
}

function sourceIn(chains: ReadonlyMap<ChainId, ChainNode>, chain: ChainId): Source | undefined {
  const node = chains.get(chain)
  return node === undefined ? undefined : sourceOf(node)
}
