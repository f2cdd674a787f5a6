/**
 * The directories of a chain while a snapshot is imported (docs/storage.md):
 *
 *   <chain>           the chain as it is
 *   <chain>.import    the snapshot, no chain before its last write
 *   <chain>.replaced  the chain as it was, between two renames
 *
 * A crash between the renames leaves no <chain>: the next start finishes what was begun.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { StoreError } from './errors.ts'
import { openLevel } from './level.ts'
import type { KeyValueStore } from './ports.ts'
import type { Staging } from './switchable.ts'

export const IMPORT_SUFFIX = '.import'
export const REPLACED_SUFFIX = '.replaced'

/** More is kept in memory while everything is written once: fewer tables are merged. */
const STAGING_BUFFER_BYTES = 32 * 1024 * 1024

/** Before the chain's database is opened: ends a replacement that a crash interrupted. @throws StoreError STORE_IO */
export async function finishReplacement(path: string): Promise<void> {
  const parent = dirname(path)
  const name = basename(path)
  const names = await readdir(parent).catch((): string[] => [])
  await guarded(path, async () => {
    if (!names.includes(name) && names.includes(name + REPLACED_SUFFIX)) {
      const next = names.includes(name + IMPORT_SUFFIX) ? IMPORT_SUFFIX : REPLACED_SUFFIX
      await rename(path + next, path)
    }
    await rm(path + REPLACED_SUFFIX, { recursive: true, force: true })
  })
}

/** Opens the import of a chain, or begins one. @throws StoreError */
export async function openStaging(path: string): Promise<Staging> {
  const from = path + IMPORT_SUFFIX
  await guarded(path, async () => mkdir(dirname(path), { recursive: true }))
  const database = await openLevel(from, { isNew: true, writeBufferBytes: STAGING_BUFFER_BYTES })
  return {
    database,
    promote: async (replaced: KeyValueStore) => {
      await database.close()
      await replaced.close()
      await guarded(path, async () => {
        await rename(path, path + REPLACED_SUFFIX)
        await rename(from, path)
        await rm(path + REPLACED_SUFFIX, { recursive: true, force: true })
      })
      return openLevel(path, { isNew: false })
    }
  }
}

/** Deletes the import of a chain that is of no use any more. */
export async function discardStaging(path: string): Promise<void> {
  await guarded(path, async () => rm(path + IMPORT_SUFFIX, { recursive: true, force: true }))
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
