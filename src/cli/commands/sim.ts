/** `icn sim`: whole networks on a simulated clock, network and disk, each from one seed; the same seed, the same run. */
import type { Command } from 'commander'
import { SUITES, runSim } from '../../testing/sim/main.ts'
import type { SimOptions } from '../../testing/sim/main.ts'
import { addOption, choice, integer } from '../options.ts'

export function register(program: Command): void {
  const sim = program
    .command('sim')
    .description('run the simulator: one line for each seed, with the hash of all that happened')
    .addHelpText(
      'after',
      '\nExample: icn sim --seed 7\n         icn sim --seed 1 --count 200 --resume passed.txt\n\nExit codes: 0 every seed passed, 1 a seed failed, 2 wrong option.'
    )
    .action((options: SimOptions) => simulate(options))
  addOption<number>(sim, { flags: '--seed <n>', help: 'first seed', parse: integer(0), default: 1 })
  addOption<number>(sim, { flags: '--count <n>', help: 'seeds to run', parse: integer(1), default: 1 })
  addOption(sim, {
    flags: '--suite <name>',
    help: `what a seed decides on: ${Object.keys(SUITES).join(', ')}`,
    parse: choice(Object.keys(SUITES)),
    default: 'consensus'
  })
  addOption(sim, {
    flags: '--resume <file>',
    help: 'skip the seeds that this file says passed, add new ones'
  })
}

async function simulate(options: SimOptions): Promise<void> {
  const exitCode = await runSim(options, (line) => {
    console.log(line)
  })
  if (exitCode !== 0) process.exitCode = exitCode
}
