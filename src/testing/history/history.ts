/**
 * A history in data directories, made and not lived through: every signature, state and certificate is real, so nodes
 * start from it, others synchronise with it, and its validators go on where it ends.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { defaultConfigFile } from '../../node/config.ts'
import { dataPaths } from '../../node/data-dir.ts'
import { keyFromSeed, newKey, writeKeyFile } from '../../node/keys.ts'
import type { Key } from '../../node/keys.ts'
import { genesisToJson, parseGenesis } from '../../params/genesis-json.ts'
import { networkId } from '../../params/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import { fromHex, toHex } from '../../primitives/bytes.ts'
import { chainName, parseChain } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { bindGuard } from '../../store/guard-binding.ts'
import { openLevel } from '../../store/level.ts'
import { NodeStore } from '../../store/node-store.ts'
import { SignGuard } from '../../store/sign-guard.ts'
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
  // In the order of chains, whichever thread ends first.
  const tips = new Map<ChainId, ChainTip>()
  const history = placesOf(out, genesis, plan.coord.seed, tips)
  const { data, genesisFile } = history
  if (existsSync(genesisFile)) throw new RangeError(`out: ${genesisFile} exists and is not overwritten`)
  const json = genesisToJson(genesis)
  await newDataDirectory(data, genesis, newKey('node'))
  for (const [index, path] of history.validatorKeys.entries())
    await writeKeyFile(path, keyFromSeed('validator', validatorSeed(index)))
  const run = async (of: ChainPlan, facts?: CoordinationFacts): Promise<MadeChain> => {
    const order = { plan: of, genesis: json, facts, database: dataPaths(data).chainDatabase(of.chain) }
    const progress = (height: number) => onProgress({ chain: of.chain, height, of: of.blocks })
    return options.threads === 0 ? makeChain(order, progress) : makeChainInThread(order, progress)
  }
  const { tip, facts } = await run(plan.coord)
  for (const { chain } of [plan.coord, ...plan.shards]) tips.set(chain, tip)
  const waiting = [...plan.shards]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      tips.set(next.chain, (await run(next, facts)).tip)
  }
  const threads = Math.max(1, options.threads ?? 2 * availableParallelism())
  await Promise.all(Array.from({ length: threads }, worker))
  await writeFile(join(out, 'history.json'), `${JSON.stringify(describeHistory(history), undefined, 2)}\n`)
  // Last: a directory with a genesis beside its keys is complete.
  await writeFile(genesisFile, json, { flag: 'wx' })
  return history
}

/** What `history.json` says: which network, from which seed, and where each chain ends. */
export const describeHistory = ({ genesis, seed, tips }: History): HistoryRecord => ({
  network: toHex(networkId(genesis)),
  preset: genesis.preset,
  seed,
  timeMs: genesis.timeMs,
  epochLength: genesis.params.epochLength,
  chains: [...tips].map(([chain, { height, hash, stateRoot, epoch, view }]) => ({
    chain: chainName(chain),
    height,
    epoch,
    view,
    hash: toHex(hash),
    stateRoot: toHex(stateRoot)
  }))
})

interface HistoryRecord {
  readonly network: string
  readonly preset: string
  readonly seed: string
  readonly timeMs: number
  readonly epochLength: number
  readonly chains: readonly {
    readonly chain: string
    readonly height: number
    readonly epoch: number
    readonly view: number
    readonly hash: string
    readonly stateRoot: string
  }[]
}

/** One that was made before. @throws RangeError where there is none */
export async function readHistory(out: string): Promise<History> {
  const genesisFile = join(out, 'genesis.json')
  if (!existsSync(genesisFile)) throw new RangeError(`${out} holds no history: no ${genesisFile}`)
  const genesis = parseGenesis(await readFile(genesisFile, 'utf8'))
  if (!genesis.ok) throw new RangeError(`${genesisFile}: ${genesis.detail}`)
  const { seed, chains } = JSON.parse(await readFile(join(out, 'history.json'), 'utf8')) as HistoryRecord
  const tips = chains.map(({ chain, height, epoch, view, hash, stateRoot }) => {
    const id = must(parseChain(chain), 'history.json names chains')
    return [id, { height, epoch, view, hash: fromHex(hash), stateRoot: fromHex(stateRoot) }] as const
  })
  return placesOf(out, genesis.value, seed, new Map(tips))
}

const placesOf = (out: string, genesis: Genesis, seed: string, tips: History['tips']): History => ({
  genesis,
  genesisFile: join(out, 'genesis.json'),
  data: join(out, 'node'),
  validatorKeys: genesis.validators.map((_, index) => join(out, 'keys', `validator-${index}.json`)),
  tips,
  seed
})

export interface CopyOptions {
  /** @default a new one */
  readonly nodeKey?: Key
  /** The copy is this validator's: `keys/validator.json` in it, and a guard that knows where the history ends. */
  readonly validator?: number
}

/**
 * A data directory of another node with the same chains. LevelDB never writes a table file twice, so those are linked
 * and not copied; a copy costs next to nothing. The source must not be open.
 */
export async function copyHistory(history: History, to: string, options: CopyOptions = {}): Promise<void> {
  const { nodeKey = newKey('node'), validator } = options
  await newDataDirectory(to, history.genesis, nodeKey)
  const from = dirname(dataPaths(history.data).nodeDatabase)
  for (const name of await readdir(from)) {
    if (name !== 'node') await copyDatabase(join(from, name), join(dirname(dataPaths(to).nodeDatabase), name))
  }
  if (validator !== undefined) await bindValidator(history, to, validator)
}

/**
 * C22: a validator that finds its key's statements in certificates and not in its guard takes itself for a copy and
 * stops. So the guard's floors are raised to the tips, as after a life in which it signed all of that.
 */
async function bindValidator({ genesis, tips }: History, data: string, index: number): Promise<void> {
  const key = keyFromSeed('validator', validatorSeed(index))
  const path = join(data, 'keys', 'validator.json')
  await writeKeyFile(path, key)
  const database = await openLevel(dataPaths(data).nodeDatabase, { isNew: false })
  try {
    const id = new Uint8Array(randomBytes(32))
    const network = networkId(genesis)
    const guard = await SignGuard.create(database, { publicKey: key.publicKey, network }, id)
    const floors = [...tips].flatMap(
      ([chain, { epoch, view }]) => guard.raiseFloor(chain, epoch, view).writes
    )
    await database.batch(floors, { sync: true })
    await bindGuard(path, id)
  } finally {
    await database.close()
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
async function newDataDirectory(data: string, genesis: Genesis, nodeKey: Key): Promise<void> {
  const paths = dataPaths(data)
  if (existsSync(paths.genesis)) throw new RangeError(`${data} is a data directory already`)
  await writeKeyFile(paths.nodeKey, nodeKey)
  await writeFile(paths.config, defaultConfigFile())
  await mkdir(dirname(paths.nodeDatabase), { recursive: true })
  const database = await openLevel(paths.nodeDatabase, { isNew: true })
  await NodeStore.open(database, networkId(genesis))
  await database.close()
  await writeFile(paths.genesis, genesisToJson(genesis))
}
