/**
 * A node with one bootstrap address and the genesis file joins a made history of 20,000 blocks a shard, by all blocks and
 * by state; and a validator comes back after 5,000 blocks and three epochs. `ICN_BLOCKS` makes both smaller.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { ChainJson } from '../../src/client/types.ts'
import { mustRun, runCommand, spawnProcess } from '../../src/devnet/processes.ts'
import { networkId } from '../../src/params/genesis.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { COORD, chainName } from '../../src/primitives/chain-id.ts'
import { ChainStore } from '../../src/store/chain-store.ts'
import { openLevel } from '../../src/store/level.ts'
import { copyHistory, makeHistory } from '../../src/testing/index.ts'
import type { History, HistoryOptions } from '../../src/testing/index.ts'
import { say } from './bars.ts'
import type { Bars, Scenario } from './bars.ts'

type Started = Awaited<ReturnType<typeof spawnProcess>>

const ALL_BLOCKS = 20_000
const AWAY_BLOCKS = 5_000
const HISTORY_S = 300
const JOIN_MS = 900_000
const LOOK_MS = 100

const blocksOf = (full: number): number => Number(process.env['ICN_BLOCKS'] ?? full)
const since = (fromMs: number): number => Math.round((performance.now() - fromMs) / 100) / 10

class Joiner {
  readonly data: string
  readonly #process: Started
  readonly client: Client
  readonly addresses: readonly string[]

  private constructor(data: string, process: Started, facts: { rpc: string; libp2p: string[] }) {
    this.data = data
    this.#process = process
    this.client = new Client({ url: `http://${facts.rpc}` })
    this.addresses = facts.libp2p
  }

  static async start(data: string, options: readonly string[]): Promise<Joiner> {
    const own = ['--rpc', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--allow-private']
    const args = ['start', '--data', data, '--log-level', 'warn', ...own, ...options]
    const started = await spawnProcess(args, { log: `${data}.log` })
    const path = join(data, 'node.json')
    const facts = await until(`a node on ${data}`, async () => {
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as { rpc: string; libp2p: string[] }
      } catch {
        return undefined
      }
    })
    return new Joiner(data, started, facts)
  }

  /** At these heights or above, and no longer catching up. */
  async reaches(tips: History['tips']): Promise<void> {
    await until(`${this.data} is in sync`, async () => {
      const { chains } = await this.client.call('node_sync', {})
      const isThere = [...tips].every(([chain, { height }]) =>
        chains.some((one) => one.chain === jsonOf(chain) && one.final >= height && one.mode === 'live')
      )
      return isThere ? true : undefined
    })
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }
}

const jsonOf = (chain: number): ChainJson => (chain === COORD ? 'coord' : (chain as ChainJson))

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const startedMs = performance.now()
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() - startedMs > JOIN_MS) throw new RangeError(`not within ${JOIN_MS} ms: ${what}`)
    await delay(LOOK_MS)
  }
}

async function made(options: HistoryOptions): Promise<History> {
  const history = await makeHistory(options)
  for (const index of history.validatorKeys.keys())
    await copyHistory(history, join(options.out, `validator-${index}`), { validator: index })
  return history
}

/** What a stopped node holds: of each chain the root of its state, and the lowest block. */
async function held(
  data: string,
  history: History
): Promise<Map<string, { root: string; earliest: number }>> {
  const found = new Map<string, { root: string; earliest: number }>()
  for (const chain of history.tips.keys()) {
    const database = await openLevel(dataPaths(data).chainDatabase(chain), { isNew: false })
    try {
      const store = ChainStore.open(database, { network: networkId(history.genesis), chain })
      found.set(chainName(chain), { root: toHex(store.root), earliest: store.earliest })
    } finally {
      await database.close()
    }
  }
  return found
}

