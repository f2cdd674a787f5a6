/**
 * The directories of a chain while a snapshot is imported (docs/storage.md):
 *
 *   <chain>           the chain as it is
 *   <chain>.import    the snapshot, no chain before its last write
 *   <chain>.import2   the same, while the chain itself lives in <chain>.import
 *   <chain>.replaced  the chain as it was, while it is being deleted
 *
 * A database cannot move while it is open, so a chain that began with a snapshot lives where it was imported until it is
 * closed, and <chain> is gone; after a crash the next start gives it its name. A node that falls behind again before
 * that imports into the other one of the two.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { ChainStore } from './chain-store.ts'
import { StoreError } from './errors.ts'
import { openLevel } from './level.ts'
import type { KeyValueStore } from './ports.ts'
import { SwitchableStore } from './switchable.ts'
import type { Staging } from './switchable.ts'

export const IMPORT_SUFFIX = '.import'
const OTHER_IMPORT_SUFFIX = '.import2'
export const REPLACED_SUFFIX = '.replaced'

/** Before the chain's database is opened: ends a replacement that a crash interrupted. @throws StoreError STORE_IO */
export async function finishReplacement(path: string): Promise<void> {
  const parent = dirname(path)
  const name = basename(path)
  const names = await readdir(parent).catch((): string[] => [])
  await guarded(path, async () => {
    const found = names.includes(name) ? [] : SUFFIXES.filter((suffix) => names.includes(name + suffix))
    const next = found.length > 1 ? await wholeOf(path, found) : found[0]
    if (next !== undefined) await rename(path + next, path)
    for (const suffix of [OTHER_IMPORT_SUFFIX, REPLACED_SUFFIX]) await remove(path + suffix)
  })
}

const SUFFIXES = [IMPORT_SUFFIX, OTHER_IMPORT_SUFFIX, REPLACED_SUFFIX] as const

/**
 * A chain that a killed node left under another name, or that lives there while the node runs: not to be had before the
 * next start, respectively before it stops.
 */
export async function isMoving(path: string): Promise<boolean> {
  const names = await readdir(dirname(path)).catch((): string[] => [])
  const name = basename(path)
  return !names.includes(name) && SUFFIXES.some((suffix) => names.includes(name + suffix))
}

/** The chain among them, or else the first: an import that was not finished is none. */
async function wholeOf(path: string, suffixes: readonly string[]): Promise<string | undefined> {
  for (const suffix of suffixes) if (await isChain(path + suffix)) return suffix
  return suffixes[0]
}

/** A directory in which LevelDB had not made its files yet is none either; what a chain lost is told by who opens it. */
async function isChain(path: string): Promise<boolean> {
  try {
    const database = await openLevel(path, { isNew: false })
    const found = ChainStore.exists(database)
    await database.close()
    return found
  } catch (error) {
    if (error instanceof StoreError && INCOMPLETE.has(error.code)) return false
    throw error
  }
}

const INCOMPLETE: ReadonlySet<string> = new Set(['STORE_MISSING', 'STORE_CORRUPT'])

/** What nobody goes on with: a node that syncs in full. @throws StoreError STORE_IO */
export async function discardStaging(path: string): Promise<void> {
  await guarded(path, async () => remove(path + IMPORT_SUFFIX))
}

const remove = async (path: string): Promise<void> => rm(path, { recursive: true, force: true })

/** Opens the import of a chain, or begins one. @throws StoreError */
export async function openStaging(path: string): Promise<Staging> {
  await guarded(path, async () => mkdir(dirname(path), { recursive: true }))
  const database = await openFree(path)
  return {
    database,
    retire: async (replaced: KeyValueStore) => {
      await replaced.close()
      database.takesOver = true
      await guarded(path, async () => {
        await rename(path, path + REPLACED_SUFFIX)
        await remove(path + REPLACED_SUFFIX)
      })
    }
  }
}

async function openFree(path: string): Promise<MovingStore> {
  const open = async (suffix: string): Promise<MovingStore> => {
    const from = path + suffix
    return new MovingStore(await openLevel(from, { isNew: true, loads: true }), { from, to: path })
  }
  return open(IMPORT_SUFFIX).catch(async (error: unknown) => {
    const isTheChain = error instanceof StoreError && error.code === 'STORE_LOCKED'
    if (isTheChain) return open(OTHER_IMPORT_SUFFIX)
    throw error
  })
}

/** Takes the name of the chain when it is closed, once it is the chain. */
class MovingStore extends SwitchableStore {
  takesOver = false
  readonly #names: { readonly from: string; readonly to: string }

  constructor(database: KeyValueStore, names: { readonly from: string; readonly to: string }) {
    super(database)
    this.#names = names
  }

  override async close(): Promise<void> {
    await super.close()
    if (!this.takesOver) return
    this.takesOver = false
    const { from, to } = this.#names
    await guarded(to, async () => rename(from, to))
  }
}

async function guarded(path: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    throw new StoreError({ code: 'STORE_IO', path }, undefined, { cause })
  }
}

/** Puts a complete import where no chain is in use. The staging database is closed. @throws StoreError STORE_IO */
export async function placeStaging(path: string): Promise<void> {
  await guarded(path, async () => {
    await remove(path)
    await rename(path + IMPORT_SUFFIX, path)
  })
}
