/**
 * The final part of one chain: blocks, certificates, indexes, and the state at the last final block (D7, D8).
 * Only final blocks come here, each in one synced atomic batch with its state and the final mark, so final history
 * is never undone and a crash needs no undo log. Unfinal blocks are in the journal of the node database (C11).
 *
 * LevelDB returns flipped bits without a word, so blocks that leave this node are checked against their hashes.
 */
import { equal, readU64be, toHex, u64be, utf8 } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { BodyType, HeaderType, blockHash, bodyHash } from '../codec/block.ts'
import type { Block, Header } from '../codec/block.ts'
import { CertifiedHeaderType } from '../codec/messages.ts'
import type { CertifiedHeader } from '../codec/messages.ts'
import { CertificateType, FINALISE } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { EpochProofType } from '../codec/state-snapshot.ts'
import type { EpochProof } from '../codec/state-snapshot.ts'
import { isInPage } from '../state/leaf-page.ts'
import { accountValue } from '../state/lookup.ts'
import type { StateChanges, StateView } from '../state/ports.ts'
import { CHAIN_BUCKETS as B, bucketKey, bucketRange, corrupt, decodeStored } from './buckets.ts'
import type { Bucket } from './buckets.ts'
import { StoreError } from './errors.ts'
import { checkIdentity, checkSchema } from './identity.ts'
import {
  EpochProofs,
  blockWrites,
  heightKey,
  historyWrites,
  mergedChanges,
  pageKey,
  put,
  stateWrites
} from './chain-writes.ts'
import type { FinalBlock, HistoricalBlock, SnapshotRecord } from './chain-writes.ts'
import { receivedRange } from './received.ts'
import type { KeyValueStore, Write } from './ports.ts'
import { ReadAhead } from './read-ahead.ts'
import { StateCache } from './state-cache.ts'
import { dropRows } from './retention-rows.ts'
import { CHAIN_SCHEMA, ChainIdentityType, FinalMarkType, OLDEST_CHAIN_SCHEMA } from './records.ts'
import type { FinalMark } from './records.ts'

export interface ChainIdentity {
  readonly network: Uint8Array
  readonly chain: ChainId
}

export type { FinalBlock, HistoricalBlock, SnapshotRecord } from './chain-writes.ts'

export interface Genesis {
  readonly block: Block
  readonly changes: StateChanges
  readonly snapshots?: readonly SnapshotRecord[]
}

export interface TransactionPlace {
  readonly height: number
  readonly index: number
}

export const IDENTITY_KEY = bucketKey(B.meta, utf8('identity'))
export const FINAL_KEY = bucketKey(B.meta, utf8('final'))
export const EARLIEST_KEY = bucketKey(B.meta, utf8('earliest'))

export class ChainStore implements StateView {
  readonly network: Uint8Array
  readonly chain: ChainId
  readonly #store: KeyValueStore
  #final: FinalMark
  #root: Uint8Array
  #earliest: number
  /** How often the database below was replaced. */
  #reloads = 0
  readonly #proofs = new EpochProofs()
  readonly #ahead: ReadAhead
  readonly #cache = new StateCache()
  #prepended = Promise.resolve()
  /** Changes of the commit under way. The state view has them from its first moment, so no reader sees half of it. */
  #committing: StateChanges | undefined

  private constructor(store: KeyValueStore, identity: ChainIdentity, final: FinalMark, root: Uint8Array) {
    this.#store = store
    this.network = identity.network
    this.chain = identity.chain
    this.#final = final
    this.#root = root
    this.#earliest = readEarliest(store)
    this.#ahead = new ReadAhead(store)
  }

  /** False for a new database, also for one whose creation was cut short. */
  static exists(store: KeyValueStore): boolean {
    return store.get(IDENTITY_KEY) !== undefined
  }

  static async create(store: KeyValueStore, identity: ChainIdentity, genesis: Genesis): Promise<ChainStore> {
    assert(!ChainStore.exists(store), 'a chain is created once')
    const { header, hash } = genesis.block
    assertOf(identity, header)
    assert(header.height === 0 && equal(hash, blockHash(header)), 'a chain begins with its genesis block')
    const final: FinalMark = { height: 0, hash, epoch: header.epoch, view: 0 }
    const writes = blockWrites({ ...genesis, results: new Uint8Array(0), transactionIds: [] })
    for (const write of stateWrites(genesis.changes)) writes.push(write)
    writes.push(put(IDENTITY_KEY, ChainIdentityType.serialize({ schema: CHAIN_SCHEMA, ...identity })))
    writes.push(put(FINAL_KEY, FinalMarkType.serialize(final)))
    await store.batch(writes, { sync: true })
    return new ChainStore(store, identity, final, header.stateRoot)
  }

