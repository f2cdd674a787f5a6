/**
 * What `icn sim` runs: seeds of a suite, one line each, with the hash of its trace and what it reached. The same seed
 * prints the same hash, always and everywhere.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { runSeed } from './consensus-suite.ts'
import type { RunResult } from './consensus-suite.ts'
import { COVERED, addCoverage, coverageText, neverReached, noCoverage } from './coverage.ts'
import type { Covered } from './coverage.ts'
import { realCrypto } from './crypto.ts'
import { COVERED_BY_COORDINATION, runCoordinationSeed } from './coordination-suite.ts'
import { COVERED_BY_RECEIPTS, runReceiptsSeed } from './receipts-suite.ts'
import { runSyncSeed } from './sync-suite.ts'

/** Seeds from which on a kind that was never reached is a failure of the suite. */
const COVERAGE_SEEDS = 20
const TAIL_LINES = 40

export interface Suite {
  readonly run: (seed: string) => Promise<RunResult>
  /** What some of its seeds have to reach. */
  readonly kinds: readonly Covered[]
}

export const SUITES: Readonly<Record<string, Suite>> = {
  consensus: { run: async (seed) => runSeed({ seed }), kinds: COVERED },
  shards: { run: async (seed) => runSeed({ seed, shards: 2 }), kinds: COVERED },
  sync: { run: async (seed) => runSyncSeed({ seed }), kinds: ['finals', 'crashes'] },
  signatures: { run: async (seed) => runSeed({ seed, crypto: realCrypto }), kinds: COVERED },
  receipts: { run: async (seed) => runReceiptsSeed({ seed }), kinds: COVERED_BY_RECEIPTS },
  coordination: { run: async (seed) => runCoordinationSeed({ seed }), kinds: COVERED_BY_COORDINATION }
}

export interface SimOptions {
  readonly suite: string
  readonly seed: number
  readonly count: number
  /** File of seeds that passed before, one a line; they are skipped, and new ones are added. */
  readonly resume?: string
}

/** @returns the exit code: 0 all seeds pass, 1 a seed failed or a kind was never reached, 2 no such suite. */
export async function runSim(options: SimOptions, print: (line: string) => void): Promise<number> {
  const suite = SUITES[options.suite]
  if (suite === undefined) {
    print(`no suite ${options.suite}; there are: ${Object.keys(SUITES).join(', ')}`)
    return 2
  }
  const done = passedBefore(options)
  const sum = noCoverage()
  let failed = 0
  let ran = 0
  for (let seed = options.seed; seed < options.seed + options.count; seed++) {
    const name = `${options.suite} ${seed}`
    if (done.has(name)) continue
    const result = await suite.run(String(seed))
    ran++
    addCoverage(sum, result.coverage)
    print(`seed ${seed} ${lineOf(result, suite.kinds)}`)
    if (result.violations.length === 0) {
      if (options.resume !== undefined) appendFileSync(options.resume, `${name}\n`)
      continue
    }
    failed++
    printFailure(result, print)
  }
  const never = ran >= COVERAGE_SEEDS ? neverReached(sum, suite.kinds) : []
  for (const kind of never) print(`never reached: ${kind}`)
  print(`${ran} seeds, ${failed} failed, ${done.size} passed before: ${coverageText(sum, suite.kinds)}`)
  return failed > 0 || never.length > 0 ? 1 : 0
}

const lineOf = ({ violations, hash, coverage, simulatedMs }: RunResult, kinds: readonly Covered[]): string =>
  `${violations.length === 0 ? 'pass' : 'FAIL'} ${hash} ${simulatedMs} ms ${coverageText(coverage, kinds)}`

function printFailure({ violations, tail }: RunResult, print: (line: string) => void): void {
  print('last of the trace (time, node, what, hash of the content):')
  for (const line of tail.slice(-TAIL_LINES)) print(`  ${line}`)
  for (const violation of violations) print(`  violation: ${violation}`)
}

function passedBefore({ resume }: SimOptions): ReadonlySet<string> {
  if (resume === undefined || !existsSync(resume)) return new Set()
  return new Set(readFileSync(resume, 'utf8').split('\n').filter(Boolean))
}
