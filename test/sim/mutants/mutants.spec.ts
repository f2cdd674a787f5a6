/** The checkers can fail: with one rule broken, the scenario and the seed that the table names must find it (D19). */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MUTANTS } from './table.ts'
import { SEARCH_SEEDS } from './run-mutant-outcome.ts'
import type { Outcome } from './run-mutant-outcome.ts'

const run = promisify(execFile)
/** A seed that another change of the product made blind costs a search through the others. */
const CHILD_MS = 240_000
const script = new URL('./run-mutant.js', import.meta.url).pathname

describe('mutants', function () {
  this.timeout(2 * CHILD_MS)

  for (const { name, rule, scenario, seed } of MUTANTS) {
    const bySeeds = seed === undefined ? '' : ` and within ${SEARCH_SEEDS} seeds`
    it(`${rule}: "${name}" is caught by scenario ${scenario}${bySeeds}`, async () => {
      const { stdout } = await run(process.execPath, [script, name], { timeout: CHILD_MS })
      const { caughtBy } = JSON.parse(stdout) as Outcome
      assert(caughtBy.includes(`scenario ${scenario}`), 'the scenario did not notice that the rule is broken')
      if (seed === undefined) return
      assert.match(
        caughtBy[0] ?? '',
        /^seed \d+$/,
        `no seed noticed that the rule is broken, nor seed ${seed}`
      )
      assert(seed <= SEARCH_SEEDS)
    })
  }
})
