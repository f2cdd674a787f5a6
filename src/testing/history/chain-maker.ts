/**
 * Makes the blocks of one chain with the code that a leader builds with (C14) and the store that a node keeps them in:
 * every block is executed, carries its parent's certificate with a quorum's signatures (C25), and stands in its epoch
 * (C6), whose leader of the view proposed it (C8). Many blocks go to disk at once, in synced batches.
 */
import { recordAttendance } from '../../chain/attendance.ts'
import type { AttendanceBook } from '../../chain/attendance.ts'
import { buildBlock, NO_COORD_REFERENCE } from '../../chain/build.ts'
import { buildChainGenesis } from '../../chain/genesis-block.ts'
import { endsInterval } from '../../chain/light.ts'
import type { Block, Header } from '../../codec/block.ts'
import type { CertifiedHeader } from '../../codec/messages.ts'
import { encodeResults } from '../../codec/results.ts'
import { FINALISE, NOTARISE } from '../../codec/statement.ts'
import type { Certificate } from '../../codec/statement.ts'
import { networkId } from '../../params/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import { toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD, chainName } from '../../primitives/chain-id.ts'
import { assert, must } from '../../primitives/errors.ts'
import { epochFrozenAt, isBoundary, nextEpoch } from '../../sharding/epochs.ts'
import { createSchedule } from '../../sharding/schedule.ts'
import { proveRecords } from '../../sharding/epoch-records.ts'
import { computeSnapshot, decodeSnapshot, encodeSnapshot } from '../../sharding/snapshot.ts'
import type { LeaderSchedule } from '../../sharding/ports.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'
import { ChainStore } from '../../store/chain-store.ts'
import type { FinalBlock, SnapshotRecord } from '../../store/chain-store.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { CommitteeKeys } from './committee-keys.ts'
import type { ChainPlan } from './plan.ts'
import { StateKeeper } from './state-keeper.ts'
import { Traffic } from './traffic.ts'
import { WorkingState } from './working-state.ts'

/** What shards take from the coordination chain; made with it. */
export interface CoordinationFacts {
  /** Block hashes by height, 32 bytes each, genesis included. */
  readonly hashes: Uint8Array
  readonly snapshots: readonly SnapshotRecord[]
}

export interface ChainTip {
  readonly height: number
  readonly hash: Uint8Array
  readonly stateRoot: Uint8Array
  readonly epoch: number
  /** In which it became final. */
  readonly view: number
}

export interface MadeChain {
  readonly tip: ChainTip
  readonly facts: CoordinationFacts
}

/** Blocks of one synced write. */
const BATCH_BLOCKS = 64
/** Body bytes after which a batch is written though it has fewer blocks. */
const BATCH_BYTES = 8 * 1024 * 1024

/** The instance that the next block belongs to. */
interface Epoch {
  readonly snapshot: EpochSnapshot
  readonly schedule: LeaderSchedule
}

export class ChainMaker {
  readonly #plan: ChainPlan
  readonly #genesis: Genesis
  readonly #network: Uint8Array
  readonly #keys: CommitteeKeys
  readonly #traffic: Traffic
  readonly #store: ChainStore
  readonly #states: StateKeeper
  readonly #state: WorkingState
  readonly #snapshots = new Map<number, EpochSnapshot>()
  readonly #records: SnapshotRecord[]
  readonly #hashes: Uint8Array
  readonly #genesisHash: Uint8Array
  readonly #coordHashes: Uint8Array
  #parent: { readonly header: Header; readonly hash: Uint8Array }
  #epoch: Epoch
  #certificate: Certificate | undefined
  #attendance: AttendanceBook = []
  #view = 0
  #batch: FinalBlock[] = []
  #batchBytes = 0
  /** The last block of the batch, where its state is kept as a snapshot (SNAP-1). */
  #kept: CertifiedHeader | undefined

  private constructor(
    plan: ChainPlan,
    genesis: Genesis,
    { store, states }: { readonly store: ChainStore; readonly states: StateKeeper },
    block: Block,
    facts: CoordinationFacts
  ) {
    this.#plan = plan
    this.#genesis = genesis
    this.#network = networkId(genesis)
    this.#keys = new CommitteeKeys(this.#network, plan.validators)
    this.#traffic = new Traffic(plan, genesis)
    this.#store = store
    this.#states = states
    this.#state = new WorkingState(store)
    this.#parent = block
    this.#genesisHash = block.hash
    this.#hashes = new Uint8Array(32 * (plan.blocks + 1))
    this.#hashes.set(block.hash)
    this.#coordHashes = facts.hashes
    this.#records = [...facts.snapshots]
    for (const [epoch, bytes] of facts.snapshots) {
      const snapshot = decodeSnapshot(bytes)
      if (snapshot.ok) this.#snapshots.set(epoch, snapshot.value)
    }
    this.#epoch = this.#enter(0)
  }

  /** @param facts of the coordination chain; none for itself */
  static async create(
    plan: ChainPlan,
    genesis: Genesis,
    database: KeyValueStore,
    facts?: CoordinationFacts
  ): Promise<ChainMaker> {
    const { chain } = plan
    const { block, changes } = buildChainGenesis(genesis, chain)
    const identity = { network: networkId(genesis), chain }
    const first = facts ?? { hashes: block.hash, snapshots: [] }
    const snapshots = facts === undefined ? [genesisSnapshot(genesis, changes.values, block.hash)] : []
    const store = await ChainStore.create(database, identity, { block, changes, snapshots })
    const known = { ...first, snapshots: [...first.snapshots, ...snapshots] }
    return new ChainMaker(
      plan,
      genesis,
      { store, states: await StateKeeper.open(store, database) },
      block,
      known
    )
  }

