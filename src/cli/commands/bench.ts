/** `icn bench`: how fast this machine runs the node, as multiples of what the machine can do at all. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { isMet, ratio, tableLines } from '../../bench/figure.ts'
import { BENCHES, runBenches } from '../../bench/run.ts'
import { EXIT } from '../cli-error.ts'
import { addOption, integer } from '../options.ts'

interface BenchCommandOptions {
  readonly only?: readonly string[]
  readonly duration: number
  readonly json?: boolean
}

export function register(program: Command): void {
  const bench = program
    .command('bench')
    .description('measure the hot paths of the node beside the raw limits of this machine')
    .addHelpText('after', helpText())
    .action((options: BenchCommandOptions) => run(options))
  addOption(bench, { flags: '--only <names>', help: 'only these, with commas between', parse: names })
  addOption(bench, {
    flags: '--duration <s>',
    help: 'seconds of each run of a whole network',
    parse: integer(20, 3_600),
    default: 40
  })
  bench.option('--json', 'stdout has one line, the figures')
}

const helpText = (): string =>
  `\nBenchmarks:\n${BENCHES.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')}\n\nExample: icn bench --only signatures,execution`

function names(list: string): string[] {
  const wanted = list.split(',')
  const unknown = wanted.find((name) => !BENCHES.some((bench) => bench.name === name))
  if (unknown === undefined) return wanted
  throw new InvalidArgumentError(`no benchmark is called ${unknown} (icn bench --help lists them)`)
}

async function run({ only, duration, json = false }: BenchCommandOptions): Promise<void> {
  const note = (text: string): void => console.error(text)
  const figures = await runBenches({ networkS: duration, note, ...(only === undefined ? {} : { only }) })
  if (json) console.log(JSON.stringify(figures.map((figure) => ({ ...figure, ratio: ratio(figure) }))))
  else for (const line of tableLines(figures)) console.log(line)
  if (!figures.every(isMet)) process.exitCode = EXIT.failed
}
