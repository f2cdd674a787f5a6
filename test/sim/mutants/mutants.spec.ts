/** The checkers can fail: with one rule broken, the scenario or seed that the table names must find it (D19). */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MUTANTS } from './table.ts'
import type { Outcome } from './run-mutant.ts'

const run = promisify(execFile)
const CHILD_MS = 60_000
const script = new URL('./run-mutant.js', import.meta.url).pathname

describe('mutants of consensus', function () {
  this.timeout(CHILD_MS)

  for (const { name, rule, caughtBy } of MUTANTS) {
    const by = 'seed' in caughtBy ? `seed ${caughtBy.seed}` : `scenario ${caughtBy.scenario}`
    it(`${rule}: "${name}" is caught by ${by}`, async () => {
      const { stdout } = await run(process.execPath, [script, name], { timeout: CHILD_MS })
      const outcome = JSON.parse(stdout) as Outcome
      assert.deepEqual(outcome.caughtBy, [by], 'nothing noticed that the rule is broken')
    })
  }
})
