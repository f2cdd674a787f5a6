/**
 * `npm run docker:scenario`: docker-compose.yml from nothing to nothing. Every bar prints PASS or FAIL with its figure;
 * the exit code is 1 if one was missed. `--keep` leaves the network running; `--no-build` takes the image that is there.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { DockerFailure, PERTURBATIONS, compose, composeVersion, docker, stateOf } from './engine.ts'
import type { Perturbation } from './engine.ts'
import { LATE, SERVICES, SERVICE_NAMES } from './services.ts'
import { NetworkWatch } from './watch.ts'

/** How long a validator is away: longer than the chains may stand still. */
const AWAY_MS = 15_000
const HEALTHY_MS = 300_000
const RECOVERY_MS = 120_000
/** That a chain has to make while it is away. */
const BLOCKS_MIN = 2
/** For the others to be whole while it is away. */
const WITHOUT_MS = 30_000
const STEADY_MS = 20_000
/** A clean stop has 10 s; the engine's own work is on top. */
const STOP_EXIT_CODE = 0

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
let failed = 0
const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
function bar(what: string, isMet: boolean, figure: string): void {
  if (!isMet) failed += 1
  say(`${isMet ? 'PASS' : 'FAIL'} ${what}: ${figure}`)
}
async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

/** One validator goes away and comes back, while the others are held to their word. */
async function survive(
  watch: NetworkWatch,
  service: string,
  [away, back]: readonly [Perturbation, Perturbation]
) {
  const before = new Map(watch.verdict.chains.map((chain) => [chain, watch.verdict.highest(chain)]))
  await PERTURBATIONS[away](service)
  await delay(AWAY_MS)
  const grown = () => [...before].map(([chain, height]) => watch.verdict.highest(chain) - height)
  const moreMs = await watch.until(`every chain goes on without ${service}`, WITHOUT_MS, () =>
    Math.min(...grown()) >= BLOCKS_MIN ? [] : [`blocks ${grown().join(', ')}`]
  )
  bar(
    `${away} ${service}: every chain goes on`,
    true,
    `${grown().join(', ')} blocks in ${seconds(AWAY_MS + moreMs)}`
  )
  // On a busy machine a view whose leader is away may take longer than /health allows a chain to stand.
  const wholeMs = await watch.untilWhole(`the others without ${service}`, WITHOUT_MS, [service])
  bar(`${away} ${service}: the others are whole`, true, wholeMs < 1 ? 'at once' : `after ${seconds(wholeMs)}`)
  await PERTURBATIONS[back](service)
  const tookMs = await watch.untilWhole(`${service} is back`, RECOVERY_MS)
  bar(`${back} ${service}: recovered`, true, seconds(tookMs))
}

async function scenario(watch: NetworkWatch): Promise<void> {
  bar('up', true, seconds(await timed(async () => compose('up', '-d', ...(build ? ['--build'] : [])))))
  watch.start()
  bar(
    'all but the late joiner healthy, every chain final',
    true,
    seconds(await watch.untilWhole('healthy', HEALTHY_MS, [LATE]))
  )
  const { verdict } = watch
  await watch.until('the late joiner answers', HEALTHY_MS, () => (verdict.isHeard(LATE) ? [] : ['silent']))
  const behind = verdict.chains.map((chain) => verdict.highest(chain)).join(', ')
  const joinedMs = await watch.untilWhole('the late joiner is in sync', RECOVERY_MS)
  bar(
    'late joiner healthy and in sync',
    true,
    `${seconds(joinedMs)} after its first answer, others at ${behind}`
  )
  await survive(watch, 'validator-1', ['kill', 'start'])
  await survive(watch, 'validator-2', ['pause', 'resume'])
  await survive(watch, 'validator-3', ['cut', 'heal'])
  await delay(STEADY_MS)
  const endMs = await watch.untilWhole('whole at the end', WITHOUT_MS)
  bar('whole at the end', true, endMs < 1 ? 'at once' : `after ${seconds(endMs)}`)
  bar(
    'no healthy node stood still, no two final blocks at one height',
    verdict.findings.length === 0,
    verdict.findings.join('; ') || 'yes'
  )
  const sick: string[] = []
  for (const name of SERVICE_NAMES) {
    const { health } = await stateOf(name)
    if (health !== 'healthy') sick.push(`${name} ${health}`)
  }
  bar('the engine calls every container healthy', sick.length === 0, sick.join('; ') || 'yes')
}

async function stopAll(): Promise<void> {
  bar('clean stop', true, seconds(await timed(async () => compose('stop'))))
  const codes: string[] = []
  for (const name of SERVICE_NAMES) {
    const { exitCode } = await stateOf(name)
    if (exitCode !== STOP_EXIT_CODE) codes.push(`${name} ${exitCode}`)
  }
  bar('every exit code is 0', codes.length === 0, codes.join('; ') || 'yes')
  for (const name of ['validator-1', LATE]) {
    const output = await compose('run', '--rm', '--no-deps', name, 'check', '--data', '/data')
    bar(`icn check ${name}`, true, output.trim().split('\n').at(-1) ?? '')
  }
}

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, 'no-build': { type: 'boolean', default: false } }
})
const build = !values['no-build']
const watch = new NetworkWatch(SERVICES)
try {
  say(
    `compose ${await composeVersion()}, engine ${(await docker('version', '--format', '{{.Server.Version}}')).trim()}`
  )
  say(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)} before the network runs`)
  await compose('down', '-v')
  await scenario(watch)
  await watch.stop()
  if (!values.keep) await stopAll()
} catch (error) {
  if (!(error instanceof DockerFailure || error instanceof RangeError)) throw error
  bar('the scenario', false, error.message)
} finally {
  await watch.stop()
  if (!values.keep) await compose('down', '-v')
}
say(failed === 0 ? 'ok' : `${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
