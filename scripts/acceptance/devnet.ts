/** A devnet in this process's hands, for scenarios that do something to it themselves. */
import { Devnet } from '../../src/devnet/devnet.ts'
import { planDevnet } from '../../src/devnet/plan.ts'
import type { DevnetInit } from '../../src/devnet/devnet.ts'
import type { DevnetOptions, Plan } from '../../src/devnet/plan.ts'
import { runCommand } from '../../src/devnet/processes.ts'
import type { Bars } from './bars.ts'

/** Two runs on one machine need two. */
export const BASE_PORT = Number(process.env['ICN_BASE_PORT'] ?? 19_600)
export const FOREVER = new AbortController().signal

/** A devnet without load, in this process; `icn check` over its directories and the ones returned. */
export async function withDevnet(
  data: string,
  use: (net: Devnet) => Promise<string[]>,
  bars: Bars,
  { nodeOptions, ...options }: Partial<DevnetOptions> & DevnetInit = {}
): Promise<void> {
  const plan = planDevnet({
    preset: 'devnet',
    validators: 4,
    followers: 0,
    late: 0,
    cross: 0,
    perturb: '',
    data,
    fresh: true,
    basePort: BASE_PORT,
    json: false,
    ...options
  })
  const net = await Devnet.start(plan, FOREVER, nodeOptions === undefined ? {} : { nodeOptions })
  let more: string[]
  try {
    await net.moves(FOREVER)
    more = await use(net)
  } finally {
    await net.stop()
  }
  await checkDirectories(plan, more, bars)
}

async function checkDirectories(plan: Plan, more: readonly string[], bars: Bars): Promise<void> {
  const directories = [...plan.nodes.map(({ data }) => data), ...more].flatMap((data) => ['--data', data])
  const { code, stdout } = await runCommand(['check', ...directories])
  bars.check('icn check finds nothing', code === 0, stdout.trim().split('\n').at(-1) ?? '')
}
