/**
 * A chain's state that arrives as a snapshot (SNAP-8), staged in the chain's own database. Without an identity the
 * database is no chain, so nothing of a half import is ever seen; the last write, synced, adds the identity and all
 * that a chain has, and removes the marks of the staging.
 *
 *   begin(manifest) → epoch rows, chunks and body in any order → finish
 *
 * All of a chunk is one write: its pages, in which most rows stand, and the rows that stand in none. Pages lie on disk in
 * the order of their paths, as chunks do, so the tables that LevelDB makes of them hardly overlap and none is merged: what
 * is written before, whose keys lie around all pages, is in a table of its own by then.
 *
 * Writes before the last are not synced: after a crash some may be gone, each as a whole. So a chunk counts as done if
 * one of its highest pages is there, and all are flushed before the last write says that nothing is missing.
 */
import { concat, equal, u64be } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { assert, must } from '../primitives/errors.ts'
import { eachPackedRow } from '../primitives/packed-rows.ts'
import { HeaderType, blockHash, bodyHash } from '../codec/block.ts'
import { CertifiedHeaderType } from '../codec/messages.ts'
import type { CertifiedHeader } from '../codec/messages.ts'
import { CertificateType } from '../codec/statement.ts'
import { EpochProofType, SnapshotManifestType } from '../codec/state-snapshot.ts'
import type { EpochProof, SnapshotManifest } from '../codec/state-snapshot.ts'
import type { VerifiedChunk } from '../state/chunk.ts'
import type { Slot } from '../state/page.ts'
import { chunkPageNames, joinChunks, slotOfPage } from '../state/subtree.ts'
import { CHAIN_BUCKETS as B, bucketKey, bucketRange, decodeStored } from './buckets.ts'
import type { Bucket } from './buckets.ts'
import { ChainStore, EARLIEST_KEY, FINAL_KEY, IDENTITY_KEY } from './chain-store.ts'
import type { ChainIdentity } from './chain-store.ts'
import { change, heightKey, pageKey, put } from './chain-writes.ts'
import type { KeyValueStore, Write } from './ports.ts'
import { CHAIN_SCHEMA, ChainIdentityType, FinalMarkType } from './records.ts'
import { deleteRange } from './state-snapshots.ts'

/** Earlier schemas had theirs at 0: what they began is not gone on with. */
const MANIFEST_KEY = bucketKey(B.staged, Uint8Array.of(3))
const BODY_KEY = bucketKey(B.staged, Uint8Array.of(2))
/** Chunks whose highest pages are looked at together. */
const READ_TOGETHER = 64

export class ChainImport {
  readonly #store: KeyValueStore
  readonly #identity: ChainIdentity
  readonly #manifest: SnapshotManifest
  /** Chunks that are here. */
  readonly #done = new Set<number>()
  #settled: Promise<void> | undefined

  private constructor(store: KeyValueStore, identity: ChainIdentity, manifest: SnapshotManifest) {
    this.#store = store
    this.#identity = identity
    this.#manifest = manifest
  }

  /** The import that a crash or a stop interrupted; undefined if there is none, or the database is a chain. */
  static async resume(store: KeyValueStore, identity: ChainIdentity): Promise<ChainImport | undefined> {
    const bytes = ChainStore.exists(store) ? undefined : store.get(MANIFEST_KEY)
    if (bytes === undefined) return undefined
    const manifest = decodeStored(SnapshotManifestType, bytes, B.staged, MANIFEST_KEY)
    const begun = new ChainImport(store, identity, manifest)
    await begun.#findDone()
    return begun
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
    // A page of before that came back would pass for one of this import.
    await store.flush()
    await store.batch([put(MANIFEST_KEY, SnapshotManifestType.serialize(manifest))], { sync: true })
    return new ChainImport(store, identity, manifest)
  }

  get manifest(): SnapshotManifest {
    return this.#manifest
  }

