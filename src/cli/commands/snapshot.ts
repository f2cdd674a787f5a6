/** `icn snapshot`: the newest snapshots of a stopped node as one file, and a data directory that begins with one. */
import type { Command } from 'commander'
import { exportSnapshots, importSnapshots } from '../../node/snapshot/transfer.ts'
import { addOption } from '../options.ts'
import { transfer } from '../transfer.ts'

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
