/**
 * The command line. Commands are loaded when they are named, so `icn query` does not wait for libp2p; a wrong
 * command or option is one line on stderr that names it, exit code 2.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { packageVersion } from '../node/version.ts'
import { CliError, EXIT, exitCodeOf, oneLine } from './cli-error.ts'
import { exampleText } from './examples.ts'

/** A module of `commands/`: adds its command to the program. */
interface CommandModule {
  register(program: Command): void
}
interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<CommandModule>
}

/** In the order of help. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  keys: {
    summary: 'make, import and show keys; move a sign guard',
    load: () => import('./commands/keys.ts')
  },
  genesis: { summary: 'make, check and show a genesis file', load: () => import('./commands/genesis.ts') },
  init: { summary: 'make a data directory for a network', load: () => import('./commands/init.ts') },
  start: { summary: 'run a node', load: () => import('./commands/start.ts') },
  snapshot: {
    summary: 'write state snapshots to a file, begin a node with one',
    load: () => import('./commands/snapshot.ts')
  },
  chain: {
    summary: 'write all blocks to a file, execute them again from it',
    load: () => import('./commands/chain.ts')
  },
  check: { summary: 'verify stopped data directories', load: () => import('./commands/check.ts') },
  tx: { summary: 'sign and submit transactions', load: () => import('./commands/tx.ts') },
  validator: {
    summary: 'join, leave, and see what a validator has taken on',
    load: () => import('./commands/validator.ts')
  },
  query: { summary: 'ask a running node', load: () => import('./commands/query.ts') },
  verify: {
    summary: 'audit a network from its genesis: supply, committees',
    load: () => import('./commands/verify.ts')
  },
  devnet: {
    summary: 'run a network of several nodes on this machine',
    load: () => import('./commands/devnet.ts')
  },
  sim: { summary: 'run simulated networks from seeds', load: () => import('./commands/sim.ts') },
  bench: {
    summary: 'measure the hot paths beside the limits of this machine',
    load: () => import('./commands/bench.ts')
  }
}

/** @returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // Reading stopped (`icn query … | head`): nobody is left to talk to.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT.success)
  })
  try {
    const program = await createProgram(args)
    await program.parseAsync([...args], { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.success
  } catch (error) {
    // Commander has told of its own failures; a parser of values that is called by a command has told nobody.
    const isTold = error instanceof CommanderError && !(error instanceof InvalidArgumentError)
    if (isTold) return error.exitCode === 0 ? EXIT.success : EXIT.wrong
    process.stderr.write(`icn: ${oneLine(error)}\n`)
    return error instanceof InvalidArgumentError ? EXIT.wrong : exitCodeOf(error)
  }
}

/** @throws CliError for a command that there is not */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('icn')
    .description('A node of the InterCooperative Network, and the tools around it.')
    .version(packageVersion(), '--version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', HELP)
  oneLineErrors(program)
  const named = args.find((arg) => !arg.startsWith('-'))
  if (named !== undefined && !Object.hasOwn(COMMANDS, named)) {
    throw new CliError(`unknown command: ${named} (icn --help lists them)`)
  }
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    if (name === named) (await load()).register(program)
    else program.command(name).description(summary)
  }
  program.action((_options, command: Command) => command.help())
  for (const command of program.commands) inherit(command, command.name())
  return program
}

const HELP = `
Examples:
  icn devnet                                 a network of several nodes on this machine
  icn genesis new --preset devnet --validators 4 --shards 2 --out net
  icn init --genesis net/genesis.json --data node-0
  icn start --data node-0 --validator net/keys/validator-0.json
  icn tx transfer --devnet user0 --to user3 --consumer 1.5 --wait

Exit codes: 0 success, 1 the run failed its own checks, 2 wrong option, file, key, port or network,
3 refuses to sign, 4 contradicts a checkpoint, 5 disk. Options are also environment variables: --log-level, ICN_LOG_LEVEL.`

/** Settings that commander does not hand down to commands made by `command()` of another module. */
function inherit(command: Command, path: string): void {
  oneLineErrors(command, path)
  const examples = exampleText(path)
  if (examples !== undefined) command.addHelpText('after', examples)
  for (const child of command.commands) inherit(child, `${path} ${child.name()}`)
}

function oneLineErrors(command: Command, path?: string): void {
  command
    .exitOverride()
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .configureOutput({
      outputError: (text, write) =>
        write(
          `icn: ${text
            .replace(/^error: /, '')
            .replace(/^unknown command .*$/m, (line) =>
              path === undefined ? line : `${line} (icn ${path} --help lists them)`
            )
            .trim()
            .replaceAll(/\s*\n\s*/g, ' ')}\n`
        )
    })
}
