/** `icn devnet`: a network of real nodes on this machine, until Ctrl-C or for `--duration` (D20). */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { DevnetError } from '../../devnet/errors.ts'
import type { DevnetOptions } from '../../devnet/plan.ts'
import { planDevnet } from '../../devnet/plan.ts'
import { createScreen } from '../../devnet/screen.ts'
import type { Summary } from '../../devnet/summary.ts'
import { MAX_SHARDS } from '../../primitives/chain-id.ts'
import { PRESETS } from '../../params/presets.ts'
import { CliError, EXIT } from '../cli-error.ts'
import type { ExitCode } from '../cli-error.ts'
import { addOption, choice, integer } from '../options.ts'

const NODES_MAX = 100
const DAY_S = 86_400

interface DevnetCommandOptions extends Omit<DevnetOptions, 'fresh' | 'json'> {
  readonly fresh?: boolean
  readonly json?: boolean
  /** Where nodes write CPU profiles. */
  readonly profile?: string
}

export function register(program: Command): void {
  const devnet = program
    .command('devnet')
    .description('run a network of several nodes on this machine')
    .addHelpText('after', EXAMPLES)
    .action((options: DevnetCommandOptions) => run(options))
  addNetworkOptions(devnet)
  addOption<number | 'max'>(devnet, {
    flags: '--load <tps>',
    help: 'transfers a second that are sent, or max: as many as the network takes',
    parse: loadRate
  })
  addOption(devnet, {
    flags: '--cross <percent>',
    help: 'share of transfers to another shard',
    parse: integer(0, 100),
    default: 0
  })
  addOption(devnet, {
    flags: '--atomic <percent>',
    help: 'share of the load that pays on two shards, all or nothing',
    parse: integer(0, 100),
    default: 0
  })
  addOption(devnet, {
    flags: '--orders <percent>',
    help: 'share of the load that opens accounts on the coordination chain and adds to stakes',
    parse: integer(0, 100),
    default: 0
  })
  addOption(devnet, {
    flags: '--duration <s>',
    help: 'seconds; load ends 10 s earlier, a summary follows (default: until Ctrl-C)',
    parse: integer(1, DAY_S)
  })
  addOption(devnet, {
    flags: '--perturb <list>',
    help: 'what happens to nodes: kill:N@S, start:N@S, pause:N@S+S, cut:N@S+S',
    default: ''
  })
  addOption(devnet, { flags: '--data <dir>', help: 'directory D of the devnet', default: '.icn-devnet' })
  devnet.option('--fresh', 'start over: what the directory holds of an earlier devnet is deleted')
  addOption(devnet, {
    flags: '--base-port <port>',
    help: 'node i: libp2p on base + 2i, RPC on base + 2i + 1',
    parse: integer(1_024, 65_534),
    default: 9_000
  })
  devnet.option('--json', 'stdout has one line, the summary; everything else goes to stderr')
  addOption(devnet, { flags: '--profile <dir>', help: 'every node writes a CPU profile there when it ends' })
}

function addNetworkOptions(devnet: Command): void {
  const presets = Object.keys(PRESETS)
  addOption(devnet, {
    flags: '--preset <name>',
    help: `parameters of a new network: ${presets.join(', ')}`,
    parse: choice(presets),
    default: 'devnet'
  })
  addOption(devnet, {
    flags: '--genesis <file>',
    help: 'take this network instead, with its validators’ keys in keys/ beside it'
  })
  const count = (flags: string, help: string, least: number, standard: number): Command =>
    addOption(devnet, { flags, help, parse: integer(least, NODES_MAX), default: standard })
  count('--validators <n>', 'validators, each a cooperative of its own', 1, 4)
  count('--followers <n>', 'nodes without a vote', 0, 1)
  addOption(devnet, {
    flags: '--shards <n>',
    help: 'shards (default: the preset’s)',
    parse: integer(1, MAX_SHARDS)
  })
  addOption(devnet, {
    flags: '--late <s>',
    help: 'second at which the followers start, with an empty directory',
    parse: integer(0, DAY_S),
    default: 20
  })
  addOption(devnet, {
    flags: '--block-interval <ms>',
    help: 'least time between blocks (default: the preset’s); 0: a block as soon as there is a transaction',
    parse: integer(0, 600_000)
  })
}

