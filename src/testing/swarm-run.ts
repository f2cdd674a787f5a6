/**
 * `npm run swarm`: many honest nodes in one process, each of which is told the addresses of two. Shows whether they
 * find peers for every shard, make blocks final under load, and let each other be: no costly fact, no negative score.
 */
import type { Node } from '../app/node.ts'
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { toHex } from '../primitives/bytes.ts'
import { Traffic } from './history/traffic.ts'
import { Arrivals, hasPeers } from './swarm-arrivals.ts'
import { paceOf } from './swarm-pace.ts'
import type { Pace } from './swarm-pace.ts'
import { createSwarm } from './swarm.ts'
import type { Swarm } from './swarm.ts'
import type { SwarmOptions } from './swarm-options.ts'

export interface SwarmRunOptions extends Pick<SwarmOptions, 'transport' | 'storage' | 'log' | 'overrides'> {
  /** @default 30 */
  readonly nodes?: number
  /** @default 7, at most the nodes */
  readonly validators?: number
  /** @default 2 */
  readonly shards?: number
  /** Seconds of load and observation once every node has its peers. @default 20 */
  readonly durationS?: number
  /** Transfers a second over all shards. @default 20 */
  readonly load?: number
  /** Each node from its own start, and all at once from when the last one runs. @default 60 */
  readonly connectWithinS?: number
  readonly onLine?: (line: string) => void
  /** The last so many validators do not run: their nodes follow, and their keys are somebody else's. @default 0 */
  readonly absent?: number
  /** What happens to the swarm besides load, once every node has its peers. @returns what did not hold */
  readonly during?: (swarm: Swarm) => Promise<readonly string[]>
}

export interface Spread {
  readonly least: number
  readonly median: number
  readonly most: number
}

export interface SwarmReport {
  /** What did not hold; empty when all is well. */
  readonly failed: readonly string[]
  /**
   * Until all nodes had enough peers in each chain at once, from the start of the first and from when the last one ran;
   * undefined when that did not happen in time.
   */
  readonly connectedS: number | undefined
  readonly connectedAfterLastS: number | undefined
  /** The longest that a node took from its own start; undefined when one never had its peers. */
  readonly slowestNodeS: number | undefined
  readonly chains: readonly {
    readonly chain: string
    readonly peers: Spread
    readonly finals: Spread
    readonly finalityMs: Spread
  }[]
  /** `perSecond`: of those submitted. */
  readonly transfers: { readonly submitted: number; readonly perSecond: number; readonly final: number }
  /** Facts that cost an honest peer score, and nodes' lowest scores for each other. */
  readonly faults: readonly string[]
  readonly lowestScore: number
  readonly lowestGossipScore: number
}

/** D13. */
const PEERS_WANTED = 6
/** A look at a hundred nodes takes longer than most of what happens to one of them: not after each event. */
const LOOK_MS = 500
const LINE_EVERY_MS = 5_000

/** Not started. Members beyond the validators that run follow. */
async function swarmOf(options: SwarmRunOptions): Promise<Swarm> {
  const { nodes = 30, shards = 2, transport = 'memory', storage = 'memory', absent = 0, log } = options
  const validators = Math.min(nodes, options.validators ?? 7)
  const { params, settings } = paceOf(nodes)
  return createSwarm({
    nodes,
    validators,
    shards,
    transport,
    storage,
    configure: (index) => (index >= validators - absent ? { ...settings, validator: undefined } : settings),
    overrides: { ...params, ...options.overrides },
    ...(log === undefined ? {} : { log })
  })
}

export async function runSwarm(options: SwarmRunOptions = {}): Promise<SwarmReport> {
  const { durationS = 20, load = 20, connectWithinS = 60, onLine = () => undefined } = options
  const swarm = await swarmOf(options)
  const observation = new Observation(swarm, onLine)
  const ticker = setInterval(() => observation.line(), LINE_EVERY_MS)
  const looker = setInterval(() => observation.arrivals.look(performance.now()), LOOK_MS)
  try {
    const startedMs = performance.now()
    onLine(`starting ${swarm.members.length} nodes over ${options.transport ?? 'memory'}`)
    await swarm.start()
    const lastMs = performance.now()
    observation.watch()
    onLine(`all run after ${seconds(startedMs)} s`)
    const connection = await observation.connected(connectWithinS, { startedMs, lastMs })
    onLine(connectionLine(connection))
    const [offered, found] = await Promise.all([
      observation.load(load, durationS),
      options.during?.(swarm) ?? []
    ])
    await observation.settled(offered.submitted)
    const report = observation.report(connection, connectWithinS, offered)
    return { ...report, failed: [...report.failed, ...found] }
  } finally {
    clearInterval(ticker)
    clearInterval(looker)
    await swarm.stop()
  }
}

