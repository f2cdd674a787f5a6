/**
 * A whole network from one seed: machines, links, users, faults, and the checkers that read it from outside. The few
 * verbs here are what scenarios and suites are written in.
 */
import { compare, equal, toHex } from '../../primitives/bytes.ts'
import { COORD, shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { buildChainGenesis } from '../../chain/genesis-block.ts'
import { ProposalType } from '../../codec/proposal.ts'
import type { Signer } from '../../crypto/ports.ts'
import type { Network } from '../../net/types.ts'
import type { ChainNode } from '../../node/chain/chain-node.ts'
import type { ChainEvents, FinalEvent } from '../../node/ports.ts'
import { networkId } from '../../params/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import type { Params } from '../../params/params.ts'
import { simGenesis } from './genesis.ts'
import { faultyNetwork } from './byzantine.ts'
import type { Fault } from './byzantine.ts'
import { Agreement } from './checkers/agreement.ts'
import { checkBounds } from './checkers/bounds.ts'
import { ReceiptBook } from './checkers/receipts.ts'
import { Supply } from './checkers/supply.ts'
import { Timeline } from './clock.ts'
import { noCoverage } from './coverage.ts'
import type { Coverage } from './coverage.ts'
import { keyedCrypto } from './crypto.ts'
import type { SimCrypto } from './crypto.ts'
import { SimNetwork } from './network.ts'
import { SimNode } from './node.ts'
import type { Port } from './port.ts'
import { Prng } from './prng.ts'
import { smuggle } from './smuggler.ts'
import { seatedKeys } from './seated.ts'
import { StatementBook } from './statements.ts'
import { Trace } from './trace.ts'
import { Workload } from './workload.ts'

export interface WorldInit {
  readonly seed: string
  /** @default 4 */
  readonly validators?: number
  /** Machines with keys that the genesis does not name, after its validators. @default 0 */
  readonly newcomers?: number
  /** @default 0 */
  readonly followers?: number
  /** @default 1 */
  readonly shards?: number
  readonly params?: Partial<Params>
  /** @default keyed hashes */
  readonly crypto?: SimCrypto
  /** Faulty members by index. */
  readonly faulty?: ReadonlyMap<number, Fault>
  /** One more machine, down at first, with the key of this validator. */
  readonly twinOf?: number
  /** Members that follow some shards only. @default all follow all */
  readonly partial?: ReadonlyMap<number, readonly ChainId[]>
  /** @default 6 */
  readonly users?: number
  /** Owners who co-sign, with real keys; with any, validators have accounts and claim. @default 0 */
  readonly givers?: number
}

const USERS = 6
const BOUNDS_EVERY_MS = 500
const keysOf = (crypto: SimCrypto, prng: Prng, count: number): Signer[] =>
  Array.from({ length: count }, () => crypto.signer(prng.bytes(32)))

export class World {
  readonly timeline = new Timeline()
  readonly trace = new Trace(this.timeline)
  readonly prng: Prng
  readonly network: SimNetwork
  readonly genesis: Genesis
  readonly networkId: Uint8Array
  readonly chains: readonly ChainId[]
  readonly nodes: readonly SimNode[]
  readonly workload: Workload
  readonly agreement: Agreement
  readonly receipts: ReceiptBook
  readonly statements: StatementBook
  readonly coverage: Coverage = noCoverage()
  readonly violations: string[] = []
  /** Called before each effect of any node: a write, its end, a message. A directed crash strikes here. */
  onEffect: (node: number, what: string) => void = () => undefined
  onFinal: (node: number, event: FinalEvent) => void = () => undefined
  /** Members that vote like any other and lie to whoever syncs: blame for that is due. */
  readonly liars = new Set<number>()
  /** How often a faulty member did what its kind does. */
  faults = 0
  /** Reasons for which nodes stopped signing or refused to start. */
  readonly refusals = new Map<number, string>()
  readonly #faulty: ReadonlyMap<number, Fault>
  readonly #partial: ReadonlyMap<number, readonly ChainId[]>
  readonly #lost = new Set<number>()
  readonly #supply: Supply
  readonly #epochs = new Set<string>()
  readonly #proposed = new Map<string, { chain: ChainId; height: number }>()

  constructor(init: WorldInit) {
    const { followers = 0, shards = 1, users = USERS, givers = 0, crypto = keyedCrypto } = init
    this.prng = new Prng(init.seed)
    this.#faulty = init.faulty ?? new Map<number, Fault>()
    this.#partial = init.partial ?? new Map<number, readonly ChainId[]>()
    const signers = Array.from({ length: init.validators ?? 4 }, (_, index) =>
      crypto.signer(this.prng.fork(`validator ${index}`).bytes(32))
    )
    // In key order, so that a node's index is its member's.
    signers.sort((a, b) => compare(a.publicKey, b.publicKey))
    const violation = (text: string): void => {
      this.violate(text)
    }
    const people = { users, givers, claimants: givers > 0 ? signers : [], shards, violation }
    this.workload = new Workload(crypto, { ...people, prng: this.prng.fork('users') })
    const validators = signers.map(({ publicKey }) => publicKey)
    this.genesis = simGenesis({ validators, accounts: this.workload.accounts, shards, params: init.params })
    this.networkId = networkId(this.genesis)
    this.chains = [COORD, ...Array.from({ length: shards }, (_, index) => shardId(index))]
    const { timeline, trace } = this
    this.network = new SimNetwork({ timeline, trace, prng: this.prng.fork('network') })
    this.statements = new StatementBook(violation)
    this.agreement = new Agreement({
      network: this.networkId,
      committee: (chain, epoch) => seatedKeys(this.nodes, chain, epoch) ?? validators,
      verifier: crypto.verifier,
      violation
    })
    this.receipts = new ReceiptBook({
      chains: this.chains,
      coverage: this.coverage,
      follows: (key, chain) =>
        this.#partial.get(signers.findIndex((one) => equal(one.publicKey, key)))?.includes(chain) ?? true,
      violation
    })
    this.#supply = this.#expectSupply(violation)
    const owners: (Signer | undefined)[] = [
      ...signers,
      ...keysOf(crypto, this.prng.fork('newcomers'), init.newcomers ?? 0),
      ...Array.from({ length: followers }, () => undefined),
      ...(init.twinOf === undefined ? [] : [signers[init.twinOf]])
    ]
    this.nodes = owners.map((signer, index) => this.#node(index, signer, crypto))
    this.#watchBounds()
  }

  /** Neither faulty nor lost. */
  get present(): SimNode[] {
    return this.nodes.filter(({ index }) => !this.#faulty.has(index) && !this.#lost.has(index))
  }

  /** A machine that never comes back. */
  lose(index: number): void {
    this.crash(index)
    this.#lost.add(index)
    this.coverage.lost++
  }

  violate(text: string): void {
    this.violations.push(`${this.timeline.nowMs} ms: ${text}`)
  }

  node(index: number): SimNode {
    return must(this.nodes[index], `there is a node ${index}`)
  }

  chainOf(index: number, chain: ChainId): ChainNode {
    return must(this.node(index).chains?.get(chain), `node ${index} runs chain ${chain}`)
  }

  start(...indexes: readonly number[]): void {
    for (const index of indexes.length === 0 ? this.nodes.keys() : indexes) {
      if (!this.#lost.has(index)) this.node(index).start()
    }
  }

  /** Power loss. By default every unsynced write is lost, but for those that a synced one overtook. */
  crash(index: number, choose?: (bound: number) => number): void {
    const node = this.node(index)
    if (!node.isUp) return
    const { lostWrites, lostBehind } = node.crash(choose)
    this.coverage.crashes++
    this.coverage.lostWrites += lostWrites
    this.coverage.lostBehind += lostBehind
  }

  crashAll(): void {
    for (const { index } of this.nodes) this.crash(index)
  }

  /** Starts what is down and waits until it has opened its databases. */
  async restart(...indexes: readonly number[]): Promise<void> {
    this.start(...indexes)
    await this.until(() => indexes.every((index) => this.node(index).chains !== undefined), 2_000)
  }

  /** Groups that cannot reach each other. A node in no group reaches all. */
  partition(...groups: readonly (readonly number[])[]): void {
    for (const [one, from] of groups.entries()) {
      for (const [other, to] of groups.entries()) {
        if (one === other) continue
        for (const a of from) for (const b of to) this.network.cut(a, b)
      }
    }
  }

  heal(): void {
    this.network.heal()
  }

  skew(index: number, ms: number): void {
    this.node(index).skewMs = ms
    this.coverage.skewed++
  }

  submitAt(index: number): void {
    this.workload.submitAt(this.node(index), this.genesis)
  }

  async run(ms: number): Promise<void> {
    await this.timeline.run(this.timeline.nowMs + ms, () => this.violations.length > 0)
  }

  /** @returns whether it came true in time. A violation ends the wait. */
  async until(predicate: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.timeline.nowMs + limitMs
    await this.timeline.run(end, () => this.violations.length > 0 || predicate())
    return predicate()
  }

  /** Lowest final height of a chain among the given nodes; −1 while one of them is down. */
  height(chain: ChainId, indexes: Iterable<number> = this.nodes.keys()): number {
    return Math.min(
      ...[...indexes].map((index) => this.node(index).chains?.get(chain)?.store.final.height ?? -1)
    )
  }

  /** Ends every process: nothing of this world runs on. @returns what was reached. */
  finish(): Coverage {
    const { counters } = this.network
    for (const { chain, height } of this.#abandoned()) {
      this.trace.note(-1, `abandoned ${chain}/${height}`)
      this.coverage.abandoned++
    }
    this.coverage.cuts += counters.cut
    this.coverage.epochs += Math.max(0, this.#epochs.size - this.chains.length)
    this.coverage.dropped += counters.dropped
    this.coverage.duplicated += counters.duplicated
    this.coverage.announced += counters.announced
    this.coverage.transactions += this.workload.final
    this.receipts.finish()
    for (const node of this.nodes) node.crash()
    return this.coverage
  }

  /** Blocks that were proposed by an honest leader at a height where another is final. */
  #abandoned(): { chain: ChainId; height: number }[] {
    return [...this.#proposed]
      .filter(([hash, { chain, height }]) => (this.agreement.hashAt(chain, height) ?? hash) !== hash)
      .map(([, place]) => place)
  }

  #cameBack(index: number): void {
    const list = this.node(index).chains?.list ?? []
    for (const { chain, store } of list) this.agreement.onRestarted(index, chain, store.final.height)
    if (this.#faulty.get(index) !== 'smuggler') return
    smuggle(list, this.prng.fork(`smuggler ${index}`), () => {
      this.coverage.smuggled++
    })
  }

  #node(index: number, signer: Signer | undefined, crypto: SimCrypto): SimNode {
    const fault = this.#faulty.get(index)
    const isWatched = signer !== undefined && fault === undefined
    return new SimNode(
      {
        index,
        genesis: this.genesis,
        networkId: this.networkId,
        shards: this.#partial.get(index) ?? this.chains.filter((chain) => chain !== COORD),
        signer: isWatched ? this.statements.watch(signer) : signer,
        verifier: crypto.verifier,
        isFaulty: fault !== undefined,
        wrapNetwork: (port) => this.#wrap(port, signer, fault),
        onOpened: () => this.#cameBack(index),
        events: this.#events(index),
        onEffect: (what) => this.onEffect(index, what),
        onSent: (kind, data) => this.#sent(index, kind, data),
        onReport: (peer, fact, why) => this.#reported(index, peer, `${fact}: ${why}`),
        onGuardRefused: (reason) => {
          this.refusals.set(index, reason)
        }
      },
      { timeline: this.timeline, network: this.network, prng: this.prng }
    )
  }

  #wrap(port: Port, signer: Signer | undefined, fault: Fault | undefined): Network {
    if (fault === undefined || signer === undefined) return port
    return faultyNetwork(port, {
      fault,
      signer,
      networkId: this.networkId,
      members: this.genesis.validators.length,
      prng: this.prng.fork(`fault ${port.index}`),
      node: this.node(port.index),
      stepMs: this.genesis.params.minBlockIntervalMs,
      onFault: (kind) => {
        this.faults++
        if (kind === 'equivocator') this.coverage.equivocations++
      }
    })
  }

  #sent(index: number, kind: Parameters<StatementBook['left']>[0], data: Uint8Array): void {
    this.statements.left(kind, data)
    if (kind !== 'block' || this.#faulty.has(index)) return
    const { header, vote } = ProposalType.deserialize(data)
    this.#proposed.set(toHex(vote.hash), { chain: header.chain, height: header.height })
  }

  /** An honest node blames an honest one: the fault is in the product. */
  #reported(index: number, peer: string, why: string): void {
    this.trace.note(index, `blames ${peer}: ${why}`)
    const isCostly = why.startsWith('invalid') || why.startsWith('broken-promise')
    const blamed = Number(peer.slice('peer-'.length))
    if (isCostly && !this.liars.has(blamed) && this.#faulty.size === 0) {
      this.violate(`honest node ${index} blames honest ${peer}: ${why}`)
    }
  }

  #events(index: number): ChainEvents {
    const isHonest = !this.#faulty.has(index)
    const note = (what: string): void => this.trace.note(index, what)
    return {
      final: (event) => {
        this.trace.note(index, `final ${event.chain}/${event.header.height}`, event.hash)
        if (!isHonest) return
        this.coverage.finals++
        this.#epochs.add(`${event.chain}/${event.header.epoch}`)
        // Equal for all: whoever has another block there is found by its hash.
        if (this.agreement.onFinal(index, event)) this.#judgeParent(index, event)
        this.#supply.check(index, event.chain, this.chainOf(index, event.chain).store)
        this.receipts.onFinal(this.chainOf(index, event.chain), event.header.height)
        this.workload.onFinal(event)
        this.onFinal(index, event)
      },
      entered: (chain, epoch, view) => note(`entered ${chain} ${epoch}/${view}`),
      nullified: (chain, view) => {
        note(`nullified ${chain} ${view}`)
        this.coverage.nullified++
      },
      evidence: () => {
        note('evidence')
        this.coverage.evidence++
      },
      invalidBlock: (chain, { header }, reason) => note(`invalid block ${chain}/${header.height}: ${reason}`),
      halted: (chain, reason) => {
        note('halted')
        if (isHonest) this.violate(`chain ${chain} of honest node ${index} halted: ${reason}`)
      },
      guardRefusal: (chain, reason) => note(`guard refused ${chain} ${reason}`),
      signingStopped: (reason) => {
        note('signing stopped')
        this.refusals.set(index, reason)
      },
      failed: (error) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
        this.violate(`node ${index} failed: ${text}`)
      }
    }
  }

  /** C25: what a final block says of its parent has to hold, too. */
  #judgeParent(index: number, { chain, header }: FinalEvent): void {
    const block = this.chainOf(index, chain).store.block(header.height)
    const [certificate] = block?.body.attendance.parentCertificate ?? []
    if (certificate !== undefined) this.agreement.judgeParent(chain, header.height, certificate)
    else if (header.height > 1) this.violate(`block ${chain}/${header.height} has no parent certificate`)
    this.coverage.lateVotes += block?.body.attendance.lateVotes.length ?? 0
  }

  #expectSupply(violation: (text: string) => void): Supply {
    const supply = new Supply(violation)
    for (const chain of this.chains) {
      const { changes } = buildChainGenesis(this.genesis, chain)
      supply.expect(chain, { get: (key) => changes.values.get(toHex(key)) })
    }
    return supply
  }

  #watchBounds(): void {
    this.timeline.after(BOUNDS_EVERY_MS, () => {
      for (const { index, chains } of this.nodes) {
        for (const chain of chains?.list ?? []) checkBounds(index, chain, (text) => this.violate(text))
      }
      this.#watchBounds()
    })
  }
}