  /** @throws StoreError STORE_MISSING, STORE_VERSION_NEWER, STORE_VERSION_OLDER, STORE_NETWORK_DIFFERS, STORE_CHAIN_DIFFERS, STORE_CORRUPT */
  static open(store: KeyValueStore, identity: ChainIdentity): ChainStore {
    const { final, root } = ChainStore.#readMarks(store, identity)
    return new ChainStore(store, identity, final, root)
  }

  /** The database below was replaced: everything is read again. @throws as `open` does */
  reload(): void {
    assert(this.#committing === undefined, 'nothing is being written')
    const { final, root } = ChainStore.#readMarks(this.#store, this)
    this.#final = final
    this.#root = root
    this.#earliest = readEarliest(this.#store)
    this.#reloads++
    this.#prepended = Promise.resolve()
    this.#ahead.reset()
    this.#cache.clear()
  }

  static #readMarks(store: KeyValueStore, identity: ChainIdentity): { final: FinalMark; root: Uint8Array } {
    const bytes = store.get(IDENTITY_KEY)
    if (bytes === undefined) throw new StoreError({ code: 'STORE_MISSING', path: 'identity' })
    checkSchema(bytes, CHAIN_SCHEMA, B.meta, IDENTITY_KEY, OLDEST_CHAIN_SCHEMA)
    checkIdentity(decodeStored(ChainIdentityType, bytes, B.meta, IDENTITY_KEY), identity)
    const mark = store.get(FINAL_KEY)
    if (mark === undefined) throw corrupt(B.meta, FINAL_KEY)
    const final = decodeStored(FinalMarkType, mark, B.meta, FINAL_KEY)
    const tip = readHeader(store, final.height)
    const key = heightKey(B.header, final.height)
    if (tip === undefined || !equal(tip.hash, final.hash)) throw corrupt(B.header, key)
    if (!equal(blockHash(tip.header), final.hash)) throw corrupt(B.header, key)
    return { final, root: tip.header.stateRoot }
  }

  /** The last final block that is durable here. */
  get final(): FinalMark {
    return this.#final
  }

  get root(): Uint8Array {
    return this.#root
  }

  /** Height of the oldest block held: above 0 after a fast start. Blocks from here to the final one are all held. */
  get earliest(): number {
    return this.#earliest
  }

