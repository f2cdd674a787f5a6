/** The databases of a data directory, as a node opens them. */
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { NodeConfig } from '../node/config.ts'
import { StoreError } from '../store/errors.ts'
import { openLevel } from '../store/level.ts'
import type { KeyValueStore } from '../store/ports.ts'
import { discardStaging, finishReplacement } from '../store/staging.ts'

/** One that LevelDB has not made all files of yet. */
const UNMADE_SUFFIX = '.new'

/** New where there is none yet; a database that lost its files is refused by what opens it. */
export async function openDatabase(path: string): Promise<KeyValueStore> {
  await finishReplacement(path)
  if (!existsSync(path)) await makeDatabase(path)
  return openLevel(path, { isNew: false })
}

/** Complete before it has its name: what a kill leaves in between must not look like one that lost its files. */
async function makeDatabase(path: string): Promise<void> {
  const unmade = path + UNMADE_SUFFIX
  try {
    await mkdir(dirname(path), { recursive: true })
    await rm(unmade, { recursive: true, force: true })
    const database = await openLevel(unmade, { isNew: true })
    await database.close()
    await rename(unmade, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw new StoreError({ code: 'STORE_IO', path }, undefined, { cause })
  }
}

/** A name that a power cut takes back would be a lost database, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** A fast start that was not finished goes on with the next one; a full sync has no use for what is there of it. */
export async function openChainDatabase(
  openWith: typeof openDatabase,
  path: string,
  { sync }: Pick<NodeConfig, 'sync'>
): Promise<KeyValueStore> {
  const database = await openWith(path)
  if (openWith === openDatabase && sync === 'full') await discardStaging(path)
  return database
}
