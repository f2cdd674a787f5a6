/**
 * Makes a snapshot of a chain's state while the chain goes on (SNAP-1): LevelDB's iterators see the state of the moment
 * they are opened, which is when the boundary block has become final and nothing after it; everything else is done in
 * short slices with longer pauses between them.
 */
import { chainName } from '../../primitives/chain-id.ts'
import { MANIFEST_VERSION } from '../../codec/state-snapshot.ts'
import type { SnapshotManifest } from '../../codec/state-snapshot.ts'
import { ChainTotalsType } from '../../codec/state-records.ts'
import { chunkBits, verifyChunk } from '../../state/chunk.ts'
import { ChunkSorter } from '../../state/chunk-sorter.ts'
import { TOTALS_KEY } from '../../state/keys.ts'
import { isInPage, isLeafPage, leafRows } from '../../state/leaf-page.ts'
import { proveKey } from '../../state/proof.ts'
import { subtreeHashes } from '../../state/subtree.ts'
import { CHAIN_BUCKETS, bucketRange } from '../../store/buckets.ts'
import type { Bucket } from '../../store/buckets.ts'
import type { ChainStore } from '../../store/chain-store.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import type { StateSnapshots } from '../../store/state-snapshots.ts'
import type { CertifiedHeader } from '../../codec/messages.ts'
import type { Clock, MadeSnapshot } from '../ports.ts'
import { SnapshotError } from './errors.ts'

export interface MakerComponents {
  readonly clock: Clock
  readonly store: ChainStore
  /** The database below the store. */
  readonly database: KeyValueStore
  readonly snapshots: StateSnapshots
  readonly onMade?: (made: MadeSnapshot) => void
}

/** Rows of one pass wait in memory; a larger state is read several times. */
const PASS_BYTES = 64 * 1024 * 1024
/** Each pass is an iterator that LevelDB keeps old rows for. */
const PASSES_MAX = 32
/** Work without a pause, and how much longer than it the pause is. */
const SLICE_MS = 3
const PAUSE_FACTOR = 3

const impossible = (reason: string): SnapshotError =>
  new SnapshotError({ code: 'SNAPSHOT_IMPOSSIBLE', reason })

type Rows = AsyncIterator<readonly [Uint8Array, Uint8Array]>
type FirstRow = Promise<IteratorResult<readonly [Uint8Array, Uint8Array]>>

/** Rows of a bucket as they were when the first was asked for. */
interface Opened {
  readonly rows: Rows
  readonly first: FirstRow
}

interface Pass {
  readonly from: number
  readonly to: number
  /** Accounts stand in pages, all other records in rows of their own. */
  readonly pages: Opened
  readonly records: Opened
}

export class SnapshotMaker {
  readonly #c: MakerComponents
  #running: Promise<void> | undefined
  #stopped = false
  #sliceStartMs = 0
  #wake: () => void = () => undefined

  constructor(components: MakerComponents) {
    this.#c = components
  }

  get isBusy(): boolean {
    return this.#running !== undefined
  }

