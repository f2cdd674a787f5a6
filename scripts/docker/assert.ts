/**
 * `npm run docker:assert -- [--for SECONDS] [--within SECONDS] [--away SERVICE,…]`: reads RPC only. First the network has to be
 * whole (every service but those away is healthy, every chain is final everywhere and in sync, the late joiner too),
 * then it is watched: a healthy service whose final height stands still for ten seconds is a finding, and so are two
 * final blocks at one height. Exit code 1 with a line for each finding.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SERVICES } from './services.ts'
import { NetworkWatch } from './watch.ts'

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '20' },
    within: { type: 'string', default: '120' },
    away: { type: 'string', default: '' }
  }
})
const away = values.away === '' ? [] : values.away.split(',')
const unknown = away.find((name) => !SERVICES.some((service) => service.name === name))
const [watchS, withinS] = [Number(values.for), Number(values.within)]
if (unknown !== undefined || !(watchS >= 0) || !(withinS >= 0)) {
  process.stderr.write(`assert: ${unknown === undefined ? 'expected seconds' : `no service ${unknown}`}\n`)
  process.exit(2)
}

const watch = new NetworkWatch(SERVICES.filter(({ name }) => !away.includes(name)))
watch.start()
const findings: string[] = []
try {
  const tookMs = await watch.untilWhole('the network is whole', withinS * 1_000)
  say(`whole after ${(tookMs / 1_000).toFixed(1)} s, watching for ${watchS} s`)
  const before = new Map(watch.verdict.chains.map((chain) => [chain, watch.verdict.highest(chain)]))
  await delay(watchS * 1_000)
  for (const [chain, height] of before)
    say(`chain ${chain}: final at ${height}, then ${watch.verdict.highest(chain)}`)
  findings.push(...watch.verdict.missing())
} catch (error) {
  if (!(error instanceof RangeError)) throw error
  findings.push(error.message)
}
findings.push(...watch.verdict.findings)
await watch.stop()
for (const finding of findings) say(`FAIL ${finding}`)
if (findings.length === 0) say('ok')
process.exit(findings.length === 0 ? 0 : 1)
