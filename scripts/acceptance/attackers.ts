/**
 * The hostile peers of `hostile.ts`, in a process of their own. They see the chains through a node that follows them, and
 * hold the key of a validator that does not run.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { Node } from '../../src/app/node.ts'
import { metricSum, parseMetrics } from '../../src/devnet/prometheus.ts'
import { loadNodeConfig } from '../../src/node/config.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { keyFromSeed, writeKeyFile } from '../../src/node/keys.ts'
import { devnetSeed } from '../../src/params/devnet-keys.ts'
import { genesisToJson, parseGenesis } from '../../src/params/genesis-json.ts'
import { HOSTILE_ACTS, attackOnce } from '../../test/support/attacks.ts'
import type { Victim } from '../../test/support/attacks.ts'
import { eventually } from '../../test/support/eventually.ts'
import { Vantage, validatorKey } from '../../test/support/vantage.ts'
import type { VantageInit } from '../../test/support/vantage.ts'
import { takeOrders } from './orders.ts'

const ATTACKERS = 3
/** Of one attacker, between two attacks. */
const PAUSE_MS = 500
const JOIN_MS = 30_000
const LEAST_PRIORITY = 19

export interface Tally {
  tried: number
  counted: number
}
export type Tallies = Readonly<Record<string, Tally>>

export interface Place {
  /** As JSON. */
  readonly genesis: string
  readonly honest: number
  readonly victims: readonly { readonly address: string; readonly rpc: string }[]
}

class Outpost extends Vantage {
  readonly target: Node
  readonly #data: string

  private constructor(init: VantageInit, target: Node, data: string) {
    super(init)
    this.target = target
    this.#data = data
  }

  static async open({ genesis: text, honest, victims }: Place): Promise<Outpost> {
    const parsed = parseGenesis(text)
    if (!parsed.ok) throw new RangeError(parsed.detail)
    const genesis = parsed.value
    const data = await mkdtemp(join(tmpdir(), 'icn-outpost-'))
    await writeKeyFile(dataPaths(data).nodeKey, keyFromSeed('node', devnetSeed('outpost')))
    await writeFile(dataPaths(data).genesis, genesisToJson(genesis))
    const node = new Node({
      config: {
        ...loadNodeConfig({ flags: { data }, env: {} }),
        bootstrap: victims.map(({ address }) => address),
        rpc: { host: '127.0.0.1', port: 0 },
        listen: ['/ip4/127.0.0.1/tcp/0'],
        allowPrivate: true,
        logLevel: 'silent'
      },
      genesis,
      log: pino({ level: 'silent' }),
      version: 'outpost',
      onFailed: (error) => process.stderr.write(`${String(error)}\n`)
    })
    const outpost = new Outpost({ genesis, honest, key: validatorKey(honest) }, node, data)
    await node.start()
    // Who states what contradicts itself loses its seat, and these are to go on.
    await node.chains?.evidence.stop()
    const sees = (): boolean | undefined => node.chains?.list.every(({ store }) => store.final.height > 0)
    await eventually('the outpost follows', sees, JOIN_MS)
    return outpost
  }

  async close(): Promise<void> {
    await this.target.stop()
    await rm(this.#data, { recursive: true, force: true })
  }
}

const victimAt = ({ address, rpc }: Place['victims'][number]): Victim => ({
  address,
  counted: async (name, labels) =>
    metricSum(parseMetrics(await (await fetch(`${rpc}/metrics`)).text()), name, labels)
})

class Attackers {
  #outpost: Outpost | undefined
  #victims: readonly Victim[] = []
  readonly #tallies: Record<string, Tally> = {}
  #next = 0
  #stopping = new AbortController()
  #going: Promise<unknown> = Promise.resolve()

  readonly settle = async (place: Place): Promise<void> => {
    this.#outpost = await Outpost.open(place)
    this.#victims = place.victims.map(victimAt)
  }

  readonly attack = async (): Promise<void> => {
    this.#stopping = new AbortController()
    const { signal } = this.#stopping
    this.#going = Promise.all(Array.from({ length: ATTACKERS }, async () => this.#attacker(signal)))
  }

  readonly rest = async (): Promise<Tallies> => {
    this.#stopping.abort()
    await this.#going
    return this.#tallies
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#outpost?.close()
  }

  /** Goes through all acts, at all nodes, until told to stop. */
  async #attacker(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const act = HOSTILE_ACTS[this.#next % HOSTILE_ACTS.length]
      const victim = this.#victims[this.#next % this.#victims.length]
      this.#next++
      if (act === undefined || victim === undefined || this.#outpost === undefined)
        throw new RangeError('attackers settle first')
      const tally = (this.#tallies[act.title] ??= { tried: 0, counted: 0 })
      tally.tried++
      if (await attackOnce(this.#outpost, act, victim)) tally.counted++
      await delay(PAUSE_MS)
    }
  }
}

// On a machine that is short of cores the attacked come first: strangers bring their own.
setPriority(LEAST_PRIORITY)
const attackers = new Attackers()
const { settle, attack, rest } = attackers
takeOrders({ settle, attack, rest }, async () => attackers.stop())
