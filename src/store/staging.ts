/**
 * The directories of a chain while a snapshot is imported (docs/storage.md):
 *
 *   <chain>           the chain as it is
 *   <chain>.import    the snapshot, no chain before its last write
 *   <chain>.replaced  the chain as it was, while it is being deleted
 *
 * A database cannot move while it is open, so a chain that began with a snapshot lives in <chain>.import until it is
 * closed, and <chain> is gone; after a crash the next start gives it its name.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { StoreError } from './errors.ts'
import { openLevel } from './level.ts'
import type { KeyValueStore } from './ports.ts'
import { SwitchableStore } from './switchable.ts'
import type { Staging } from './switchable.ts'

export const IMPORT_SUFFIX = '.import'
export const REPLACED_SUFFIX = '.replaced'

/** Before the chain's database is opened: ends a replacement that a crash interrupted. @throws StoreError STORE_IO */
export async function finishReplacement(path: string): Promise<void> {
  const parent = dirname(path)
  const name = basename(path)
  const names = await readdir(parent).catch((): string[] => [])
  await guarded(path, async () => {
    const next = [IMPORT_SUFFIX, REPLACED_SUFFIX].find((suffix) => names.includes(name + suffix))
    if (!names.includes(name) && next !== undefined) await rename(path + next, path)
    await rm(path + REPLACED_SUFFIX, { recursive: true, force: true })
  })
}

/** Opens the import of a chain, or begins one. @throws StoreError */
export async function openStaging(path: string): Promise<Staging> {
  const from = path + IMPORT_SUFFIX
  await guarded(path, async () => mkdir(dirname(path), { recursive: true }))
  const database = new MovingStore(await openLevel(from, { isNew: true, loads: true }), path)
  return {
    database,
    retire: async (replaced: KeyValueStore) => {
      await replaced.close()
      database.takesOver = true
      await guarded(path, async () => {
        await rename(path, path + REPLACED_SUFFIX)
        await rm(path + REPLACED_SUFFIX, { recursive: true, force: true })
      })
    }
  }
}

/** Takes the name of the chain when it is closed, once it is the chain. */
class MovingStore extends SwitchableStore {
  takesOver = false
  readonly #path: string

  constructor(database: KeyValueStore, path: string) {
    super(database)
    this.#path = path
  }

  override async close(): Promise<void> {
    await super.close()
    if (!this.takesOver) return
    this.takesOver = false
    await finishReplacement(this.#path)
  }
}

async function guarded(path: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    throw new StoreError({ code: 'STORE_IO', path }, undefined, { cause })
  }
}

/** Puts a complete import where there was no chain. The staging database is closed. @throws StoreError STORE_IO */
export async function placeStaging(path: string): Promise<void> {
  await guarded(path, async () => rename(path + IMPORT_SUFFIX, path))
}
