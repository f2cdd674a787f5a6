/**
 * `npm run swarm -- --nodes 100 --validators 7 --shards 2 --duration 60 --load 50`: honest nodes in one process, checked
 * (docs/testing.md). What happens on stderr, the report as JSON on stdout; exit code 1 when a check fails.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Swarm } from '../src/testing/index.ts'
import { runSwarm } from '../src/testing/swarm-run.ts'
import { Arena } from '../test/support/arena.ts'
import { besiege } from '../test/support/siege.ts'
import type { SiegeOutcome } from '../test/support/siege.ts'

const USAGE = `swarm: honest nodes in one process, and whether they find and spare each other

  --nodes N        (30)
  --validators N   of them (7)
  --shards N       (2)
  --duration S     seconds of load once all are connected (60)
  --load N         transfers a second (10)
  --connect S      seconds in which a node has to have 6 peers in each chain from its own start, and all of them at once
                   from when the last one runs (60)
  --transport T    memory or tcp (memory)
  --hostile        ten hostile followers, and strangers with the keys of two of the validators
`

const HOSTILE_VALIDATORS = 2
const FORCE = { liars: 6, flooders: 2, refusers: 2 } as const
const BLOCKS = 5
/** Whole swarms share one thread: a lie is judged when its turn comes. */
const PATIENCE_MS = 60_000
const PROGRESS_MS = 180_000
/** Of the transfers asked for, in the time in which they should have come. */
const LOAD_SHARE_MIN = 0.5

const load = (): string =>
  loadavg()
    .map((minutes) => minutes.toFixed(1))
    .join(' ')

interface Setup {
  readonly validators: number
  readonly transport: 'tcp' | 'memory'
}

/** Proven liars are banned, nobody else is charged, and finality goes on. */
const underSiege =
  ({ validators, transport }: Setup) =>
  async (swarm: Swarm): Promise<string[]> => {
    const honest = validators - HOSTILE_VALIDATORS
    const arena = new Arena(swarm, { honest, progressMs: PROGRESS_MS })
    const keys = [honest, honest + 1]
    const force = { ...FORCE, validators: keys, transport, patienceMs: PATIENCE_MS }
    const outcome = await besiege(arena, force, BLOCKS).catch((error: unknown) => error)
    // A stranger that nobody answers in time: the machine is too slow for so many nodes.
    if (outcome instanceof Error) return [`siege: ${outcome.message}`]
    const { liarsBanned, chargesOfPeaceful, blocks } = outcome as SiegeOutcome
    process.stderr.write(`${liarsBanned} of ${FORCE.liars} liars banned, ${blocks} blocks meanwhile\n`)
    return [
      ...(liarsBanned < FORCE.liars ? [`${FORCE.liars - liarsBanned} liars are not banned`] : []),
      ...(chargesOfPeaceful > 0 ? [`${chargesOfPeaceful} charges against peers that proved nothing`] : []),
      ...(blocks < BLOCKS ? [`a chain gained ${blocks} blocks under siege`] : [])
    ]
  }

const text = { type: 'string' } as const
const OPTIONS = {
  nodes: text,
  validators: text,
  shards: text,
  duration: text,
  load: text,
  connect: text,
  transport: text,
  hostile: { type: 'boolean' },
  help: { type: 'boolean' }
} as const

try {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help === true) throw new RangeError(USAGE)
  const number = (name: string, value: string | undefined, fallback: number): number => {
    if (value === undefined) return fallback
    if (/^\d{1,6}$/.test(value)) return Number(value)
    throw new RangeError(`--${name} must be a number`)
  }
  const validators = number('validators', values.validators, 7)
  const transport = values.transport === 'tcp' ? 'tcp' : 'memory'
  const isHostile = values.hostile === true
  const perSecondAsked = number('load', values.load, 10)
  process.stderr.write(`load ${load()}\n`)
  const nodes = number('nodes', values.nodes, 30)
  const report = await runSwarm({
    nodes,
    validators,
    shards: number('shards', values.shards, 2),
    durationS: number('duration', values.duration, 60),
    load: perSecondAsked,
    connectWithinS: number('connect', values.connect, 60),
    transport,
    ...(isHostile ? { absent: HOSTILE_VALIDATORS, during: underSiege({ validators, transport }) } : {}),
    onLine: (line) => process.stderr.write(`${line}\n`)
  })
  process.stdout.write(`${JSON.stringify(report)}\n`)
  const { submitted, perSecond } = report.transfers
  const failed = [
    ...report.failed,
    ...(submitted > 0 && perSecond < LOAD_SHARE_MIN * perSecondAsked
      ? [
          `only ${perSecond} of ${perSecondAsked} transfers a second came in: the machine has no time for a load`
        ]
      : [])
  ]
  for (const line of failed.slice(0, 20)) process.stderr.write(`FAIL ${line}\n`)
  process.stderr.write(`${failed.length === 0 ? 'PASS' : 'FAIL'} (load ${load()})\n`)
  process.exitCode = failed.length === 0 ? 0 : 1
} catch (error) {
  if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
