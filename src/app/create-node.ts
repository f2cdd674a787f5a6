/** A node as a library: the same parts as `icn start`, without process signals, files of its own or an exit code. */
import { pino } from 'pino'
import type { Logger } from 'pino'
import { loadNodeConfig } from '../node/config.ts'
import type { NodeConfig } from '../node/config.ts'
import { NodeError } from '../primitives/errors.ts'
import type { Genesis } from '../params/genesis.ts'
import type { NodePort } from '../rpc/port.ts'
import { addressText } from '../rpc/server.ts'
import { packageVersion } from '../node/version.ts'
import type { NodeEventName, NodeListener } from './events.ts'
import { Node } from './node.ts'
import { readGenesis } from './run.ts'

/** `data` was made by `icn init`. What is left out comes from its `config.json`, never from the environment. */
export interface CreateNodeOptions extends Partial<NodeConfig> {
  readonly data: string
  /** @default that of the data directory */
  readonly genesis?: Genesis
  /** @default silent */
  readonly log?: Logger
  /** The node met a failure that it cannot go on after, and has stopped. @default none */
  readonly onFailed?: (error: unknown) => void
}

export interface LibraryNode {
  /** @throws StartError naming the part; nothing is left running then. */
  start(): Promise<void>
  /** Idempotent. */
  stop(): Promise<void>
  /** @returns a function that ends the subscription. */
  on<K extends NodeEventName>(name: K, listener: NodeListener<K>): () => void
  /** The calls of the RPC layer. @throws NotRunningError before the start */
  readonly calls: NodePort
  /** Where others can dial it, with its peer id. */
  addresses(): readonly string[]
  /** Where HTTP is answered, such as `127.0.0.1:8088`; undefined before the start. */
  readonly rpcAddress: string | undefined
}

export class NotRunningError extends NodeError<{ readonly code: 'NODE_NOT_RUNNING' }> {}

export function createNode(options: CreateNodeOptions): LibraryNode {
  const { data, genesis, log, onFailed, ...given } = options
  const config = { ...loadNodeConfig({ flags: { data }, env: {} }), ...given }
  const node = new Node({
    config,
    genesis: genesis ?? readGenesis(config),
    log: log ?? pino({ level: 'silent' }),
    version: packageVersion(),
    onFailed: (error) => void node.stop().finally(() => onFailed?.(error))
  })
  return {
    start: async () => node.start(),
    stop: async () => node.stop(),
    on: (name, listener) => node.events.on(name, listener),
    get calls() {
      if (node.port === undefined) throw new NotRunningError({ code: 'NODE_NOT_RUNNING' })
      return node.port
    },
    addresses: () => node.network?.addresses() ?? [],
    get rpcAddress() {
      return node.rpcAddress === undefined ? undefined : addressText(node.rpcAddress)
    }
  }
}
