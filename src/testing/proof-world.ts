/**
 * A coordination chain and its shards in memory, made with the code that leaders build with and signed by all
 * validators: blocks with certificates of their own, epochs that end, and receipts from one shard to the other.
 */
import { BitArray } from '@chainsafe/ssz'
import { recordAttendance } from '../chain/attendance.ts'
import type { AttendanceBook } from '../chain/attendance.ts'
import { buildBlock, NO_COORD_REFERENCE } from '../chain/build.ts'
import { judgeDelivery } from '../chain/delivery.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { signTransfer, transferCost } from '../client/transfer.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { DeliveryType } from '../codec/receipt.ts'
import { encodeResults } from '../codec/results.ts'
import { FINALISE, NOTARISE, signedBytes } from '../codec/statement.ts'
import type { Certificate, StatementKind } from '../codec/statement.ts'
import { homeShard } from '../crypto/address.ts'
import { publicKeyFromSeed, signWithSeed } from '../crypto/ed25519.ts'
import { assembleDelivery, readInLane } from '../node/chain/outbox.ts'
import { devnetAddress, devnetSeed } from '../params/devnet-keys.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { toHex } from '../primitives/bytes.ts'
import { COORD, shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { proveRecords } from '../sharding/epoch-records.ts'
import { epochFrozenAt, isBoundary, nextEpoch } from '../sharding/epochs.ts'
import { createSchedule } from '../sharding/schedule.ts'
import { computeSnapshot, encodeSnapshot } from '../sharding/snapshot.ts'
import type { Committee, EpochSnapshot } from '../sharding/types.ts'
import { ChainTotalsType } from '../codec/state-records.ts'
import type { ChainTotals } from '../codec/state-records.ts'
import { commit } from '../state/commit.ts'
import { TOTALS_KEY } from '../state/keys.ts'
import { stateAfter } from '../state/overlay.ts'
import type { StateView } from '../state/ports.ts'
import type { CheckedDelivery } from '../state/receipts.ts'
import { checkStateless } from '../state/stateless.ts'
import { readAccount, readTotals } from '../state/supply.ts'
import type { CheckedTransaction } from '../state/types.ts'
import { ChainStore } from '../store/chain-store.ts'
import type { SnapshotRecord } from '../store/chain-store.ts'
import { MemoryDisk } from '../store/memory.ts'

interface Chain {
  readonly store: ChainStore
  finality: Certificate | undefined
  notarisation: Certificate | undefined
  attendance: AttendanceBook
}

interface Work {
  readonly transactions?: readonly CheckedTransaction[]
  readonly deliveries?: readonly CheckedDelivery[]
  /** Final by the next block's certificate only. @default false */
  readonly uncertified?: boolean
}

export class ProofWorld {
  readonly genesis: Genesis
  readonly network: Uint8Array
  readonly #seeds: ReadonlyMap<string, Uint8Array>
  readonly #chains = new Map<ChainId, Chain>()
  readonly #snapshots = new Map<number, EpochSnapshot>()
  #genesisHash = new Uint8Array(32)

  private constructor(genesis: Genesis, seeds: readonly Uint8Array[]) {
    this.genesis = genesis
    this.network = networkId(genesis)
    this.#seeds = new Map(seeds.map((seed) => [toHex(publicKeyFromSeed(seed)), seed]))
  }

  /** @param seeds of all validators of the genesis */
  static async create(genesis: Genesis, seeds: readonly Uint8Array[]): Promise<ProofWorld> {
    const world = new ProofWorld(genesis, seeds)
    const shards = Array.from({ length: genesis.shards }, (_, index) => shardId(index))
    for (const chain of [COORD, ...shards]) await world.#found(chain)
    return world
  }

  store(chain: ChainId): ChainStore {
    return this.#chain(chain).store
  }

  /** Who signed a chain's certificates in an epoch. */
  committee(chain: ChainId, epoch: number): Committee {
    const snapshot = must(this.#snapshots.get(epoch), 'the epoch runs')
    return must(snapshot.committees.get(chain), 'a committee of every chain')
  }

  /** The last block of a chain and its finality. */
  tip(chain: ChainId): { readonly header: Header; readonly certificate: Certificate | undefined } {
    const { store, finality } = this.#chain(chain)
    return { header: must(store.header(store.final.height), 'the tip is held'), certificate: finality }
  }

  /** A tip as validators without rules would sign it: its chain counts something else, or one unit that nobody gave it. */
  minting(
    chain: ChainId,
    change: (totals: ChainTotals) => Partial<ChainTotals> = ({ balancesConsumer }) => {
      return { balancesConsumer: balancesConsumer + 1n }
    }
  ): { header: Header; certificate: Certificate; state: StateView } {
    const { store } = this.#chain(chain)
    const totals = readTotals(store)
    const more = ChainTotalsType.serialize({ ...totals, ...change(totals) })
    const changes = commit(store, new Map([[toHex(TOTALS_KEY), more]]))
    const header = { ...this.tip(chain).header, stateRoot: changes.root }
    const certificate = this.#certify(chain, header, FINALISE, blockHash(header))
    return { header, certificate, state: stateAfter(store, changes) }
  }

  /** A transfer of a development account to an address. */
  pay(from: string, to: Uint8Array, consumer: bigint, ahead = 0, memo?: Uint8Array): CheckedTransaction {
    const { shards, params } = this.genesis
    const chain = homeShard(devnetAddress(from), shards)
    const { store } = this.#chain(chain)
    const nonce = must(readAccount(store, devnetAddress(from)), 'a funded account').nonce + BigInt(ahead)
    // Twice what a transfer within one shard needs: it is for the work of both.
    const { maxMana, fee } = transferCost(params, memo)
    const { bytes } = signTransfer({
      network: this.network,
      signer: devnetSeed(from),
      chain,
      nonce,
      validUntil: store.final.height + 20,
      to,
      consumer,
      ...(memo === undefined ? {} : { memo }),
      maxMana: 2n * maxMana,
      fee: 2n * fee
    })
    const constants = { network: this.network, shards, payloadBytesMax: params.payloadBytesMax }
    const checked = checkStateless(constants, bytes)
    if (!checked.ok) throw new RangeError(checked.detail)
    return checked.value
  }

  /** All that `from` can prove to `to` now. */
  deliveries(from: ChainId, to: ChainId): CheckedDelivery[] {
    const { store, finality } = this.#chain(from)
    const header = must(store.header(store.final.height), 'the tip is held')
    const cursor = readInLane(this.store(to), from)?.cursor ?? 0
    const delivery = assembleDelivery({ header, certificate: finality, state: store }, to, cursor, 1 << 20)
    if (delivery === undefined) return []
    const judged = judgeDelivery(DeliveryType.serialize(delivery), delivery, {
      network: this.network,
      chain: to,
      shards: this.genesis.shards,
      params: this.genesis.params,
      coordHeight: this.store(COORD).final.height,
      coordHash: this.store(COORD).final.hash,
      certificateValid: true
    })
    if (!judged.ok) throw new RangeError(judged.detail)
    return [judged.value]
  }

  /** The next block of a chain, final. */
  async grow(chain: ChainId, { transactions = [], deliveries = [], uncertified = false }: Work = {}) {
    const own = this.#chain(chain)
    const { store } = own
    const { height, hash } = store.final
    const parent = { header: must(store.header(height), 'the tip is held'), hash }
    const { epochLength } = this.genesis.params
    const isBase = isBoundary(parent.header, parent.header.epoch, epochLength)
    const epoch = isBase ? nextEpoch(parent.header, epochLength) : parent.header.epoch
    const view = isBase ? 1 : parent.header.view + 1
    const snapshot = must(this.#snapshots.get(epoch), 'coordination comes first')
    const coord = this.store(COORD).final
    const {
      block,
      execution,
      transactions: taken
    } = buildBlock({
      network: this.network,
      chain,
      epoch,
      view,
      shards: this.genesis.shards,
      params: snapshot.params,
      committee: must(snapshot.committees.get(chain), 'a committee of every chain'),
      schedule: createSchedule(snapshot, chain),
      parent,
      ancestors: own.attendance,
      state: store,
      parentCertificate: isBase ? own.finality : own.notarisation,
      nowMs: this.genesis.timeMs + 1_000 * (height + 1),
      coord: chain === COORD ? NO_COORD_REFERENCE : coord,
      proposer: this.#leader(snapshot, chain, view),
      deliveries,
      candidates: transactions
    })
    if (taken.length !== transactions.length)
      throw new RangeError('a transfer does not fit or cannot be paid')
    own.notarisation = this.#certify(chain, block.header, NOTARISE, block.hash)
    own.finality = this.#certify(chain, block.header, FINALISE, block.hash)
    const boundary = isBoundary(block.header, epoch, epochLength)
    const isCertified = boundary || !uncertified
    const final = {
      block,
      changes: execution.changes,
      results: encodeResults(execution),
      received: execution.received,
      transactionIds: taken.map(({ id }) => id),
      snapshots: chain === COORD ? this.#freeze(block.header, stateAfter(store, execution.changes)) : [],
      ...(isCertified ? { certificate: own.finality, boundary } : {})
    }
    await store.commitFinal([final])
    own.attendance = recordAttendance(own.attendance, block)
    return { header: block.header, hash: block.hash, execution }
  }

  async #found(chain: ChainId): Promise<void> {
    const { block, changes } = buildChainGenesis(this.genesis, chain)
    const records: SnapshotRecord[] = []
    if (chain === COORD) {
      this.#genesisHash = Uint8Array.from(block.hash)
      const view = { get: (key: Uint8Array) => changes.values.get(toHex(key)) }
      const snapshot = computeSnapshot(view, 0, block.hash, this.genesis.shards)
      this.#snapshots.set(0, snapshot)
      records.push([0, encodeSnapshot(snapshot)])
    }
    const level = new MemoryDisk().open()
    const identity = { network: this.network, chain }
    const store = await ChainStore.create(level, identity, { block, changes, snapshots: records })
    this.#chains.set(chain, { store, finality: undefined, notarisation: undefined, attendance: [] })
  }

  #chain(chain: ChainId): Chain {
    return must(this.#chains.get(chain), 'a chain of this world')
  }

  #leader(snapshot: EpochSnapshot, chain: ChainId, view: number): Uint8Array {
    const { members } = must(snapshot.committees.get(chain), 'a committee of every chain')
    return must(members[createSchedule(snapshot, chain).leader(view)], 'the leader is a member').key
  }

  #freeze(header: Header, state: Parameters<typeof proveRecords>[0]): SnapshotRecord[] {
    const epoch = epochFrozenAt(header.height, this.genesis.params)
    if (epoch === undefined) return []
    const snapshot = computeSnapshot(state, epoch, this.#genesisHash, this.genesis.shards)
    this.#snapshots.set(epoch, snapshot)
    return [[epoch, encodeSnapshot(snapshot), proveRecords(state)]]
  }

  #certify(
    chain: ChainId,
    { epoch, view }: Pick<Header, 'epoch' | 'view'>,
    kind: StatementKind,
    hash: Uint8Array
  ): Certificate {
    const { members, quorum } = this.committee(chain, epoch)
    const signers = BitArray.fromBoolArray(members.map((_, index) => index < quorum))
    const unsigned: Certificate = { chain, epoch, view, kind, hash, signers, signatures: [] }
    const message = signedBytes(this.network, unsigned)
    const signatures = members.slice(0, quorum).map(({ key }) => {
      return signWithSeed(message, must(this.#seeds.get(toHex(key)), 'the key of a validator'))
    })
    return { ...unsigned, signatures }
  }
}