export const joins: Scenario = async (directory, bars) => {
  const blocks = blocksOf(ALL_BLOCKS)
  const fromMs = performance.now()
  const history = await made({ out: directory, shards: 3, blocks, transfers: 20, epochs: 5 })
  bars.atMost('seconds to make the history', since(fromMs), HISTORY_S)
  const server = await Joiner.start(history.data, [])
  const [bootstrap = ''] = server.addresses
  const joined: string[] = []
  try {
    for (const mode of ['full', 'snapshot']) {
      const data = join(directory, `late-${mode}`)
      await mustRun(['init', '--genesis', history.genesisFile, '--data', data])
      const startedMs = performance.now()
      const late = await Joiner.start(data, ['--bootstrap', bootstrap, '--sync', mode])
      try {
        await late.reaches(history.tips)
        say(`  --sync ${mode}: at the head of 4 chains after ${since(startedMs)} s`)
      } finally {
        await late.stop()
      }
      joined.push(data)
    }
  } finally {
    await server.stop()
  }
  await compare(bars, history, joined)
}

async function compare(bars: Bars, history: History, joined: readonly string[]): Promise<void> {
  for (const data of joined) {
    const { code, stderr } = await runCommand(['check', '--data', data])
    bars.check(`icn check finds nothing in ${data}`, code === 0, code === 0 ? 'ok' : stderr.trim())
    const found = await held(data, history)
    for (const [chain, { height, stateRoot }] of history.tips) {
      const root = found.get(chainName(chain))?.root ?? 'none'
      bars.check(`root of ${chainName(chain)} ${height}`, root === toHex(stateRoot), root.slice(0, 16))
      const earliest = found.get(chainName(chain))?.earliest ?? 0
      const byState = data.endsWith('snapshot')
      bars.check(
        `${chainName(chain)} began ${byState ? 'at a snapshot' : 'at genesis'}`,
        earliest > 0 === byState,
        earliest
      )
    }
  }
}

export const away: Scenario = async (directory, bars) => {
  const blocks = blocksOf(AWAY_BLOCKS)
  const short = Math.floor(blocks / 10)
  const epochLength = Math.floor((2 * blocks) / 7)
  const shared = { shards: 1, transfers: 5, timeMs: Date.now() - 3_600_000, overrides: { epochLength } }
  // The beginning of the same chain: what the one that was away has.
  const before = await made({ ...shared, out: join(directory, 'before'), blocks: short })
  const now = await made({ ...shared, out: join(directory, 'now'), blocks: short + blocks })
  const nodes: Joiner[] = []
  try {
    for (const index of [0, 1, 2, 3]) {
      const history = index === 3 ? before : now
      const data = join(directory, index === 3 ? 'before' : 'now', `validator-${index}`)
      const bootstrap = nodes.flatMap(({ addresses }) => ['--bootstrap', addresses[0] ?? ''])
      const key = ['--validator', history.validatorKeys[index] ?? '']
      nodes.push(await Joiner.start(data, [...bootstrap, ...key]))
    }
    const late = nodes[3] ?? nodes[0]
    const startedMs = performance.now()
    await late?.reaches(now.tips)
    const epochs = [...now.tips.values()].map(({ epoch }) => epoch)
    bars.check(
      `${blocks} blocks and ${Math.min(...epochs)} epochs later it is at the head`,
      true,
      since(startedMs)
    )
    const client = nodes[0]?.client
    const heard = await until('it votes again', async () => votedAfter(client, now))
    bars.check('certificates carry its votes again, from height', true, heard)
    const info = await late?.client.call('node_info', {})
    bars.check('it signs', info?.validator?.signing === 'active', info?.validator?.signing ?? null)
  } finally {
    for (const node of nodes) await node.stop()
  }
}

/** The first height above the history whose certificate the fourth validator signed. */
async function votedAfter(client: Client | undefined, { tips }: History): Promise<number | undefined> {
  if (client === undefined) return undefined
  const top = tips.get(COORD)?.height ?? 0
  const { chains } = await client.call('node_sync', {})
  const final = chains.find(({ chain }) => chain === 'coord')?.final ?? 0
  for (let height = top + 1; height <= final; height++) {
    const { certificate } = await client.call('chain_certificate', { chain: 'coord', height })
    if (certificate.signers.includes(3)) return height
  }
  return undefined
}
