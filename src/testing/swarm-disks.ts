/**
 * What the nodes of a swarm write to. Both kinds outlive a crash: databases in a directory keep what LevelDB had
 * taken, as after kill -9; disks in memory keep what was synced, as after a power cut. A process that died writes
 * nothing more: whatever it still has under way finds its handles dead.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StoreError } from '../store/errors.ts'
import { openLevel } from '../store/level.ts'
import { MemoryDisk } from '../store/memory.ts'
import type { KeyValueStore, Range, Write } from '../store/ports.ts'
import { IMPORT_SUFFIX, finishReplacement, openStaging } from '../store/staging.ts'
import type { Staging } from '../store/switchable.ts'

export interface SwarmDisk {
  /** @throws StoreError */
  open(path: string): Promise<KeyValueStore>
  /** A second database of the chain at the path, which takes its place when it is complete. @throws StoreError */
  openStaging(path: string): Promise<Staging>
  /** Handles are dead from this call on; ends when the databases may be opened again. */
  crash(): Promise<void>
}

export class MemorySwarmDisk implements SwarmDisk {
  readonly #disks = new Map<string, MemoryDisk>()

  async open(path: string): Promise<KeyValueStore> {
    const disk = this.#disks.get(path) ?? new MemoryDisk({ name: path })
    this.#disks.set(path, disk)
    return Promise.resolve(disk.open())
  }

  async openStaging(path: string): Promise<Staging> {
    const from = path + IMPORT_SUFFIX
    return {
      database: await this.open(from),
      retire: async (replaced) => {
        await replaced.close()
        // From here on the disk has the other name, whoever holds it open.
        const disk = this.#disks.get(from)
        if (disk !== undefined) this.#disks.set(path, disk)
        this.#disks.delete(from)
      }
    }
  }

  async crash(): Promise<void> {
    for (const disk of this.#disks.values()) disk.crash()
    return Promise.resolve()
  }
}

export class DirectorySwarmDisk implements SwarmDisk {
  readonly #open = new Set<Handle>()

  async open(path: string): Promise<KeyValueStore> {
    await finishReplacement(path)
    const isNew = !existsSync(path)
    if (isNew) await mkdir(dirname(path), { recursive: true })
    return this.#hold(path, await openLevel(path, { isNew }))
  }

  async openStaging(path: string): Promise<Staging> {
    const staging = await openStaging(path)
    const database = this.#hold(path + IMPORT_SUFFIX, staging.database)
    return { database, retire: async (replaced) => staging.retire(replaced) }
  }

  #hold(path: string, database: KeyValueStore): KeyValueStore {
    const handle = new Handle(path, database, () => this.#open.delete(handle))
    this.#open.add(handle)
    return handle
  }

  async crash(): Promise<void> {
    await Promise.all([...this.#open].map(async (handle) => handle.close()))
  }
}

class Handle implements KeyValueStore {
  readonly #path: string
  readonly #database: KeyValueStore
  readonly #onClosed: () => void
  #alive = true

  constructor(path: string, database: KeyValueStore, onClosed: () => void) {
    this.#path = path
    this.#database = database
    this.#onClosed = onClosed
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertAlive()
    return this.#database.get(key)
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#assertAlive()
    const values = await this.#database.getMany(keys)
    this.#assertAlive()
    return values
  }

  /** A batch that was under way at the crash is there or not; who asked for it is dead and hears nothing good. */
  async batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    this.#assertAlive()
    await this.#database.batch(writes, options)
    this.#assertAlive()
  }

  async flush(): Promise<void> {
    this.#assertAlive()
    await this.#database.flush()
    this.#assertAlive()
  }

  async *range(range: Range): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    this.#assertAlive()
    for await (const row of this.#database.range(range)) {
      this.#assertAlive()
      yield row
    }
  }

  async pack(): Promise<void> {
    this.#assertAlive()
    await this.#database.pack?.()
  }

  async settle(): Promise<void> {
    this.#assertAlive()
    await this.#database.settle?.()
  }

  async diskBytes(): Promise<number> {
    this.#assertAlive()
    return (await this.#database.diskBytes?.()) ?? 0
  }

  async close(): Promise<void> {
    if (!this.#alive) return
    this.#alive = false
    await this.#database.close()
    this.#onClosed()
  }

  #assertAlive(): void {
    if (!this.#alive) throw new StoreError({ code: 'STORE_CLOSED', path: this.#path })
  }
}
