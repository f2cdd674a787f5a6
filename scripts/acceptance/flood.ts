/**
 * 100 transfers a second of honest users on one shard; then 1,000 a second more in bundles of one peer, half of them
 * invalid. Quiet and flooded phases take turns on the same devnet. Two kinds of flooder, each a process of its own: one
 * whose bad half only the state refuses, which its budget limits, and one whose bad half has bad signatures, which is
 * banned.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../../src/client/index.ts'
import { signTransfer, transferCost } from '../../src/client/transfer.ts'
import type { Devnet } from '../../src/devnet/devnet.ts'
import { libp2pAddress } from '../../src/devnet/directory.ts'
import { FinalityProbe } from '../../src/devnet/load/finality.ts'
import { metricSum, parseMetrics } from '../../src/devnet/prometheus.ts'
import { percentile } from '../../src/devnet/summary.ts'
import { fromHex, toHex } from '../../src/primitives/bytes.ts'
import { SHARD, userAccounts } from './accounts.ts'
import type { Account } from './accounts.ts'
import type { Bars } from './bars.ts'
import { median, ratio, say } from './bars.ts'
import { withDevnet } from './devnet.ts'
import type { Bad, Flooded, Munition } from './flooder.ts'
import { Crew } from './orders.ts'

const BASELINE_PER_S = 100
const FLOOD_PER_S = 1_000
/** Long enough for the flooder's budget to end. */
const PHASE_S = 30
const ROUNDS = 2
const TICK_MS = 100
const DRAIN_MS = 8_000
/** Blocks for which what is signed before a phase is good. */
const VALID_BLOCKS = 500

interface Measured {
  /** Seconds of it. */
  readonly lasted: number
  readonly p50: number
  readonly sent: number
  readonly refused: number
  readonly final: number
}

class Field {
  readonly #net: Devnet
  readonly #users = userAccounts()
  #turn = 0
  #height = 0

  constructor(net: Devnet) {
    this.#net = net
  }

  /** One phase of honest users, each transfer to the node whose turn it is. */
  async users(name: string): Promise<Measured> {
    const probe = new FinalityProbe(0)
    const clients = this.#net.nodes.map(({ plan }) => new Client({ url: plan.rpc }))
    const targets = this.#net.nodes.map(({ plan }, node) => ({ node, rpc: plan.rpc }))
    const client = ({ node }: { readonly node: number }): Client => clients[node] ?? new Client({ url: '' })
    const fromMs = performance.now()
    let sent = 0
    let refused = 0
    const sending: Promise<void>[] = []
    const isOver = (): boolean =>
      performance.now() - fromMs > PHASE_S * 1_000 + DRAIN_MS ||
      (probe.waiting === 0 && performance.now() - fromMs > PHASE_S * 1_000 + 500)
    const asking = (async (): Promise<void> => {
      while (!isOver()) {
        await probe.ask(targets, client)
        await delay(50)
      }
    })()
    for (let tick = 0; tick < (PHASE_S * 1_000) / TICK_MS; tick++) {
      await delay(Math.max(0, fromMs + tick * TICK_MS - performance.now()))
      const node = tick % clients.length
      const sentMs = performance.now()
      const txs = Array.from({ length: (BASELINE_PER_S * TICK_MS) / 1_000 }, () => this.#userTransfer())
      sent += txs.length
      sending.push(
        client({ node })
          .batch(
            'tx_submit',
            txs.map(({ bytes }) => ({ tx: toHex(bytes) }))
          )
          .then((answers) => {
            const taken = txs.filter((_, index) => answers[index]?.ok === true).map(({ id }) => id)
            refused += txs.length - taken.length
            probe.offer(node, taken, sentMs)
          })
      )
      if (tick % 10 === 0) await this.#lookAtHeight()
    }
    await Promise.all(sending)
    await asking
    const took = probe.samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
    const p50 = Math.round(percentile(took, 0.5) ?? Number.POSITIVE_INFINITY)
    say(
      `  ${name}: p50 ${p50} ms, p99 ${Math.round(percentile(took, 0.99) ?? 0)} ms, ${sent} sent, ${refused} refused`
    )
    const lasted = (performance.now() - fromMs) / 1_000
    return { lasted, p50, sent, refused, final: took.length / (took.length + probe.waiting) }
  }

  /** What the flooder needs to sign, before the phase. */
  munition(bad: Bad): Munition {
    const { fee, maxMana } = transferCost(this.#net.genesis.params)
    return {
      bad,
      seconds: PHASE_S + DRAIN_MS / 1_000,
      perS: FLOOD_PER_S,
      network: this.#net.network,
      cost: { fee: String(fee), maxMana: String(maxMana) },
      validUntil: this.#height + VALID_BLOCKS,
      rpc: this.#net.node(0).plan.rpc
    }
  }

  async #lookAtHeight(): Promise<void> {
    const [first] = this.#net.nodes
    if (first === undefined) return
    const { asOf } = await new Client({ url: first.plan.rpc }).call('chain_head', { chain: 0 })
    this.#height = asOf.height
  }

  #userTransfer() {
    const account = this.#users[this.#turn++ % this.#users.length]
    if (account === undefined) throw new RangeError('there are users')
    return this.#sign(account, account.next++)
  }

