/**
 * `npm run history -- --shards 3 --blocks 20000 --transfers 20 --epochs 5 --out D`: a certified history with real keys,
 * from which nodes start and with which others synchronise (docs/testing.md). Progress on stderr, the result on stdout.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isPresetName } from '../src/params/presets.ts'
import { chainName } from '../src/primitives/chain-id.ts'
import { copyHistory, describeHistory, makeHistory } from '../src/testing/history/history.ts'
import type { HistoryOptions, HistoryProgress } from '../src/testing/history/plan.ts'

const USAGE = `history: makes blocks, certificates and state with the published validator keys

  --out D            directory to make (default: ./history)
  --shards N         (3)
  --blocks N         blocks of every shard (1000)
  --coord-blocks N   blocks of the coordination chain (as many as a shard has)
  --transfers N      transfers in each block of a shard; 0: empty blocks (20)
  --memo N           bytes of memo in each transfer, 0 … 256: 100 transfers with 256 make a block of 40 kB (0)
  --accounts N       account records that the first blocks of every shard create besides (0)
  --epochs N         epoch boundaries that every chain crosses (5)
  --certify N        every Nth block has a finality certificate of its own (16)
  --validators N     (4)
  --preset P         devnet, minimal or seed (devnet)
  --block-interval M least time between blocks, ms (the preset's)
  --seed S           of recipients and amounts (1)
  --time MS          of the genesis (so that the tips are a minute old)
`
const PRINT_EVERY_MS = 2_000

function optionsOf(args: readonly string[]): HistoryOptions {
  const text = { type: 'string' } as const
  const names =
    'shards blocks coord-blocks transfers memo accounts epochs certify validators block-interval time'
  const numeric = Object.fromEntries(names.split(' ').map((name) => [name, text]))
  const options = { out: text, preset: text, seed: text, help: { type: 'boolean' }, ...numeric } as const
  const { values } = parseArgs({ args: [...args], options })
  if (values.help === true) throw new RangeError(USAGE)
  const given = new Map(Object.entries(values))
  const number = (name: string): number | undefined => {
    const value = given.get(name)
    if (value === undefined) return undefined
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value)
    throw new RangeError(`--${name} must be a number`)
  }
  const { preset = 'devnet', seed = '1', out = 'history' } = values
  if (!isPresetName(preset)) throw new RangeError(`--preset: no preset ${preset}`)
  const interval = number('block-interval')
  const chosen = {
    shards: number('shards'),
    blocks: number('blocks'),
    coordBlocks: number('coord-blocks'),
    transfers: number('transfers'),
    memoBytes: number('memo'),
    accounts: number('accounts'),
    epochs: number('epochs'),
    certifyEvery: number('certify'),
    validators: number('validators'),
    timeMs: number('time'),
    overrides: interval === undefined ? undefined : { minBlockIntervalMs: interval }
  }
  const set = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined))
  return { out, preset, seed, onProgress: printer(), ...set }
}

function printer(): (progress: HistoryProgress) => void {
  let printedMs = performance.now()
  return ({ chain, height, of }) => {
    if (performance.now() - printedMs < PRINT_EVERY_MS && height < of) return
    printedMs = performance.now()
    process.stderr.write(`${chainName(chain)}: ${height} of ${of} blocks\n`)
  }
}

try {
  const startedMs = performance.now()
  const options = optionsOf(process.argv.slice(2))
  process.stderr.write(`seed ${options.seed}, into ${options.out}\n`)
  const history = await makeHistory(options)
  for (const index of history.genesis.validators.keys())
    await copyHistory(history, join(options.out, `validator-${index}`), { validator: index })
  process.stderr.write(
    `${((performance.now() - startedMs) / 1_000).toFixed(1)} s; check it: icn check --data ${history.data}\n`
  )
  process.stdout.write(`${JSON.stringify(describeHistory(history))}\n`)
} catch (error) {
  if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
