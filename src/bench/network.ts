/** Whole networks: `icn devnet` as a user starts it, once as fast as it goes and once with light load and no pause. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { BenchError } from './errors.ts'
import type { Bench, BenchContext, Figure } from './figure.ts'
import { measureRoundTrips } from './round-trips.ts'
import { measureVerification } from './signatures.ts'

const PROGRAM = fileURLToPath(new URL('../cli/main.js', import.meta.url))
const VALIDATORS = 4
const SHARDS = 2
const BASE_PORT = 9_500
/** Transfers a second that no queue forms for. */
const LIGHT_LOAD = 20
const FINALITY_MS = 100
/** 1,500 final transfers a second. */
const TRANSFER_US = 1e6 / 1_500

/** What is read of the summary of a run (SYSTEM 6: its shape is stable). */
interface Summary {
  readonly ok: boolean
  readonly failures?: readonly string[]
  readonly throughput: number
  readonly cpuUsPerTransfer: number | null
  readonly finalityMs: { readonly p50: number | null; readonly p99: number | null }
  readonly nodes: readonly { readonly rssMiB: number }[]
}

export const network: Bench = {
  name: 'network',
  summary: `a devnet of ${VALIDATORS} validators and 1 follower: throughput, CPU and finality`,
  async run(context) {
    const verifyUs = await measureVerification()
    const busy = await runDevnet(context, 'busy', ['--load', 'max'])
    const quick = await runDevnet(context, 'quick', ['--load', String(LIGHT_LOAD), '--block-interval', '0'])
    return [...loadFigures(busy, verifyUs), finalityFigure(quick, await measureRoundTrips())]
  }
}

function loadFigures(summary: Summary, verifyUs: number): Figure[] {
  const cores = availableParallelism()
  return [
    {
      name: 'transfer end to end',
      what: `wall time for each final transfer, all processes on ${cores} cores, as fast as it goes`,
      unit: 'µs',
      value: 1e6 / summary.throughput,
      raw: {
        what: `${VALIDATORS} validators that do nothing but verify it`,
        value: (VALIDATORS * verifyUs) / cores
      },
      bar: TRANSFER_US
    },
    {
      name: 'CPU of a transfer',
      what: 'of one validator, user and system, all in',
      unit: 'µs',
      value: summary.cpuUsPerTransfer ?? Number.NaN,
      raw: { what: 'its signature verified once', value: verifyUs }
    }
  ]
}

const finalityFigure = ({ finalityMs }: Summary, floorMs: number): Figure => ({
  name: 'finality',
  what: `p50 at the client, block interval 0, ${LIGHT_LOAD} transfers a second`,
  unit: 'ms',
  value: finalityMs.p50 ?? Number.NaN,
  raw: { what: 'proposal and two rounds of votes on bare sockets', value: floorMs },
  bar: FINALITY_MS
})

export async function runDevnet(
  { directory, networkS, note }: BenchContext,
  name: string,
  options: readonly string[],
  shards: number = SHARDS
): Promise<Summary> {
  const size = ['--validators', String(VALIDATORS), '--shards', String(shards), '--late', '0']
  const run = [
    '--duration',
    String(networkS),
    '--base-port',
    String(BASE_PORT),
    '--data',
    join(directory, name)
  ]
  const child = spawn(process.execPath, [PROGRAM, 'devnet', '--json', ...size, ...run, ...options], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const [output, log] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  if (output === '') {
    const reason = log.trim().split('\n').at(-1) ?? ''
    throw new BenchError({ code: 'BENCH_NETWORK_FAILED', reason })
  }
  const summary = JSON.parse(output) as Summary
  for (const failure of summary.failures ?? []) note(`${name}: ${failure}`)
  const memory = Math.max(...summary.nodes.map(({ rssMiB }) => rssMiB))
  const { p50, p99 } = summary.finalityMs
  note(
    `${name}: ${summary.throughput.toFixed(0)} final a second, finality p50 ${p50} p99 ${p99} ms, RSS up to ${memory} MiB`
  )
  return summary
}
