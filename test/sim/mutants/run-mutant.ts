/**
 * The product with one broken rule, in a process of its own: the text of a module is changed as it is loaded, then the
 * scenario and the seed run. Prints one line of JSON.
 *
 *   node dist/test/sim/mutants/run-mutant.js NAME            what the table says catches it
 *   node dist/test/sim/mutants/run-mutant.js NAME --search   seeds 1 … 50, then every scenario
 */
import { registerHooks } from 'node:module'
import type { LoadHookSync } from 'node:module'
import { MUTANTS } from './table.ts'
import type { Edit, Mutant } from './table.ts'
import type { ScenarioName } from '../scenarios/catalog.ts'
import { SEARCH_SEEDS } from './run-mutant-outcome.ts'
import type { Outcome } from './run-mutant-outcome.ts'

const ALL_SEEDS = Array.from({ length: SEARCH_SEEDS }, (_, index) => index + 1)
const root = new URL('../../../src/', import.meta.url).href

function apply(edits: readonly Edit[]): Set<Edit> {
  const applied = new Set<Edit>()
  const load: LoadHookSync = (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    const due = edits.filter(({ module }) => url === root + module)
    if (due.length === 0) return loaded
    let text = Buffer.from((loaded.source ?? '') as Uint8Array).toString('utf8')
    for (const edit of due) {
      const parts = text.split(edit.find)
      if (parts.length !== 2)
        throw new RangeError(`${edit.module} holds ${parts.length - 1} of: ${edit.find}`)
      text = parts.join(edit.replace)
      applied.add(edit)
    }
    return { ...loaded, source: text }
  }
  registerHooks({ load })
  return applied
}

async function main(): Promise<void> {
  const [name, mode] = process.argv.slice(2)
  const mutant = MUTANTS.find((one) => one.name === name)
  if (mutant === undefined) throw new RangeError(`no mutant ${name ?? ''}`)
  const applied = apply(mutant.edits)
  // Only now: what is loaded from here on is the broken product.
  const { SCENARIOS, isScenario } = await import('../scenarios/catalog.ts')
  const { SUITES } = await import('../../../src/testing/sim/main.ts')
  const suite = SUITES[mutant.suite ?? 'consensus']
  if (suite === undefined) throw new RangeError('no such suite')
  const missing = mutant.edits.filter((edit) => !applied.has(edit))
  if (missing.length > 0)
    throw new RangeError(`not loaded: ${missing.map(({ module }) => module).join(', ')}`)
  const runs: Runs = {
    scenario: async (of) => findingOf(SCENARIOS[of]),
    seed: async (of) => (await suite.run(String(of))).violations[0],
    names: Object.keys(SCENARIOS).filter(isScenario)
  }
  const outcome = await (mode === '--search' ? search : named)(mutant, runs)
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}

interface Runs {
  readonly scenario: (of: ScenarioName) => Promise<string | undefined>
  readonly seed: (of: number) => Promise<string | undefined>
  readonly names: readonly ScenarioName[]
}

/** The scenario of the table, and a seed: the one of the table if that still does. */
const named = async (mutant: Mutant, runs: Runs): Promise<Outcome> =>
  outcomeOf(mutant, runs, mutant.seed === undefined ? [] : [mutant.seed, ...ALL_SEEDS], [mutant.scenario])

/** The first seed that catches it, and every scenario that does. */
const search = async (mutant: Mutant, runs: Runs): Promise<Outcome> =>
  outcomeOf(mutant, runs, ALL_SEEDS, runs.names)

async function outcomeOf(
  { name }: Mutant,
  runs: Runs,
  seeds: readonly number[],
  scenarios: readonly ScenarioName[]
): Promise<Outcome> {
  const caughtBy: string[] = []
  let first: string | undefined
  for (const seed of seeds) {
    first = await runs.seed(seed)
    if (first === undefined) continue
    caughtBy.push(`seed ${seed}`)
    break
  }
  for (const of of scenarios) {
    const finding = await runs.scenario(of)
    first ??= finding
    if (finding !== undefined) caughtBy.push(`scenario ${of}`)
  }
  return { mutant: name, caughtBy, finding: first ?? '' }
}

/** Scenarios throw; the first line of it says what went wrong. */
async function findingOf(run: () => Promise<void>): Promise<string | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message
  }
}

await main()
