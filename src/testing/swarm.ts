/**
 * A network of whole nodes in this process: real libp2p, real stores in a directory of their own that goes with the
 * swarm, published keys. Parameters are quick, so that a test sees several epochs in seconds.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Logger } from 'pino'
import { Node } from '../app/node.ts'
import { identityOf, signTransfer, signerOfSeed, transferCost } from '../client/transfer.ts'
import type { SignedTransaction } from '../client/transfer.ts'
import { publicKeyFromSeed } from '../crypto/ed25519.ts'
import type { NodeConfig } from '../node/config.ts'
import { dataPaths } from '../node/data-dir.ts'
import { keyFromSeed, writeKeyFile } from '../node/keys.ts'
import { devnetAddress, devnetSeed } from '../params/devnet-keys.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { newGenesis } from '../params/new-genesis.ts'
import type { Params } from '../params/params.ts'
import type { PresetName } from '../params/presets.ts'
import { must } from '../primitives/errors.ts'

export interface SwarmOptions {
  /** @default 4 */
  readonly nodes?: number
  /** Validators of the genesis; node i runs validator i, nodes beyond them follow. @default as many as nodes */
  readonly validators?: number
  /** @default 1 */
  readonly shards?: number
  /** @default 'tcp', on free ports of loopback */
  readonly transport?: 'tcp' | 'memory'
  /** @default 'minimal' */
  readonly preset?: PresetName
  /** On top of the preset and of what makes a swarm quick. */
  readonly overrides?: Partial<Params>
  /** Of every node. @default silent */
  readonly log?: Logger
}

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
  /** Undefined while it does not run. */
  readonly node: Node | undefined
  /** Failures that no node can go on after. */
  readonly failures: readonly unknown[]
}

interface Member {
  readonly index: number
  readonly data: string
  readonly failures: unknown[]
  node: Node | undefined
}

/** Blocks ten times a second even without transactions; view timers of a few hundred milliseconds. */
const QUICK: Partial<Params> = {
  minBlockIntervalMs: 50,
  idleIntervalMs: 100,
  deltaInitialMs: 100,
  deltaMinMs: 50,
  deltaMaxMs: 1_000
}
/** For what changes without an event. */
const LOOK_EVERY_MS = 20
let memoryAddresses = 0

export class Swarm {
  readonly genesis: Genesis
  readonly network: Uint8Array
  readonly #options: SwarmOptions
  readonly #directory: string
  readonly #members: readonly Member[]
  readonly #waiting = new Set<() => void>()

