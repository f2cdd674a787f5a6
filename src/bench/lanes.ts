/**
 * Throughput over 1, 2, 4 and 8 shards with the same validators: what one transfer across costs a node that follows
 * all of them. Counted and timed twice: in this process, over the blocks of both ends with all that is verified in them,
 * and as the CPU time of validators of a real network.
 */
import { judgeDelivery, readDelivery } from '../chain/delivery.ts'
import { publicKeyFromSeed } from '../crypto/ed25519-sodium.ts'
import { homeShard } from '../crypto/address.ts'
import type { Delivery } from '../codec/receipt.ts'
import { certificateJobs } from '../consensus/certificate-check.ts'
import { DEVNET_LOAD_ACCOUNTS, devnetAddress, devnetSeed } from '../params/devnet-keys.ts'
import { newGenesis } from '../params/new-genesis.ts'
import { COORD, shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { applyBlock } from '../state/apply-block.ts'
import type { BlockWork } from '../state/apply-block.ts'
import type { CheckedDelivery } from '../state/receipts.ts'
import { checkStateless, signatureJob } from '../state/stateless.ts'
import type { CheckedTransaction, Execution } from '../state/types.ts'
import { ProofWorld } from '../testing/proof-world.ts'
import { ratio } from './figure.ts'
import type { Bench, BenchContext, Figure } from './figure.ts'
import { runDevnet } from './network.ts'
import { measureVerification, verifyAll } from './signatures.ts'
import { compare, nothing } from './timing.ts'

const VALIDATORS = 4
const SHARDS = [1, 2, 4, 8] as const
/** Of each account in one round: as many transfers in all, over however many shards. */
const PAYMENTS = 2
/** Of what it costs over two shards: more is not constant. */
const CONSTANT = 1.25
const REAL_LEAST_S = 20

export const lanes: Bench = {
  name: 'lanes',
  summary: `a transfer to another shard over ${SHARDS.join(', ')} shards, with ${VALIDATORS} validators`,
  async run(context) {
    const counted: Figure[] = []
    for (const shards of SHARDS) counted.push(...(await count(shards, context, counted)))
    return [...counted, ...(await real(context))]
  }
}

interface Ends {
  readonly world: ProofWorld
  readonly shards: readonly ChainId[]
  readonly transactions: ReadonlyMap<ChainId, readonly CheckedTransaction[]>
  readonly deliveries: ReadonlyMap<ChainId, readonly CheckedDelivery[]>
}

/** What a node did for the blocks of both ends. */
interface Account {
  signatures: number
  values: number
  bytes: number
}

async function count(shards: number, { note }: BenchContext, before: readonly Figure[]): Promise<Figure[]> {
  const sent = await send(shards)
  const transfers = PAYMENTS * DEVNET_LOAD_ACCOUNTS
  const sum = { signatures: 0, values: 0, bytes: 0 }
  const jobs = [...sent.transactions.values()].flat().map(signatureJob)
  judgeSources(sent, sum)
  const at = await compare({
    prepare: nothing,
    work: () => judgeSources(sent, { signatures: 0, values: 0, bytes: 0 }),
    raw: () => verifyAll(jobs)
  })
  const arrived = await deliver(sent)
  judgeDestinations(arrived, sum)
  const there = await compare({
    prepare: nothing,
    work: () => judgeDestinations(arrived, { signatures: 0, values: 0, bytes: 0 }),
    raw: nothing
  })
  const each = (ms: number): number => (ms * 1_000) / transfers
  const [signatures, values] = [sum.signatures / transfers, sum.values / transfers]
  note(`${shards} shards: ${signatures.toFixed(2)} signatures and ${values.toFixed(2)} values a transfer`)
  const two = before.find(({ name }) => name === nameOf(2))
  const twoBytes = before.find(({ name }) => name === bytesOf(2))
  const kB = sum.bytes / transfers / 1_000
  return [
    {
      name: nameOf(shards),
      what: `both blocks judged: ${signatures.toFixed(2)} signatures, ${values.toFixed(2)} values of states`,
      unit: 'µs',
      value: each(at.value + there.value),
      raw: { what: 'its signature verified', value: each(at.raw) },
      // By the ratio: the machine may have become busier since.
      ...(two === undefined ? {} : { bar: ratio(two) * each(at.raw) * CONSTANT })
    },
    {
      name: bytesOf(shards),
      what: 'in the blocks of both ends',
      unit: 'kB',
      value: kB,
      raw: { what: 'its transaction alone', value: transactionBytes(sent) / transfers / 1_000 },
      ...(twoBytes === undefined ? {} : { bar: twoBytes.value * CONSTANT })
    }
  ]
}

const nameOf = (shards: number): string =>
  shards === 1 ? 'transfer, 1 shard' : `transfer across, ${shards} shards`
const bytesOf = (shards: number): string => `its bytes, ${shards} shard${shards === 1 ? '' : 's'}`

const transactionBytes = ({ transactions }: Ends): number =>
  [...transactions.values()].flat().reduce((sum, { bytes }) => sum + bytes.length, 0)

/** Every account pays, to every other shard in turn; with one shard to its neighbour. */
async function send(count: number): Promise<Ends> {
  const seeds = Array.from({ length: VALIDATORS }, (_, index) => devnetSeed(`validator${index}`))
  const validators = seeds.map(publicKeyFromSeed)
  const made = newGenesis({ preset: 'devnet', validators, shards: count, timeMs: 1_700_000_000_000 })
  assert(made.ok, 'the preset makes a genesis')
  const world = await ProofWorld.create(made.value, seeds)
  const shards = Array.from({ length: count }, (_, index) => shardId(index))
  for (const chain of [COORD, ...shards]) await world.grow(chain)
  const names = Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index) => `load${index}`)
  const on = new Map(
    shards.map((chain) => [chain, names.filter((name) => homeShard(devnetAddress(name), count) === chain)])
  )
  const receiver = (chain: ChainId, turn: number): Uint8Array => {
    const step = count === 1 ? 0 : 1 + (turn % (count - 1))
    const there = must(on.get(shardId((chain + step) % count)), 'a shard of this network')
    return devnetAddress(must(there[turn % there.length], 'each shard has accounts'))
  }
  const transactions = new Map(
    shards.map((chain) => [
      chain,
      (on.get(chain) ?? []).flatMap((name, index) =>
        Array.from({ length: PAYMENTS }, (_, ahead) =>
          world.pay(name, receiver(chain, PAYMENTS * index + ahead), 1n, ahead)
        )
      )
    ])
  )
  return { world, shards, transactions, deliveries: new Map() }
}

