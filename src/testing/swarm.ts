/**
 * A network of whole nodes in this process: real libp2p, real stores in a directory of their own that goes with the
 * swarm, published keys. Parameters are quick, so that a test sees several epochs in seconds. One pool of threads
 * verifies signatures for all of them.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { pino } from 'pino'
import { Node } from '../app/node.ts'
import { identityOf, signTransfer, signerOfSeed, transferCost } from '../client/transfer.ts'
import type { SignedTransaction } from '../client/transfer.ts'
import { VerifyPool } from '../crypto/verify-pool.ts'
import { ChunkThreads } from '../node/snapshot/chunk-threads.ts'
import { peerOfKey } from '../net/peer-key.ts'
import type { Peer } from '../net/types.ts'
import { loadNodeConfig } from '../node/config.ts'
import type { NodeConfig } from '../node/config.ts'
import { dataPaths } from '../node/data-dir.ts'
import { keyFromSeed, writeKeyFile } from '../node/keys.ts'
import { devnetAddress, devnetSeed } from '../params/devnet-keys.ts'
import { genesisToJson } from '../params/genesis-json.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { fromHex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { StoreError } from '../store/errors.ts'
import { copyHistory } from './history/history.ts'
import { validatorSeed } from './history/plan.ts'
import { DirectorySwarmDisk, MemorySwarmDisk } from './swarm-disks.ts'
import type { SwarmDisk } from './swarm-disks.ts'
import {
  DEFAULT_NODES,
  DEFAULT_STARTING,
  genesisOf,
  heartbeatOf,
  provideFirstOf,
  validatorsOf
} from './swarm-options.ts'
import type { SwarmOptions } from './swarm-options.ts'

export interface SwarmTransfer {
  /** A published account with a balance, such as `user3`. */
  readonly from: string
  readonly to: string
  /** Base units of the consumer token. @default 1_000_000n */
  readonly amount?: bigint
  /** @default the next one, pending transactions counted, of the node that takes it */
  readonly nonce?: bigint
}

export interface SwarmMember {
  readonly index: number
  readonly data: string
  /** Its libp2p identity. */
  readonly peer: Peer
  /** Undefined while it does not run. */
  readonly node: Node | undefined
  /** Failures that no node can go on after. */
  readonly failures: readonly unknown[]
}

interface Member extends SwarmMember {
  readonly failures: unknown[]
  readonly disk: SwarmDisk
  node: Node | undefined
  settings: Partial<NodeConfig>
}

export interface WaitOptions {
  /** A bound, not a wait: whole networks share this process and whatever else the machine does. @default 30_000 */
  readonly timeoutMs?: number
  /** For the failure. @default 'the condition' */
  readonly what?: string
}

/** For what changes without an event. */
const LOOK_EVERY_MS = 20
/** With so many peers a node is no longer one that starts, nor after so long without. */
const FIRST_PEERS = 6
const FIRST_PEERS_WITHIN_MS = 30_000
const FIRST_PEERS_LOOK_MS = 50
/** Addresses that a starting node is given. */
const BOOTSTRAP_MAX = 2
/** Steps between the first of them for one member and for the next. */
const SPREAD = 7
let memoryAddresses = 0

export class Swarm {
  readonly genesis: Genesis
  readonly network: Uint8Array
  readonly #options: SwarmOptions
  readonly #directory: string
  readonly #members: readonly Member[]
  readonly #waiting = new Set<() => void>()
  readonly #verifier = new VerifyPool()
  readonly #chunks = new ChunkThreads()
  /** Who talks to whom; undefined: everybody to everybody. */
  #groups: readonly (readonly number[])[] | undefined

