/** `icn snapshot`: the newest snapshots of a stopped node as one file, and a data directory that begins with one. */
import type { Command } from 'commander'
import { dataPaths } from '../../node/data-dir.ts'
import { exportSnapshots, importSnapshots } from '../../node/snapshot/transfer.ts'
import type { Transferred, TransferInit } from '../../node/snapshot/transfer.ts'
import { parseGenesis } from '../../params/genesis-json.ts'
import type { Verdict } from '../../primitives/result.ts'
import { VerifyPool } from '../../crypto/verify-pool.ts'
import { CliError, EXIT, errnoOf } from '../cli-error.ts'
import { addOption, readText } from '../options.ts'
import { progressLine } from '../progress.ts'

interface DataOptions {
  readonly data: string
  readonly out?: string
}

export function register(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description('write state snapshots to a file, begin a node with one')
  const exporting = snapshot
    .command('export')
    .description('write the newest state snapshots of a stopped node to a file')
    .addHelpText('after', '\nExample: icn snapshot export --data node-0 --out network.snapshot')
    .action(async ({ data, out = 'icn.snapshot' }: DataOptions) => {
      await transfer(data, out, exportSnapshots)
      console.log(`${out}: written`)
    })
  const importing = snapshot
    .command('import')
    .description('begin the chains of an initialised data directory with the snapshots of a file')
    .argument('<file>', 'what snapshot export wrote')
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, { data }: DataOptions) => {
      await transfer(data, file, importSnapshots)
      console.log(`${data}: begins with ${file}`)
    })
  for (const command of [exporting, importing]) {
    addOption(command, { flags: '--data <dir>', help: 'data directory of a stopped node', required: true })
  }
  addOption(exporting, {
    flags: '--out <file>',
    help: 'file to write, never overwritten (default: icn.snapshot)'
  })
}

const IMPORT_HELP = `
Example: icn init --genesis genesis.json --data node-9 && icn snapshot import network.snapshot --data node-9

Everything in the file is verified from the genesis on. Exit codes: 0 done, 2 wrong option, file or directory, 5 disk.`

async function transfer(
  data: string,
  file: string,
  run: (init: TransferInit) => Promise<Verdict<Transferred[]>>
): Promise<void> {
  const paths = dataPaths(data)
  const genesis = parseGenesis(readText(paths.genesis))
  if (!genesis.ok) throw new CliError(`${paths.genesis}: ${genesis.detail}`)
  const verifier = new VerifyPool()
  await verifier.start()
  const line = progressLine()
  try {
    const init = { data, file, genesis: genesis.value, verifier, onProgress: line.show }
    const verdict = await run(init)
    if (!verdict.ok) throw new CliError(`${file}: ${verdict.detail}`)
    line.clear()
    for (const { chain, height, stateRoot, bytes } of verdict.value) {
      console.log(`chain ${chain}: height ${height}, ${bytes} bytes, state root ${stateRoot}`)
    }
  } catch (error) {
    const reason = error instanceof CliError ? undefined : errnoOf(error)
    if (reason === undefined) throw error
    const isWrong = reason === 'ENOENT' || reason === 'EEXIST'
    throw new CliError(`${file}: ${reason}`, isWrong ? EXIT.wrong : EXIT.disk, { cause: error })
  } finally {
    line.clear()
    await verifier.stop()
  }
}
