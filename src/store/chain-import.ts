/**
 * A chain's state that arrives as a snapshot (SNAP-8), staged in the chain's own database. Without an identity the
 * database is no chain, so nothing of a half import is ever seen; the last write, synced, adds the identity and all
 * that a chain has, and removes the marks of the staging.
 *
 *   begin(manifest) → epoch rows, chunks and body in any order → finish
 *
 * The pages of a chunk are one write. The chunk waits as it came in a database of its own until all are there: then the
 * rows of all are written in the order of their keys. Beside the pages, chunks would make tables of LevelDB that all
 * overlap each other, and cost a merge of everything. A kill while rows are written costs the work: they are written again.
 *
 * Writes before the last are not synced: after a crash some of the newest may be gone, each as a whole, in one database
 * and not in the other. So a chunk counts as done if it is there and one of its pages is.
 */
import { concat, equal, u32be, u64be, utf8 } from '../primitives/bytes.ts'
import { assert, must } from '../primitives/errors.ts'
import { eachPackedRow } from '../primitives/packed-rows.ts'
import { HeaderType, blockHash, bodyHash } from '../codec/block.ts'
import { CertifiedHeaderType } from '../codec/messages.ts'
import type { CertifiedHeader } from '../codec/messages.ts'
import { CertificateType } from '../codec/statement.ts'
import { EpochProofType, SnapshotManifestType } from '../codec/state-snapshot.ts'
import type { EpochProof, SnapshotManifest } from '../codec/state-snapshot.ts'
import { scanChunk } from '../state/chunk.ts'
import type { VerifiedChunk } from '../state/chunk.ts'
import { decodeSlots, jointDepth, joinChunks } from '../state/subtree.ts'
import type { Slot } from '../state/page.ts'
import { CHAIN_BUCKETS as B, bucketKey, bucketRange, corrupt, decodeStored } from './buckets.ts'
import { ChainStore, EARLIEST_KEY, FINAL_KEY, IDENTITY_KEY } from './chain-store.ts'
import type { ChainIdentity } from './chain-store.ts'
import { heightKey, put } from './chain-writes.ts'
import { writeInKeyOrder } from './key-order.ts'
import type { KeyValueStore, Write } from './ports.ts'
import { CHAIN_SCHEMA, ChainIdentityType, FinalMarkType } from './records.ts'
import { deleteRange } from './state-snapshots.ts'

const MANIFEST_KEY = bucketKey(B.staged, Uint8Array.of(0))
const CHUNK = Uint8Array.of(1)
const BODY_KEY = bucketKey(B.staged, Uint8Array.of(2))
/** Chunks that are looked at together. */
const READ_TOGETHER = 8

const chunkKey = (index: number): Uint8Array => bucketKey(B.staged, CHUNK, u64be(index))

/** What an import fills: a database that becomes the chain, and one beside it that is of no use afterwards. */
export interface ImportStores {
  readonly database: KeyValueStore
  readonly chunks: KeyValueStore
}

const NO_BYTES = new Uint8Array()

/** A chunk as it waits: length of slots (4) ‖ slots ‖ length of the name of one of its pages (1) ‖ name ‖ chunk. */
function readWaiting(bytes: Uint8Array): Record<'slots' | 'name' | 'chunk', Uint8Array> {
  const slotsEnd = 4 + new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0)
  const nameEnd = slotsEnd + 1 + (bytes[slotsEnd] ?? 0)
  return {
    slots: bytes.subarray(4, slotsEnd),
    name: bytes.subarray(slotsEnd + 1, nameEnd),
    chunk: bytes.subarray(nameEnd)
  }
}

export class ChainImport {
  readonly #store: KeyValueStore
  readonly #chunks: KeyValueStore
  readonly #identity: ChainIdentity
  readonly #manifest: SnapshotManifest
  /** Of each chunk that is here, what it puts into the joining pages. */
  readonly #done = new Map<number, Uint8Array>()

