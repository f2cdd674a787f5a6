/**
 * What a devnet consists of: which node has which role, ports, directory and command line (SYSTEM 6). Only node 0's
 * address is given to the others; they find each other through it.
 */
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DevnetError } from './errors.ts'
import type { Perturbation } from './perturb.ts'
import { parsePerturbations } from './perturb.ts'

export interface DevnetOptions {
  readonly preset: string
  /** A genesis made before, with its validators' keys in `keys/` beside it. */
  readonly genesis?: string
  readonly validators: number
  readonly shards?: number
  readonly followers: number
  /** Second of the run at which the followers start. */
  readonly late: number
  readonly blockInterval?: number
  /** Transfers a second. */
  readonly load?: number | 'max'
  /** Percentage of transfers whose receiver lives on another shard. */
  readonly cross: number
  /** Percentage of the load that is actions over two shards, all or nothing. @default 0 */
  readonly atomic?: number
  /** Percentage of it that activates accounts on the coordination chain and adds to stakes. @default 0 */
  readonly orders?: number
  /** Seconds; without it the devnet runs until it is stopped. */
  readonly duration?: number
  readonly perturb: string
  readonly data: string
  readonly fresh: boolean
  readonly basePort: number
  readonly json: boolean
}

export type Role = 'validator' | 'follower'

export interface PlannedNode {
  readonly index: number
  readonly name: string
  readonly role: Role
  readonly data: string
  readonly log: string
  readonly libp2pPort: number
  readonly rpcPort: number
  /** `http://127.0.0.1:9001` */
  readonly rpc: string
  /** Key file of a validator. */
  readonly key: string | undefined
}

export interface Plan {
  readonly options: DevnetOptions
  readonly data: string
  readonly genesis: string
  readonly keys: string
  readonly record: string
  readonly nodes: readonly PlannedNode[]
  readonly perturbations: readonly Perturbation[]
}

/** The program's own entry: nodes run the same build with the same Node. */
export const MAIN = fileURLToPath(new URL('../cli/main.js', import.meta.url))

/** @throws DevnetError */
export function planDevnet(options: DevnetOptions): Plan {
  const data = resolve(options.data)
  const count = options.validators + options.followers
  const lastPort = options.basePort + 2 * count - 1
  if (lastPort > 65_535) {
    const detail = { code: 'DEVNET_OPTION', option: 'base-port' } as const
    throw new DevnetError(
      detail,
      `--base-port ${options.basePort}: ${count} nodes would need port ${lastPort}`
    )
  }
  const keys = join(data, 'keys')
  const nodes = Array.from({ length: count }, (_, index): PlannedNode => {
    const directory = join(data, `node-${index}`)
    const isValidator = index < options.validators
    const rpcPort = options.basePort + 2 * index + 1
    return {
      index,
      name: `node-${index}`,
      role: isValidator ? 'validator' : 'follower',
      data: directory,
      log: join(directory, 'node.log'),
      libp2pPort: options.basePort + 2 * index,
      rpcPort,
      rpc: `http://127.0.0.1:${rpcPort}`,
      key: isValidator ? join(keys, `validator-${index}.json`) : undefined
    }
  })
  return {
    options,
    data,
    genesis: join(data, 'genesis.json'),
    keys,
    record: join(data, 'devnet.json'),
    nodes,
    perturbations: parsePerturbations(options.perturb, count)
  }
}

/** Arguments after `icn`. @param bootstrap node 0's address; undefined for node 0. */
export function startArguments(node: PlannedNode, bootstrap: string | undefined): string[] {
  return [
    'start',
    '--data',
    node.data,
    '--listen',
    `/ip4/127.0.0.1/tcp/${node.libp2pPort}`,
    '--rpc',
    `127.0.0.1:${node.rpcPort}`,
    ...(node.key === undefined ? [] : ['--validator', node.key]),
    ...(bootstrap === undefined ? [] : ['--bootstrap', bootstrap]),
    '--allow-private'
  ]
}

/** A line for a shell in the project's directory. */
export const shellLine = (args: readonly string[]): string => ['npx', 'icn', ...args.map(quoted)].join(' ')

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
