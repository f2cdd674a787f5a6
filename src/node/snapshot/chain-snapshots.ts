/** The snapshots of one chain in this node: made at the end of intervals, served, and taken from others at a fast start. */
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { endsInterval } from '../../chain/light.ts'
import type { EpochsRequest, SnapshotRequest } from '../../codec/state-snapshot.ts'
import type { Verifier } from '../../crypto/ports.ts'
import type { Network, Response } from '../../net/types.ts'
import type { ChainStore } from '../../store/chain-store.ts'
import { StateSnapshots } from '../../store/state-snapshots.ts'
import type { Staging, SwitchableStore } from '../../store/switchable.ts'
import type { EpochBook } from '../chain/epoch-book.ts'
import type { ChainEvents, Clock, FinalEvent } from '../ports.ts'
import type { Checkpoint } from '../sync/sync-facts.ts'
import { Backfill, LOWEST_FETCHED } from './backfill.ts'
import type { ChunkVerifier } from './chunk-verifier.ts'
import { FastStart } from './fast-start.ts'
import { SnapshotMaker } from './maker.ts'
import { serveEpochs, serveSnapshot } from './serve.ts'

export interface ChainSnapshotsComponents {
  readonly network: Network
  readonly clock: Clock
  readonly verifier: Verifier
  readonly chunks: ChunkVerifier
  readonly epochs: EpochBook
  readonly store: ChainStore
  /** The database below the store. */
  readonly database: SwitchableStore
  /** The coordination chain's store: a shard cannot begin below its oldest block. */
  readonly coord: ChainStore
  /** A shard's committees and references come with the coordination chain: it waits for it. */
  readonly coordinationSyncs: () => boolean
  /** A shard without a snapshot needs the coordination blocks since genesis (SNAP-10). */
  readonly fetchCoordHistory: () => void
  readonly events: ChainEvents
  /** A second database for a fast start; undefined: none is made. */
  readonly openStaging?: (chain: ChainId) => Promise<Staging>
}

export interface ChainSnapshotsInit {
  readonly genesisHash: Uint8Array
  readonly shards: number
  /** Whether history below a snapshot is fetched. */
  readonly backfill: boolean
  /** SYN-11; of the coordination chain. */
  readonly checkpoint?: Checkpoint | undefined
}

/** Between two attempts of a shard that cannot begin otherwise, yet. */
const RETRY_MS = 5_000
/** Attempts before coordination's history is fetched, so that the shard can begin at genesis. */
const ATTEMPTS = 3
/** How often a shard looks whether coordination has caught up. */
const WAIT_MS = 200

export class ChainSnapshots {
  readonly #c: ChainSnapshotsComponents
  readonly #init: ChainSnapshotsInit
  readonly #snapshots: StateSnapshots
  readonly #backfill: Backfill
  #maker: SnapshotMaker
  #start: FastStart | undefined
  /** Under way beside a live chain. */
  #proving: Promise<unknown> = Promise.resolve()
  #fetching: Promise<unknown> = Promise.resolve()
  #switching = false
  #stopped = false
  #wake: () => void = () => undefined

  private constructor(c: ChainSnapshotsComponents, init: ChainSnapshotsInit, snapshots: StateSnapshots) {
    this.#c = c
    this.#init = init
    this.#snapshots = snapshots
    this.#maker = this.#createMaker()
    this.#backfill = new Backfill(c)
  }

  /** @throws StoreError */
  static async open(c: ChainSnapshotsComponents, init: ChainSnapshotsInit): Promise<ChainSnapshots> {
    return new ChainSnapshots(c, init, await StateSnapshots.open(c.database))
  }