  get(key: Uint8Array, hex = toHex(key)): Uint8Array | undefined {
    if (this.#committing?.values.has(hex) === true) return this.#committing.values.get(hex)
    if (this.#ahead.values.has(hex)) return this.#ahead.values.get(hex)
    return this.#cache.value(hex, () =>
      // A copy: the view would hold its page.
      isInPage(key[0]) ? accountValue(this, key)?.slice() : this.#store.get(bucketKey(B.state, key))
    )
  }

  page(path: Hex): Uint8Array | undefined {
    if (this.#committing?.pages.has(path) === true) return this.#committing.pages.get(path)
    if (this.#ahead.pages.has(path)) return this.#ahead.pages.get(path)
    return this.#cache.page(path, () => this.#store.get(pageKey(path)))
  }

  /** Reads what changes of these state keys will read, off this thread. @returns what lets go of it, after execution */
  async readAhead(keys: readonly Uint8Array[]): Promise<() => void> {
    return this.#ahead.fetch(keys, this.#committing)
  }

  /**
   * Appends consecutive blocks: all of them or none, state and final mark included. One call at a time.
   * After a rejection the disk decides what happened, so nothing more is accepted until the store is opened again.
   */
  async commitFinal(blocks: readonly FinalBlock[]): Promise<void> {
    assert(this.#committing === undefined, 'one commit at a time, and none after a failed one')
    let final = this.#final
    const writes: Write[] = []
    for (const item of blocks) {
      const { header, hash } = item.block
      this.#assertNext(item, final)
      // A loop: a block has more writes than a call may have arguments.
      for (const write of blockWrites(item)) writes.push(write)
      for (const write of this.#proofs.add(item)) writes.push(write)
      const view = item.certificate?.view ?? header.view
      final = { height: header.height, hash, epoch: header.epoch, view }
    }
    const tip = must(blocks.at(-1), 'a commit has a block')
    writes.push(put(FINAL_KEY, FinalMarkType.serialize(final)))
    const changes = mergedChanges(blocks.map((item) => item.changes))
    for (const write of stateWrites(changes)) writes.push(write)
    this.#committing = changes
    this.#ahead.pass(changes)
    this.#cache.pass(changes)
    this.#root = tip.block.header.stateRoot
    await this.#store.batch(writes, { sync: true })
    this.#final = final
    this.#committing = undefined
  }

  header(height: number): Header | undefined {
    return readHeader(this.#store, height)?.header
  }

  hashAt(height: number): Uint8Array | undefined {
    return readHeader(this.#store, height)?.hash
  }

  /** Body bytes as stored; `block` checks them. */
  body(height: number): Uint8Array | undefined {
    return this.#store.get(heightKey(B.body, height))
  }

  /**
   * Header and body, both checked against their hashes: what is served to others.
   * @throws StoreError STORE_CORRUPT
   */
  block(height: number): Block | undefined {
    const stored = readHeader(this.#store, height)
    const bodyBytes = this.body(height)
    if (stored === undefined || bodyBytes === undefined) return undefined
    const { header, hash } = stored
    if (!equal(blockHash(header), hash)) throw corrupt(B.header, heightKey(B.header, height))
    const bodyKey = heightKey(B.body, height)
    if (!equal(bodyHash(bodyBytes), header.bodyHash)) throw corrupt(B.body, bodyKey)
    return { header, hash, bodyBytes, body: decodeStored(BodyType, bodyBytes, B.body, bodyKey) }
  }

  heightOfHash(hash: Uint8Array): number | undefined {
    const key = bucketKey(B.heightOfHash, hash)
    const value = this.#store.get(key)
    return value === undefined ? undefined : readNumbers(value, 1, B.heightOfHash, key)[0]
  }

  /** The nearest certificate that makes `height` final: its own, or that of a descendant. */
  async certificateAtOrAbove(
    height: number
  ): Promise<{ height: number; certificate: Certificate } | undefined> {
    const range = { ...bucketRange(B.certificate), gte: heightKey(B.certificate, height), limit: 1 }
    for await (const [key, value] of this.#store.range(range)) {
      const certificate = decodeStored(CertificateType, value, B.certificate, key)
      return { height: Number(readU64be(key, 1)), certificate }
    }
    return undefined
  }

  placeOf(transactionId: Uint8Array): TransactionPlace | undefined {
    const key = bucketKey(B.transaction, transactionId)
    const value = this.#store.get(key)
    if (value === undefined) return undefined
    const [height = 0, index = 0] = readNumbers(value, 2, B.transaction, key)
    return { height, index }
  }

  results(height: number): Uint8Array | undefined {
    return this.#store.get(heightKey(B.results, height))
  }

  /** The delivery that brought a receipt: height of its block and where in the lane it began (R16). */
  async deliveryOf(source: ChainId, sequence: number): Promise<{ height: number } | undefined> {
    for await (const [key, value] of this.#store.range(receivedRange(source, sequence))) {
      const first = Number(readU64be(key, 3))
      const [height = 0, count = 0] = readNumbers(value, 2, B.received, key)
      return sequence < first + count ? { height } : undefined
    }
    return undefined
  }

  snapshot(epoch: number): Uint8Array | undefined {
    return this.#store.get(heightKey(B.snapshot, epoch))
  }

  /** Boundary block of an epoch with the certificate that ended it: what crosses epochs (C20, C24). */
  boundary(epoch: number): CertifiedHeader | undefined {
    const key = heightKey(B.boundary, epoch)
    const value = this.#store.get(key)
    return value === undefined ? undefined : decodeStored(CertifiedHeaderType, value, B.boundary, key)
  }

  /** Boundaries of epochs from this one on, in order. */
  async boundaries(from: number, limit: number): Promise<CertifiedHeader[]> {
    const found: CertifiedHeader[] = []
    const range = { ...bucketRange(B.boundary), gte: heightKey(B.boundary, from), limit }
    for await (const [key, value] of this.#store.range(range)) {
      found.push(decodeStored(CertifiedHeaderType, value, B.boundary, key))
    }
    return found
  }

  /** What proves the snapshot of an epoch to whoever lacks the state (C32). */
  epochProof(epoch: number): EpochProof | undefined {
    const key = heightKey(B.epochProof, epoch)
    const value = this.#store.get(key)
    return value === undefined ? undefined : decodeStored(EpochProofType, value, B.epochProof, key)
  }

  /**
   * Puts blocks below the oldest one, down from it, each the parent of the one before: hashes were checked, nothing is
   * executed: no results, no index of transactions. Unsynced: what a crash takes is fetched again. The ones before are on
   * the disk by then, since these say that they are here.
   */
  async prepend(blocks: readonly HistoricalBlock[]): Promise<void> {
    const child = must(this.header(this.#earliest), 'the oldest block is held')
    const earliest = child.height - blocks.length
    const writes = [...historyWrites(blocks, child), put(EARLIEST_KEY, u64be(earliest))]
    const reloads = this.#reloads
    await this.#prepended
    if (reloads !== this.#reloads || this.#earliest !== child.height) return
    await this.#store.batch(writes, { sync: false })
    // Replaced meanwhile: these blocks went with the old database.
    if (reloads !== this.#reloads) return
    this.#earliest = earliest
    this.#prepended = this.#store.flush()
    this.#prepended.catch(() => undefined)
  }

  /**
   * Forgets the blocks below a height (retention). Nobody is told that they are held from the moment this is called.
   * Synced: of two slices the later one never stands without the other. @returns about how many bytes went
   */
  async dropBelow(height: number): Promise<number> {
    assert(height > this.#earliest && height <= this.#final.height, 'the last final block is always held')
    const { writes, bytes } = dropRows(this, this.#earliest, height)
    writes.push(put(EARLIEST_KEY, u64be(height)))
    this.#earliest = height
    await this.#store.batch(writes, { sync: true })
    return bytes
  }

  /** Gives back the room of what was dropped and replaced. */
  async pack(): Promise<void> {
    await this.#store.pack?.()
  }

  async diskBytes(): Promise<number> {
    return (await this.#store.diskBytes?.()) ?? 0
  }

  #assertNext(item: FinalBlock, final: FinalMark): void {
    const { header, hash } = item.block
    assertOf(this, header)
    assert(header.height === final.height + 1, 'final blocks are stored in height order')
    assert(equal(header.parent, final.hash), 'a final block extends the last final block')
    assert(equal(header.stateRoot, item.changes.root), 'the state root of a final block is the computed one')
    assert(item.transactionIds.length === header.transactionCount, 'each transaction of a block has its id')
    assert(this.chain === COORD || (item.snapshots ?? []).length === 0, 'snapshots live on coord')
    const { certificate } = item
    assert(
      item.boundary !== true || certificate !== undefined,
      'a boundary block has its own certificate (C24)'
    )
    if (certificate === undefined) return
    assert(
      certificate.kind === FINALISE && equal(certificate.hash, hash),
      'a finality certificate of this block'
    )
    assert(
      certificate.chain === this.chain && certificate.epoch === header.epoch,
      'a certificate of this instance'
    )
  }
}

function assertOf(identity: ChainIdentity, header: Header): void {
  const isOurs = header.chain === identity.chain && equal(header.network, identity.network)
  assert(isOurs, 'a block of this network and chain')
}

function readEarliest(store: KeyValueStore): number {
  const value = store.get(EARLIEST_KEY)
  return value === undefined ? 0 : (readNumbers(value, 1, B.meta, EARLIEST_KEY)[0] ?? 0)
}

function readHeader(store: KeyValueStore, height: number): { hash: Uint8Array; header: Header } | undefined {
  const key = heightKey(B.header, height)
  const value = store.get(key)
  if (value === undefined) return undefined
  if (value.length < 32) throw corrupt(B.header, key)
  const header = decodeStored(HeaderType, value.subarray(32), B.header, key)
  if (header.height !== height) throw corrupt(B.header, key)
  return { hash: value.slice(0, 32), header }
}

function readNumbers(value: Uint8Array, count: number, of: Bucket, key: Uint8Array): number[] {
  if (value.length !== 8 * count) throw corrupt(of, key)
  const numbers = Array.from({ length: count }, (_, index) => Number(readU64be(value, 8 * index)))
  if (!numbers.every((number) => Number.isSafeInteger(number))) throw corrupt(of, key)
  return numbers
}
