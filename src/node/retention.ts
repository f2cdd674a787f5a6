/**
 * Keeps the last blocks of every chain and no more (`--retention N`): what falls below goes in slices, between which the
 * chain has the thread, and now and then the database is packed, so that the space is really free.
 *
 * Whoever begins at a snapshot that is stated here needs the blocks above it, so these stay as well.
 *
 * A block whose coordination reference is gone could not be checked any more, so the coordination chain keeps what the
 * oldest block of any followed shard refers to. Every slice is one batch together with the height of the oldest block:
 * a crash leaves them all or none. It is not synced; what a crash brings back is dropped again.
 */
import { COORD, isShard } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { ChainStore } from '../store/chain-store.ts'
import type { StateSnapshots } from '../store/state-snapshots.ts'
import type { Clock } from './ports.ts'

export interface RetentionComponents {
  readonly clock: Clock
  readonly stores: ReadonlyMap<ChainId, ChainStore>
  /** Blocks of each chain, the last final one included. */
  readonly keep: number
  /** What others are given, newest first (SNAP-9). */
  readonly snapshots: ReadonlyMap<ChainId, Pick<StateSnapshots, 'held'>>
  readonly onFailed: (error: unknown) => void
}

/** About a few milliseconds of work. */
const SLICE_BLOCKS = 16
const PAUSE_MS = 5
/** A database is packed when so much of it may be gone: one part in eight, but not for less than this. */
const PACK_PART = 8
const PACK_MIN_BYTES = 1024 * 1024

export class Retention {
  readonly #c: RetentionComponents
  readonly #running = new Map<ChainId, Promise<void>>()
  readonly #again = new Set<ChainId>()
  readonly #droppedBytes = new Map<ChainId, number>()
  readonly #cancels = new Set<() => void>()
  #isStopped = false

  constructor(components: RetentionComponents) {
    this.#c = components
  }

  /** Looks at every chain: at the start, since the number may be another one than before. */
  start(): void {
    for (const chain of this.#c.stores.keys()) this.advanced(chain)
  }

  /** A block of the chain became final. */
  advanced(chain: ChainId): void {
    this.#run(chain)
  }

  /** Ends when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const cancel of this.#cancels) cancel()
    await Promise.all(this.#running.values())
  }

  /** Whether something is being dropped or packed. */
  get isBusy(): boolean {
    return this.#running.size > 0
  }

  /** The oldest block that stays. */
  floor(chain: ChainId): number {
    const { stores, snapshots, keep } = this.#c
    const store = stores.get(chain)
    if (store === undefined) return 0
    const kept = Math.max(0, store.final.height - keep + 1)
    const own = Math.min(kept, snapshots.get(chain)?.held.at(-1)?.height ?? kept)
    return chain === COORD ? Math.min(own, this.#oldestReference()) : own
  }

  #oldestReference(): number {
    const references = [...this.#c.stores].flatMap(([chain, store]) =>
      isShard(chain) ? [store.header(store.earliest)?.coordHeight ?? 0] : []
    )
    return Math.min(...references, Number.MAX_SAFE_INTEGER)
  }

  #run(chain: ChainId): void {
    const store = this.#c.stores.get(chain)
    if (store === undefined || this.#isStopped) return
    if (this.#running.has(chain)) {
      this.#again.add(chain)
      return
    }
    this.#again.delete(chain)
    const done = this.#drop(chain, store)
      .catch((error: unknown) => this.#c.onFailed(error))
      .finally(() => {
        this.#running.delete(chain)
        // Something became final, or was dropped, while this was at its end.
        if (this.#again.has(chain)) this.#run(chain)
      })
    this.#running.set(chain, done)
  }

  async #drop(chain: ChainId, store: ChainStore): Promise<void> {
    while (!this.#isStopped) {
      const below = Math.min(this.floor(chain), store.earliest + SLICE_BLOCKS)
      if (below <= store.earliest) break
      const bytes = await store.dropBelow(below)
      this.#droppedBytes.set(chain, (this.#droppedBytes.get(chain) ?? 0) + bytes)
      await this.#pause()
    }
    if (this.#isStopped) return
    // What a shard dropped may free blocks of the coordination chain.
    if (isShard(chain)) this.#run(COORD)
    await this.#pack(chain, store)
  }

  async #pack(chain: ChainId, store: ChainStore): Promise<void> {
    const dropped = this.#droppedBytes.get(chain) ?? 0
    if (dropped < PACK_MIN_BYTES || dropped * PACK_PART < (await store.diskBytes())) return
    await store.pack()
    this.#droppedBytes.set(chain, 0)
  }

  async #pause(): Promise<void> {
    const { clock } = this.#c
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = clock.at(clock.monoMs() + PAUSE_MS, resolve)
    const end = (): void => {
      cancel()
      resolve()
    }
    this.#cancels.add(end)
    await promise
    this.#cancels.delete(end)
  }
}
