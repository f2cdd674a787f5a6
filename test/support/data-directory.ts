/**
 * Data directories as a node leaves them, written with the node's own stores: a coordination chain and one shard that
 * cross epoch boundaries, and a node database with guard, journal and a local transaction.
 */
import { holdWaiting } from './waiting-rows.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BitArray } from '@chainsafe/ssz'
import { recordAttendance } from '../../src/chain/attendance.ts'
import type { AttendanceBook } from '../../src/chain/attendance.ts'
import { buildBlock, NO_COORD_REFERENCE } from '../../src/chain/build.ts'
import { systemClock } from '../../src/app/clock.ts'
import { buildChainGenesis } from '../../src/chain/genesis-block.ts'
import { endsInterval } from '../../src/chain/light.ts'
import { signTransfer, transferCost } from '../../src/client/transfer.ts'
import type { Block, Header } from '../../src/codec/block.ts'
import { encodeResults } from '../../src/codec/results.ts'
import { FINALISE, NOTARISE, NULLIFY, signedBytes } from '../../src/codec/statement.ts'
import type { Certificate, StatementKind, Vote } from '../../src/codec/statement.ts'
import { publicKeyFromSeed, signWithSeed } from '../../src/crypto/ed25519.ts'
import { DeliveryType } from '../../src/codec/receipt.ts'
import { homeShard } from '../../src/crypto/address.ts'
import { assembleDelivery } from '../../src/node/chain/outbox.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { SnapshotMaker } from '../../src/node/snapshot/maker.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { genesisToJson } from '../../src/params/genesis-json.ts'
import { networkId } from '../../src/params/genesis.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import type { NewGenesis } from '../../src/params/new-genesis.ts'
import { ZERO_HASH, toHex } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { epochFrozenAt, isBoundary, nextEpoch } from '../../src/sharding/epochs.ts'
import { createSchedule } from '../../src/sharding/schedule.ts'
import { proveRecords } from '../../src/sharding/epoch-records.ts'
import { computeSnapshot, encodeSnapshot } from '../../src/sharding/snapshot.ts'
import type { EpochSnapshot } from '../../src/sharding/types.ts'
import { stateAfter } from '../../src/state/overlay.ts'
import { checkStateless } from '../../src/state/stateless.ts'
import type { CheckedDelivery } from '../../src/state/receipts.ts'
import type { CheckedTransaction } from '../../src/state/types.ts'
import { ChainStore } from '../../src/store/chain-store.ts'
import type { FinalBlock, SnapshotRecord } from '../../src/store/chain-store.ts'
import { openLevel } from '../../src/store/level.ts'
import { MemoryDisk } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node-store.ts'
import { SignGuard } from '../../src/store/sign-guard.ts'
import { StateSnapshots } from '../../src/store/state-snapshots.ts'
import { GENESIS_TIME, aGenesis } from './genesis.ts'

export const SHARD = shardId(0)
/** The fewest heights of an epoch. */
const EPOCH_LENGTH = 4
const USERS = ['user0', 'user1', 'user2', 'user3']
/** The block in which the first shard hears from a second one, if there is one. */
const HEARS_AT = 3
const FRESH = ['fresh0', 'fresh1', 'fresh2', 'fresh3']

export const validatorSeed = (index: number): Uint8Array => devnetSeed(`validator${index}`)

export function checkGenesisOf(validators: number, init: Partial<NewGenesis> = {}): Genesis {
  const balances = { consumer: 1_000_000_000n, industrial: 1_000_000n }
  return aGenesis({
    validators: Array.from({ length: validators }, (_, index) => publicKeyFromSeed(validatorSeed(index))),
    shards: 1,
    overrides: { epochLength: EPOCH_LENGTH, freezeDistance: 1, snapshotInterval: EPOCH_LENGTH },
    accounts: USERS.map((label) => ({ address: devnetAddress(label), ...balances })),
    ...init
  })
}

/** What a test changes of a final block before it is stored. */
export type Tamper = (final: FinalBlock, chain: ChainId, header: Header) => FinalBlock

export interface DirectoryInit {
  readonly genesis: Genesis
  readonly validators: number
  /** Final heights. */
  readonly coord: number
  readonly shard: number
  /** Amount of each transfer: another one makes another history. */
  readonly amount?: bigint
  readonly tamper?: Tamper
  /** @default 1 */
  readonly transfersPerBlock?: number
}