  private constructor(
    { database, chunks }: ImportStores,
    identity: ChainIdentity,
    manifest: SnapshotManifest
  ) {
    this.#store = database
    this.#chunks = chunks
    this.#identity = identity
    this.#manifest = manifest
  }

  /** The import that a crash or a stop interrupted; undefined if there is none, or the database is a chain. */
  static async resume(stores: ImportStores, identity: ChainIdentity): Promise<ChainImport | undefined> {
    const { database, chunks } = stores
    const bytes = ChainStore.exists(database) ? undefined : database.get(MANIFEST_KEY)
    if (bytes === undefined) return undefined
    const manifest = decodeStored(SnapshotManifestType, bytes, B.staged, MANIFEST_KEY)
    const ofChunks = chunks.get(MANIFEST_KEY)
    // Chunks of another snapshot are none of this one's.
    if (ofChunks === undefined || !equal(ofChunks, bytes)) return undefined
    const begun = new ChainImport(stores, identity, manifest)
    await begun.#findDone()
    return begun
  }

  /** Anything staged before goes. The manifest was verified. */
  static async begin(
    stores: ImportStores,
    identity: ChainIdentity,
    manifest: SnapshotManifest
  ): Promise<ChainImport> {
    const { database, chunks } = stores
    // A kill between the last write and the switch leaves a whole chain here that nobody has used.
    if (ChainStore.exists(database))
      await database.batch([{ type: 'del', key: IDENTITY_KEY }], { sync: true })
    const mark = put(MANIFEST_KEY, SnapshotManifestType.serialize(manifest))
    for (const store of [database, chunks]) {
      await discardImport(store)
      await store.batch([mark], { sync: true })
    }
    return new ChainImport(stores, identity, manifest)
  }

  get manifest(): SnapshotManifest {
    return this.#manifest
  }

  /** Indexes of chunks that are here, with their pages. */
  get done(): Pick<ReadonlySet<number>, 'has' | 'size'> {
    return this.#done
  }

  get hasBody(): boolean {
    return this.#store.get(BODY_KEY) !== undefined
  }

  async putChunk(index: number, { bytes, pages, slots }: VerifiedChunk): Promise<void> {
    const writes: Write[] = []
    let name: Uint8Array = NO_BYTES
    eachPackedRow(pages, (nameFrom, pageFrom, end) => {
      name = pages.subarray(nameFrom, pageFrom)
      pages[nameFrom - 1] = B.page.prefix
      writes.push(put(pages.subarray(nameFrom - 1, pageFrom), pages.subarray(pageFrom, end)))
    })
    const waiting = concat(u32be(slots.length), slots, Uint8Array.of(name.length), name, bytes)
    await Promise.all([
      this.#store.batch(writes, { sync: false }),
      this.#chunks.batch([put(chunkKey(index), waiting)], { sync: false })
    ])
    this.#done.set(index, slots)
  }

