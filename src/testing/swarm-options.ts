/** What a swarm is made of. */
import type { Logger } from 'pino'
import { publicKeyFromSeed } from '../crypto/ed25519.ts'
import { DISCOVERY_LIMITS } from '../net/discovery/limits.ts'
import type { NodeConfig } from '../node/config.ts'
import { devnetSeed } from '../params/devnet-keys.ts'
import type { Genesis } from '../params/genesis.ts'
import { newGenesis } from '../params/new-genesis.ts'
import type { Params } from '../params/params.ts'
import type { PresetName } from '../params/presets.ts'
import type { History } from './history/history.ts'

export interface SwarmOptions {
  /** @default 4 */
  readonly nodes?: number
  /** Validators of the genesis; node i runs validator i, nodes beyond them follow. @default as many as nodes */
  readonly validators?: number
  /** @default 1 */
  readonly shards?: number
  /** @default 'tcp', on free ports of loopback */
  readonly transport?: 'tcp' | 'memory'
  /** Where databases are: a crash of one in memory loses what was not synced. @default 'directory' */
  readonly storage?: 'directory' | 'memory'
  /** @default 'minimal' */
  readonly preset?: PresetName
  /** On top of the preset and of what makes a swarm quick. */
  readonly overrides?: Partial<Params>
  /** Begins where this one ends: its genesis, validators and shards stand in place of those above. */
  readonly history?: History
  /** Nodes that have the history; the others begin at genesis. @default its validators */
  readonly holders?: number
  /** Settings of a node beside those that make it part of the swarm. */
  readonly configure?: (index: number) => Partial<NodeConfig>
  /**
   * Nodes that start, or look for their first peers, at a time: the next one starts when one of them has six, or as many as
   * there are. That takes more of the one thread than anything later. @default 4
   */
  readonly startingAtOnce?: number
  /**
   * How often each node looks after its gossip meshes and tells what it has, which with many nodes in one thread is most of
   * what they do when there is no news. @default 1_000, more than 33 nodes 30 for each
   */
  readonly heartbeatMs?: number
  /**
   * After how long each node announces its shards in the DHT for the first time, with jitter. It connects to those whose ids
   * are nearest to a shard's name, all nodes to the same few. @default 300_000, more than 16 nodes 18_000 for each
   */
  readonly provideFirstMs?: number
  /** Of every node. @default silent */
  readonly log?: Logger
}

/** Blocks ten times a second even without transactions; view timers of a few hundred milliseconds. */
export const QUICK_PARAMS = {
  minBlockIntervalMs: 50,
  idleIntervalMs: 100,
  deltaInitialMs: 100,
  deltaMinMs: 50,
  deltaMaxMs: 1_000
} as const satisfies Partial<Params>

export const DEFAULT_NODES = 4
export const DEFAULT_STARTING = 4

const HEARTBEAT_MS_MIN = 1_000
const HEARTBEAT_MS_PER_NODE = 30

const PROVIDE_FIRST_MS_PER_NODE = 18_000

export const provideFirstOf = ({ provideFirstMs }: SwarmOptions, nodes: number): number =>
  provideFirstMs ?? Math.max(DISCOVERY_LIMITS.provideFirstMs, nodes * PROVIDE_FIRST_MS_PER_NODE)

export const heartbeatOf = ({ heartbeatMs }: SwarmOptions, nodes: number): number =>
  heartbeatMs ?? Math.max(HEARTBEAT_MS_MIN, nodes * HEARTBEAT_MS_PER_NODE)

export const validatorsOf = ({ nodes = DEFAULT_NODES, validators = nodes, history }: SwarmOptions): number =>
  history?.genesis.validators.length ?? validators

/** @throws RangeError that names the parameter */
export function genesisOf(options: SwarmOptions): Genesis {
  if (options.history !== undefined) return options.history.genesis
  const keys = Array.from({ length: validatorsOf(options) }, (_, index) =>
    publicKeyFromSeed(devnetSeed(`validator${index}`))
  )
  const genesis = newGenesis({
    preset: options.preset ?? 'minimal',
    validators: keys,
    timeMs: Date.now(),
    shards: options.shards ?? 1,
    overrides: { ...QUICK_PARAMS, ...options.overrides }
  })
  if (!genesis.ok) throw new RangeError(`${genesis.code}: ${genesis.detail}`)
  return genesis.value
}
