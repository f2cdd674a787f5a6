/**
 * The running devnet: all nodes, and the record `D/devnet.json`, which exists from the moment when every node that
 * starts at once answers and is kept true until the end.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Genesis } from '../params/genesis.ts'
import { networkId } from '../params/genesis.ts'
import { toHex } from '../primitives/bytes.ts'
import { DevnetNode } from './devnet-node.ts'
import { libp2pAddress, prepareDirectory, prepareNode } from './directory.ts'
import { DevnetError } from './errors.ts'
import { allFinals, hasAdvanced, highest } from './finals.ts'
import { shellLine, startArguments } from './plan.ts'
import type { Plan } from './plan.ts'

/** From the first answers to the first final blocks. */
const MOVE_MS = 60_000
const LOOK_MS = 100

export interface DevnetInit {
  /** Options of Node itself for node i: profiles. */
  readonly nodeOptions?: (index: number) => readonly string[]
}

export class Devnet {
  readonly plan: Plan
  readonly genesis: Genesis
  readonly network: string
  readonly nodes: readonly DevnetNode[]
  /** The only address anybody is told. */
  readonly bootstrap: string
  readonly #addresses = new Map<number, string>()
  #zeroMs = performance.now()
  #isRecorded = false

  private constructor(plan: Plan, genesis: Genesis, bootstrap: string, init: DevnetInit) {
    this.plan = plan
    this.genesis = genesis
    this.network = toHex(networkId(genesis))
    this.bootstrap = bootstrap
    this.nodes = plan.nodes.map((node) => {
      const nodeOptions = init.nodeOptions?.(node.index) ?? []
      return new DevnetNode(node, { onChange: () => this.#write(), nodeOptions })
    })
  }

  /** Directory and processes of all validators; resolves when each answers. @throws DevnetError, nothing runs then */
  static async start(plan: Plan, signal: AbortSignal, init: DevnetInit = {}): Promise<Devnet> {
    const genesis = await prepareDirectory(plan)
    const [first] = plan.nodes
    const bootstrap = first === undefined ? '' : await libp2pAddress(first)
    const devnet = new Devnet(plan, genesis, bootstrap, init)
    try {
      const now = devnet.nodes.filter(({ plan: { role } }) => role === 'validator' || plan.options.late === 0)
      for (const { plan: node } of now) await devnet.#setUp(node.index)
      await Promise.all(now.map(({ plan: node }) => devnet.startNode(node.index)))
      await Promise.all(now.map((node) => node.answers(signal)))
    } catch (error) {
      await devnet.stop()
      throw error
    }
    devnet.#isRecorded = true
    devnet.#write()
    return devnet
  }

  /**
   * Validators listen before their first vote (C12): ends when every chain has a new final block.
   * @throws DevnetError when one has none
   */
  async moves(signal: AbortSignal): Promise<void> {
    const before = highest((await allFinals(this.up)).values())
    const untilMs = performance.now() + MOVE_MS
    while (!hasAdvanced(highest((await allFinals(this.up)).values()), before)) {
      signal.throwIfAborted()
      if (performance.now() > untilMs) {
        const stuck = `no new final block on every chain within ${MOVE_MS / 1_000} s: see ${this.node(0).plan.log}`
        throw new DevnetError({ code: 'DEVNET_STUCK' }, stuck)
      }
      await delay(LOOK_MS)
    }
  }

  /** Second 0 of the run. */
  begin(): void {
    this.#zeroMs = performance.now()
  }

  /** Seconds since the run began. */
  get elapsedS(): number {
    return (performance.now() - this.#zeroMs) / 1_000
  }

  get up(): readonly DevnetNode[] {
    return this.nodes.filter(({ isUp }) => isUp)
  }

  node(index: number): DevnetNode {
    const node = this.nodes[index]
    if (node === undefined) throw new RangeError(`no node ${index}`)
    return node
  }

  async startNode(index: number): Promise<void> {
    await this.#setUp(index)
    const atS = this.#isRecorded ? Math.round(this.elapsedS * 10) / 10 : 0
    await this.node(index).start(index === 0 ? undefined : this.bootstrap, atS)
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }

  sampleUsage(): void {
    for (const node of this.nodes) node.usage.sample(node.pid)
  }

  async #setUp(index: number): Promise<void> {
    const { plan } = this.node(index)
    await prepareNode(this.plan, plan)
    this.#addresses.set(index, await libp2pAddress(plan))
  }

  /** Replaced whole: a reader never sees half of it. */
  #write(): void {
    if (!this.#isRecorded) return
    const { record, genesis, data, options } = this.plan
    const content = {
      network: this.network,
      preset: this.genesis.preset,
      genesis,
      data,
      pid: process.pid,
      shards: this.genesis.shards,
      bootstrap: this.bootstrap,
      load: options.load ?? null,
      nodes: this.nodes.map(({ plan: node, pid, exit }) => ({
        name: node.name,
        role: node.role,
        pid: pid ?? null,
        rpc: node.rpc,
        libp2p: this.#addresses.get(node.index) ?? null,
        data: node.data,
        log: node.log,
        start: shellLine(startArguments(node, node.index === 0 ? undefined : this.bootstrap)),
        exitCode: pid === undefined && exit !== undefined ? exit.code : null,
        exitSignal: pid === undefined && exit !== undefined ? exit.signal : null
      }))
    }
    writeFileSync(`${record}.next`, `${JSON.stringify(content, undefined, 2)}\n`)
    renameSync(`${record}.next`, record)
  }
}
