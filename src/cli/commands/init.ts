/** `icn init`: a data directory for one network. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import { defaultConfigFile } from '../../node/config.ts'
import { dataPaths } from '../../node/data-dir.ts'
import { newKey, publicFacts, writeKeyFile } from '../../node/keys.ts'
import { genesisToJson } from '../../params/genesis-json.ts'
import { networkId } from '../../params/genesis.ts'
import { toHex } from '../../primitives/bytes.ts'
import { CliError } from '../cli-error.ts'
import { makeDirectory, writeNewFile } from '../files.ts'
import { readGenesis } from '../genesis-file.ts'
import { addOption } from '../options.ts'

interface InitOptions {
  readonly genesis: string
  readonly data: string
}

export function register(program: Command): void {
  const init = program
    .command('init')
    .description('make a data directory: genesis, node key, and a config file with every key')
    .addHelpText('after', '\nExample: icn init --genesis net/genesis.json --data node-0')
    .action((options: InitOptions) => createDataDirectory(options))
  addOption(init, { flags: '--genesis <file>', help: 'genesis of the network', required: true })
  addOption(init, { flags: '--data <dir>', help: 'directory to make', required: true })
}

async function createDataDirectory({ genesis: file, data }: InitOptions): Promise<void> {
  const genesis = readGenesis(file)
  const paths = dataPaths(data)
  const taken = [paths.genesis, paths.config, paths.nodeKey].find((path) => existsSync(path))
  if (taken !== undefined) throw new CliError(`${data} is a data directory already: ${taken} exists`)
  makeDirectory(dirname(paths.nodeDatabase))
  const key = newKey('node')
  await writeKeyFile(paths.nodeKey, key)
  writeNewFile(paths.config, defaultConfigFile())
  // Last: a directory with a genesis is complete.
  writeNewFile(paths.genesis, genesisToJson(genesis))
  const { peer } = await publicFacts(key)
  console.log(`${data}: network ${toHex(networkId(genesis))}, peer ${peer}`)
}
