/**
 * The composition root (SYSTEM 6): builds every part of a node in dependency order, starts them in that order, and
 * stops them in reverse. A part that fails to start ends the start: those before it are stopped again and the error
 * names it. Straight code, no container.
 *
 *   keys, ports → node database → verifier → validator and guard → chains → network → RPC
 */
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Logger } from 'pino'
import { must } from '../primitives/errors.ts'
import { chainName } from '../primitives/chain-id.ts'
import type { Verifier } from '../crypto/ports.ts'
import { VerifyPool } from '../crypto/verify-pool.ts'
import { createMetrics } from '../metrics/registry.ts'
import type { NodeMetrics } from '../metrics/registry.ts'
import { netMetrics } from '../metrics/net.ts'
import type { Traffic } from '../net/gossip-scores.ts'
import { Libp2pNetwork } from '../net/network.ts'
import { stopEach } from '../net/stopping.ts'
import { Chains } from '../node/chains.ts'
import type { NodeConfig } from '../node/config.ts'
import { dataPaths } from '../node/data-dir.ts'
import { followedShards } from '../node/followed-shards.ts'
import { readKeyFile, signerOfKey } from '../node/keys.ts'
import { StartError } from '../node/node-errors.ts'
import { Retention } from '../node/retention.ts'
import { RevealChain } from '../node/reveal-chain.ts'
import { Validator } from '../node/validator.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { RpcServer } from '../rpc/server.ts'
import type { Address } from '../rpc/server.ts'
import { openGuard } from '../store/guard-binding.ts'
import { SignGuard } from '../store/sign-guard.ts'
import { bindGuard } from '../store/guard-binding.ts'
import { NodeStore } from '../store/node-store.ts'
import type { KeyValueStore } from '../store/ports.ts'
import type { Staging } from '../store/switchable.ts'
import { openStaging } from '../store/staging.ts'
import type { NodePort } from '../rpc/port.ts'
import { openAdminToken } from './admin-token.ts'
import { openChainDatabase, openDatabase } from './databases.ts'
import { systemClock } from './clock.ts'
import { PatientVerifier } from './patient-verifier.ts'
import { ChunkThreads } from '../node/snapshot/chunk-threads.ts'
import type { ChunkVerifier } from '../node/snapshot/chunk-verifier.ts'
import { NodeEvents } from './events.ts'
import { warnOfIdleSeats } from './idle-seats.ts'
import { Observer } from './observer.ts'
import { peeringOf } from './peering.ts'
import { assertPortsFree } from './ports-free.ts'
import { createRpcPort } from './rpc-port.ts'
import type { RpcPortComponents } from './rpc-port.ts'
import { socketEvents } from './socket-events.ts'
import { exposeSync } from './sync-report.ts'
import { TransactionPort } from './transaction-port.ts'

export interface NodeInit {
  readonly config: NodeConfig
  readonly genesis: Genesis
  readonly log: Logger
  readonly version: string
  /** Process-wide metrics (memory, CPU): once per process. @default false */
  readonly processMetrics?: boolean
  /** A failure that the node cannot go on after: whoever started it has to stop it. */
  readonly onFailed: (error: unknown) => void
  /** Between nodes of one process only. @default 'tcp' */
  readonly transport?: 'tcp' | 'memory'
  /** Of gossip, for many nodes in one process. @default 1_000 */
  readonly heartbeatMs?: number
  /** When shards are announced in the DHT for the first time, for as many. @default 300_000 */
  readonly provideFirstMs?: number
  /** @default LevelDB at the path, made where there is none */
  readonly openDatabase?: (path: string) => Promise<KeyValueStore>
  /** A second database of the chain at the path, for a fast start. @default LevelDB beside it, if `openDatabase` is */
  readonly openStaging?: (path: string) => Promise<Staging>
  /** One that several nodes of a process share; whoever made it stops it. @default threads of this node */
  readonly verifier?: Verifier
  /** As the verifier, for the chunks of snapshots. @default threads of this node, while it takes one */
  readonly chunks?: ChunkVerifier
}

interface Part {
  readonly name: string
  stop(): Promise<void>
}

export class Node {
  readonly metrics: NodeMetrics
  readonly events = new NodeEvents()
  readonly #init: NodeInit
  readonly #parts: Part[] = []
  #chains: Chains | undefined
  #network: Libp2pNetwork | undefined
  #rpc: RpcServer | undefined
  #port: NodePort | undefined
  #validator: Validator | undefined
  #changing: Promise<void> = Promise.resolve()

  constructor(init: NodeInit) {
    this.#init = init
    this.metrics = createMetrics({ process: init.processMetrics === true })
  }

  get chains(): Chains | undefined {
    return this.#chains
  }

  get network(): Libp2pNetwork | undefined {
    return this.#network
  }

  get validator(): Validator | undefined {
    return this.#validator
  }

  /** The calls of the RPC layer in domain values; undefined before the start. */
  get port(): NodePort | undefined {
    return this.#port
  }