  /** Indexes of chunks that are here. */
  get done(): Pick<ReadonlySet<number>, 'has' | 'size'> {
    return this.#done
  }

  get hasBody(): boolean {
    return this.#store.get(BODY_KEY) !== undefined
  }

  async putChunk(index: number, { pages, rows }: VerifiedChunk): Promise<void> {
    await (this.#settled ??= this.#store.settle?.() ?? Promise.resolve())
    const writes: Write[] = []
    addPacked(writes, pages, B.page)
    addPacked(writes, rows, B.state)
    await this.#store.batch(writes, { sync: false })
    this.#done.add(index)
  }

  async #findDone(): Promise<void> {
    await this.#eachChunk((index, pages) => {
      if (pages.some((page) => page !== undefined)) this.#done.add(index)
    })
  }

  /** With the highest pages that belong to it alone, by the order of their names. */
  async #eachChunk(
    visit: (index: number, pages: readonly (Uint8Array | undefined)[], names: readonly Hex[]) => void
  ): Promise<void> {
    const chunks = this.#manifest.hashes.length
    const bits = Math.log2(chunks)
    for (let from = 0; from < chunks; from += READ_TOGETHER) {
      const names = Array.from({ length: Math.min(READ_TOGETHER, chunks - from) }, (_, i) =>
        chunkPageNames({ bits, index: from + i })
      )
      const pages = await this.#store.getMany(names.flat().map(pageKey))
      let at = 0
      for (const [i, own] of names.entries()) {
        visit(from + i, pages.slice(at, at + own.length), own)
        at += own.length
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
   * @returns undefined if what is stored does not make the state of the header
   */
  async finish(): Promise<ChainStore | undefined> {
    const { tip, hashes } = this.#manifest
    assert(this.#done.size === hashes.length, 'every chunk is here')
    const slots = await this.#slots()
    const view = { page: (id: Hex) => this.#store.get(pageKey(id)) }
    const joined = joinChunks(view, slots, Math.log2(hashes.length))
    if (!equal(joined.root, tip.header.stateRoot)) return undefined
    const { header, certificate } = tip
    const hash = blockHash(header)
    const { height, epoch } = header
    const final = { height, hash, epoch, view: certificate.view }
    const writes: Write[] = [...joined.pages].map(([id, page]) => change(pageKey(id), page))
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
    await this.#store.flush()
    await this.#store.batch(writes, { sync: true })
    return ChainStore.open(this.#store, this.#identity)
  }

  /** What the highest pages of all chunks put into the joining ones. */
  async #slots(): Promise<ReadonlyMap<Hex, Slot>> {
    const slots = new Map<Hex, Slot>()
    await this.#eachChunk((_index, pages, names) => {
      for (const [at, id] of names.entries()) {
        const page = pages[at]
        if (page !== undefined) slots.set(id, slotOfPage(page, id))
      }
    })
    return slots
  }
}

function addPacked(writes: Write[], rows: Uint8Array, { prefix }: Bucket): void {
  eachPackedRow(rows, (keyFrom, valueFrom, end) => {
    rows[keyFrom - 1] = prefix
    writes.push(put(rows.subarray(keyFrom - 1, valueFrom), rows.subarray(valueFrom, end)))
  })
}

const boundaryWrite = (boundary: CertifiedHeader): Write =>
  put(heightKey(B.boundary, boundary.header.epoch), CertifiedHeaderType.serialize(boundary))

/**
 * Everything in a database that is no chain. What leads back to it goes first, for good: of records that are gone while
 * the pages of their chunk are still there nothing would tell.
 */
export async function discardImport(store: KeyValueStore): Promise<void> {
  assert(!ChainStore.exists(store), 'a chain is not discarded')
  if (store.get(MANIFEST_KEY) !== undefined) {
    await store.batch([{ type: 'del', key: MANIFEST_KEY }], { sync: true })
  }
  for (const bucket of Object.values(B)) await deleteRange(store, bucketRange(bucket))
}
