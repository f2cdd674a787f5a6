import { deepEqual, equal } from 'node:assert/strict'
import { ReceiptPort } from '../../../src/app/receipt-port.ts'
import { encodeResults } from '../../../src/codec/results.ts'
import type { ChainNode } from '../../../src/node/chain/chain-node.ts'
import type { Chains } from '../../../src/node/chains.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import type { CheckedDelivery } from '../../../src/state/receipts.ts'
import type { CheckedTransaction } from '../../../src/state/types.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { CONSTANTS, partyOn } from '../../support/state.ts'

/** A chain whose final blocks are kept as a node keeps them, or pruned. */
class Kept {
  readonly chain: LaneChain
  readonly #delivered = new Map<string, number>()
  readonly #results = new Map<number, Uint8Array>()
  isPruned = false

  constructor(chain: LaneChain) {
    this.chain = chain
  }

  run(work: { deliveries?: CheckedDelivery[]; transactions?: CheckedTransaction[] }): void {
    const execution = this.chain.run(work)
    for (const { source, sequence } of execution.received) {
      this.#delivered.set(`${source}/${sequence}`, this.chain.height)
    }
    this.#results.set(this.chain.height, encodeResults(execution))
  }

  get node(): ChainNode {
    const { chain } = this
    const height = (source: number, sequence: number) => this.#delivered.get(`${source}/${sequence}`)
    const store = {
      deliveryOf: async (source: number, sequence: number) => {
        const found = height(source, sequence)
        return found === undefined ? undefined : { height: found }
      },
      hashAt: (at: number) => (this.isPruned ? undefined : new Uint8Array(32).fill(at)),
      results: (at: number) => this.#results.get(at)
    }
    return {
      chain: chain.chain,
      tree: { final: { state: chain.state } },
      store
    } as unknown as ChainNode
  }
}

const port = (...followed: Kept[]): ReceiptPort =>
  new ReceiptPort({
    get: (chain: number) => followed.find((one) => one.chain.chain === chain)?.node,
    constants: { ...CONSTANTS, shards: 2 }
  } as unknown as Chains)

const FIRST = { source: shardId(0), destination: shardId(1), sequence: 0 }

describe('where receipts stand', () => {
  const scene = (): readonly [Kept, Kept] => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    return [new Kept(a), new Kept(b)]
  }
  const statusOf = async (from: ReceiptPort, place = FIRST): Promise<string> =>
    (await from.status(place)).status
  const poor = partyOn(1, 2, 6_000).address
  const pay = ({ chain }: Kept, to: Uint8Array, amount = 5n) => chain.pay(chain.parties[0]!, to, amount)

  it('R16: provable in a final state of the source, then delivered with its place, then acknowledged', async () => {
    const [a, b] = scene()
    equal(await statusOf(port(a, b)), 'unknown', 'nothing of that sequence was sent')
    a.run({ transactions: [pay(a, b.chain.parties[0]!.address)] })
    equal(await statusOf(port(a, b)), 'provable')
    equal(await statusOf(port(a)), 'provable')
    b.run({ deliveries: b.chain.deliveries(a.chain) })
    deepEqual(await port(a, b).status(FIRST), {
      ...FIRST,
      status: 'delivered',
      place: { chain: shardId(1), height: 1, hash: new Uint8Array(32).fill(1) }
    })
    equal(await statusOf(port(a)), 'provable', 'the source alone does not know')
    equal(await statusOf(port(b)), 'delivered', 'the destination alone does')
    a.run({ deliveries: a.chain.deliveries(b.chain) })
    equal(await statusOf(port(a, b)), 'acknowledged')
    equal(await statusOf(port(a)), 'acknowledged')
    equal(await statusOf(port(a, b), { ...FIRST, sequence: 1 }), 'unknown')
  })

  it('R16, R8: refused with its reason and the sequence of the refund, which is the next hop', async () => {
    const [a, b] = scene()
    a.run({ transactions: [pay(a, poor, 1n)] })
    b.run({ deliveries: b.chain.deliveries(a.chain) })
    const both = port(a, b)
    const hops = await both.follow(FIRST)
    deepEqual(
      hops.map(({ source, sequence, status, reason, refund }) => ({
        source,
        sequence,
        status,
        reason,
        refund
      })),
      [
        { source: 0, sequence: 0, status: 'refused', reason: 'below-min-balance', refund: 0 },
        { source: 1, sequence: 0, status: 'provable', reason: undefined, refund: undefined }
      ]
    )
    a.run({ deliveries: a.chain.deliveries(b.chain) })
    const after = await both.follow(FIRST)
    deepEqual(
      after.map(({ status }) => status),
      ['refused', 'delivered'],
      'a refusal stays one when it is acknowledged'
    )
    b.run({ deliveries: b.chain.deliveries(a.chain) })
    deepEqual((await both.follow(FIRST)).at(-1)?.status, 'acknowledged')
  })

  it('R16: a node that follows neither end says unseen, and follows the hops no further', async () => {
    deepEqual(await port().follow(FIRST), [{ ...FIRST, status: 'unseen' }])
    const [a, b] = scene()
    a.run({ transactions: [pay(a, poor, 1n)] })
    b.run({ deliveries: b.chain.deliveries(a.chain) })
    const [hop, ...rest] = await port(a).follow(FIRST)
    deepEqual([hop?.status, rest], ['provable', []])
    equal(await statusOf(port(b), { ...FIRST, sequence: 9 }), 'unseen', 'the source would know')
  })

  it('R16: of a pruned block the cursor still says that it was delivered', async () => {
    const [a, b] = scene()
    a.run({ transactions: [pay(a, b.chain.parties[0]!.address)] })
    b.run({ deliveries: b.chain.deliveries(a.chain) })
    b.isPruned = true
    deepEqual(await port(b).status(FIRST), { ...FIRST, status: 'delivered' })
  })

  it('R2, R16: the lanes of a followed chain that were used, and none of another', async () => {
    const [a, b] = scene()
    deepEqual(port(a, b).lanes(shardId(0)), [])
    a.run({ transactions: [pay(a, b.chain.parties[0]!.address)] })
    const [lane, ...others] = port(a).lanes(shardId(0))
    deepEqual([lane?.other, lane?.out?.next, lane?.in, others], [shardId(1), 1, undefined, []])
    deepEqual(port(b).lanes(shardId(0)), [])
  })
})