/** One chain that grows block by block in a store. */
export class GrowingChain {
  readonly chain: ChainId
  readonly store: ChainStore
  readonly #maker: SnapshotMaker
  readonly #init: DirectoryInit
  readonly #snapshots: Map<number, EpochSnapshot>
  readonly #coordHashes: readonly Uint8Array[]
  readonly hashes: Uint8Array[] = []
  #nonce = 0n
  #attendance: AttendanceBook = []
  /** The finality certificate of the last block, and its notarisation. */
  #finality: Certificate | undefined
  #notarisation: Certificate | undefined

  constructor(
    store: ChainStore,
    maker: SnapshotMaker,
    init: DirectoryInit,
    shared: { snapshots: Map<number, EpochSnapshot>; coordHashes: readonly Uint8Array[] }
  ) {
    this.chain = store.chain
    this.store = store
    this.#maker = maker
    this.#init = init
    this.#snapshots = shared.snapshots
    this.#coordHashes = shared.coordHashes
    this.hashes.push(store.final.hash)
  }

  get network(): Uint8Array {
    return networkId(this.#init.genesis)
  }

  snapshot(epoch: number): EpochSnapshot {
    return this.#snapshots.get(epoch)!
  }

  /** Where the next block stands. */
  next(): { epoch: number; view: number; base: boolean } {
    const parent = this.store.header(this.store.final.height)!
    const ended = isBoundary(parent, parent.epoch, EPOCH_LENGTH)
    const epoch = ended ? nextEpoch(parent, EPOCH_LENGTH) : parent.epoch
    return { epoch, view: ended ? 1 : parent.view + 1, base: ended || parent.height === 0 }
  }

  build(
    transfers: readonly CheckedTransaction[],
    deliveries: readonly CheckedDelivery[] = []
  ): { block: Block; final: FinalBlock } {
    const { epoch, view, base } = this.next()
    const { genesis } = this.#init
    const { height, hash } = this.store.final
    const parent = { header: this.store.header(height)!, hash }
    const snapshot = this.snapshot(epoch)
    const leader = createSchedule(snapshot, this.chain).leader(view)
    const reference = Math.min(height + 1, this.#coordHashes.length - 1)
    const { block, execution, transactions } = buildBlock({
      network: this.network,
      chain: this.chain,
      epoch,
      view,
      shards: genesis.shards,
      params: snapshot.params,
      committee: snapshot.committees.get(this.chain)!,
      schedule: createSchedule(snapshot, this.chain),
      parent,
      ancestors: this.#attendance,
      state: this.store,
      parentCertificate: base ? this.#finality : this.#notarisation,
      nowMs: GENESIS_TIME + 1_000 * (height + 1),
      coord:
        this.chain === COORD
          ? NO_COORD_REFERENCE
          : { height: reference, hash: this.#coordHashes[reference]! },
      proposer: snapshot.committees.get(this.chain)!.members[leader]!.key,
      deliveries,
      candidates: transfers
    })
    return {
      block,
      final: {
        block,
        changes: execution.changes,
        results: encodeResults(execution),
        received: execution.received,
        transactionIds: transactions.map(({ id }) => id)
      }
    }
  }

  async grow(deliveries: readonly CheckedDelivery[] = []): Promise<void> {
    const { tamper, genesis } = this.#init
    const built = this.build(this.#transfers(), deliveries)
    const final = tamper?.(built.final, this.chain, built.block.header) ?? built.final
    const { header, hash } = final.block
    const ended = isBoundary(header, header.epoch, EPOCH_LENGTH)
    const frozen =
      this.chain === COORD ? epochFrozenAt(header.height, this.snapshot(header.epoch).params) : undefined
    const snapshots: SnapshotRecord[] = []
    if (frozen !== undefined) {
      const view = stateAfter(this.store, final.changes)
      const snapshot = computeSnapshot(view, frozen, this.hashes[0]!, genesis.shards)
      this.#snapshots.set(frozen, snapshot)
      snapshots.push([frozen, encodeSnapshot(snapshot), proveRecords(view)])
    }
    this.#notarisation = this.certify(header.epoch, header.view, NOTARISE, hash)
    this.#finality = final.certificate ?? this.certify(header.epoch, header.view, FINALISE, hash)
    // Every third block became final with the one after it.
    const isLone = ended || header.height % 3 !== 1 || header.height === this.#last()
    const certificate = isLone ? { certificate: this.#finality, boundary: ended } : {}
    await this.store.commitFinal([{ ...final, snapshots, ...certificate }])
    this.#attendance = recordAttendance(this.#attendance, final.block)
    this.hashes.push(hash)
    if (endsInterval(header, this.snapshot(header.epoch).params)) {
      await this.#maker.start({ header, certificate: this.#finality })
    }
  }

  /** The last block and its finality. */
  tip(): { header: Header; certificate: Certificate | undefined } {
    return { header: this.store.header(this.store.final.height)!, certificate: this.#finality }
  }

  #last(): number {
    return this.chain === COORD ? this.#init.coord : this.#init.shard
  }

  certify(epoch: number, view: number, kind: StatementKind, hash: Uint8Array): Certificate {
    const { members, quorum } = this.snapshot(epoch).committees.get(this.chain)!
    const signed = { chain: this.chain, epoch, view, kind, hash }
    const signers = BitArray.fromBoolArray(members.map((_, index) => index < quorum))
    const unsigned: Certificate = { ...signed, signers, signatures: [] }
    const message = signedBytes(this.network, unsigned)
    const signatures = members.slice(0, quorum).map(({ key }) => signWithSeed(message, this.#seedOf(key)))
    return { ...unsigned, signatures }
  }

  vote(epoch: number, view: number, kind: StatementKind, hash: Uint8Array, signer: number): Vote {
    const { key } = this.snapshot(epoch).committees.get(this.chain)!.members[signer]!
    const unsigned = { chain: this.chain, epoch, view, kind, hash, signer, signature: new Uint8Array(64) }
    return { ...unsigned, signature: signWithSeed(signedBytes(this.network, unsigned), this.#seedOf(key)) }
  }

  #seedOf(key: Uint8Array): Uint8Array {
    for (let index = 0; index < this.#init.validators; index++) {
      if (toHex(publicKeyFromSeed(validatorSeed(index))) === toHex(key)) return validatorSeed(index)
    }
    throw new RangeError('no such validator')
  }

  /** To known accounts and to new ones. */
  #transfers(): CheckedTransaction[] {
    if (this.chain === COORD) return []
    const count = this.#init.transfersPerBlock ?? 1
    return Array.from({ length: count }, () => {
      const to = FRESH[Number(this.#nonce) % FRESH.length]!
      return this.transfer(this.#nonce++, to)
    })
  }

  transfer(nonce: bigint, to: string): CheckedTransaction {
    const { genesis, amount = 20_000n } = this.#init
    const { shards, params } = genesis
    const constants = { network: this.network, shards, payloadBytesMax: params.payloadBytesMax }
    const sender = USERS.find((name) => homeShard(devnetAddress(name), shards) === this.chain) ?? 'nobody'
    const { bytes } = signTransfer({
      network: this.network,
      signer: devnetSeed(sender),
      chain: this.chain,
      nonce,
      validUntil: this.store.final.height + 20,
      to: devnetAddress(to),
      consumer: amount,
      ...transferCost(params)
    })
    const checked = checkStateless(constants, bytes)
    if (!checked.ok) throw new RangeError(checked.detail)
    return checked.value
  }
}

export interface MadeDirectory {
  readonly path: string
  readonly coord: readonly Uint8Array[]
  readonly shard: readonly Uint8Array[]
}

/** @param votes what the validator said of the view after its last final one, besides its own proposal. */
export async function makeDirectory(
  path: string,
  init: DirectoryInit,
  votes: 'finalise' | 'nullify' | 'none' = 'finalise'
): Promise<MadeDirectory> {
  const paths = dataPaths(path)
  mkdirSync(dirname(paths.nodeDatabase), { recursive: true })
  writeFileSync(paths.genesis, genesisToJson(init.genesis))
  const network = networkId(init.genesis)
  const snapshots = new Map<number, EpochSnapshot>()
  const coordHashes: Uint8Array[] = []
  const chains: GrowingChain[] = []
  const open: { close(): Promise<void> }[] = []
  for (const chain of [COORD, SHARD]) {
    const { block, changes } = buildChainGenesis(init.genesis, chain)
    const records: [number, Uint8Array][] = []
    if (chain === COORD) {
      const view = { get: (key: Uint8Array) => changes.values.get(toHex(key)) }
      const snapshot = computeSnapshot(view, 0, block.hash, init.genesis.shards)
      snapshots.set(0, snapshot)
      records.push([0, encodeSnapshot(snapshot)])
    }
    const level = await openLevel(paths.chainDatabase(chain), { isNew: true })
    open.push(level)
    const store = await ChainStore.create(level, { network, chain }, { block, changes, snapshots: records })
    const maker = new SnapshotMaker({
      clock: systemClock,
      store,
      database: level,
      snapshots: await StateSnapshots.open(level)
    })
    const growing = new GrowingChain(store, maker, init, { snapshots, coordHashes })
    const heights = chain === COORD ? init.coord : init.shard
    for (let height = 1; height <= heights; height++) {
      const hears = chain !== COORD && height === HEARS_AT && init.genesis.shards > 1
      await growing.grow(hears ? [await delivered(init, { snapshots, coordHashes }, growing)] : [])
    }
    if (chain === COORD) coordHashes.push(...growing.hashes)
    chains.push(growing)
  }
  const level = await openLevel(paths.nodeDatabase, { isNew: true })
  open.push(level)
  const nodeStore = await NodeStore.open(level, network)
  if (votes !== 'none') await fillNode(nodeStore, chains, votes)
  for (const each of open) await each.close()
  const [coord, shard] = chains
  return { path, coord: coord!.hashes, shard: shard!.hashes }
}

/** What the second shard, which this directory does not follow, sends to the first one. */
async function delivered(
  init: DirectoryInit,
  shared: ConstructorParameters<typeof GrowingChain>[3],
  to: GrowingChain
): Promise<CheckedDelivery> {
  const chain = shardId(1)
  const network = networkId(init.genesis)
  const genesis = buildChainGenesis(init.genesis, chain)
  const level = new MemoryDisk().open()
  const store = await ChainStore.create(level, { network, chain }, genesis)
  const snapshots = await StateSnapshots.open(level)
  const maker = new SnapshotMaker({ clock: systemClock, store, database: level, snapshots })
  const other = new GrowingChain(store, maker, init, shared)
  for (let height = 1; height <= FRESH.length; height++) await other.grow()
  const { header, certificate } = other.tip()
  const source = { header, certificate, state: store }
  const delivery = assembleDelivery(source, to.chain, 0, 1 << 16)!
  const bytes = DeliveryType.serialize(delivery)
  const { entries, acknowledgement } = delivery
  return {
    source: chain,
    bytes,
    receipts: entries.flatMap((one) => one.entry.receipts),
    acknowledgement: acknowledgement[0]?.lane
  }
}

/** The validator proposed the next block of each chain; then it finalised or nullified that view. */
async function fillNode(
  { database, journal, localTransactions, evidence }: NodeStore,
  chains: readonly GrowingChain[],
  votes: 'finalise' | 'nullify'
): Promise<void> {
  const [first] = chains
  const { network } = first!
  const publicKey = publicKeyFromSeed(validatorSeed(0))
  const guard = await SignGuard.create(database, { publicKey, network }, new Uint8Array(32).fill(5))
  for (const chain of chains) {
    const { block } = chain.build([])
    const { epoch, view, proposer } = block.header
    const { members } = chain.snapshot(epoch).committees.get(chain.chain)!
    const self = members.findIndex(({ key }) => toHex(key) === toHex(publicKey))
    const { final } = chain.store
    guard.raiseFloor(chain.chain, final.epoch, final.view)
    const isLeader = toHex(proposer) === toHex(publicKey)
    const said: [StatementKind, Uint8Array][] = [[NOTARISE, block.hash]]
    said.push(votes === 'finalise' ? [FINALISE, block.hash] : [NULLIFY, ZERO_HASH])
    for (const [kind, hash] of said) {
      const admitted = guard.admit({ network, chain: chain.chain, epoch, view, kind, hash })
      if (!admitted.ok) throw new RangeError(admitted.detail)
      const vote = chain.vote(epoch, view, kind, hash, self)
      const { header, bodyBytes: body } = block
      const empty = { notarisation: [], nullifications: [], coordination: [] }
      if (kind === NOTARISE && isLeader) {
        await journal.write([{ kind: 'proposal', proposal: { header, body, vote, ...empty } }])
      }
      await journal.write(
        [
          { kind: 'block', block },
          { kind: 'vote', vote }
        ],
        admitted.value
      )
    }
    const seen = votes === 'finalise' ? chain.certify(epoch, view, NOTARISE, block.hash) : undefined
    if (seen !== undefined) await journal.write([{ kind: 'certificate', certificate: seen }])
  }
  await holdWaiting({ localTransactions, evidence }, chains.at(-1)!)
}

/** The path of one database of a directory: `node`, `coord`, `0`. */
export const databasePath = (directory: string, name: string): string => join(directory, 'db', name)
