/**
 * A disk that can crash, for tests and the simulator. It owns the durable bytes; handles come and go.
 *
 *   batch ──> visible at once, `unsynced` ──(a synced batch completes)──> `behind` ──(flush, or time)──> durable
 *                                 │                                          └──(crash)──> the newest may be lost
 *                                 └──(crash)──> lost, but for the oldest `keepUnsynced` batches
 *
 * A synced batch that has not completed counts as unsynced: after a crash it may be there or not, but never in part.
 * Unsynced ones that stand before a synced one are `behind` it: LevelDB may have begun another log between them.
 * Nothing here is random; what survives and when a write completes is the caller's choice.
 */
import { fromHex, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { StoreError } from './errors.ts'
import type { KeyValueStore, Range, Write } from './ports.ts'

export interface MemoryDiskOptions {
  /** Runs `complete` when a synced write has reached the disk. @default a microtask later */
  readonly schedule?: (complete: () => void) => void
  /** What errors call this disk. @default 'memory' */
  readonly name?: string
}

type Rows = Map<Hex, Uint8Array>

/** Synced batches after which a table was made of the log that stood before them. */
const BEHIND_SYNCED = 16

interface PendingBatch {
  readonly writes: readonly Write[]
  readonly sync: boolean
  readonly isFlush: boolean
  readonly reject: (error: StoreError) => void
}

export class MemoryDisk {
  readonly #schedule: (complete: () => void) => void
  readonly #name: string
  #durable: Rows = new Map()
  #visible: Rows = new Map()
  /** In order of writing; the durable rows are those before the first of them. */
  #unsynced: PendingBatch[] = []
  /** The last unsynced batches that a synced one overtook, and what came after them. */
  #overtaken: PendingBatch[] = []
  /** Rows as they were before those. */
  readonly #undo = new Map<Hex, Uint8Array | undefined>()
  #open: MemoryStore | undefined

  constructor(options: MemoryDiskOptions = {}) {
    this.#schedule = options.schedule ?? queueMicrotask
    this.#name = options.name ?? 'memory'
  }

  /** @throws StoreError STORE_LOCKED while another handle is open. */
  open(): KeyValueStore {
    if (this.#open !== undefined) throw new StoreError({ code: 'STORE_LOCKED', path: this.#name })
    this.#open = new MemoryStore({
      name: this.#name,
      rows: () => this.#visible,
      write: (writes, sync) => this.#write(writes, sync),
      flush: () => this.#write([], true, true),
      closed: () => (this.#open = undefined)
    })
    return this.#open
  }

  /** Batches that a crash could lose now: the bound of `keepUnsynced`. */
  get unsynced(): number {
    return this.#unsynced.length
  }

  /** Unsynced batches before a synced one, which a crash could lose: the bound of `loseBehind`. */
  get behind(): number {
    const first = this.#overtaken.findIndex(({ sync }) => sync)
    return Math.max(0, first)
  }

  /** Another disk with what is durable on this one. */
  copy(options: MemoryDiskOptions = {}): MemoryDisk {
    const disk = new MemoryDisk(options)
    disk.#durable = new Map(this.#durable)
    disk.#visible = new Map(this.#durable)
    return disk
  }

  /** Power loss. Handles of before are dead, and what they still waited for rejects with STORE_CLOSED. */
  crash({
    keepUnsynced = 0,
    loseBehind = 0
  }: { readonly keepUnsynced?: number; readonly loseBehind?: number } = {}): void {
    const lost = this.#unsynced
    this.#unsynced = []
    this.#loseBehind(loseBehind)
    for (const { writes } of lost.slice(0, keepUnsynced)) apply(this.#durable, writes)
    this.#visible = new Map(this.#durable)
    this.#open?.kill()
    this.#open = undefined
    for (const { reject } of lost) reject(new StoreError({ code: 'STORE_CLOSED', path: this.#name }))
  }

  /** What the newest of those that were overtaken wrote is gone; what came after them is there. */
  #loseBehind(count: number): void {
    const { behind } = this
    if (count > 0) this.#undoOvertaken()
    for (const [index, { writes }] of this.#overtaken.entries()) {
      const isLost = index >= behind - count && index < behind
      if (count > 0 && !isLost) apply(this.#durable, writes)
    }
    this.#settle()
  }

  #undoOvertaken(): void {
    for (const [key, value] of this.#undo) {
      if (value === undefined) this.#durable.delete(key)
      else this.#durable.set(key, value)
    }
  }

  #settle(): void {
    this.#overtaken = []
    this.#undo.clear()
  }

  #write(writes: readonly Write[], sync: boolean, isFlush = false): Promise<void> {
    // A write belongs to the disk from here on: the caller may reuse its buffers.
    const owned = writes.map(copyWrite)
    apply(this.#visible, owned)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const batch: PendingBatch = { writes: owned, sync, isFlush, reject }
    this.#unsynced.push(batch)
    if (sync) this.#schedule(() => this.#complete(batch, resolve))
    else resolve()
    return promise
  }

  #complete(batch: PendingBatch, resolve: () => void): void {
    const index = this.#unsynced.indexOf(batch)
    // A later synced batch took this one along, or a crash took it away and `resolve` comes too late to matter.
    const written = this.#unsynced.splice(0, index + 1)
    if (written.some(({ sync }) => !sync) || this.#overtaken.length > BEHIND_SYNCED) this.#settle()
    for (const each of written) this.#overtake(each)
    if (batch.isFlush) this.#settle()
    resolve()
  }

  #overtake(batch: PendingBatch): void {
    for (const { key } of batch.writes) {
      const name = toHex(key)
      if (!this.#undo.has(name)) this.#undo.set(name, this.#durable.get(name))
    }
    this.#overtaken.push(batch)
    apply(this.#durable, batch.writes)
  }
}

interface Disk {
  readonly name: string
  readonly rows: () => Rows
  readonly write: (writes: readonly Write[], sync: boolean) => Promise<void>
  readonly flush: () => Promise<void>
  readonly closed: () => void
}

class MemoryStore implements KeyValueStore {
  readonly #disk: Disk
  #alive = true

  constructor(disk: Disk) {
    this.#disk = disk
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertAlive()
    return this.#disk.rows().get(toHex(key))?.slice()
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map((key) => this.get(key))
  }

  async batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    this.#assertAlive()
    await this.#disk.write(writes, options.sync)
  }

  async flush(): Promise<void> {
    this.#assertAlive()
    await this.#disk.flush()
  }

  async *range(range: Range): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    this.#assertAlive()
    for (const row of select(this.#disk.rows(), range)) {
      this.#assertAlive()
      yield row
    }
  }

  async close(): Promise<void> {
    if (!this.#alive) return
    this.kill()
    this.#disk.closed()
  }

  kill(): void {
    this.#alive = false
  }

  #assertAlive(): void {
    if (!this.#alive) throw new StoreError({ code: 'STORE_CLOSED', path: this.#disk.name })
  }
}

const copyWrite = (write: Write): Write =>
  write.type === 'put'
    ? { type: 'put', key: new Uint8Array(write.key), value: new Uint8Array(write.value) }
    : { type: 'del', key: new Uint8Array(write.key) }

function apply(rows: Rows, writes: readonly Write[]): void {
  for (const write of writes) {
    const key = toHex(write.key)
    if (write.type === 'put') rows.set(key, write.value)
    else rows.delete(key)
  }
}

/** Rows of a range as of now. Hex sorts like the bytes it stands for. */
function select(
  rows: Rows,
  { gte, lt, reverse = false, limit }: Range
): (readonly [Uint8Array, Uint8Array])[] {
  const [from, to] = [toHex(gte), toHex(lt)]
  const found = [...rows].filter(([key]) => key >= from && key < to)
  found.sort(([a], [b]) => (a < b ? -1 : 1))
  if (reverse) found.reverse()
  return found.slice(0, limit ?? found.length).map(([key, value]) => [fromHex(key), value.slice()])
}