/** The source blocks become final, and every shard is offered what the others have for it. */
async function deliver(sent: Ends): Promise<Ends> {
  const { world, shards, transactions } = sent
  for (const chain of shards) await world.grow(chain, { transactions: transactions.get(chain) ?? [] })
  const deliveries = new Map(
    shards.map((chain) => [
      chain,
      shards.filter((other) => other !== chain).flatMap((other) => world.deliveries(other, chain))
    ])
  )
  return { ...sent, deliveries }
}

/** As for blocks that were never seen: from bytes. */
function judgeSources({ world, transactions }: Ends, sum: Account): void {
  const { shards, params } = world.genesis
  const constants = { network: world.network, shards, payloadBytesMax: params.payloadBytesMax }
  for (const [chain, list] of transactions) {
    const fresh = list.map(({ bytes }) => {
      const checked = checkStateless(constants, bytes)
      assert(checked.ok, 'transfers of the fixture are valid')
      return checked.value
    })
    verifyAll(fresh.map(signatureJob))
    sum.signatures += fresh.length
    sum.bytes += fresh.reduce((total, { bytes }) => total + bytes.length, 0)
    sum.values += apply(world, chain, { deliveries: [], transactions: fresh }).changes.values.size
  }
}

function judgeDestinations({ world, deliveries }: Ends, sum: Account): void {
  const coord = world.store(COORD).final
  for (const [chain, list] of deliveries) {
    if (list.length === 0) continue
    const judged = list.map(({ bytes }) => {
      const delivery = readDelivery(bytes)
      assert(delivery.ok, 'a delivery of the fixture is one')
      sum.signatures += verifyCertificate(world, delivery.value)
      sum.bytes += bytes.length
      const { network, genesis } = world
      const { shards, params } = genesis
      const against = { network, chain, shards, params, certificateValid: true }
      const checked = judgeDelivery(bytes, delivery.value, {
        ...against,
        coordHeight: coord.height,
        coordHash: coord.hash
      })
      assert(checked.ok, 'a delivery of the fixture holds')
      return checked.value
    })
    sum.values += apply(world, chain, { deliveries: judged, transactions: [] }).changes.values.size
  }
}

/** R5, R6. @returns how many signatures it has */
function verifyCertificate(world: ProofWorld, { header, certificate: [certificate] }: Delivery): number {
  const held = must(certificate, 'a shard proves itself by a certificate')
  const jobs = certificateJobs(world.network, world.committee(header.chain, header.epoch), held)
  assert(jobs.ok, 'it has a quorum')
  verifyAll(jobs.value)
  return jobs.value.length
}

function apply(world: ProofWorld, chain: ChainId, work: BlockWork): Execution {
  const store = world.store(chain)
  const { network, genesis } = world
  const { shards, params, timeMs } = genesis
  const height = store.final.height + 1
  const proposer = must(world.committee(chain, 0).members[0], 'a committee has members').key
  const context = {
    network,
    shards,
    params,
    proposer,
    chain,
    height,
    epoch: 0,
    timeMs: timeMs + 1_000 * height
  }
  const applied = applyBlock(store, context, work)
  assert(applied.ok, 'blocks of the fixture can be executed')
  assert(
    applied.value.results.every(({ failure }) => failure === undefined) &&
      applied.value.received.every(({ refusal }) => refusal === undefined),
    'and all in them is paid'
  )
  return applied.value
}

/** CPU time of a validator of whole networks, as fast as they go, everything across. */
async function real(context: BenchContext): Promise<Figure[]> {
  const verifyUs = await measureVerification()
  const networkS = Math.max(REAL_LEAST_S, Math.floor(context.networkS / 2))
  const figures: Figure[] = []
  for (const shards of SHARDS) {
    const across = ['--followers', '0', '--load', 'max', '--cross', shards === 1 ? '0' : '100']
    const options = { ...context, networkS }
    const { throughput, cpuUsPerTransfer } = await runDevnet(options, `shards-${shards}`, across, shards)
    figures.push({
      name: `${nameOf(shards)}, real`,
      what: `CPU of one of ${VALIDATORS} validators that follow all shards, ${throughput.toFixed(0)} final a second`,
      unit: 'µs',
      value: cpuUsPerTransfer ?? Number.NaN,
      raw: { what: 'its signature verified once', value: verifyUs }
    })
  }
  return figures
}
