/** `icn chain`: all blocks of a stopped node as one file, and a data directory that executes them again. */
import type { Command } from 'commander'
import { exportChains, importChains } from '../../node/snapshot/chain-file.ts'
import { addOption } from '../options.ts'
import { transfer } from '../transfer.ts'

interface DataOptions {
  readonly data: string
  readonly out?: string
}

export function register(program: Command): void {
  const chain = program.command('chain').description('write all blocks to a file, execute them again from it')
  const exporting = chain
    .command('export')
    .description('write the blocks and certificates of a stopped node to a file')
    .addHelpText('after', '\nExample: icn chain export --data node-0 --out network.chain')
    .action(async ({ data, out = 'icn.chain' }: DataOptions) => {
      await transfer(data, out, exportChains)
      console.log(`${out}: written`)
    })
  const importing = chain
    .command('import')
    .description('execute the blocks of a file in an initialised data directory without chains')
    .argument('<file>', 'what chain export wrote')
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, { data }: DataOptions) => {
      await transfer(data, file, importChains)
      console.log(`${data}: holds the blocks of ${file}`)
    })
  for (const command of [exporting, importing]) {
    addOption(command, { flags: '--data <dir>', help: 'data directory of a stopped node', required: true })
  }
  addOption(exporting, {
    flags: '--out <file>',
    help: 'file to write, never overwritten (default: icn.chain)'
  })
}

const IMPORT_HELP = `
Example: icn init --genesis genesis.json --data node-9 && icn chain import network.chain --data node-9

Every block is linked, certified and executed. Exit codes: 0 done, 2 wrong option, file or directory, 5 disk.`
