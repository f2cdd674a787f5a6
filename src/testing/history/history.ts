/**
 * A history in data directories, made and not lived through: every signature, state and certificate is real, so nodes
 * start from it, others synchronise with it, and its validators go on where it ends.
 */
import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, readdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { defaultConfigFile } from '../../node/config.ts'
import { dataPaths } from '../../node/data-dir.ts'
import { keyFromSeed, newKey, writeKeyFile } from '../../node/keys.ts'
import { genesisToJson } from '../../params/genesis-json.ts'
import { networkId } from '../../params/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import { toHex } from '../../primitives/bytes.ts'
import { chainName } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { openLevel } from '../../store/level.ts'
import { NodeStore } from '../../store/node-store.ts'
import type { ChainTip, CoordinationFacts, MadeChain } from './chain-maker.ts'
import { makeChain, makeChainInThread } from './make-chain.ts'
import { planHistory, validatorSeed } from './plan.ts'
import type { ChainPlan, HistoryOptions } from './plan.ts'

export interface History {
  readonly genesis: Genesis
  readonly genesisFile: string
  /** Data directory with all chains, the one that copies are made of. */
  readonly data: string
  /** Key files in the order of their names. */
  readonly validatorKeys: readonly string[]
  /** The coordination chain first. */
  readonly tips: ReadonlyMap<ChainId, ChainTip>
  readonly seed: string
}

/** @throws RangeError for options that make no history, and when `out` has one already */
export async function makeHistory(options: HistoryOptions): Promise<History> {
  const plan = planHistory(options)
  const { out, onProgress = () => undefined } = options
  const { genesis } = plan
  const genesisFile = join(out, 'genesis.json')
  if (existsSync(genesisFile)) throw new RangeError(`out: ${genesisFile} exists and is not overwritten`)
  const data = join(out, 'node')
  const json = genesisToJson(genesis)
  await newDataDirectory(data, genesis)
  const keys = genesis.validators.map((_, index) => join(out, 'keys', `validator-${index}.json`))
  for (const [index, path] of keys.entries())
    await writeKeyFile(path, keyFromSeed('validator', validatorSeed(index)))
  const run = async (of: ChainPlan, facts?: CoordinationFacts): Promise<MadeChain> => {
    const order = { plan: of, genesis: json, facts, database: dataPaths(data).chainDatabase(of.chain) }
    const progress = (height: number) => onProgress({ chain: of.chain, height, of: of.blocks })
    return options.threads === 0 ? makeChain(order, progress) : makeChainInThread(order, progress)
  }
  const { tip, facts } = await run(plan.coord)
  // In the order of chains, whichever thread ends first.
  const tips = new Map<ChainId, ChainTip>([plan.coord, ...plan.shards].map(({ chain }) => [chain, tip]))
  const waiting = [...plan.shards]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      tips.set(next.chain, (await run(next, facts)).tip)
  }
  const threads = Math.max(1, options.threads ?? 2 * availableParallelism())
  await Promise.all(Array.from({ length: threads }, worker))
  const history: History = { genesis, genesisFile, data, validatorKeys: keys, tips, seed: plan.coord.seed }
  await writeFile(join(out, 'history.json'), `${JSON.stringify(describeHistory(history), undefined, 2)}\n`)
  // Last: a directory with a genesis beside its keys is complete.
  await writeFile(genesisFile, json, { flag: 'wx' })
  return history
}

/** What `history.json` says: which network, from which seed, and where each chain ends. */
export const describeHistory = ({ genesis, seed, tips }: History) => ({
  network: toHex(networkId(genesis)),
  preset: genesis.preset,
  seed,
  timeMs: genesis.timeMs,
  epochLength: genesis.params.epochLength,
  chains: [...tips].map(([chain, { height, hash, stateRoot, epoch }]) => ({
    chain: chainName(chain),
    height,
    epoch,
    hash: toHex(hash),
    stateRoot: toHex(stateRoot)
  }))
})

/**
 * A data directory of another node with the same chains. LevelDB never writes a table file twice, so those are linked
 * and not copied; a copy costs next to nothing. The source must not be open.
 */
export async function copyHistory(history: Pick<History, 'data' | 'genesis'>, to: string): Promise<void> {
  await newDataDirectory(to, history.genesis)
  const from = dirname(dataPaths(history.data).nodeDatabase)
  for (const name of await readdir(from)) {
    if (name === 'node') continue
    await copyDatabase(join(from, name), join(dirname(dataPaths(to).nodeDatabase), name))
  }
}

async function copyDatabase(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) {
    if (name === 'LOCK') continue
    const [source, target] = [join(from, name), join(to, name)]
    if (!name.endsWith('.ldb')) await copyFile(source, target)
    // Another file system has no links to this one.
    else await link(source, target).catch(async () => copyFile(source, target))
  }
}

/** As `icn init` makes it, with a node database without a word in it. */
async function newDataDirectory(data: string, genesis: Genesis): Promise<void> {
  const paths = dataPaths(data)
  if (existsSync(paths.genesis)) throw new RangeError(`${data} is a data directory already`)
  await writeKeyFile(paths.nodeKey, newKey('node'))
  await writeFile(paths.config, defaultConfigFile())
  await mkdir(dirname(paths.nodeDatabase), { recursive: true })
  const database = await openLevel(paths.nodeDatabase, { isNew: true })
  await NodeStore.open(database, networkId(genesis))
  await database.close()
  await writeFile(paths.genesis, genesisToJson(genesis))
}
