/** A data directory as it is found on disk: its genesis, and which databases it has. */
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { equal, toHex } from '../primitives/bytes.ts'
import { COORD, parseChain } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { dataPaths } from '../node/data-dir.ts'
import { parseGenesis } from '../params/genesis-json.ts'
import { describeRefusal } from '../params/genesis-refusal.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { CheckError } from './errors.ts'
import type { FindingLog } from './findings.ts'
import { KnownEpochs } from './epochs.ts'
import type { WalkedChain } from './walk.ts'

export interface DataDirectory {
  readonly path: string
  readonly genesis: Genesis
  /** Chains that have a database, the coordination chain first, then shards in order. */
  readonly databases: readonly ChainId[]
  readonly hasNode: boolean
  /** Filled as the chains are walked. */
  readonly epochs: KnownEpochs
  readonly chains: Map<ChainId, WalkedChain>
}

/** What a fast start leaves behind when it is killed; the next start goes on with it or removes it. */
const LEFT_BEHIND = /\.(import2?|replaced|new)$/

/** @throws CheckError CHECK_NOT_A_DATA_DIRECTORY, CHECK_DISK */
export async function readDirectory(path: string, log: FindingLog): Promise<DataDirectory> {
  const genesis = await readGenesis(path)
  const { nodeDatabase } = dataPaths(path)
  const databases: ChainId[] = []
  const names = await readNames(dirname(nodeDatabase))
  for (const name of names) {
    const chain = parseChain(name)
    const isOfGenesis = chain !== undefined && (chain === COORD || chain < genesis.shards)
    if (isOfGenesis) databases.push(chain)
    else if (name !== basename(nodeDatabase) && !LEFT_BEHIND.test(name))
      log.of(path, name)('database', '', 'it belongs to no chain of this network')
  }
  const moving = names.find(
    (name) => LEFT_BEHIND.test(name) && !names.includes(name.replace(LEFT_BEHIND, ''))
  )
  if (moving !== undefined && existsSync(nodeDatabase)) {
    const reason = `${moving} was about to take its place when the node was killed: start the node once, then check`
    throw new CheckError({ code: 'CHECK_NOT_A_DATA_DIRECTORY', path, reason })
  }
  databases.sort((a, b) => rank(a) - rank(b))
  const hasNode = existsSync(nodeDatabase)
  if (databases.length > 0 && databases[0] !== COORD) {
    log.of(path, 'coord')('database', '', 'it is missing: every node follows the coordination chain')
  }
  if (databases.length > 0 && !hasNode) log.of(path, 'node')('database', '', 'it is missing')
  return { path, genesis, databases, hasNode, epochs: new KnownEpochs(), chains: new Map() }
}

const rank = (chain: ChainId): number => (chain === COORD ? -1 : chain)

async function readGenesis(path: string): Promise<Genesis> {
  const file = dataPaths(path).genesis
  const refusal = (reason: string, cause?: unknown): CheckError =>
    new CheckError({ code: 'CHECK_NOT_A_DATA_DIRECTORY', path, reason }, undefined, { cause })
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw refusal(`${file} cannot be read`, cause)
  }
  const parsed = parseGenesis(text)
  if (parsed.ok) return parsed.value
  throw refusal(describeRefusal(file, parsed))
}

/** Empty for a directory that was never started. */
async function readNames(path: string): Promise<string[]> {
  if (!existsSync(path)) return []
  try {
    return await readdir(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CheckError({ code: 'CHECK_DISK', path, reason }, undefined, { cause })
  }
}

/** Directories of one check are nodes of one network. @throws CheckError CHECK_NETWORK_DIFFERS */
export function requireOneNetwork(directories: readonly DataDirectory[]): void {
  const [first, ...others] = directories
  if (first === undefined) return
  const network = networkId(first.genesis)
  for (const { path, genesis } of others) {
    if (equal(networkId(genesis), network)) continue
    throw new CheckError({ code: 'CHECK_NETWORK_DIFFERS', path, first: `${first.path} (${toHex(network)})` })
  }
}