  /** Use `createSwarm`. */
  constructor(options: SwarmOptions, directory: string, peers: readonly Peer[]) {
    this.#options = options
    this.#directory = directory
    this.genesis = genesisOf(options)
    this.network = networkId(this.genesis)
    this.#members = peers.map((peer, index) => ({
      index,
      peer,
      data: join(directory, `node-${index}`),
      failures: [],
      disk: options.storage === 'memory' ? new MemorySwarmDisk() : new DirectorySwarmDisk(),
      node: undefined,
      settings: options.configure?.(index) ?? {}
    }))
  }

  get members(): readonly SwarmMember[] {
    return this.#members
  }

  /** Nodes that run. */
  get running(): readonly Node[] {
    return this.#members.flatMap(({ node }) => (node === undefined ? [] : [node]))
  }

  /**
   * Starts all, or these: one first, since each knows only addresses of some that run; then a few at a time, and the next
   * when one of them has its peers. All at once would have the thread so busy that answers come too late, and whatever
   * they were for begins again, so that there is ever more to do.
   */
  async start(indexes: readonly number[] = this.#members.map(({ index }) => index)): Promise<void> {
    const [first, ...others] = indexes
    if (first === undefined) return
    await this.restart(first)
    const starter = async (): Promise<void> => {
      for (let next = others.shift(); next !== undefined; next = others.shift()) {
        await this.restart(next)
        if (others.length > 0) await this.#firstPeers(this.#member(next))
      }
    }
    await Promise.all(Array.from({ length: this.#startingAtOnce }, starter))
  }

  /** Every node stops and the directories go. */
  async stop(): Promise<void> {
    await Promise.all(this.running.map(async (node) => node.stop()))
    for (const member of this.#members) member.node = undefined
    await this.#verifier.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** @throws AssertionFailure when it does not run. */
  node(index: number): Node {
    return must(this.#member(index).node, `node ${index} runs`)
  }

  /** As if its cable were pulled. */
  cut(index: number): void {
    must(this.node(index).network, 'a running node has a network').cut()
  }

  /** The cut of one node, or of all and every partition. */
  heal(index?: number): void {
    if (index === undefined) this.#groups = undefined
    const healed = index === undefined ? this.running : [this.node(index)]
    for (const { network } of healed) must(network, 'a running node has a network').heal()
    if (this.#groups !== undefined) for (const member of this.#members) this.#separate(member)
  }

  /**
   * Members of different groups are cut off from each other until `heal`, those that start meanwhile too. Who is in no
   * group is alone.
   */
  partition(groups: readonly (readonly number[])[]): void {
    this.#groups = groups
    for (const member of this.#members) this.#separate(member)
  }

  /**
   * As kill -9: no goodbye, and nothing that is still under way reaches the disk. On disks in memory it is a power cut:
   * what was not synced is gone.
   */
  async crash(index: number): Promise<void> {
    const member = this.#member(index)
    const node = this.node(index)
    this.cut(index)
    member.node = undefined
    const before = member.failures.length
    await member.disk.crash()
    // What the dead process holds of this one (threads, ports, timers) is given back; that its disk is gone is meant.
    await node.stop().catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
    member.failures.length = before
  }

  /** A clean end. */
  async stopNode(index: number): Promise<void> {
    const member = this.#member(index)
    await member.node?.stop()
    member.node = undefined
  }

  /**
   * From what is on its disk; a node that runs is stopped first. It is told the addresses of some that run now.
   * @param settings from now on, beside those it had
   */
  async restart(index: number, settings: Partial<NodeConfig> = {}): Promise<void> {
    const member = this.#member(index)
    await this.stopNode(index)
    member.settings = { ...member.settings, ...settings }
    const node = this.#createNode(member)
    await node.start()
    member.node = node
    this.#separate(member)
    this.#watch(node)
  }

  /** Resolves with the first truthy answer; looks after every event of a node and every few milliseconds. */
  async until<T>(probe: () => T | Promise<T>, options: WaitOptions = {}): Promise<NonNullable<T>> {
    const { timeoutMs = 30_000, what = 'the condition' } = options
    const untilMs = performance.now() + timeoutMs
    for (;;) {
      const answer = await probe()
      if (answer !== undefined && answer !== null && answer !== false) return answer
      if (performance.now() > untilMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
      await this.#change()
    }
  }

  /** Every running node that follows the chain has made this height final. */
  async reached(chain: ChainId, height: number, options: WaitOptions = {}): Promise<void> {
    const holds = ({ chains }: Node): boolean => (chains?.get(chain)?.store.final.height ?? height) >= height
    await this.until(() => this.running.every(holds), {
      what: `height ${height} of chain ${chain}`,
      ...options
    })
  }

  /** The transaction is final at every running node that follows its chain. */
  async finalised(chain: ChainId, id: string, options: WaitOptions = {}): Promise<void> {
    const bytes = fromHex(id)
    const holds = ({ chains }: Node): boolean => {
      const store = chains?.get(chain)?.store
      return store === undefined || store.placeOf(bytes) !== undefined
    }
    await this.until(() => this.running.every(holds), { what: `transaction ${id} is final`, ...options })
  }

  /** Signs with a published key and submits at a node, as a user would. @returns id, bytes, and the chain it runs on */
  async submitTransfer(
    at: number,
    { from, to, amount, nonce }: SwarmTransfer
  ): Promise<SignedTransaction & { readonly chain: ChainId }> {
    const calls = must(this.node(at).port, 'a running node answers calls')
    const signer = signerOfSeed(devnetSeed(from))
    const { address, chain } = identityOf(signer.publicKey, this.genesis.shards)
    const { header } = calls.head(chain).final
    const transaction = signTransfer({
      network: this.network,
      signer,
      chain,
      nonce: nonce ?? calls.account(address, chain).nextNonce,
      validUntil: header.height + Math.floor(this.genesis.params.maxLifetime / 2),
      to: devnetAddress(to),
      consumer: amount ?? 1_000_000n,
      ...transferCost(this.genesis.params)
    })
    const answer = await calls.submit(transaction.bytes)
    if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`)
    return { ...transaction, chain }
  }

  /** Before the first start: keys, and the history where it begins with one. */
  async prepare(): Promise<void> {
    const { history } = this.#options
    const validators = validatorsOf(this.#options)
    const holders = history === undefined ? 0 : (this.#options.holders ?? validators)
    await this.#verifier.start()
    for (const { index, data } of this.#members) {
      const key = keyFromSeed('node', devnetSeed(`node${index}`))
      const validator = index < validators ? index : undefined
      if (history !== undefined && index < holders) {
        await copyHistory(history, data, { nodeKey: key, ...(validator === undefined ? {} : { validator }) })
      } else {
        await writeKeyFile(dataPaths(data).nodeKey, key)
        await writeFile(dataPaths(data).genesis, genesisToJson(this.genesis))
        if (validator !== undefined)
          await writeKeyFile(validatorFile(data), keyFromSeed('validator', validatorSeed(validator)))
      }
    }
  }

  /** One turn: the next event of any node, or the time after which one looks anyway. */
  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, LOOK_EVERY_MS)
    this.#waiting.add(resolve)
    await promise
    clearTimeout(timer)
    this.#waiting.delete(resolve)
  }

  #watch({ events }: Node): void {
    const changed = (): void => {
      for (const wake of this.#waiting) wake()
    }
    for (const name of ['final', 'entered', 'nullified', 'evidence', 'halted', 'invalidBlock'] as const)
      events.on(name, changed)
  }

  #member(index: number): Member {
    return must(this.#members[index], `the swarm has a node ${index}`)
  }

  get #startingAtOnce(): number {
    return this.#options.startingAtOnce ?? DEFAULT_STARTING
  }

  /** Who starts at the same time may not be found yet. */
  async #firstPeers(member: Member): Promise<void> {
    const untilMs = performance.now() + FIRST_PEERS_WITHIN_MS
    const others =
      this.#reachable(member).filter((index) => this.#member(index).node !== undefined).length - 1
    const wanted = Math.min(FIRST_PEERS, others - this.#startingAtOnce)
    while ((member.node?.network?.peers().length ?? wanted) < wanted && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, FIRST_PEERS_LOOK_MS))
  }

  /** Those on its side of the partition. */
  #reachable({ index }: Member): readonly number[] {
    if (this.#groups === undefined) return this.#members.map((member) => member.index)
    return this.#groups.find((group) => group.includes(index)) ?? [index]
  }

  #separate(member: Member): void {
    if (this.#groups === undefined) return
    const near = new Set(this.#reachable(member))
    const far = this.#members.flatMap(({ index, peer }) => (near.has(index) ? [] : [peer]))
    member.node?.network?.cut(new Set(far))
  }

  #createNode(member: Member): Node {
    const { transport = 'tcp', log } = this.#options
    const isValidator = member.index < validatorsOf(this.#options)
    const listen = transport === 'tcp' ? '/ip4/127.0.0.1/tcp/0' : `/memory/icn-swarm-${++memoryAddresses}`
    const near = this.#reachable(member).flatMap(
      (index) => this.#members[index]?.node?.network?.addresses()[0] ?? []
    )
    // Each is told of others: two that everybody begins with would be busy with nothing else.
    const bootstrap = Array.from({ length: Math.min(BOOTSTRAP_MAX, near.length) }, (_, at) =>
      must(near[(member.index * SPREAD + at) % near.length], 'an address of one that runs')
    )
    const config: NodeConfig = {
      ...loadNodeConfig({ flags: { data: member.data }, env: {} }),
      bootstrap,
      validator: isValidator ? validatorFile(member.data) : undefined,
      rpc: { host: '127.0.0.1', port: 0 },
      listen: [listen],
      allowPrivate: true,
      logLevel: 'silent',
      logFormat: 'json',
      ...member.settings
    }
    return new Node({
      config,
      genesis: this.genesis,
      log: log?.child({ node: member.index }) ?? pino({ level: 'silent' }),
      version: 'swarm',
      transport,
      heartbeatMs: heartbeatOf(this.#options, this.#members.length),
      provideFirstMs: provideFirstOf(this.#options, this.#members.length),
      openDatabase: async (path) => member.disk.open(path),
      openStaging: async (path) => member.disk.openStaging(path),
      verifier: this.#verifier,
      chunks: this.#chunks,
      onFailed: (error) => member.failures.push(error)
    })
  }
}

const validatorFile = (data: string): string => join(data, 'keys', 'validator.json')

/** Not started yet. Its genesis time is now; `devnetSeed('validator0')` … are its validators' keys. */
export async function createSwarm(options: SwarmOptions = {}): Promise<Swarm> {
  const count = options.nodes ?? options.history?.genesis.validators.length ?? DEFAULT_NODES
  const peers: Peer[] = []
  for (let index = 0; index < count; index++)
    peers.push(peerOfKey(await generateKeyPairFromSeed('Ed25519', devnetSeed(`node${index}`))))
  const swarm = new Swarm(options, await mkdtemp(join(tmpdir(), 'icn-swarm-')), peers)
  await swarm.prepare()
  return swarm
}
