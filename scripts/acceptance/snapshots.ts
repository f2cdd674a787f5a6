/**
 * Finality while state snapshots are made: four validators with 100,000 accounts under load, a snapshot at every second
 * end of an epoch. Each time in which one is made is compared with as long a time directly before it; what the end of an
 * epoch costs without a snapshot is said beside it.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../../src/client/index.ts'
import { signTransfer, transferCost } from '../../src/client/transfer.ts'
import { MAX_GENESIS_ACCOUNTS } from '../../src/codec/genesis.ts'
import { ADDRESS_BYTES } from '../../src/crypto/address.ts'
import type { Devnet } from '../../src/devnet/devnet.ts'
import { metricSum, parseMetrics } from '../../src/devnet/prometheus.ts'
import { percentile } from '../../src/devnet/summary.ts'
import { keyFromSeed, writeKeyFile } from '../../src/node/keys.ts'
import { devnetAccounts, devnetSeed } from '../../src/params/devnet-keys.ts'
import { genesisToJson } from '../../src/params/genesis-json.ts'
import { newGenesis } from '../../src/params/new-genesis.ts'
import { fromHex, toHex } from '../../src/primitives/bytes.ts'
import { Prng } from '../../src/testing/sim/prng.ts'
import { SHARD, userAccounts } from './accounts.ts'
import type { Bars } from './bars.ts'
import { ratio, say } from './bars.ts'
import { withDevnet } from './devnet.ts'

const BALANCE = 1_000_000n
const VALIDATORS = 4
const EPOCH = 24
/** Every second end of an epoch. */
const INTERVAL = 2 * EPOCH
const SNAPSHOTS = 4
const PER_S = 100
const TICK_MS = 100
const LOOK_MS = 200
const LASTS_MS = 400_000
/** What was sent last may become final. */
const DRAIN_MS = 5_000

interface Sample {
  readonly sentMs: number
  readonly finalMs: number
}

interface Window {
  readonly fromMs: number
  readonly toMs: number
}

/** A genesis with many accounts, and the keys of its validators beside it. */
async function makeGenesis(directory: string): Promise<string> {
  const prng = new Prng('accounts', 'snapshots')
  const keys = Array.from({ length: VALIDATORS }, (_, index) =>
    keyFromSeed('validator', devnetSeed(`validator${index}`))
  )
  const published = devnetAccounts()
  const filling = Array.from({ length: MAX_GENESIS_ACCOUNTS - published.length }, () => ({
    address: prng.bytes(ADDRESS_BYTES),
    consumer: BALANCE,
    industrial: BALANCE
  }))
  const genesis = newGenesis({
    preset: 'devnet',
    validators: keys.map(({ publicKey }) => publicKey),
    timeMs: Date.now(),
    shards: 2,
    overrides: { epochLength: EPOCH, freezeDistance: 4, snapshotInterval: INTERVAL },
    accounts: [...published, ...filling]
  })
  if (!genesis.ok) throw new RangeError(`${genesis.code}: ${genesis.detail}`)
  mkdirSync(join(directory, 'keys'), { recursive: true })
  const file = join(directory, 'genesis.json')
  writeFileSync(file, genesisToJson(genesis.value))
  for (const [index, key] of keys.entries())
    await writeKeyFile(join(directory, 'keys', `validator-${index}.json`), key)
  return file
}

/** Transfers on one shard, each timed from sending to the final block that holds it, at the node that answers first. */
class Traffic {
  readonly samples: Sample[] = []
  readonly #net: Devnet
  readonly #users = userAccounts()
  readonly #waiting = new Map<string, number>()
  #turn = 0
  #height = 0
  #refused = 0

  constructor(net: Devnet) {
    this.#net = net
  }

  get refused(): number {
    return this.#refused
  }

  get lost(): number {
    return this.#waiting.size
  }

  async run(signal: AbortSignal): Promise<void> {
    const clients = this.#net.nodes.map(({ plan }) => new Client({ url: plan.rpc }))
    const listening = new AbortController()
    const [first] = clients
    if (first === undefined) return
    const watching = this.#watch(first, listening.signal)
    const fromMs = performance.now()
    for (let tick = 0; !signal.aborted; tick++) {
      await delay(Math.max(0, fromMs + tick * TICK_MS - performance.now()))
      const client = clients[tick % clients.length]
      if (client !== undefined) void this.#send(client)
    }
    await delay(DRAIN_MS)
    listening.abort()
    await watching
  }

