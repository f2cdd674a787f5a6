/**
 * Complete snapshots of a chain's state, in the chain's database (docs/storage.md): a manifest row says that all chunks
 * are there, so it is written last and deleted first. The newest two are kept.
 */
import { readU64be, u64be } from '../primitives/bytes.ts'
import { blockHash } from '../codec/block.ts'
import { SNAPSHOTS_KEPT, SnapshotManifestType } from '../codec/state-snapshot.ts'
import type { SnapshotManifest } from '../codec/state-snapshot.ts'
import { CHAIN_BUCKETS as B, bucketKey, bucketRange, decodeStored } from './buckets.ts'
import { heightKey, put } from './chain-writes.ts'
import type { KeyValueStore, Write } from './ports.ts'

export interface HeldSnapshot {
  readonly height: number
  readonly hash: Uint8Array
  readonly epoch: number
  readonly chunks: number
  /** The manifest as it is sent. */
  readonly bytes: Uint8Array
}

/** Rows deleted in one write. */
const DELETE_ROWS = 256

export class StateSnapshots {
  readonly #store: KeyValueStore
  /** Newest first. */
  #held: readonly HeldSnapshot[]

  private constructor(store: KeyValueStore) {
    this.#store = store
    this.#held = []
  }

  /** Chunks of a snapshot that a crash left unfinished are deleted. @throws StoreError STORE_CORRUPT */
  static async open(store: KeyValueStore): Promise<StateSnapshots> {
    const snapshots = new StateSnapshots(store)
    await snapshots.reload()
    return snapshots
  }

  /** Reads what is there: at the start, and after the database was replaced. */
  async reload(): Promise<void> {
    const held: HeldSnapshot[] = []
    for await (const [key, bytes] of this.#store.range({ ...bucketRange(B.manifest), reverse: true })) {
      held.push(heldOf(decodeStored(SnapshotManifestType, bytes, B.manifest, key), bytes))
    }
    this.#held = held
    await this.#sweep()
  }

  get held(): readonly HeldSnapshot[] {
    return this.#held
  }

  /** A chunk by its index; the one behind the last is the body of the block. */
  chunk(height: number, index: number): Uint8Array | undefined {
    return this.#store.get(bucketKey(B.chunk, u64be(height), u64be(index)))
  }

  async putChunk(height: number, index: number, bytes: Uint8Array): Promise<void> {
    await this.#store.batch([put(bucketKey(B.chunk, u64be(height), u64be(index)), bytes)], { sync: false })
  }

  /** All chunks were put: from here on the snapshot exists. Older ones than the newest two go. */
  async complete(manifest: SnapshotManifest): Promise<void> {
    const bytes = SnapshotManifestType.serialize(manifest)
    const added = heldOf(manifest, bytes)
    const others = this.#held.filter(({ height }) => height !== added.height)
    const all = [added, ...others].sort((a, b) => b.height - a.height)
    const dropped = all.slice(SNAPSHOTS_KEPT)
    const writes: Write[] = dropped.map(({ height }) => ({ type: 'del', key: heightKey(B.manifest, height) }))
    writes.push(put(heightKey(B.manifest, added.height), bytes))
    await this.#store.flush()
    await this.#store.batch(writes, { sync: true })
    this.#held = all.slice(0, SNAPSHOTS_KEPT)
    await this.#sweep()
  }

  /** Deletes the chunks of heights that have no manifest. */
  async #sweep(): Promise<void> {
    const kept = new Set(this.#held.map(({ height }) => height))
    let { gte } = bucketRange(B.chunk)
    const { lt } = bucketRange(B.chunk)
    for (let height = await this.#firstHeight(gte, lt); height !== undefined;) {
      if (!kept.has(height)) await deleteRange(this.#store, bucketRange(B.chunk, u64be(height)))
      gte = bucketKey(B.chunk, u64be(height + 1))
      height = await this.#firstHeight(gte, lt)
    }
  }

  async #firstHeight(gte: Uint8Array, lt: Uint8Array): Promise<number | undefined> {
    for await (const [key] of this.#store.range({ gte, lt, limit: 1 })) return Number(readU64be(key, 1))
    return undefined
  }
}

export async function deleteRange(
  store: KeyValueStore,
  range: { readonly gte: Uint8Array; readonly lt: Uint8Array }
): Promise<void> {
  for (;;) {
    const writes: Write[] = []
    for await (const [key] of store.range({ ...range, limit: DELETE_ROWS })) writes.push({ type: 'del', key })
    if (writes.length === 0) return
    await store.batch(writes, { sync: false })
  }
}

function heldOf(manifest: SnapshotManifest, bytes: Uint8Array): HeldSnapshot {
  const { header } = manifest.tip
  const { height, epoch } = header
  return { height, hash: blockHash(header), epoch, chunks: manifest.hashes.length, bytes }
}
