/**
 * A chain's state that arrives as a snapshot (SNAP-8), staged in the chain's own database. Without an identity the
 * database is no chain, so nothing of a half import is ever seen; the last write, synced, adds the identity and all
 * that a chain has, and removes the marks of the staging.
 *
 *   begin(manifest) → epoch rows, chunks and body in any order, each in one write with its mark → finish
 *
 * A chunk waits as it came, beside its pages, until all are there: then the rows of all are written in the order of their
 * keys. A kill in the middle of that costs the work: they are written again.
 *
 * Writes before the last are not synced: after a crash some of the newest may be gone, each as a whole, with its mark.
 */
import { concat, equal, readU64be, u64be, utf8 } from '../primitives/bytes.ts'
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
const SLOTS = Uint8Array.of(3)

const chunkKey = (index: number): Uint8Array => bucketKey(B.staged, CHUNK, u64be(index))
const slotsKey = (index: number): Uint8Array => bucketKey(B.staged, SLOTS, u64be(index))

export class ChainImport {
  readonly #store: KeyValueStore
  readonly #identity: ChainIdentity
  readonly #manifest: SnapshotManifest
  readonly #done: Set<number>

  private constructor(
    store: KeyValueStore,
    identity: ChainIdentity,
    manifest: SnapshotManifest,
    done: Set<number>
  ) {
    this.#store = store
    this.#identity = identity
    this.#manifest = manifest
    this.#done = done
  }

  /** The import that a crash or a stop interrupted; undefined if there is none, or the database is a chain. */
  static async resume(store: KeyValueStore, identity: ChainIdentity): Promise<ChainImport | undefined> {
    const bytes = ChainStore.exists(store) ? undefined : store.get(MANIFEST_KEY)
    if (bytes === undefined) return undefined
    const manifest = decodeStored(SnapshotManifestType, bytes, B.staged, MANIFEST_KEY)
    const done = new Set<number>()
    for await (const [key] of store.range(bucketRange(B.staged, CHUNK))) done.add(Number(readU64be(key, 2)))
    return new ChainImport(store, identity, manifest, done)
  }

  /** Anything staged before goes. The manifest was verified. */
  static async begin(
    store: KeyValueStore,
    identity: ChainIdentity,
    manifest: SnapshotManifest
  ): Promise<ChainImport> {
    // A kill between the last write and the switch leaves a whole chain here that nobody has used.
    if (ChainStore.exists(store)) await store.batch([{ type: 'del', key: IDENTITY_KEY }], { sync: true })
    await discardImport(store)
    await store.batch([put(MANIFEST_KEY, SnapshotManifestType.serialize(manifest))], { sync: true })
    return new ChainImport(store, identity, manifest, new Set())
  }

  get manifest(): SnapshotManifest {
    return this.#manifest
  }

  /** Indexes of chunks that are here, with their pages. */
  get done(): ReadonlySet<number> {
    return this.#done
  }

  get hasBody(): boolean {
    return this.#store.get(BODY_KEY) !== undefined
  }

  async putChunk(index: number, { bytes, pages, slots }: VerifiedChunk): Promise<void> {
    const writes: Write[] = []
    eachPackedRow(pages, (nameFrom, pageFrom, end) => {
      pages[nameFrom - 1] = B.page.prefix
      writes.push(put(pages.subarray(nameFrom - 1, pageFrom), pages.subarray(pageFrom, end)))
    })
    writes.push(put(slotsKey(index), slots), put(chunkKey(index), bytes))
    await this.#store.batch(writes, { sync: false })
    this.#done.add(index)
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
    for (const index of this.#done) {
      writes.push({ type: 'del', key: chunkKey(index) }, { type: 'del', key: slotsKey(index) })
    }
    await this.#store.batch(writes, { sync: true })
    return ChainStore.open(this.#store, this.#identity)
  }

  /** Of all chunks at once, so that they can be in the order of their keys. */
  async #putRows(goesOn: () => boolean): Promise<boolean> {
    const store = this.#store
    return writeInKeyOrder(
      {
        goesOn,
        chunks: this.#manifest.hashes.length,
        scan: scanChunk,
        read: async (indexes) => {
          const chunks = await store.getMany(indexes.map(chunkKey))
          return chunks.map((chunk) => must(chunk, 'a chunk that is done is here'))
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
      const key = slotsKey(index)
      const decoded = decodeSlots(must(this.#store.get(key), 'a chunk that is done has its slots'))
      if (decoded === undefined) throw corrupt(B.staged, key)
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
