/**
 * A node with one bootstrap address and the genesis file joins a made history of 20,000 blocks a shard, by all blocks and
 * by state. `ICN_BLOCKS` makes it smaller.
 */
import { join } from 'node:path'
import { mustRun, runCommand } from '../../src/devnet/processes.ts'
import { networkId } from '../../src/params/genesis.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { chainName } from '../../src/primitives/chain-id.ts'
import { ChainStore } from '../../src/store/chain-store.ts'
import { openLevel } from '../../src/store/level.ts'
import { makeHistory } from '../../src/testing/index.ts'
import type { History } from '../../src/testing/index.ts'
import { say } from './bars.ts'
import type { Bars, Scenario } from './bars.ts'
import { Joiner } from './joiner.ts'

const ALL_BLOCKS = 20_000
const HISTORY_S = 300

const since = (fromMs: number): number => Math.round((performance.now() - fromMs) / 100) / 10

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
  const blocks = Number(process.env['ICN_BLOCKS'] ?? ALL_BLOCKS)
  const fromMs = performance.now()
  const history = await makeHistory({ out: directory, shards: 3, blocks, transfers: 20, epochs: 5 })
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
