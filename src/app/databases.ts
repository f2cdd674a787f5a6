/** The databases of a data directory, as a node opens them. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { NodeConfig } from '../node/config.ts'
import { StoreError } from '../store/errors.ts'
import { openLevel } from '../store/level.ts'
import type { KeyValueStore } from '../store/ports.ts'
import { discardStaging, finishReplacement } from '../store/staging.ts'

/** New where there is none yet; a database that lost its files is refused by what opens it. */
export async function openDatabase(path: string): Promise<KeyValueStore> {
  await finishReplacement(path)
  const isNew = !existsSync(path)
  if (isNew) await makeDirectory(dirname(path))
  return openLevel(path, { isNew })
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (cause) {
    throw new StoreError({ code: 'STORE_IO', path }, undefined, { cause })
  }
}

/** A fast start that was not finished goes on with the next one; a full sync has no use for what is there of it. */
export async function openChainDatabase(
  open: typeof openDatabase,
  path: string,
  { sync }: Pick<NodeConfig, 'sync'>
): Promise<KeyValueStore> {
  const database = await open(path)
  if (open === openDatabase && sync === 'full') await discardStaging(path)
  return database
}
