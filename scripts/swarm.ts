/**
 * `npm run swarm -- --nodes 100 --validators 7 --shards 2 --duration 60 --load 50`: honest nodes in one process, checked
 * (docs/testing.md). What happens on stderr, the report as JSON on stdout; exit code 1 when a check fails.
 */
import { parseArgs } from 'node:util'
import { runSwarm } from '../src/testing/swarm-run.ts'

const USAGE = `swarm: honest nodes in one process, and whether they find and spare each other

  --nodes N        (30)
  --validators N   of them (7)
  --shards N       (2)
  --duration S     seconds of load once all are connected (20)
  --load N         transfers a second (20)
  --connect S      seconds in which every node has to have 6 peers in each chain (60)
  --transport T    memory or tcp (memory)
`

const text = { type: 'string' } as const
const OPTIONS = {
  nodes: text,
  validators: text,
  shards: text,
  duration: text,
  load: text,
  connect: text,
  transport: text,
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
  const report = await runSwarm({
    nodes: number('nodes', values.nodes, 30),
    validators: number('validators', values.validators, 7),
    shards: number('shards', values.shards, 2),
    durationS: number('duration', values.duration, 20),
    load: number('load', values.load, 20),
    connectWithinS: number('connect', values.connect, 60),
    transport: values.transport === 'tcp' ? 'tcp' : 'memory',
    onLine: (line) => process.stderr.write(`${line}\n`)
  })
  process.stdout.write(`${JSON.stringify(report)}\n`)
  for (const line of report.failed.slice(0, 20)) process.stderr.write(`FAIL ${line}\n`)
  process.exitCode = report.failed.length === 0 ? 0 : 1
} catch (error) {
  if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
