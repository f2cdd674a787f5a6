/** `--rpc`, shared by the commands that ask a node. */
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { Client } from '../client/client.ts'
import { addOption } from './options.ts'

export interface RpcOptions {
  readonly rpc: string
}

const DEFAULT_URL = 'http://127.0.0.1:8088'

/** Accepts `host:port` too: ICN_RPC also says where a node listens. */
export function rpcUrl(text: string): string {
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`
  if (!URL.canParse(url)) throw new InvalidArgumentError('expected a URL or host:port')
  return url
}

export const addRpcOption = (command: Command): Command =>
  addOption(command, {
    flags: '--rpc <url>',
    help: 'RPC address of a node',
    parse: rpcUrl,
    default: DEFAULT_URL
  })

export const clientOf = ({ rpc }: RpcOptions): Client => new Client({ url: rpc })