  async #watch(client: Client, signal: AbortSignal): Promise<void> {
    const subscription = await client.subscribe('final', { chain: 0 }, { signal })
    signal.addEventListener('abort', () => subscription.close(), { once: true })
    for await (const { block } of subscription) {
      if (block === undefined) continue
      const finalMs = performance.now()
      this.#height = block.header.height
      const { transactions } = await client.call('chain_block', { chain: 0, height: this.#height })
      for (const id of transactions) {
        const sentMs = this.#waiting.get(id)
        if (sentMs !== undefined) this.samples.push({ sentMs, finalMs })
        this.#waiting.delete(id)
      }
    }
  }

  async #send(client: Client): Promise<void> {
    const transfers = Array.from({ length: (PER_S * TICK_MS) / 1_000 }, () => this.#next())
    const sentMs = performance.now()
    for (const { id } of transfers) this.#waiting.set(id, sentMs)
    const params = transfers.map(({ bytes }) => ({ tx: toHex(bytes) }))
    const answers = await client.batch('tx_submit', params).catch(() => [])
    for (const [index, { id }] of transfers.entries()) {
      if (answers[index]?.ok === true) continue
      this.#refused++
      this.#waiting.delete(id)
    }
  }

  #next() {
    const account = this.#users[this.#turn++ % this.#users.length]
    if (account === undefined) throw new RangeError('there are users')
    return signTransfer({
      network: fromHex(this.#net.network, 32),
      signer: account.signer,
      chain: SHARD,
      nonce: account.next++,
      validUntil: this.#height + 500,
      to: account.receiver,
      consumer: 1n,
      ...transferCost(this.#net.genesis.params)
    })
  }
}

interface Making {
  readonly snapshots: Window[]
  readonly plain: Window[]
}

/** When the nodes make snapshots: from the first that has the boundary to the last that has the snapshot. */
async function watchMaking(net: Devnet): Promise<Making> {
  const making: Making = { snapshots: [], plain: [] }
  const endMs = performance.now() + LASTS_MS
  let busyFromMs: number | undefined
  let epochs = 0
  while (making.snapshots.length < SNAPSHOTS && performance.now() < endMs) {
    await delay(LOOK_MS)
    const looks = await Promise.all(net.nodes.map(async ({ plan }) => look(plan.rpc)))
    const nowMs = performance.now()
    const height = Math.max(...looks.map(({ final }) => final))
    const due = Math.floor(height / INTERVAL) * INTERVAL
    const isBusy = due > 0 && looks.some(({ made }) => made < due)
    if (isBusy) busyFromMs ??= nowMs
    else if (busyFromMs !== undefined) {
      making.snapshots.push({ fromMs: busyFromMs - LOOK_MS, toMs: nowMs })
      say(`  snapshot of height ${due} made by all in ${Math.round(nowMs - busyFromMs)} ms`)
      busyFromMs = undefined
    }
    const passed = Math.floor(height / EPOCH)
    if (passed > epochs && (passed * EPOCH) % INTERVAL !== 0)
      making.plain.push({ fromMs: nowMs - LOOK_MS, toMs: nowMs })
    epochs = passed
  }
  return making
}

/** Of one shard, whose boundary and snapshot are those that the load is on. */
async function look(rpc: string): Promise<{ readonly final: number; readonly made: number }> {
  const samples = parseMetrics(await (await fetch(`${rpc}/metrics`)).text())
  const of = (name: string): number => metricSum(samples, name, { chain: '0' })
  return { final: of('icn_chain_final_height'), made: of('icn_snapshot_height') }
}

/** Finality of what was under way at any moment of the windows. */
function p99(samples: readonly Sample[], windows: readonly Window[]): number {
  const took = samples
    .filter(({ sentMs, finalMs }) => windows.some(({ fromMs, toMs }) => finalMs >= fromMs && sentMs <= toMs))
    .map(({ sentMs, finalMs }) => finalMs - sentMs)
    .sort((a, b) => a - b)
  return Math.round(percentile(took, 0.99) ?? Number.POSITIVE_INFINITY)
}

export async function snapshots(data: string, bars: Bars): Promise<void> {
  const genesis = await makeGenesis(`${data}-genesis`)
  await withDevnet(
    data,
    async (net) => {
      const traffic = new Traffic(net)
      const stopping = new AbortController()
      const running = traffic.run(stopping.signal)
      const making = await watchMaking(net)
      stopping.abort()
      await running
      bars.atLeast('snapshots under load', making.snapshots.length, SNAPSHOTS)
      bars.atMost('transfers refused', traffic.refused, 0)
      bars.atMost('transfers that did not become final', traffic.lost, 0)
      const before = making.snapshots.map(({ fromMs, toMs }) => ({ fromMs: 2 * fromMs - toMs, toMs: fromMs }))
      const longest = Math.max(...making.snapshots.map(({ fromMs, toMs }) => toMs - fromMs))
      const plain = making.plain.map(({ fromMs }) => ({ fromMs, toMs: fromMs + longest }))
      const [during, quiet] = [p99(traffic.samples, making.snapshots), p99(traffic.samples, before)]
      say(`  finality p99 at the ends of other epochs: ${p99(traffic.samples, plain)} ms`)
      const what = `finality p99 while snapshots are made (${during} ms) of before (${quiet} ms)`
      bars.atMost(what, ratio(during, quiet), 1.5)
      return []
    },
    bars,
    { genesis, shards: 2 }
  )
}