  /** SNAP-9. Call when peers can be asked; later it begins by itself after a fast start. */
  startBackfill(): void {
    if (this.#init.backfill) this.#backfill.start((error) => this.#c.events.failed(error))
  }

  /** SNAP-10: a shard refers to blocks below the snapshot: they are fetched, whatever was configured. */
  fetchHistory(): void {
    const { store, events } = this.#c
    if (this.#backfill.isBusy || this.#switching || store.earliest <= LOWEST_FETCHED) return
    events.historyNeeded?.(store.chain, store.earliest)
    this.#backfill.start((error) => events.failed(error))
  }

  /** Newest first. */
  get held(): StateSnapshots['held'] {
    return this.#snapshots.held
  }

  /** SNAP-1. Call when the block is the store's final one and nothing else has happened. */
  onFinal({ header, certificate, tookMs }: FinalEvent): void {
    const { store, epochs } = this.#c
    // What became final long ago is somebody else's snapshot: a node that catches up has better things to do.
    if (tookMs === undefined || store.final.height !== header.height) return
    const params = epochs.snapshot(header.epoch)?.params
    if (params !== undefined && endsInterval(header, params)) this.make({ header, certificate })
  }

  make(tip: Pick<FinalEvent, 'header' | 'certificate'>): void {
    const failed = (error: unknown): void => this.#c.events.snapshotFailed?.(this.#chain, error)
    try {
      this.#maker.start(tip).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  serve(request: SnapshotRequest): Response {
    return serveSnapshot(this.#snapshots, request)
  }

  async serveEpochs(request: EpochsRequest): Promise<Response> {
    return serveEpochs(this.#c.store, request)
  }

  /** SYN-10: beside a live chain. @returns the height of the highest certified snapshot above the last final block */
  async prove(): Promise<number | undefined> {
    if (this.#c.openStaging === undefined || this.#stopped) return undefined
    const start = this.#createStart()
    this.#start = start
    const work = start.prove()
    this.#proving = work.catch(() => undefined)
    return work
  }

  /**
   * Puts a certified state from others in the place of the chain's database. The chain must be paused.
   * @returns the new last final block; undefined if none was to be had
   */
  async fetch(): Promise<{ readonly height: number; readonly hash: Uint8Array } | undefined> {
    await this.#proving
    const work = this.#fetchUntil()
    this.#fetching = work.catch(() => undefined)
    return work
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#start?.stop()
    this.#wake()
    await this.#backfill.stop()
    await this.#maker.stop()
    await Promise.all([this.#proving, this.#fetching])
  }

  /**
   * SNAP-10: a shard whose history refers below the oldest coordination block waits for a snapshot that fits, and when
   * there is none for that history, whichever comes first.
   */
  async #fetchUntil() {
    while (this.#chain !== COORD && this.#c.coordinationSyncs() && !this.#stopped) await this.#pause(WAIT_MS)
    for (let attempt = 1; ; attempt++) {
      const fetched = await this.#fetchOnce()
      if (fetched || this.#stopped) return fetched ? this.#c.store.final : undefined
      if (!this.#needsSnapshot()) return undefined
      if (attempt >= ATTEMPTS) this.#c.fetchCoordHistory()
      await this.#pause(RETRY_MS)
    }
  }

  #needsSnapshot(): boolean {
    const { store, coord } = this.#c
    const reference = store.header(store.final.height)?.coordHeight ?? 0
    return this.#chain !== COORD && Math.max(reference, LOWEST_FETCHED) < coord.earliest
  }

  async #pause(forMs: number): Promise<void> {
    const { clock } = this.#c
    const over = Promise.withResolvers<void>()
    const cancel = clock.at(clock.monoMs() + forMs, over.resolve)
    this.#wake = () => {
      cancel()
      over.resolve()
    }
    await over.promise
  }

  async #fetchOnce(): Promise<boolean> {
    const { openStaging } = this.#c
    if (openStaging === undefined || this.#stopped) return false
    const staging = await openStaging(this.#chain)
    this.#start = this.#createStart()
    const manifest = await this.#start.run(staging.database).catch(async (error: unknown) => {
      await staging.database.close()
      throw error
    })
    if (manifest === undefined || this.#stopped) {
      await staging.database.close()
      return false
    }
    await this.#switch(staging)
    return true
  }

  #createStart(): FastStart {
    const { store, coord, epochs, network, clock, verifier, chunks, events } = this.#c
    return new FastStart(
      {
        network,
        clock,
        verifier,
        chunks,
        snapshot: (epoch) => epochs.snapshot(epoch),
        latest: () => epochs.latest,
        suits: ({ manifest }) => this.#chain === COORD || manifest.tip.header.coordHeight >= coord.earliest,
        onProgress: (progress) => events.fastStart?.(this.#chain, progress),
        onUnproven: (checkpoint) => events.checkpointUnproven?.(checkpoint.height)
      },
      { ...this.#init, chain: this.#chain, network: store.network, above: () => store.final.height }
    )
  }

  async #switch(staging: Staging): Promise<void> {
    const { store, database } = this.#c
    this.#switching = true
    await this.#backfill.pause()
    await this.#maker.stop()
    // In one turn: whoever reads finds the chain as it was or as it is. What goes on in the old one ends there.
    const replaced = database.replace(staging.database)
    store.reload()
    await staging.retire(replaced)
    await this.#snapshots.reload()
    this.#maker = this.#createMaker()
    this.#switching = false
    this.startBackfill()
  }

  #createMaker(): SnapshotMaker {
    const { clock, store, database, events } = this.#c
    return new SnapshotMaker({
      clock,
      store,
      database,
      snapshots: this.#snapshots,
      onMade: (made) => events.snapshotMade?.(made)
    })
  }

  get #chain(): ChainId {
    return this.#c.store.chain
  }
}
