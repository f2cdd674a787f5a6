/** What all commands of `icn query` share: ask, then show some lines or the whole answer. */
import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import type { ChainJson, Place } from '../client/types.ts'
import { chainToJson, parseChain } from '../primitives/chain-id.ts'
import { CliError } from './cli-error.ts'
import { addRpcOption, clientOf } from './rpc-option.ts'
import type { RpcOptions } from './rpc-option.ts'

interface QueryOptions extends RpcOptions {
  readonly json?: boolean
  readonly raw?: boolean
  readonly chain?: string
}

/** The answer, and the lines that show it. */
type Shown<T> = (answer: T) => readonly string[]

/** An optional argument that was not given is the empty text. */
type Arguments = readonly string[]

export function add<T>(
  query: Command,
  [usage, description]: readonly [string, string],
  ask: (client: Client, args: Arguments, options: QueryOptions) => Promise<T>,
  show: Shown<T>
): Command {
  const command = query.command(usage).description(description)
  addRpcOption(command).option('--json', 'print the whole answer as JSON')
  command.action(async () => {
    const options = command.opts<QueryOptions>()
    const args = command.registeredArguments.map((_, index) => command.args[index] ?? '')
    const answer = await ask(clientOf(options), args, options)
    const lines = options.json === true ? [JSON.stringify(answer, undefined, 2)] : show(answer)
    for (const line of lines) console.log(line)
  })
  return command
}

export function chainOf(text: string): ChainJson {
  const chain = parseChain(text)
  if (chain === undefined) throw new CliError(`no chain ${text}: expected coord or a shard's number`)
  return chainToJson(chain)
}

export const asOf = ({ chain, height, hash }: Place): string =>
  `as of chain ${chain} height ${height} ${hash}`
