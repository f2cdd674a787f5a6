/** `icn start`: runs a node until a signal. Options come from the table of `node/config.ts`. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { CONFIG_KEYS, loadNodeConfig } from '../../node/config.ts'
import type { ConfigSources } from '../../node/config.ts'
import { replaceWithOptions } from '../../node/v8-options.ts'
import { packageVersion } from '../../node/version.ts'

export function register(program: Command): void {
  const start = program
    .command('start')
    .description('run a node until SIGINT or SIGTERM')
    .addOption(new Option('--data <dir>', 'data directory (env: ICN_DATA)'))
    .addOption(
      new Option(
        '--config <file>',
        'config file (default: config.json in the data directory; env: ICN_CONFIG)'
      )
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ConfigSources['flags']) => {
      const config = loadNodeConfig({ flags })
      replaceWithOptions(process.env)
      const { runNode } = await import('../../app/run.ts')
      await runNode(config, packageVersion())
    })
  for (const entry of CONFIG_KEYS) {
    const shown = `${entry.help} (default: ${JSON.stringify(entry.default)}; env: ${entry.env})`
    if (entry.kind !== 'switch') {
      start.addOption(new Option(`--${entry.flag} <${entry.argument}>`, shown))
      continue
    }
    start.addOption(new Option(`--${entry.flag}`, shown))
    start.addOption(new Option(`--no-${entry.flag}`, 'the contrary').hideHelp())
  }
}

const EXAMPLES = `
Examples:
  icn start --data node-0 --validator net/keys/validator-0.json
  icn start --data node-1 --bootstrap /ip4/192.0.2.7/tcp/9000/p2p/12D3Koo… --shards 0,1 --rpc 127.0.0.1:0`
