/**
 * The directory D of a devnet: `genesis.json`, `keys/`, a data directory per node, `devnet.json`. Made by the
 * program's own commands, as an operator would. The same D resumes; `--fresh` starts over.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { dataPaths } from '../node/data-dir.ts'
import { readKeyFile, publicFacts } from '../node/keys.ts'
import { parseGenesis } from '../params/genesis-json.ts'
import { describeRefusal } from '../params/genesis-refusal.ts'
import type { Genesis } from '../params/genesis.ts'
import { toHex } from '../primitives/bytes.ts'
import { DevnetError } from './errors.ts'
import type { Plan, PlannedNode } from './plan.ts'
import { mustRun } from './processes.ts'

/** What a devnet puts into D; anything else is somebody's and stays. */
const OWN = /^(genesis\.json|devnet\.json(\.next)?|load\.json|keys|node-\d+|(stranger|follower|copy).*)$/

/** Genesis, keys and the directories of all nodes but the late ones. @throws DevnetError */
export async function prepareDirectory(plan: Plan): Promise<Genesis> {
  const { data, options } = plan
  refuseRunning(plan)
  if (options.fresh) clear(data)
  for (const { libp2pPort, rpcPort } of plan.nodes) {
    await mustBeFree(libp2pPort)
    await mustBeFree(rpcPort)
  }
  mkdirSync(data, { recursive: true })
  if (existsSync(plan.genesis)) return resume(plan)
  const strangers = readdirSync(data).filter((name) => !OWN.test(name))
  if (strangers.length > 0) throw occupied(data, `holds ${strangers[0] ?? ''}, which is no devnet's`)
  if (options.genesis === undefined) await newNetwork(plan)
  else takeNetwork(plan, options.genesis)
  const genesis = readGenesis(plan.genesis)
  checkKeys(plan, genesis)
  await Promise.all(
    plan.nodes.filter(({ role }) => role === 'validator').map((node) => prepareNode(plan, node))
  )
  return genesis
}

/** An empty directory becomes a node's: `icn init`. One that was made before stays. */
export async function prepareNode(plan: Plan, node: PlannedNode): Promise<void> {
  if (existsSync(dataPaths(node.data).genesis)) return
  await mustRun(['init', '--genesis', plan.genesis, '--data', node.data])
}

/** Where others reach a node that is set up. */
export async function libp2pAddress(node: PlannedNode): Promise<string> {
  const { peer } = await publicFacts(readKeyFile(dataPaths(node.data).nodeKey, 'node'))
  return `/ip4/127.0.0.1/tcp/${node.libp2pPort}/p2p/${peer ?? ''}`
}

async function newNetwork({ data, options }: Plan): Promise<void> {
  const { preset, validators, shards, blockInterval } = options
  const args = ['genesis', 'new', '--preset', preset, '--validators', String(validators), '--out', data]
  if (shards !== undefined) args.push('--shards', String(shards))
  if (blockInterval !== undefined) args.push('--block-interval', String(blockInterval))
  await mustRun(args)
}

function takeNetwork(plan: Plan, file: string): void {
  if (!existsSync(file)) throw wrong('genesis', `--genesis: no file ${file}`)
  readGenesis(file)
  cpSync(file, plan.genesis)
  cpSync(join(dirname(file), 'keys'), plan.keys, { recursive: true })
}

/** Options that would describe another network than the one in D are refused, not ignored. */
async function resume(plan: Plan): Promise<Genesis> {
  const { options } = plan
  const genesis = readGenesis(plan.genesis, '--fresh begins anew, --data names another directory')
  const differs = (option: string, there: unknown): DevnetError =>
    wrong(option, `--${option}: the devnet in ${plan.data} has ${String(there)} (--fresh starts over)`)
  if (genesis.validators.length !== options.validators) throw differs('validators', genesis.validators.length)
  if (options.shards !== undefined && genesis.shards !== options.shards)
    throw differs('shards', genesis.shards)
  const { minBlockIntervalMs } = genesis.params
  if (options.blockInterval !== undefined && minBlockIntervalMs !== options.blockInterval) {
    throw differs('block-interval', minBlockIntervalMs)
  }
  checkKeys(plan, genesis)
  for (const node of plan.nodes) if (node.role === 'validator') await prepareNode(plan, node)
  return genesis
}

function checkKeys(plan: Plan, genesis: Genesis): void {
  const known = new Set(genesis.validators.map(({ key }) => toHex(key)))
  if (known.size !== plan.options.validators) {
    throw wrong('validators', `--validators: the genesis has ${known.size}`)
  }
  for (const { key } of plan.nodes) {
    if (key === undefined) continue
    if (known.has(toHex(readKeyFile(key, 'validator').publicKey))) continue
    throw wrong('genesis', `${key} is no validator of ${plan.genesis}`)
  }
}

function readGenesis(file: string, remedy?: string): Genesis {
  const genesis = parseGenesis(readFileSync(file, 'utf8'))
  if (genesis.ok) return genesis.value
  throw wrong('genesis', describeRefusal(file, genesis, remedy))
}

/** One devnet at a time: the record names the process that keeps it. */
function refuseRunning({ record, data }: Plan): void {
  if (!existsSync(record)) return
  const { pid } = JSON.parse(readFileSync(record, 'utf8')) as { pid?: unknown }
  if (typeof pid !== 'number' || pid === process.pid || !isDevnet(pid)) return
  throw occupied(data, `is in use by the devnet with process id ${pid}`)
}

/** A process id may have been given to another program since. */
function isDevnet(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('devnet')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

function clear(data: string): void {
  if (!existsSync(data)) return
  const strangers = readdirSync(data).filter((name) => !OWN.test(name))
  if (strangers.length > 0) throw occupied(data, `holds ${strangers[0] ?? ''}; --fresh only clears a devnet`)
  for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true })
}

async function mustBeFree(port: number): Promise<void> {
  const free = await new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
  if (free) return
  throw new DevnetError(
    { code: 'DEVNET_PORT_IN_USE', port },
    `port ${port} is in use (--base-port picks others)`
  )
}

const wrong = (option: string, message: string): DevnetError =>
  new DevnetError({ code: 'DEVNET_OPTION', option }, message)
const occupied = (path: string, reason: string): DevnetError =>
  new DevnetError({ code: 'DEVNET_DIRECTORY', path }, `${path} ${reason}`)
