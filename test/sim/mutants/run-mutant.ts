/**
 * The product with one broken rule, in a process of its own: the text of a module is changed as it is loaded, then the
 * scenario or the seeds run. Prints one line of JSON.
 *
 *   node dist/test/sim/mutants/run-mutant.js NAME            what the table says catches it
 *   node dist/test/sim/mutants/run-mutant.js NAME --search   seeds 1 … 50, then every scenario
 */
import { registerHooks } from 'node:module'
import type { LoadHookSync } from 'node:module'
import { MUTANTS } from './table.ts'
import type { Edit, Mutant } from './table.ts'

export interface Outcome {
  readonly mutant: string
  readonly caughtBy: readonly string[]
  /** The first thing that a checker or scenario said. */
  readonly finding: string
}

const SEARCH_SEEDS = 50
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
  const { SCENARIOS } = await import('../scenarios/catalog.ts')
  const { runSeed } = await import('../../../src/testing/sim/consensus-suite.ts')
  const missing = mutant.edits.filter((edit) => !applied.has(edit))
  if (missing.length > 0)
    throw new RangeError(`not loaded: ${missing.map(({ module }) => module).join(', ')}`)
  const scenario = async (of: keyof typeof SCENARIOS): Promise<string | undefined> => findingOf(SCENARIOS[of])
  const seed = async (of: number): Promise<string | undefined> => {
    const { violations } = await runSeed({ seed: String(of) })
    return violations[0]
  }
  const outcome = await (mode === '--search' ? search : cheapest)(mutant, {
    scenario,
    seed,
    names: Object.keys(SCENARIOS) as (keyof typeof SCENARIOS)[]
  })
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}

interface Runs {
  readonly scenario: (
    of: Extract<Mutant['caughtBy'], { scenario: unknown }>['scenario']
  ) => Promise<string | undefined>
  readonly seed: (of: number) => Promise<string | undefined>
  readonly names: readonly Extract<Mutant['caughtBy'], { scenario: unknown }>['scenario'][]
}

async function cheapest({ name, caughtBy }: Mutant, runs: Runs): Promise<Outcome> {
  const isSeed = 'seed' in caughtBy
  const finding = await (isSeed ? runs.seed(caughtBy.seed) : runs.scenario(caughtBy.scenario))
  const by = isSeed ? `seed ${caughtBy.seed}` : `scenario ${caughtBy.scenario}`
  return { mutant: name, caughtBy: finding === undefined ? [] : [by], finding: finding ?? '' }
}

/** The first seed that catches it, and every scenario that does. */
async function search({ name }: Mutant, runs: Runs): Promise<Outcome> {
  const caughtBy: string[] = []
  let first: string | undefined
  for (let seed = 1; seed <= SEARCH_SEEDS && first === undefined; seed++) {
    first = await runs.seed(seed)
    if (first !== undefined) caughtBy.push(`seed ${seed}`)
  }
  for (const of of runs.names) {
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