const delay = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const rounded = (ms: number): number => Number((ms / 1_000).toFixed(1))
const seconds = (sinceMs: number): number => rounded(performance.now() - sinceMs)

type Connection = Pick<SwarmReport, 'connectedS' | 'connectedAfterLastS' | 'slowestNodeS'>

const connectionLine = ({ connectedS, connectedAfterLastS, slowestNodeS }: Connection): string =>
  `all have their peers ${connectedS ?? 'not'} s after the first start, ${connectedAfterLastS ?? 'not'} s after ` +
  `the last one ran; the slowest node ${slowestNodeS ?? 'not'} s after its own start`

interface Times {
  readonly startedMs: number
  readonly lastMs: number
}

interface Load {
  readonly submitted: readonly Submitted[]
  /** Acknowledged, from the first to the last. */
  readonly perSecond: number
}

interface Submitted {
  readonly chain: ChainId
  readonly id: Uint8Array
}

class Observation {
  readonly arrivals: Arrivals
  readonly #swarm: Swarm
  readonly #pace: Pace
  readonly #onLine: (line: string) => void
  readonly #tookMs = new Map<ChainId, number[]>()
  readonly #still = new Set<ChainId>()

  constructor(swarm: Swarm, onLine: (line: string) => void) {
    this.#swarm = swarm
    this.#pace = paceOf(swarm.members.length)
    this.#onLine = onLine
    this.arrivals = new Arrivals(() => swarm.members.map(({ node }) => node), this.#wanted)
  }

  watch(): void {
    for (const { events } of this.#swarm.running) {
      events.on('final', ({ chain, tookMs }) => {
        if (tookMs === undefined) return
        const samples = this.#tookMs.get(chain) ?? []
        if (tookMs !== undefined) samples.push(Math.round(tookMs))
        this.#tookMs.set(chain, samples)
      })
    }
  }

  line(): void {
    const parts = this.#chains.map((chain) => {
      const { least, median } = this.#peers(chain)
      return `${chainName(chain)}: final ${this.#finals(chain).least}, peers ${least}/${median}`
    })
    this.#onLine(`${this.#swarm.running.length} nodes; ${parts.join('; ')}`)
  }

  async connected(withinS: number, { startedMs, lastMs }: Times): Promise<Connection> {
    const enough = (): boolean => this.#swarm.running.every((node) => hasPeers(node, this.#wanted))
    const all = await this.#becomes(enough, withinS * 1_000)
    this.arrivals.look(performance.now())
    const { slowestMs } = this.arrivals
    const slowestNodeS = slowestMs === undefined ? undefined : rounded(slowestMs)
    const connectedAfterLastS = seconds(lastMs)
    // By the clock, too: a thread that was away may see all connected when the time is over.
    if (!all || connectedAfterLastS > withinS)
      return { slowestNodeS, connectedS: undefined, connectedAfterLastS: undefined }
    return { slowestNodeS, connectedS: seconds(startedMs), connectedAfterLastS }
  }

  /** Enters at all nodes in turn, wave by wave, whether or not those before are acknowledged yet. */
  async load(perSecond: number, durationS: number): Promise<Load> {
    const { genesis, running } = this.#swarm
    const entering: Promise<Submitted>[] = []
    const traffics = this.#chains.slice(1).map((chain) => new Traffic(loadPlan(chain), genesis))
    const startedMs = performance.now()
    const asked = Math.floor(perSecond * durationS)
    for (let wave = 0; entering.length < asked; wave++) {
      const node = must(running[wave % running.length], 'a node')
      // A thread that was away comes late, with all that became due meanwhile.
      const due = Math.min(asked, Math.floor((perSecond * (performance.now() - startedMs)) / 1_000))
      while (entering.length < due) {
        const traffic = must(traffics[entering.length % traffics.length], 'a shard')
        entering.push(submitNext(node, traffic))
      }
      await delay(this.#pace.waveMs)
    }
    const submitted = await Promise.all(entering)
    const tookS = (performance.now() - startedMs) / 1_000
    return { submitted, perSecond: submitted.length / tookS }
  }

  /** Every chain goes on everywhere, and all transfers are final; what does not happen is for the report to say. */
  async settled(submitted: readonly Submitted[]): Promise<void> {
    const { finalWithinMs } = this.#pace
    for (const chain of this.#chains) {
      const height = this.#finals(chain).most + 2
      const moves = await this.#becomes(() => this.#finals(chain).least >= height, finalWithinMs)
      if (!moves) this.#still.add(chain)
    }
    await this.#becomes(() => submitted.every((each) => this.#isFinal(each)), finalWithinMs)
  }

  async #becomes(probe: () => boolean, timeoutMs: number): Promise<boolean> {
    const untilMs = performance.now() + timeoutMs
    while (!probe()) {
      if (performance.now() > untilMs) return false
      await delay(LOOK_MS)
    }
    return true
  }

  #isFinal({ chain, id }: Submitted): boolean {
    return this.#swarm.running.every(({ chains }) => chains?.get(chain)?.store.placeOf(id) !== undefined)
  }

  report(connection: Connection, withinS: number, offered: Load): SwarmReport {
    const { submitted } = offered
    const { members } = this.#swarm
    const chains = this.#chains.map((chain) => ({
      chain: chainName(chain),
      peers: this.#peers(chain),
      finals: this.#finals(chain),
      finalityMs: spread(this.#tookMs.get(chain) ?? [])
    }))
    const final = submitted.filter((each) => this.#isFinal(each)).length
    const faults = this.#faults()
    const scores = this.#scores()
    const failed = [
      ...this.#unconnected(connection, withinS),
      ...this.#chains
        .filter((chain) => this.#still.has(chain) || this.#finals(chain).least < 2)
        .map((chain) => `chain ${chainName(chain)} stands still somewhere`),
      ...this.#chains
        .filter((chain) => !this.#agrees(chain))
        .map((chain) => `chain ${chainName(chain)} has a fork`),
      ...(final < submitted.length ? [`${submitted.length - final} transfers are not final everywhere`] : []),
      ...faults,
      ...(scores.ledger < 0 || scores.gossip < 0 ? ['an honest node has a negative score'] : []),
      ...members.flatMap(({ index, failures }) =>
        failures.map((error) => `node ${index} failed: ${String(error)}`)
      )
    ]
    const perSecond = Math.round(10 * offered.perSecond) / 10
    const transfers = { submitted: submitted.length, perSecond, final }
    const lowest = { lowestScore: scores.ledger, lowestGossipScore: scores.gossip }
    return { failed, ...connection, chains, transfers, faults, ...lowest }
  }

  #unconnected({ connectedS, slowestNodeS }: Connection, withinS: number): string[] {
    const few = `fewer than ${this.#wanted} peers in a chain`
    if (connectedS === undefined) return [`a node has ${few} ${withinS} s after the last one ran`]
    return slowestNodeS === undefined || slowestNodeS > withinS
      ? [`a node has ${few} ${withinS} s after its own start`]
      : []
  }

  get #chains(): readonly ChainId[] {
    return this.#swarm.running[0]?.chains?.list.map(({ chain }) => chain) ?? []
  }

  get #wanted(): number {
    return Math.min(PEERS_WANTED, this.#swarm.members.length - 1)
  }

  #peers(chain: ChainId): Spread {
    return spread(this.#swarm.running.map(({ network }) => network?.peers(chain).length ?? 0))
  }

  #finals(chain: ChainId): Spread {
    return spread(this.#swarm.running.map(({ chains }) => chains?.get(chain)?.store.final.height ?? 0))
  }

  /** One block at the highest height that all hold. */
  #agrees(chain: ChainId): boolean {
    const { least } = this.#finals(chain)
    const hashes = this.#swarm.running.map(({ chains }) => chains?.get(chain)?.store.hashAt(least))
    return new Set(hashes.map((hash) => (hash === undefined ? '' : toHex(hash)))).size === 1
  }

  #faults(): string[] {
    const { members } = this.#swarm
    return members.flatMap(({ index, node }) =>
      members.flatMap((other) =>
        (node?.network?.why(other.peer) ?? [])
          .filter(({ fact }) => fact === 'invalid' || fact === 'broken-promise')
          .map(({ fact, why }) => `node ${index} blames node ${other.index}: ${fact}: ${why}`)
      )
    )
  }

  #scores(): { readonly ledger: number; readonly gossip: number } {
    let [ledger, gossip] = [0, 0]
    const honest = new Set(this.#swarm.members.map(({ peer }) => peer))
    for (const { network } of this.#swarm.running) {
      for (const { peer, score } of network?.peers() ?? []) {
        if (!honest.has(peer)) continue
        ledger = Math.min(ledger, score)
        gossip = Math.min(gossip, network?.gossipScore(peer) ?? 0)
      }
    }
    return { ledger, gossip }
  }
}

const loadPlan = (chain: ChainId) => ({
  chain,
  transfers: 1,
  memoBytes: 0,
  accounts: 0,
  seed: 'swarm',
  blocks: 0,
  coordBlocks: 0,
  certifyEvery: 1,
  validators: 0
})

async function submitNext({ port, chains }: Node, traffic: Traffic): Promise<Submitted> {
  const calls = must(port, 'a running node answers calls')
  const height = must(chains, 'a running node has chains').coord.store.final.height
  const transfer = must(traffic.next(height)[0], 'a transfer at a time')
  const answer = await calls.submit(transfer.bytes)
  if (!answer.ok) throw new RangeError(`submit: ${answer.code}: ${answer.detail}`)
  return { chain: transfer.transaction.chain, id: transfer.id }
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0
  return { least: at(0), median: at(0.5), most: at(1) }
}
