/**
 * 100 transfers a second of honest users on one shard; then 1,000 a second more in bundles of one peer, half of them
 * invalid. Quiet and flooded phases take turns on the same devnet. Two kinds of flooder: one whose bad half only the
 * state refuses, which its budget limits, and one whose bad half has bad signatures, which is banned.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Client, encodeAddress } from '../../src/client/index.ts'
import { identityOf, signTransfer, signerOfSeed, transferCost } from '../../src/client/transfer.ts'
import type { Signer } from '../../src/crypto/ports.ts'
import { BundleType } from '../../src/codec/messages.ts'
import type { Devnet } from '../../src/devnet/devnet.ts'
import { libp2pAddress } from '../../src/devnet/directory.ts'
import { FinalityProbe } from '../../src/devnet/load/finality.ts'
import { metricSum, parseMetrics } from '../../src/devnet/prometheus.ts'
import { percentile } from '../../src/devnet/summary.ts'
import { DEVNET_LOAD_ACCOUNTS, devnetSeed } from '../../src/params/devnet-keys.ts'
import { fromHex, toHex } from '../../src/primitives/bytes.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import { Hostile } from '../../test/support/hostile.ts'
import type { Bars } from './bars.ts'
import { ratio, say } from './bars.ts'
import { withDevnet } from './devnet.ts'
import { median } from './hostile.ts'

const SHARD = shardId(0)
const BASELINE_PER_S = 100
const FLOOD_PER_S = 1_000
/** Of which half are valid. */
const BUNDLE = 20
/** Long enough for the flooder's budget to end: 1 MiB and 64 KiB a second. */
const PHASE_S = 30
const ROUNDS = 2
const TICK_MS = 100
const DRAIN_MS = 8_000
/** Every node's port takes as many in a bundle as the flooder's: 1,000 in 50 bundles. */
const BUNDLE_MS = (1_000 * BUNDLE) / FLOOD_PER_S

interface Account {
  readonly signer: Signer
  readonly address: Uint8Array
  /** Of the same shard. */
  readonly receiver: Uint8Array
  next: bigint
}

interface Measured {
  readonly p50: number
  readonly sent: number
  readonly refused: number
  readonly final: number
}

/** Published accounts of the shard: a part for the users, the rest for the flooder. */
function accountsOfShard(): { readonly users: Account[]; readonly flooders: Account[] } {
  const all = Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index) => {
    const signer = signerOfSeed(devnetSeed(`load${index}`))
    const { address, chain } = identityOf(signer.publicKey, 2)
    return { signer, address, chain }
  }).filter(({ chain }) => chain === SHARD)
  const accounts = all.map(({ signer, address }, index) => {
    const receiver = all[(index + 1) % all.length]?.address ?? address
    return { signer, address, receiver, next: 0n }
  })
  return { users: accounts.slice(0, 150), flooders: accounts.slice(150) }
}

class Flood {
  readonly #net: Devnet
  readonly #users: Account[]
  readonly #flooders: Account[]
  #turn = 0
  #flooderTurn = 0
  #invalid = 0n
  #height = 0

  constructor(net: Devnet) {
    this.#net = net
    const { users, flooders } = accountsOfShard()
    this.#users = users
    this.#flooders = flooders
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
    return { p50, sent, refused, final: took.length / (took.length + probe.waiting) }
  }

  /** The next nonces as the node knows them: what was ignored in an earlier phase is sent again. */
  async beginFlood(): Promise<void> {
    const [first] = this.#net.nodes
    if (first === undefined) return
    const client = new Client({ url: first.plan.rpc })
    const params = this.#flooders.map(({ address }) => ({ address: encodeAddress(address), chain: 0 }))
    const answers = await client.batch('account_get', params)
    for (const [index, account] of this.#flooders.entries()) {
      const answer = answers[index]
      if (answer?.ok === true) account.next = BigInt(answer.value.nextNonce)
    }
  }

  /** Bundles until told to stop, or until the peer is thrown out. @returns transactions sent */
  async flood(hostile: Hostile, bad: 'state' | 'signature', signal: AbortSignal): Promise<number> {
    const fromMs = performance.now()
    let sent = 0
    while (!signal.aborted && hostile.isConnected) {
      await delay(Math.max(0, fromMs + (sent / BUNDLE) * BUNDLE_MS - performance.now()))
      const transactions = Array.from({ length: BUNDLE }, (_, index) =>
        index % 2 === 0 ? this.#flooderTransfer() : this.#invalidTransfer(bad)
      )
      sent += BUNDLE
      // Nobody listens any more: it was thrown out between two looks.
      await hostile
        .publish(SHARD, 'tx', BundleType.serialize({ chain: SHARD, transactions }))
        .catch(() => undefined)
    }
    return sent
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

  #flooderTransfer(): Uint8Array {
    const account = this.#flooders[this.#flooderTurn++ % this.#flooders.length]
    if (account === undefined) throw new RangeError('there are flooders')
    return this.#sign(account, account.next++).bytes
  }

  #invalidTransfer(bad: 'state' | 'signature'): Uint8Array {
    const account = this.#flooders[this.#flooderTurn % this.#flooders.length]
    if (account === undefined) throw new RangeError('there are flooders')
    this.#invalid += 1n
    const { bytes } = this.#sign(account, 1_000_000n + this.#invalid)
    if (bad === 'state') return bytes
    const forged = bytes.slice()
    const last = forged.length - 1
    forged[last] = (forged[last] ?? 0) ^ 1
    return forged
  }

  #sign({ signer, receiver }: Account, nonce: bigint) {
    return signTransfer({
      network: fromHex(this.#net.network, 32),
      signer,
      chain: SHARD,
      nonce,
      validUntil: this.#height + 500,
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
      const runner = new Flood(net)
      const [attacked] = net.nodes
      if (attacked === undefined) throw new RangeError('a devnet has nodes')
      const address = await libp2pAddress(attacked.plan)
      await runner.users('warm-up')
      const phases = { quiet: [] as Measured[], state: [] as Measured[], signature: [] as Measured[] }
      for (let round = 0; round < ROUNDS; round++) {
        for (const bad of ['state', 'signature'] as const) {
          phases.quiet.push(await runner.users('quiet'))
          phases[bad].push(await flooded(runner, net, address, bad, bars))
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

async function flooded(
  runner: Flood,
  net: Devnet,
  address: string,
  bad: 'state' | 'signature',
  bars: Bars
): Promise<Measured> {
  const hostile = await Hostile.create(fromHex(net.network, 32))
  try {
    await hostile.joinAddress(address)
    await runner.beginFlood()
    const stopping = new AbortController()
    const flooding = runner.flood(hostile, bad, stopping.signal)
    const measured = await runner.users(`flood, bad half refused by ${bad}`)
    const isIn = hostile.isConnected
    stopping.abort()
    say(`    ${await flooding} transactions sent by the flooder`)
    if (bad === 'signature') bars.check('the flooder with bad signatures is out', !isIn, String(isIn))
    else bars.check('the flooder that only the state refuses is limited, not charged', isIn, String(isIn))
    return measured
  } finally {
    await hostile.stop()
  }
}