  async #findDone(): Promise<void> {
    const chunks = this.#manifest.hashes.length
    for (let from = 0; from < chunks; from += READ_TOGETHER) {
      const indexes = Array.from({ length: Math.min(READ_TOGETHER, chunks - from) }, (_, i) => from + i)
      const found = await this.#chunks.getMany(indexes.map(chunkKey))
      for (const [at, bytes] of found.entries()) {
        if (bytes === undefined) continue
        const { slots, name } = readWaiting(bytes)
        // All of a chunk's pages or none; one without pages has nothing to lose.
        const isWhole = name.length === 0 || this.#store.get(bucketKey(B.page, name)) !== undefined
        if (isWhole) this.#done.set(from + at, slots.slice())
      }
    }
  }

  async putBody(bytes: Uint8Array): Promise<void> {
    assert(equal(bodyHash(bytes), this.#manifest.tip.header.bodyHash), 'the body is the one of the header')
    await this.#store.batch([put(BODY_KEY, bytes)], { sync: false })
  }

  /** Verified boundaries and, on `coord`, epoch snapshots with what proves them. */
  async putEpochs(
    boundaries: readonly CertifiedHeader[],
    snapshots: readonly { readonly epoch: number; readonly bytes: Uint8Array; readonly proof?: EpochProof }[]
  ): Promise<void> {
    const writes: Write[] = []
    for (const boundary of boundaries) writes.push(boundaryWrite(boundary))
    for (const { epoch, bytes, proof } of snapshots) {
      writes.push(put(heightKey(B.snapshot, epoch), bytes))
      if (proof !== undefined)
        writes.push(put(heightKey(B.epochProof, epoch), EpochProofType.serialize(proof)))
    }
    await this.#store.batch(writes, { sync: false })
  }

  /**
   * Joins the chunks and makes the database a chain at the snapshot's height.
   * @param goesOn asked while the rows are written, which takes a while
   * @returns undefined if the chunks, each of them right, do not make the state of the header: the manifest was wrong;
   * also if it was not to go on
   */
  async finish(goesOn: () => boolean = () => true): Promise<ChainStore | undefined> {
    const { tip, hashes } = this.#manifest
    assert(this.#done.size === hashes.length, 'every chunk is here')
    const joined = joinChunks(this.#slots(), Math.log2(hashes.length))
    if (!equal(joined.root, tip.header.stateRoot)) return undefined
    if (!(await this.#putRows(goesOn))) return undefined
    const { header, certificate } = tip
    const hash = blockHash(header)
    const { height, epoch } = header
    const final = { height, hash, epoch, view: certificate.view }
    const writes: Write[] = [...joined.pages].map(([path, page]) => put(bucketKey(B.page, utf8(path)), page))
    writes.push(
      put(heightKey(B.header, height), concat(hash, HeaderType.serialize(header))),
      put(heightKey(B.body, height), must(this.#store.get(BODY_KEY), 'the body is here')),
      put(heightKey(B.certificate, height), CertificateType.serialize(certificate)),
      put(bucketKey(B.heightOfHash, hash), u64be(height)),
      boundaryWrite(tip),
      put(EARLIEST_KEY, u64be(height)),
      put(FINAL_KEY, FinalMarkType.serialize(final)),
      put(IDENTITY_KEY, ChainIdentityType.serialize({ schema: CHAIN_SCHEMA, ...this.#identity })),
      { type: 'del', key: MANIFEST_KEY },
      { type: 'del', key: BODY_KEY }
    )
    await this.#store.batch(writes, { sync: true })
    return ChainStore.open(this.#store, this.#identity)
  }

  /** Of all chunks at once, so that they can be in the order of their keys. */
  async #putRows(goesOn: () => boolean): Promise<boolean> {
    const [store, waiting] = [this.#store, this.#chunks]
    return writeInKeyOrder(
      {
        goesOn,
        chunks: this.#manifest.hashes.length,
        scan: scanChunk,
        read: async (indexes) => {
          const chunks = await waiting.getMany(indexes.map(chunkKey))
          return chunks.map((chunk) => readWaiting(must(chunk, 'a chunk that is done is here')).chunk)
        }
      },
      B.state.prefix,
      async (writes) => store.batch(writes, { sync: false })
    )
  }

  /** Slots of all chunks in the order of their paths. */
  #slots(): Slot[] {
    const chunks = this.#manifest.hashes.length
    const slots: Slot[] = []
    for (let index = 0; index < chunks; index++) {
      const decoded = decodeSlots(must(this.#done.get(index), 'a chunk that is done has its slots'))
      if (decoded === undefined) throw corrupt(B.staged, chunkKey(index))
      for (const slot of decoded) slots.push(slot)
    }
    assert(slots.length === 16 ** (jointDepth(Math.log2(chunks)) + 1), 'chunks fill the joining pages')
    return slots
  }
}

const boundaryWrite = (boundary: CertifiedHeader): Write =>
  put(heightKey(B.boundary, boundary.header.epoch), CertifiedHeaderType.serialize(boundary))

/** Everything in a database that is no chain. */
export async function discardImport(store: KeyValueStore): Promise<void> {
  assert(!ChainStore.exists(store), 'a chain is not discarded')
  for (const bucket of Object.values(B)) await deleteRange(store, bucketRange(bucket))
}