  #sign({ signer, receiver }: Account, nonce: bigint) {
    return signTransfer({
      network: fromHex(this.#net.network, 32),
      signer,
      chain: SHARD,
      nonce,
      validUntil: this.#height + VALID_BLOCKS,
      to: receiver,
      consumer: 1n,
      ...transferCost(this.#net.genesis.params)
    })
  }
}

/** Sum of a counter over all nodes and series with the labels. */
async function counted(net: Devnet, name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  let sum = 0
  for (const { plan } of net.nodes) {
    sum += metricSum(parseMetrics(await (await fetch(`${plan.rpc}/metrics`)).text()), name, labels)
  }
  return sum
}

export async function flood(data: string, bars: Bars): Promise<void> {
  await withDevnet(
    data,
    async (net) => {
      const field = new Field(net)
      const [attacked] = net.nodes
      if (attacked === undefined) throw new RangeError('a devnet has nodes')
      const address = await libp2pAddress(attacked.plan)
      await field.users('warm-up')
      const phases = { quiet: [] as Measured[], state: [] as Measured[], signature: [] as Measured[] }
      for (let round = 0; round < ROUNDS; round++) {
        for (const bad of ['state', 'signature'] as const) {
          phases.quiet.push(await field.users('quiet'))
          phases[bad].push(await flooded(field, net, address, bad, bars))
        }
      }
      const p50 = (measured: readonly Measured[]): number => median(measured.map((phase) => phase.p50))
      for (const bad of ['state', 'signature'] as const) {
        const what = `finality p50 with a flood refused by ${bad} (${p50(phases[bad])} ms) of quiet (${p50(phases.quiet)} ms)`
        bars.atMost(what, ratio(p50(phases[bad]), p50(phases.quiet)), 1.5)
      }
      const all = Object.values(phases).flat()
      bars.atMost(
        'baseline transfers refused',
        all.reduce((sum, { refused }) => sum + refused, 0),
        0
      )
      bars.atLeast(
        'share of the baseline’s sample that is final',
        Math.min(...all.map(({ final }) => final)),
        0.99
      )
      const budget = { kind: 'tx', rule: 'bundle-budget' }
      bars.atLeast(
        'bundles ignored for the budget',
        await counted(net, 'icn_gossip_verdict_total', budget),
        1
      )
      bars.atLeast('lowest score of an honest node', await lowestScore(net), 0)
      return []
    },
    bars
  )
}

/** What the nodes think of each other. */
async function lowestScore(net: Devnet): Promise<number> {
  const scores = await Promise.all(
    net.nodes.map(async ({ plan }) => {
      const { peers } = await new Client({ url: plan.rpc }).call('node_peers', {})
      return peers.map(({ score }) => score)
    })
  )
  return Math.min(0, ...scores.flat())
}

async function flooded(field: Field, net: Devnet, address: string, bad: Bad, bars: Bars): Promise<Measured> {
  const crew = await Crew.start('flooder.js')
  try {
    await crew.order('prepare', field.munition(bad))
    await crew.order('flood', { network: net.network, address })
    const measured = await field.users(`flood, bad half refused by ${bad}`)
    const { sent, isIn } = await crew.order<Flooded>('rest')
    say(`    ${sent} transactions sent by the flooder`)
    if (bad === 'signature') bars.check('the flooder with bad signatures is out', !isIn, String(isIn))
    else {
      bars.check('the flooder that only the state refuses is limited, not charged', isIn, String(isIn))
      bars.atLeast('of 1,000 transactions a second', ratio(sent / measured.lasted, FLOOD_PER_S), 0.9)
    }
    return measured
  } finally {
    await crew.stop()
  }
}