  get rpcAddress(): Address | undefined {
    return this.#rpc?.address
  }

  /** @throws StartError naming the part; nothing is left running then. */
  async start(): Promise<void> {
    await this.#inOrder(async () => this.#start())
  }

  /** Idempotent; ends when every part has stopped and every database is closed. */
  async stop(): Promise<void> {
    await this.#inOrder(async () => this.#stopParts())
  }

  async #start(): Promise<void> {
    if (this.#parts.length > 0) return
    const { config, genesis, log } = this.#init
    const paths = dataPaths(config.data)
    const id = networkId(genesis)
    const shards = followedShards(config, genesis)
    const open = this.#init.openDatabase ?? openDatabase
    const stage = this.#init.openStaging ?? (open === openDatabase ? openStaging : undefined)
    const observer = new Observer(this.metrics, log, genesis, (error) => this.#init.onFailed(error))
    await this.#part('keys', async () => this.#readKeys())
    await this.#part('ports', async () => assertPortsFree(config))
    const nodeStore = await this.#part('node database', async () => {
      const database = await open(paths.nodeDatabase)
      this.#parts.push({ name: 'node database', stop: async () => database.close() })
      return NodeStore.open(database, id)
    })
    const verifier = await this.#part('verifier', async () => {
      if (this.#init.verifier !== undefined) return this.#init.verifier
      const pool = new VerifyPool()
      await pool.start()
      this.#parts.push({ name: 'verifier', stop: async () => pool.stop() })
      return new PatientVerifier(pool, async (ms) => setTimeout(ms))
    })
    const validator = await this.#part('validator', async () => this.#openValidator(nodeStore, id))
    this.#validator = validator
    const network = await this.#part('network key', async () => this.#createNetwork(id, nodeStore))
    let port: TransactionPort | undefined
    const chains = await this.#part('chains', async () =>
      Chains.open(
        {
          network,
          clock: systemClock,
          verifier,
          chunks: this.#init.chunks ?? new ChunkThreads(),
          nodeStore,
          openChain: async (chain) => openChainDatabase(open, paths.chainDatabase(chain), config),
          ...(stage === undefined ? {} : { openStaging: async (chain) => stage(paths.chainDatabase(chain)) }),
          validator,
          events: this.events.behind(observer.events),
          onDropped: (chain, dropped) => {
            observer.dropped(chain, dropped)
            port?.noteDropped(dropped)
          },
          onBundle: observer.bundle,
          randomSeed: () => randomBytes(16)
        },
        {
          genesis,
          shards,
          sync: { mode: config.sync, checkpoint: config.checkpoint },
          backfill: config.backfill
        }
      )
    )
    this.#chains = chains
    this.#parts.push({ name: 'chains', stop: async () => chains.stop() })
    await this.#part('chains', async () => chains.start())
    this.#startRetention(chains)
    this.#parts.push({ name: 'network', stop: async () => network.stop() })
    await this.#part('network', async () => network.start())
    this.#network = network
    const transactions = new TransactionPort({ chains, network, verifier })
    port = transactions
    await this.#part('RPC', async () =>
      this.#startRpc(observer, { chains, network, transactions, validator })
    )
    warnOfIdleSeats(chains, validator, log)
    this.metrics.node.start()
    this.#parts.push({ name: 'metrics', stop: async () => this.metrics.node.stop() })
  }

  async #startRpc(
    observer: Observer,
    parts: Pick<RpcPortComponents, 'chains' | 'network' | 'transactions' | 'validator'>
  ): Promise<void> {
    const { rpc, metrics } = this.#init.config
    const port = createRpcPort({
      ...parts,
      clock: systemClock,
      progress: observer.progress,
      log: this.#init.log,
      facts: { version: this.#init.version, startedAtMs: Date.now() },
      startedMonoMs: performance.now()
    })
    const isAdmin = await openAdminToken(dataPaths(this.#init.config.data).adminToken)
    const exposition = this.#exposition(parts.chains, parts.network)
    const server = new RpcServer(
      {
        port,
        metrics: exposition,
        events: this.#rpcEvents(observer),
        socketEvents: socketEvents(this.metrics),
        onFinal: (listener) => this.events.on('final', listener),
        isAdmin
      },
      { rpc, ...(metrics === undefined ? {} : { metrics }) }
    )
    await server.start()
    this.#port = port
    this.#rpc = server
    this.#parts.push({ name: 'RPC', stop: async () => server.stop() })
  }

  #startRetention({ list, snapshots }: Chains): void {
    const { retention: keep } = this.#init.config
    if (keep === 'archive') return
    const stores = new Map(list.map(({ chain, store }) => [chain, store]))
    const onFailed = (error: unknown): void => this.#init.onFailed(error)
    const retention = new Retention({ clock: systemClock, stores, snapshots, keep, onFailed })
    const forget = this.events.on('final', ({ chain }) => retention.advanced(chain))
    this.#parts.push({
      name: 'retention',
      stop: async () => {
        forget()
        await retention.stop()
      }
    })
    retention.start()
  }

  /** A wrong key file ends the start before anything is opened or made. */
  #readKeys(): void {
    const { data, validator } = this.#init.config
    readKeyFile(dataPaths(data).nodeKey, 'node')
    if (validator !== undefined) readKeyFile(validator, 'validator')
  }

  async #openValidator(nodeStore: NodeStore, network: Uint8Array): Promise<Validator | undefined> {
    const { validator: path, signFromEpoch } = this.#init.config
    if (path === undefined) return undefined
    const key = readKeyFile(path, 'validator')
    const init = { publicKey: key.publicKey, network }
    const reveals = new RevealChain(key.seed)
    if (signFromEpoch === undefined)
      return new Validator(signerOfKey(key), await openGuard(nodeStore.database, init, path), reveals)
    const id = randomBytes(32)
    const guard = await SignGuard.adopt(nodeStore.database, init, { id, fromEpoch: signFromEpoch })
    await bindGuard(path, id)
    return new Validator(signerOfKey(key), guard, reveals)
  }

  async #createNetwork(id: Uint8Array, nodeStore: NodeStore): Promise<Libp2pNetwork> {
    const { config, log, version } = this.#init
    const { seed, publicKey } = readKeyFile(dataPaths(config.data).nodeKey, 'node')
    return new Libp2pNetwork({
      privateKey: await generateKeyPairFromSeed('Ed25519', seed),
      networkId: id,
      listen: config.listen,
      announce: config.announce,
      bootstrap: config.bootstrap,
      allowPrivate: config.allowPrivate,
      shards: this.#init.genesis.shards,
      discovery: peeringOf({
        config,
        network: id,
        peer: publicKey,
        nodeStore,
        validator: () => this.#validator,
        chains: () => must(this.#chains, 'the network starts after the chains'),
        provideFirstMs: this.#init.provideFirstMs
      }),
      switches: config,
      localStatus: () => this.#status(),
      bans: {
        load: async () => nodeStore.peers('ban'),
        save: async (rows) => nodeStore.savePeers('ban', rows)
      },
      agent: `icn/${version}`,
      traffic: trafficOf(this.#init.genesis),
      transport: this.#init.transport ?? 'tcp',
      heartbeatMs: this.#init.heartbeatMs,
      metrics: netMetrics(this.metrics.net, this.metrics.node.queueLength),
      log: (message, facts) => log.debug(facts ?? {}, message)
    })
  }

  #status() {
    const chains = this.#chains
    if (chains === undefined) throw new RangeError('the network starts after the chains')
    return chains.status()
  }

  /** Gauges that are read, not counted, are set when somebody looks. */
  #exposition(chains: Chains, network: Libp2pNetwork) {
    const { registry, chain, sync, pool, net, node } = this.metrics
    return {
      contentType: registry.contentType,
      metrics: async (): Promise<string> => {
        net.peers.reset()
        net.bannedPeers.set(network.bans().length)
        node.queueLength.set({ queue: 'evidence' }, chains.evidence.count)
        for (const each of chains.list) {
          const label = { chain: chainName(each.chain) }
          const status = each.pool.status()
          pool.transactions.set(label, status.count)
          pool.bytes.set(label, status.bytes)
          chain.height.set(label, each.tree.head().header.height)
          chain.finalHeight.set(label, each.store.final.height)
          chain.view.set(label, each.driver.instance.view)
          exposeSync(sync, each)
          node.queueLength.set({ queue: `consensus-${label.chain}` }, each.driver.queued)
          // Nobody at all is a number too.
          for (const direction of ['inbound', 'outbound'] as const) net.peers.set({ ...label, direction }, 0)
          for (const { direction } of network.peers(each.chain)) net.peers.inc({ ...label, direction })
        }
        return registry.metrics()
      }
    }
  }

  #rpcEvents(observer: Observer) {
    return {
      failed: (method: string, error: unknown) =>
        this.#init.log.error({ method, err: error }, 'RPC call failed'),
      refused: (code: Parameters<Observer['refused']>[0]) => observer.refused(code)
    }
  }

  async #part<T>(name: string, start: () => Promise<T>): Promise<T> {
    try {
      return await start()
    } catch (error) {
      await this.#stopParts()
      throw new StartError({ code: 'NODE_PART_FAILED', part: name }, `${name} did not start`, {
        cause: error
      })
    }
  }

  async #stopParts(): Promise<void> {
    await stopEach(
      this.#parts
        .splice(0)
        .toReversed()
        .map((part) => async () => part.stop())
    )
  }

  /** Start and stop never overlap, whoever calls them. */
  async #inOrder(change: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(change)
    this.#changing = done.catch(() => undefined)
    return done
  }
}

/** Of epoch 0: a change of the parameters later shifts scales, and no honest peer falls below zero by it. */
const trafficOf = ({ validators, params }: Genesis): Traffic => ({
  members: validators.length,
  blockIntervalMs: params.minBlockIntervalMs,
  blockTransactionsMax: params.blockTransactionsMax
})