  async make(onProgress: (height: number) => void = () => undefined): Promise<MadeChain> {
    const { blocks } = this.#plan
    for (let height = 1; height <= blocks; height++) {
      this.#next(height, height === blocks)
      const isFull = this.#batch.length === BATCH_BLOCKS || this.#batchBytes > BATCH_BYTES
      if (isFull || height === blocks || this.#kept !== undefined) {
        await this.#write()
        onProgress(height)
      }
    }
    const { header, hash } = this.#parent
    const tip = {
      height: header.height,
      hash,
      stateRoot: header.stateRoot,
      epoch: header.epoch,
      view: header.view
    }
    return { tip, facts: { hashes: this.#hashes, snapshots: this.#records } }
  }

  #next(height: number, isTip: boolean): void {
    const { chain, certifyEvery } = this.#plan
    const { snapshot, schedule } = this.#epoch
    const { params, epoch } = snapshot
    const committee = must(snapshot.committees.get(chain), 'a snapshot has a committee of every chain')
    const view = ++this.#view
    const leader = schedule.leader(view)
    const transfers = this.#traffic.next(height)
    const { block, execution, transactions } = buildBlock({
      network: this.#network,
      chain,
      epoch,
      view,
      shards: this.#genesis.shards,
      params,
      committee,
      schedule,
      parent: this.#parent,
      ancestors: this.#attendance,
      state: this.#state,
      parentCertificate: this.#certificate,
      nowMs: 0,
      coord: chain === COORD ? NO_COORD_REFERENCE : this.#reference(height),
      proposer: must(committee.members[leader], 'the leader is a member').key,
      deliveries: [],
      candidates: transfers
    })
    if (transactions.length !== transfers.length) {
      const reason = `${transactions.length} of ${transfers.length} transfers fit or can be paid`
      throw new RangeError(`history: ${chainName(chain)} ${height}: ${reason}`)
    }
    this.#state.apply(execution.changes)
    this.#attendance = recordAttendance(this.#attendance, block)
    this.#hashes.set(block.hash, 32 * height)
    const ended = isBoundary(block.header, epoch, params.epochLength)
    const statement = { epoch, view, hash: block.hash }
    const isCertified = ended || isTip || height % certifyEvery === 0
    const finality = isCertified
      ? this.#keys.certify(committee, leader, { ...statement, kind: FINALISE })
      : undefined
    // C25: the base of an epoch is justified by its finality, every other parent by its notarisation.
    this.#certificate = ended
      ? finality
      : this.#keys.certify(committee, leader, { ...statement, kind: NOTARISE })
    this.#batchBytes += block.bodyBytes.length
    this.#batch.push({
      block,
      changes: { values: new Map(), pages: new Map(), root: execution.changes.root },
      results: encodeResults(execution),
      received: execution.received,
      transactionIds: transactions.map(({ id }) => id),
      snapshots: this.#freeze(height, snapshot),
      ...(finality === undefined ? {} : { certificate: finality, boundary: ended })
    })
    this.#parent = block
    if (finality !== undefined && endsInterval(block.header, params))
      this.#kept = { header: block.header, certificate: finality }
    if (ended) this.#epoch = this.#enter(nextEpoch(block.header, params.epochLength))
  }

  /** One write; the state after its last block, not that after each. */
  async #write(): Promise<void> {
    const last = must(this.#batch.at(-1), 'a batch has blocks')
    this.#batch[this.#batch.length - 1] = { ...last, changes: this.#state.takeChanges() }
    await this.#store.commitFinal(this.#batch)
    this.#state.settled()
    if (this.#kept !== undefined) await this.#states.keep(this.#kept)
    this.#kept = undefined
    this.#batch = []
    this.#batchBytes = 0
  }

  #enter(epoch: number): Epoch {
    const snapshot = must(this.#snapshots.get(epoch), `epoch ${epoch} was frozen before it begins`)
    this.#view = 0
    return { snapshot, schedule: createSchedule(snapshot, this.#plan.chain) }
  }

  /** A shard's references go up evenly and end at the tip of the coordination chain. */
  #reference(height: number): { readonly height: number; readonly hash: Uint8Array } {
    const { blocks, coordBlocks } = this.#plan
    const at = Math.floor((height * coordBlocks) / blocks)
    const hash = this.#coordHashes.slice(32 * at, 32 * (at + 1))
    assert(hash.length === 32, 'the coordination chain is made first')
    return { height: at, hash }
  }

  /** C2, on the coordination chain alone. */
  #freeze(height: number, current: EpochSnapshot): readonly SnapshotRecord[] {
    if (this.#plan.chain !== COORD) return []
    const epoch = epochFrozenAt(height, current.params)
    if (epoch === undefined) return []
    const snapshot = computeSnapshot(this.#state, epoch, this.#genesisHash, this.#genesis.shards)
    this.#snapshots.set(epoch, snapshot)
    const record: SnapshotRecord = [epoch, encodeSnapshot(snapshot), proveRecords(this.#state)]
    this.#records.push(record)
    return [record]
  }
}

function genesisSnapshot(
  genesis: Genesis,
  values: ReadonlyMap<Hex, Uint8Array | undefined>,
  hash: Uint8Array
): SnapshotRecord {
  const view = { get: (key: Uint8Array) => values.get(toHex(key)) }
  return [0, encodeSnapshot(computeSnapshot(view, 0, hash, genesis.shards))]
}
