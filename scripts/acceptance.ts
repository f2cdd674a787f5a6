/**
 * The long devnet scenarios, each with the figures it must reach: `npm run acceptance -- [scenario ...]`. Every
 * scenario prints its figures and a line PASS or FAIL for each bar; the exit code is 1 if any bar was missed.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../src/client/client.ts'
import type { LoadReport } from '../src/devnet/load/messages.ts'
import { MAIN, startArguments } from '../src/devnet/plan.ts'
import { spawnProcess } from '../src/devnet/processes.ts'
import { percentile } from '../src/devnet/summary.ts'
import type { Summary } from '../src/devnet/summary.ts'
import { PRESETS } from '../src/params/presets.ts'
import { Bars, load, ratio, say } from './acceptance/bars.ts'
import type { Scenario } from './acceptance/bars.ts'
import { BASE_PORT, FOREVER, withDevnet } from './acceptance/devnet.ts'
import { flood } from './acceptance/flood.ts'
import { hostile } from './acceptance/hostile.ts'
import { away } from './acceptance/away.ts'
import { joins } from './acceptance/joins.ts'
import { drawKills, perturbOf, seedOf } from './acceptance/kills.ts'
import { peers } from './acceptance/peers.ts'
import { snapshots } from './acceptance/snapshots.ts'
import { leaks, watchMemory } from './acceptance/soak.ts'
import { USAGE } from './acceptance/usage.ts'
import type { ScenarioName } from './acceptance/usage.ts'
import { validators } from './acceptance/validators.ts'

interface Outcome {
  readonly summary: Summary
  readonly load: LoadReport | undefined
}

/** The command itself, as a user runs it. */
async function devnet(data: string, args: readonly string[]): Promise<Outcome> {
  const all = ['devnet', '--data', data, '--fresh', '--base-port', String(BASE_PORT), '--json', ...args]
  say(`  icn ${all.join(' ')}`)
  const child = spawn(process.execPath, [MAIN, ...all], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  await new Promise((resolve) => child.once('close', resolve))
  if (stdout === '') throw new RangeError(`no summary: ${stderr.trim().split('\n').at(-1) ?? ''}`)
  const summary = JSON.parse(stdout) as Summary
  const load = args.includes('--load')
    ? (JSON.parse(readFileSync(join(data, 'load.json'), 'utf8')) as LoadReport)
    : undefined
  printFigures(summary)
  return { summary, load }
}

function printFigures({
  transfers,
  finalityMs,
  throughput,
  cpuUsPerTransfer,
  verifyUs,
  nodes,
  chains
}: Summary): void {
  const { offered, submitted, final } = transfers
  say(`  ${offered} offered, ${submitted} submitted, ${final} final, ${throughput}/s`)
  say(`  refusals ${JSON.stringify(transfers.refusals)}`)
  say(`  finality p50 ${finalityMs.p50} ms, p99 ${finalityMs.p99} ms, ${finalityMs.samples} samples`)
  say(`  ${cpuUsPerTransfer} µs CPU per transfer and validator; a bare verification takes ${verifyUs}`)
  say(`  RSS MiB ${nodes.map(({ rssMiB }) => rssMiB).join(' ')}`)
  say(`  nullified views ${chains.map(({ chain, nullified }) => `${chain}: ${nullified}`).join(', ')}`)
}

function commonBars(bars: Bars, { ok, failures, transfers, nodes, check }: Summary): void {
  bars.check('the run finds nothing wrong', ok, failures.join('; ') || 'ok')
  bars.check('icn check finds nothing', check.length === 0, check.length)
  bars.atLeast('share of submitted that is final', transfers.final / Math.max(1, transfers.submitted), 0.99)
  for (const [chain, behind] of spreads(nodes)) bars.atMost(`heights behind on ${chain}`, behind, 2)
}

/** Of each chain, how far the last node is behind the first. */
function spreads(nodes: Summary['nodes']): Map<string, number> {
  const chains = new Set(nodes.flatMap(({ finals }) => Object.keys(finals)))
  return new Map(
    [...chains].map((chain) => {
      const heights = nodes.map(({ finals }) => finals[chain] ?? 0)
      return [chain, Math.max(...heights) - Math.min(...heights)] as const
    })
  )
}

const recovered = ({ perturbations }: Summary, what: string): number | null =>
  perturbations.find((each) => each.what === what)?.recoveredMs ?? null

/** Transfers a second that became final between two seconds of the load. */
function rateBetween({ finalPerS }: LoadReport, fromS: number, toS: number): number {
  const seconds = finalPerS.slice(fromS, toS)
  return seconds.reduce((sum, count) => sum + count, 0) / Math.max(1, seconds.length)
}

const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  async standard(data, bars) {
    const { summary } = await devnet(data, ['--duration', '60', '--load', '200'])
    commonBars(bars, summary)
    bars.atLeast('submitted of offered', summary.transfers.submitted / summary.transfers.offered, 0.98)
    bars.atMost('finality p50 ms', summary.finalityMs.p50, 1_500)
    bars.atMost('finality p99 ms', summary.finalityMs.p99, 3_000)
    for (const { chain, epoch } of summary.chains) bars.atLeast(`epochs crossed on ${chain}`, epoch, 2)
    for (const { name, peers } of summary.nodes) bars.atLeast(`peers of ${name}`, peers, 3)
  },

  async fast(data, bars) {
    const { summary } = await devnet(data, ['--duration', '40', '--load', '10', '--block-interval', '0'])
    commonBars(bars, summary)
    bars.atMost('finality p50 ms', summary.finalityMs.p50, 100)
  },

  async idle(data, bars) {
    const { summary } = await devnet(data, ['--duration', '40', '--late', '2'])
    for (const { name, rssMiB } of summary.nodes) bars.atMost(`RSS MiB of ${name}`, rssMiB, 200)
  },

  async max(data, bars) {
    const { summary } = await devnet(data, ['--duration', '60', '--load', 'max'])
    commonBars(bars, summary)
    bars.atLeast('final transfers a second', summary.throughput, 1_500)
    for (const { name, rssMiB } of summary.nodes) bars.atMost(`RSS MiB of ${name}`, rssMiB, 400)
  },

  async 'one-killed'(data, bars) {
    const perturb = ['--perturb', 'kill:2@25,start:2@45']
    const { summary, load } = await devnet(data, ['--duration', '80', '--load', '200', ...perturb])
    commonBars(bars, summary)
    bars.atMost('finality p99 ms', summary.finalityMs.p99, 5_000)
    if (load === undefined) throw new RangeError('a run with load has a report')
    const before = rateBetween(load, 5, 25)
    bars.atLeast('throughput while it is down, of before', rateBetween(load, 25, 45) / before, 0.6)
    const while_ = load.samples.filter(({ sentMs }) => sentMs >= 25_000 && sentMs < 45_000)
    const took = while_.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
    bars.atMost('finality p99 ms while it is down', percentile(took, 0.99), 5_000)
    bars.check('it catches up', recovered(summary, 'start:2') !== null, recovered(summary, 'start:2'))
  },

  async 'two-killed'(data, bars) {
    const perturb = ['--perturb', 'kill:2@20,kill:3@20,start:2@80,start:3@100']
    const { summary } = await devnet(data, ['--duration', '130', '--load', '100', ...perturb])
    commonBars(bars, summary)
    const standstill = recovered(summary, 'kill:3')
    bars.check('nothing final without a quorum', standstill === null || standstill >= 59_000, standstill)
    bars.atMost('ms to a new final block on every chain', recovered(summary, 'start:2'), 20_000)
  },

  async 'all-killed'(data, bars) {
    const nodes = [0, 1, 2, 3]
    const events = [...nodes.map((node) => `kill:${node}@25`), ...nodes.map((node) => `start:${node}@30`)]
    const { summary } = await devnet(data, [
      '--duration',
      '70',
      '--load',
      '200',
      '--perturb',
      events.join(',')
    ])
    commonBars(bars, summary)
    for (const node of nodes)
      bars.atMost(`ms until node ${node} is back`, recovered(summary, `start:${node}`), 15_000)
  },

  async kills(data, bars) {
    const seed = seedOf(process.env['ICN_SEED'])
    say(`  seed ${seed}: ICN_SEED=${seed} repeats these kills`)
    const kills = drawKills(seed, { nodes: 4, count: 55, untilMs: 100_000 })
    const network = ['--followers', '0', '--shards', '2', '--load', '50', '--cross', '50', '--atomic', '10']
    const { summary } = await devnet(data, [...network, '--duration', '150', '--perturb', perturbOf(kills)])
    commonBars(bars, summary)
    const done = summary.perturbations.filter(({ what }) => what.startsWith('kill'))
    bars.atLeast('kills', done.length, 50)
    const { submitted } = summary.transfers
    bars.check(
      'transfers crossed meanwhile',
      submitted > 0 && summary.crossMs.samples > 0,
      summary.crossMs.samples
    )
    const { committed, aborted, open } = summary.actions
    bars.atLeast('actions over two shards that ended meanwhile', committed + aborted, 1)
    bars.atMost('actions that have not ended', open, 0)
  },

  async cross(data, bars) {
    const network = ['--followers', '0', '--shards', '4', '--duration', '40']
    const run = async (percent: number, rate: string): Promise<Summary> => {
      const options = ['--load', rate, '--cross', String(percent)]
      const { summary } = await devnet(data, [...network, ...options])
      commonBars(bars, summary)
      return summary
    }
    // In turns, so that a machine that becomes busier slows both.
    const full = [await run(0, 'max'), await run(50, 'max'), await run(50, 'max'), await run(0, 'max')]
    const [near, half, halfAgain, nearAgain] = full.map(({ throughput }) => throughput)
    const across = (half ?? 0) + (halfAgain ?? 0)
    bars.atLeast('throughput with half of it across, of none', across / ((near ?? 0) + (nearAgain ?? 0)), 0.6)
    const { crossMs, finalityMs } = await run(50, '100')
    const { minBlockIntervalMs } = PRESETS.devnet.params
    say(`  p50 within a shard ${finalityMs.p50} ms, credited on another ${crossMs.p50} ms`)
    bars.atMost(
      'block intervals until credited, p50',
      ratio(crossMs.p50 ?? Number.NaN, minBlockIntervalMs),
      2.5
    )
  },

  async copied(data, bars) {
    await withDevnet(
      data,
      async (net) => {
        await delay(8_000)
        const original = net.node(3)
        await original.stop()
        const copy = {
          ...original.plan,
          data: join(data, 'copy-3'),
          libp2pPort: BASE_PORT + 50,
          rpcPort: BASE_PORT + 51
        }
        cpSync(original.plan.data, copy.data, { recursive: true })
        await net.startNode(3)
        await original.answers(FOREVER)
        const twin = await spawnProcess(startArguments(copy, net.bootstrap), {
          log: join(data, 'copy-3.log')
        })
        await delay(20_000)
        const [mine, other] = await Promise.all(
          [original.plan.rpc, `http://127.0.0.1:${copy.rpcPort}`].map((url) =>
            new Client({ url }).call('node_info', {})
          )
        )
        const states = [mine?.validator?.signing ?? 'none', other?.validator?.signing ?? 'none']
        bars.check(
          'one of the two signs',
          states.filter((state) => state === 'active').length <= 1,
          states.join(' ')
        )
        const reason = other?.validator?.reason ?? mine?.validator?.reason ?? null
        bars.check('who does not sign says why', reason !== null, reason)
        await twin.stop()
        return [copy.data]
      },
      bars
    )
  },

  async health(data, bars) {
    await withDevnet(
      data,
      async (net) => {
        const node = net.node(1)
        const until = async (status: number): Promise<number | null> => {
          const fromMs = performance.now()
          while (performance.now() - fromMs < 30_000) {
            const reply = await fetch(`${node.plan.rpc}/health`)
            if (reply.status === status) {
              say(`  ${status} ${await reply.text()}`)
              return Math.round(performance.now() - fromMs)
            }
            await delay(100)
          }
          return null
        }
        await until(200)
        node.cut()
        bars.atMost('ms to 503 after a cut', await until(503), 15_000)
        node.heal()
        bars.atMost('ms to 200 after it healed', await until(200), 15_000)
        return []
      },
      bars
    )
  },

  hostile,
  flood,
  snapshots,
  joins,
  away,
  peers,
  validators,
  leaks,

  async steady(data, bars) {
    const urls = [0, 1, 2, 3].map((node) => `http://127.0.0.1:${BASE_PORT + 2 * node + 1}`)
    const run = devnet(data, ['--duration', '310', '--load', '200', '--followers', '0'])
    const { summary } = await watchMemory(urls, run, bars)
    commonBars(bars, summary)
  }
}

const isScenario = (name: string): name is ScenarioName => Object.hasOwn(scenarios, name)

async function main(names: readonly string[]): Promise<void> {
  if (names.some((name) => name === '--help' || name === '-h')) {
    say(USAGE)
    return
  }
  const unknown = names.find((name) => !isScenario(name))
  if (unknown !== undefined) {
    say(`acceptance: no scenario ${unknown}; there are ${Object.keys(scenarios).join(', ')} (--help)`)
    process.exitCode = 2
    return
  }
  const bars = new Bars()
  for (const name of (names.length === 0 ? Object.keys(scenarios) : names).filter(isScenario)) {
    say(`${name} (load ${load()})`)
    const parent = mkdtempSync(join(tmpdir(), `icn-${name}-`))
    try {
      await scenarios[name](join(parent, 'D'), bars)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      bars.check('the scenario runs', false, error.message)
    }
    rmSync(parent, { recursive: true, force: true })
    say(`  load ${load()} at the end of ${name}`)
  }
  say(bars.failed === 0 ? 'PASS' : `FAIL: ${bars.failed} bars missed`)
  if (bars.failed > 0) process.exitCode = 1
}

await main(process.argv.slice(2))
