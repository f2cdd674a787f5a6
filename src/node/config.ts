/**
 * The operator's choices, in one table: each key is a command-line flag, an environment variable and a key of
 * `D/config.json`. A flag beats the environment, the environment beats the file, the file beats the default.
 * Nothing else in the program reads `process.env`. What must be equal on all nodes is not here but in the genesis.
 */
import { readFileSync } from 'node:fs'
import type { ChainId } from '../primitives/chain-id.ts'
import { dataPaths } from './data-dir.ts'
import {
  ADDRESS,
  MULTIADDRS,
  UNSET,
  boolean,
  epoch,
  multiaddrs,
  oneOf,
  optionalAddress,
  parseAddress,
  row,
  shards,
  text
} from './config-values.ts'
import type { NetworkAddress } from './config-values.ts'
import { PEERING_KEYS, refusePeering } from './config-peering.ts'
import type { PeeringConfig } from './config-peering.ts'
import { RETENTION_MIN, refuseRetention, retention } from './config-retention.ts'
import { SYNC_KEYS } from './config-sync.ts'
import type { SyncConfig } from './config-sync.ts'
import { ConfigError } from './node-errors.ts'

export { parseAddress } from './config-values.ts'
export type { NetworkAddress } from './config-values.ts'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export const LOG_FORMATS = ['pretty', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

export interface NodeConfig extends PeeringConfig, SyncConfig {
  /** Data directory. */
  readonly data: string
  /** Multiaddrs to find the first peers by. */
  readonly bootstrap: readonly string[]
  /** Shards to follow beside the coordination chain. */
  readonly shards: 'all' | 'none' | readonly ChainId[]
  /** Key file of the validator this node is; undefined for a follower. */
  readonly validator: string | undefined
  readonly rpc: NetworkAddress
  /** Where /metrics is; undefined: on the RPC address. */
  readonly metrics: NetworkAddress | undefined
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** Multiaddrs to tell others instead of those listened on. */
  readonly announce: readonly string[]
  /** Whether loopback and private addresses of peers are dialled and passed on. */
  readonly allowPrivate: boolean
  /** Take up a validator key whose record is lost: sign nothing before this epoch. */
  readonly signFromEpoch: number | undefined
  /** Blocks of each chain that are kept. */
  readonly retention: 'archive' | number
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
}

/** `data` says where the file lies, so it cannot stand in it. */
export type FileKey = Exclude<keyof NodeConfig, 'data'>
export const CONFIG_KEYS = [
  row({
    key: 'bootstrap',
    flag: 'bootstrap',
    env: 'ICN_BOOTSTRAP',
    kind: 'list',
    argument: 'multiaddr...',
    help: 'peers to join the network by',
    default: [],
    expected: MULTIADDRS,
    parse: multiaddrs
  }),
  row({
    key: 'shards',
    flag: 'shards',
    env: 'ICN_SHARDS',
    kind: 'text',
    argument: 'list',
    help: 'shards to follow: all, none, or numbers such as 0,2',
    default: 'all',
    expected: 'all, none, or shard numbers separated by commas',
    parse: shards
  }),
  row({
    key: 'validator',
    flag: 'validator',
    env: 'ICN_VALIDATOR',
    kind: 'text',
    argument: 'keyfile',
    help: 'validate with this key; without it the node follows',
    default: null,
    expected: 'the path of a key file',
    parse: text
  }),
  row({
    key: 'rpc',
    flag: 'rpc',
    env: 'ICN_RPC',
    kind: 'text',
    argument: 'host:port',
    help: 'where to answer HTTP; port 0 picks a free one',
    default: '127.0.0.1:8088',
    expected: ADDRESS,
    parse: parseAddress
  }),
  row({
    key: 'metrics',
    flag: 'metrics',
    env: 'ICN_METRICS',
    kind: 'text',
    argument: 'host:port',
    help: 'move /metrics from the RPC address to this one',
    default: null,
    expected: ADDRESS,
    parse: optionalAddress
  }),
  row({
    key: 'listen',
    flag: 'listen',
    env: 'ICN_LISTEN',
    kind: 'list',
    argument: 'multiaddr...',
    help: 'where to listen for peers',
    default: ['/ip4/0.0.0.0/tcp/9000'],
    expected: MULTIADDRS,
    parse: multiaddrs
  }),
  row({
    key: 'announce',
    flag: 'announce',
    env: 'ICN_ANNOUNCE',
    kind: 'list',
    argument: 'multiaddr...',
    help: 'addresses to tell peers instead of those listened on',
    default: [],
    expected: MULTIADDRS,
    parse: multiaddrs
  }),
  row({
    key: 'allowPrivate',
    flag: 'allow-private',
    env: 'ICN_ALLOW_PRIVATE',
    kind: 'switch',
    argument: '',
    help: 'dial and pass on loopback and private addresses (networks on one machine or in one house)',
    default: false,
    expected: 'true or false',
    parse: boolean
  }),
  row({
    key: 'signFromEpoch',
    flag: 'sign-from-epoch',
    env: 'ICN_SIGN_FROM_EPOCH',
    kind: 'text',
    argument: 'epoch',
    help: 'take up a validator key whose record is lost, signing nothing before this later epoch',
    default: null,
    expected: 'an epoch number',
    parse: epoch
  }),
  row({
    key: 'retention',
    flag: 'retention',
    env: 'ICN_RETENTION',
    kind: 'text',
    argument: 'blocks',
    help: 'blocks of each chain that are kept: archive for all of them, or a number',
    default: 'archive',
    expected: `archive, or a number of blocks from ${RETENTION_MIN}`,
    parse: retention
  }),
  ...SYNC_KEYS,
  row({
    key: 'logLevel',
    flag: 'log-level',
    env: 'ICN_LOG_LEVEL',
    kind: 'text',
    argument: 'level',
    help: `least severity that is logged: ${LOG_LEVELS.join(', ')}`,
    default: 'info',
    expected: LOG_LEVELS.join(', '),
    parse: oneOf(LOG_LEVELS)
  }),
  row({
    key: 'logFormat',
    flag: 'log-format',
    env: 'ICN_LOG_FORMAT',
    kind: 'text',
    argument: 'format',
    help: `form of the log on stdout: ${LOG_FORMATS.join(', ')}`,
    default: 'pretty',
    expected: LOG_FORMATS.join(', '),
    parse: oneOf(LOG_FORMATS)
  }),
  ...PEERING_KEYS
] as const

/** Values as the sources give them, by key: text, lists of texts, or JSON. */
export type RawValues = { readonly [key in FileKey]?: unknown }

export interface ConfigSources {
  /** From the command line; wins. */
  readonly flags: RawValues & { readonly data?: string; readonly config?: string }
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** @throws ConfigError; the key and the source at fault are in it. */
export function loadNodeConfig({ flags, env = process.env }: ConfigSources): NodeConfig {
  const data = flags.data ?? env['ICN_DATA']
  if (data === undefined || data === '') throw missing('data')
  const named = flags.config ?? env['ICN_CONFIG']
  const file = readConfigFile(named ?? dataPaths(data).config, named !== undefined)
  const values: { data: string } & { [key in FileKey]?: unknown } = { data }
  for (const entry of CONFIG_KEYS) values[entry.key] = valueOf(entry, flags, env, file)
  // Every key of the table was given a value by its own parser.
  const config = values as NodeConfig
  refusePeering(config)
  refuseRetention(config)
  return Object.freeze(config)
}

function valueOf(
  entry: (typeof CONFIG_KEYS)[number],
  flags: RawValues,
  env: Readonly<Record<string, string | undefined>>,
  file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> }
): unknown {
  const [source, raw] =
    flags[entry.key] !== undefined
      ? [`--${entry.flag}`, flags[entry.key]]
      : env[entry.env] !== undefined
        ? [entry.env, env[entry.env]]
        : Object.hasOwn(file.values, entry.key)
          ? [file.path, file.values[entry.key]]
          : ['default', entry.default]
  const value = entry.parse(raw)
  if (value === undefined) {
    const detail = { code: 'CONFIG_VALUE', key: entry.key, source, expected: entry.expected } as const
    const name = source === file.path ? `${entry.key} in ${source}` : source
    throw new ConfigError(detail, `${name} must be ${entry.expected}`)
  }
  return value === UNSET ? undefined : value
}

/** The file of a directory that was made by hand may be absent; one that was named may not. */
function readConfigFile(path: string, mustExist: boolean): { path: string; values: Record<string, unknown> } {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (!mustExist && reason === 'ENOENT') return { path, values: {} }
    throw new ConfigError({ code: 'CONFIG_FILE', path, reason }, `cannot read ${path}: ${reason}`, {
      cause: error
    })
  }
  return { path, values: parseConfigFile(path, content) }
}

function parseConfigFile(path: string, content: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ConfigError({ code: 'CONFIG_FILE', path, reason: 'not JSON' }, `${path} is not JSON`, {
      cause: error
    })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConfigError(
      { code: 'CONFIG_FILE', path, reason: 'not an object' },
      `${path} is not a JSON object`
    )
  }
  const known = new Set<string>(CONFIG_KEYS.map(({ key }) => key))
  const unknown = Object.keys(parsed).find((key) => !known.has(key))
  if (unknown !== undefined) {
    const detail = { code: 'CONFIG_KEY_UNKNOWN', key: unknown, source: path } as const
    throw new ConfigError(detail, `${path}: unknown key ${unknown}`)
  }
  return { ...parsed }
}

const missing = (key: string): ConfigError =>
  new ConfigError({ code: 'CONFIG_MISSING', key }, `--${key} is missing (or ICN_${key.toUpperCase()})`)

/** The file that `icn init` writes: every key with its default. */
export const defaultConfigFile = (): string =>
  `${JSON.stringify(Object.fromEntries(CONFIG_KEYS.map((entry) => [entry.key, entry.default])), undefined, 2)}\n`