function loadRate(text: string): number | 'max' {
  if (text === 'max') return 'max'
  const rate = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (rate < 1) throw new InvalidArgumentError('expected transfers a second, or max')
  return rate
}

async function run({ fresh = false, json = false, profile, ...rest }: DevnetCommandOptions): Promise<void> {
  const stopping = new AbortController()
  const onSignal = (): void => {
    // A second signal ends at once; processes.ts takes the nodes along.
    if (stopping.signal.aborted) process.exit(EXIT.failed)
    stopping.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  try {
    const plan = planDevnet({ fresh, json, ...rest })
    const { runDevnet } = await import('../../devnet/run.ts')
    const summary = await runDevnet({
      plan,
      screen: createScreen(json ? process.stderr : process.stdout),
      signal: stopping.signal,
      ...(profile === undefined ? {} : { nodeOptions: () => ['--cpu-prof', `--cpu-prof-dir=${profile}`] })
    })
    if (summary === undefined) {
      // Without a duration that is how a run ends; with one it was cut short.
      if (rest.duration !== undefined) process.exitCode = EXIT.failed
      return
    }
    if (json) console.log(JSON.stringify(summary))
    else for (const line of summaryLines(summary)) console.log(line)
    if (!summary.ok) process.exitCode = EXIT.failed
  } catch (error) {
    if (error instanceof DevnetError) throw new CliError(error.message, exitCodeFor(error), { cause: error })
    throw error
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    process.off('SIGHUP', onSignal)
  }
}

function exitCodeFor({ detail }: DevnetError): ExitCode {
  switch (detail.code) {
    case 'DEVNET_OPTION':
    case 'DEVNET_DIRECTORY':
    case 'DEVNET_PORT_IN_USE':
      return EXIT.wrong
    case 'DEVNET_NODE_FAILED':
    case 'DEVNET_STUCK':
    case 'DEVNET_COMMAND_FAILED':
    case 'DEVNET_LOAD_FAILED':
      return EXIT.failed
  }
}

function summaryLines(summary: Summary): string[] {
  const { transfers, finalityMs, throughput, cpuUsPerTransfer, verifyUs, chains, perturbations, nodes } =
    summary
  return [
    `transfers: ${transfers.offered} offered, ${transfers.submitted} submitted, ${transfers.final} final, ${transfers.refused} refused`,
    `finality: p50 ${finalityMs.p50 ?? '–'} ms, p99 ${finalityMs.p99 ?? '–'} ms; ${throughput} final a second; ${cpuUsPerTransfer ?? '–'} µs CPU per transfer and validator, of which ${verifyUs ?? '–'} to verify it`,
    ...chains.map(
      ({ chain, height, epoch, views, nullified, stateRoot }) =>
        `chain ${chain}: height ${height}, epoch ${epoch}, ${views} views, ${nullified} nullified, state ${stateRoot.slice(0, 16)}`
    ),
    ...perturbations.map(
      ({ at, what, recoveredMs }) => `${at} s ${what}: recovered in ${recoveredMs ?? '–'} ms`
    ),
    ...nodes.map(({ name, role, peers, rssMiB }) => `${name}: ${role}, ${peers} peers, ${rssMiB} MiB`),
    ...summary.check.map(({ directory, problem }) => `icn check: ${directory}: ${problem}`),
    summary.ok ? 'ok' : `not ok: ${summary.failures.join('; ')}`
  ]
}

const EXAMPLES = `
Examples:
  icn devnet
  icn devnet --duration 60 --load 200 --json
  icn devnet --duration 120 --load 200 --perturb kill:2@20,start:2@40,pause:1@50+5,cut:0@60+10

Exit codes: 0 success, 1 the run failed its own checks, 2 wrong option, directory or port.`