  constructor(options: SwarmOptions, genesis: Genesis, directory: string) {
    this.#options = options
    this.#directory = directory
    this.genesis = genesis
    this.network = networkId(genesis)
    this.#members = Array.from({ length: options.nodes ?? DEFAULT_NODES }, (_, index) => ({
      index,
      data: join(directory, `node-${index}`),
      failures: [],
      node: undefined
    }))
  }

  get members(): readonly SwarmMember[] {
    return this.#members
  }

  /** Nodes that run. */
  get running(): readonly Node[] {
    return this.#members.flatMap(({ node }) => (node === undefined ? [] : [node]))
  }

  /** Starts all, node 0 first: the others know only its address. */
  async start(): Promise<void> {
    for (const { index, data } of this.#members) await this.#writeKeys(index, data)
    await this.restart(0)
    await Promise.all(this.#members.slice(1).map(async ({ index }) => this.restart(index)))
  }

  /** Every node stops and the directories go. */
  async stop(): Promise<void> {
    await Promise.all(this.running.map(async (node) => node.stop()))
    for (const member of this.#members) member.node = undefined
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

  heal(index: number): void {
    must(this.node(index).network, 'a running node has a network').heal()
  }

  /**
   * The network goes first and without a word, then the process' parts; what was not durable is not made so.
   * The databases close, because one process cannot open them twice; kill -9 is a matter for processes.
   */
  async crash(index: number): Promise<void> {
    const member = this.#member(index)
    this.cut(index)
    await this.node(index).stop()
    member.node = undefined
  }

  /** From its directory; a node that runs is stopped first. It knows the addresses of those that run now. */
  async restart(index: number): Promise<void> {
    const member = this.#member(index)
    await member.node?.stop()
    member.node = undefined
    const node = this.#createNode(member)
    await node.start()
    member.node = node
    this.#watch(node)
  }

  /** Resolves with the first truthy answer; looks after every event of a node and every few milliseconds. */
  async until<T>(
    probe: () => T | Promise<T>,
    { timeoutMs = 10_000, what = 'the condition' }: { timeoutMs?: number; what?: string } = {}
  ): Promise<NonNullable<T>> {
    const untilMs = performance.now() + timeoutMs
    for (;;) {
      const answer = await probe()
      if (answer !== undefined && answer !== null && answer !== false) return answer
      if (performance.now() > untilMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
      await this.#change()
    }
  }

  /** Signs with a published key and submits at a node, as a user would. @returns id and bytes. */
  async submitTransfer(at: number, { from, to, amount, nonce }: SwarmTransfer): Promise<SignedTransaction> {
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
    return transaction
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
    events.on('final', changed)
    events.on('evidence', changed)
    events.on('halted', changed)
    events.on('invalidBlock', changed)
  }

  #member(index: number): Member {
    return must(this.#members[index], `the swarm has a node ${index}`)
  }

  #createNode(member: Member): Node {
    const { transport = 'tcp', log } = this.#options
    const isValidator = member.index < validatorsOf(this.#options)
    const listen = transport === 'tcp' ? '/ip4/127.0.0.1/tcp/0' : `/memory/icn-swarm-${++memoryAddresses}`
    const config: NodeConfig = {
      data: member.data,
      bootstrap: this.running.flatMap(({ network }) => network?.addresses().slice(0, 1) ?? []),
      shards: 'all',
      validator: isValidator ? validatorFile(member.data) : undefined,
      rpc: { host: '127.0.0.1', port: 0 },
      metrics: undefined,
      listen: [listen],
      announce: [],
      allowPrivate: true,
      signFromEpoch: undefined,
      logLevel: 'silent',
      logFormat: 'json'
    }
    return new Node({
      config,
      genesis: this.genesis,
      log: log?.child({ node: member.index }) ?? pino({ level: 'silent' }),
      version: 'swarm',
      transport,
      onFailed: (error) => member.failures.push(error)
    })
  }

  async #writeKeys(index: number, data: string): Promise<void> {
    await writeKeyFile(dataPaths(data).nodeKey, keyFromSeed('node', devnetSeed(`node${index}`)))
    if (index >= validatorsOf(this.#options)) return
    await writeKeyFile(validatorFile(data), keyFromSeed('validator', devnetSeed(`validator${index}`)))
  }
}

const DEFAULT_NODES = 4

const validatorFile = (data: string): string => join(data, 'keys', 'validator.json')

const validatorsOf = ({ nodes = DEFAULT_NODES, validators = nodes }: SwarmOptions): number => validators

/** Not started yet. Its genesis time is now; `devnetSeed('validator0')` … are its validators' keys. */
export async function createSwarm(options: SwarmOptions = {}): Promise<Swarm> {
  const keys = Array.from({ length: validatorsOf(options) }, (_, index) =>
    publicKeyFromSeed(devnetSeed(`validator${index}`))
  )
  const genesis = newGenesis({
    preset: options.preset ?? 'minimal',
    validators: keys,
    timeMs: Date.now(),
    shards: options.shards ?? 1,
    overrides: { ...QUICK, ...options.overrides }
  })
  if (!genesis.ok) throw new RangeError(`${genesis.code}: ${genesis.detail}`)
  return new Swarm(options, genesis.value, await mkdtemp(join(tmpdir(), 'icn-swarm-')))
}