  /**
   * Call when `tip` is the store's final block and before anything else happens; one that comes while another is being
   * made is left out.
   */
  start(tip: CertifiedHeader): Promise<void> {
    if (this.#running !== undefined || this.#stopped) return Promise.resolve()
    const startedMs = this.#c.clock.monoMs()
    // Everything up to the first row of each iterator happens in this very call: it decides which state is read.
    const manifest = this.#manifest(tip)
    const passes = this.#passes(manifest.hashes.length, manifest.stateBytes)
    const body = this.#c.store.body(tip.header.height)
    const done = this.#make(manifest, passes, body, startedMs).finally(() => {
      this.#running = undefined
    })
    this.#running = done
    return done
  }

  /** Ends what is under way; what it wrote is swept at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#running?.catch(() => undefined)
  }

  #manifest(tip: CertifiedHeader): SnapshotManifest & { readonly stateBytes: number } {
    const { store } = this.#c
    const totals = store.get(TOTALS_KEY)
    if (totals === undefined) throw impossible('a state without totals')
    const decoded = ChainTotalsType.deserialize(totals)
    const hashes = subtreeHashes(store, chunkBits(decoded))
    if (hashes === undefined) throw impossible('a chunk would have fewer than two rows')
    return {
      version: MANIFEST_VERSION,
      tip,
      totals,
      totalsProof: proveKey(store, TOTALS_KEY),
      hashes,
      stateBytes: decoded.stateBytes
    }
  }

  #passes(chunks: number, stateBytes: number): Pass[] {
    const count = Math.min(chunks, PASSES_MAX, Math.max(1, Math.ceil(stateBytes / PASS_BYTES)))
    const size = Math.ceil(chunks / count)
    const passes: Pass[] = []
    for (let from = 0; from < chunks; from += size) {
      const [pages, records] = [this.#open(CHAIN_BUCKETS.page), this.#open(CHAIN_BUCKETS.state)]
      passes.push({ from, to: Math.min(chunks, from + size), pages, records })
    }
    return passes
  }

  #open(bucket: Bucket): Opened {
    const rows = this.#c.database.range(bucketRange(bucket))[Symbol.asyncIterator]()
    const first = rows.next()
    first.catch(() => undefined)
    return { rows, first }
  }

  async #make(
    manifest: SnapshotManifest,
    passes: readonly Pass[],
    body: Uint8Array | undefined,
    startedMs: number
  ): Promise<void> {
    const { snapshots, clock, onMade } = this.#c
    const { height, chain } = manifest.tip.header
    if (body === undefined) throw impossible('its block has no body here')
    this.#sliceStartMs = clock.monoMs()
    let bytes = 0
    try {
      for (const pass of passes) bytes += await this.#makeChunks(manifest, pass)
    } finally {
      for (const { rows } of passes.flatMap(({ pages, records }) => [pages, records])) await rows.return?.()
    }
    if (this.#stopped) return
    await snapshots.putChunk(height, manifest.hashes.length, body)
    await snapshots.complete(manifest)
    const tookMs = clock.monoMs() - startedMs
    onMade?.({ chain, height, chunks: manifest.hashes.length, bytes, tookMs })
  }

  async #makeChunks(manifest: SnapshotManifest, pass: Pass): Promise<number> {
    const bits = Math.log2(manifest.hashes.length)
    const { height, chain } = manifest.tip.header
    const sorter = new ChunkSorter(bits, pass)
    await this.#eachRow(pass.records, (key, value) => sorter.add(key, value))
    await this.#eachRow(pass.pages, (_id, page) => {
      if (!isLeafPage(page)) return
      for (const [key, value] of leafRows(page)) if (isInPage(key[0])) sorter.add(key, value)
    })
    let bytes = 0
    for (let index = pass.from; index < pass.to && !this.#stopped; index++) {
      const chunk = sorter.take(index)
      await this.#breathe()
      // What the disk gave is checked: a chunk that is wrong would cost us every peer that fetches it.
      const hash = manifest.hashes[index] ?? new Uint8Array(32)
      const verdict = verifyChunk(chunk, { bits, index }, hash)
      if (!verdict.ok) {
        throw impossible(`${chainName(chain)} ${height}, chunk ${index}: ${verdict.detail}`)
      }
      await this.#c.snapshots.putChunk(height, index, chunk)
      await this.#breathe()
      bytes += chunk.length
    }
    return bytes
  }

  async #eachRow(
    { first, rows }: Opened,
    visit: (key: Uint8Array, value: Uint8Array) => void
  ): Promise<void> {
    for (let row = await first; row.done !== true && !this.#stopped; row = await rows.next()) {
      const [key, value] = row.value
      visit(key.subarray(1), value)
      await this.#breathe()
    }
  }

  async #breathe(): Promise<void> {
    const { clock } = this.#c
    const tookMs = clock.monoMs() - this.#sliceStartMs
    if (tookMs < SLICE_MS || this.#stopped) return
    const rested = Promise.withResolvers<void>()
    const cancel = clock.at(clock.monoMs() + PAUSE_FACTOR * tookMs, rested.resolve)
    this.#wake = () => {
      cancel()
      rested.resolve()
    }
    await rested.promise
    this.#sliceStartMs = clock.monoMs()
  }
}
