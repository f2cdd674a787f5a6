/** Data directories as `icn init` makes them, for processes and library nodes of a test. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultConfigFile } from '../../src/node/config.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { keyFromSeed, writeKeyFile } from '../../src/node/keys.ts'
import { devnetSeed } from '../../src/params/devnet-keys.ts'
import { genesisToJson } from '../../src/params/genesis-json.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import { openLevel } from '../../src/store/level.ts'
import { toHex } from '../../src/primitives/bytes.ts'

export interface NodeDirectory {
  readonly data: string
  /** Key file of validator `index`. */
  readonly validator: string
}

export async function nodeDirectory(root: string, genesis: Genesis, index: number): Promise<NodeDirectory> {
  const data = join(root, `node-${index}`)
  const paths = dataPaths(data)
  const validator = join(data, 'keys', 'validator.json')
  mkdirSync(dirname(paths.nodeDatabase), { recursive: true })
  await writeKeyFile(paths.nodeKey, keyFromSeed('node', devnetSeed(`node${index}`)))
  await writeKeyFile(validator, keyFromSeed('validator', devnetSeed(`validator${index}`)))
  writeFileSync(paths.config, defaultConfigFile())
  writeFileSync(paths.genesis, genesisToJson(genesis))
  return { data, validator }
}

/** Every file with the hash of its content, by path; directories too. */
export function contentOf(
  directory: string,
  keep: (path: string) => boolean = () => true
): ReadonlyMap<string, string> {
  const paths = readdirSync(directory, { recursive: true }).map(String).filter(keep).toSorted()
  return new Map(
    paths.map((path) => {
      const whole = join(directory, path)
      if (statSync(whole).isDirectory()) return [path, 'directory']
      return [path, createHash('sha256').update(readFileSync(whole)).digest('hex')]
    })
  )
}

/** What a database says, whatever its files are called. */
export async function valuesOf(database: string): Promise<readonly string[]> {
  const store = await openLevel(database, { isNew: false })
  const values: string[] = []
  const everything = { gte: new Uint8Array(0), lt: new Uint8Array(64).fill(0xff) }
  for await (const [key, value] of store.range(everything)) values.push(`${toHex(key)} ${toHex(value)}`)
  await store.close()
  return values
}
