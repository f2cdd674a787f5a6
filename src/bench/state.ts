/** 1,000 accounts changed in a state on disk by a process that has read nothing of it yet. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Bench, BenchContext, Figure } from './figure.ts'
import { COLD_UPDATE_MS, LARGE_STATE, SMALL_STATE, STATE_CHANGES } from './state-limits.ts'
import { median } from './timing.ts'

const PROCESSES = 5
const PROGRAM = fileURLToPath(new URL('state-process.js', import.meta.url))
const runFile = promisify(execFile)

export const state: Bench = {
  name: 'state',
  summary: `1,000 changes of a state on disk in a fresh process: ${SMALL_STATE} and ${LARGE_STATE} accounts`,
  async run(context) {
    return [...(await measure(context, SMALL_STATE)), ...(await measure(context, LARGE_STATE))]
  }
}

async function measure({ directory, note }: BenchContext, accounts: number): Promise<Figure[]> {
  const path = join(directory, `state-${accounts}`)
  const [built = 0] = await timed('build', path, accounts)
  note(`state of ${accounts} accounts built in ${(built / 1_000).toFixed(1)} s`)
  const values: number[][] = []
  const raws: number[][] = []
  for (let run = 0; run < PROCESSES; run++) {
    values.push(await timed('update', path, accounts))
    raws.push(await timed('raw', path, accounts))
  }
  const medianOf = (runs: readonly number[][], at: number): number => median(runs.map((run) => run[at] ?? 0))
  const what = 'rows read one by one, nodes hashed, no tree'
  return [
    {
      name: `update of ${accounts}`,
      what: `${STATE_CHANGES} of ${accounts} accounts on disk read, changed, new root: first in a process`,
      unit: 'ms',
      value: medianOf(values, 0),
      raw: { what, value: medianOf(raws, 0) },
      ...(accounts === LARGE_STATE ? { bar: COLD_UPDATE_MS } : {})
    },
    {
      name: `next update of ${accounts}`,
      what: `${STATE_CHANGES} others, that were not read either, in the same process`,
      unit: 'ms',
      value: medianOf(values, 1),
      raw: { what, value: medianOf(raws, 1) }
    }
  ]
}

/** @returns milliseconds of each time that the process says */
async function timed(task: 'build' | 'update' | 'raw', path: string, accounts: number): Promise<number[]> {
  const { stdout } = await runFile(process.execPath, [PROGRAM, task, path, String(accounts)])
  return stdout.trim().split(' ').map(Number)
}
