/** `icn check`: verifies stopped data directories from genesis. One line for each finding, then one that sums up. */
import type { Command } from 'commander'
import { CheckError, checkDirectories, findingLine } from '../../check/index.ts'
import type { CheckReport, Progress } from '../../check/index.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { addOption } from '../options.ts'

interface CheckCommandOptions {
  readonly data: readonly string[]
  readonly json?: boolean
}

const PROGRESS_MS = 1_000

export function register(program: Command): void {
  const check = program
    .command('check')
    .description('verify stopped data directories from genesis, and against each other')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      '\nExample: icn check --data net/node-0 --data net/node-1\n\nExit codes: 0 no findings, 1 findings, 2 wrong option or no data directory, 5 disk.'
    )
    .action((options: CheckCommandOptions) => runCheck(options))
  addOption<string[]>(check, {
    flags: '--data <dir...>',
    help: 'data directory; give several to compare them',
    required: true
  })
}

async function runCheck({ data, json = false }: CheckCommandOptions): Promise<void> {
  const report = await checked([...new Set(data)])
  if (json) console.log(JSON.stringify(report))
  else printReport(report, new Set(data).size)
  if (!report.ok) process.exitCode = EXIT.failed
}

async function checked(directories: readonly string[]): Promise<CheckReport> {
  try {
    return await checkDirectories(directories, { onProgress: progressPrinter() })
  } catch (error) {
    if (!(error instanceof CheckError)) throw error
    const exitCode = error.detail.code === 'CHECK_DISK' ? EXIT.disk : EXIT.wrong
    throw new CliError(describe(error), exitCode, { cause: error })
  }
}

function describe({ detail }: CheckError): string {
  switch (detail.code) {
    case 'CHECK_NOT_A_DATA_DIRECTORY':
      return `${detail.path} is not a data directory: ${detail.reason}`
    case 'CHECK_IN_USE':
      return `${detail.path} is in use: stop the node first`
    case 'CHECK_NETWORK_DIFFERS':
      return `${detail.path} is of another network than ${detail.first}`
    case 'CHECK_DISK':
      return `${detail.path} cannot be read: ${detail.reason}`
  }
}

/** At most one line a second, so that short runs say nothing. */
function progressPrinter(): (progress: Progress) => void {
  let printedMs = performance.now()
  return ({ directory, database, height }) => {
    const nowMs = performance.now()
    if (nowMs - printedMs < PROGRESS_MS) return
    printedMs = nowMs
    process.stderr.write(
      `${directory}: checking ${database}${database === 'node' ? '' : `, height ${height}`}\n`
    )
  }
}

function printReport({ findings, chains }: CheckReport, directories: number): void {
  for (const finding of findings) console.log(findingLine(finding))
  const heights = chains.map(({ chain, height }) => `${chain} to height ${height}`).join(', ')
  const found = findings.length === 0 ? 'no findings' : `${findings.length} findings`
  console.log(
    `${directories} ${directories === 1 ? 'directory' : 'directories'}, ${heights || 'no chains'}: ${found}`
  )
}
