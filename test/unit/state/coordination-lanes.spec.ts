import { deepEqual, equal, ok } from 'node:assert/strict'
import { DeliveryType } from '../../../src/codec/receipt.ts'
import type { Delivery } from '../../../src/codec/receipt.ts'
import { Inbox } from '../../../src/node/chain/inbox.ts'
import { readInLane, readOutLane } from '../../../src/node/chain/outbox.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { BlockEnd } from '../../../src/state/apply-block.ts'
import { payout } from '../../../src/state/system/payout.ts'
import { sendMessage } from '../../../src/state/system/message.ts'
import { readAccount, readTotals, totalSupply } from '../../../src/state/supply.ts'
import { LaneChain, laneChains } from '../../support/lanes.ts'
import { partyOn } from '../../support/state.ts'

const ZERO = new Uint8Array(32)
const COORD_OF_TWO = { chain: COORD, shards: 2 }

describe('receipts: the coordination chain as an end of lanes', () => {
  function scene() {
    const [shard] = laneChains(2) as [LaneChain, LaneChain]
    const coord = new LaneChain(COORD, 2)
    const { address } = shard.parties[0]!
    /** A block of coordination that sends this to the party. */
    const pays =
      (consumer: bigint): BlockEnd =>
      (ledger) => {
        const draft = { origin: ZERO, hop: 0, sender: address, receiver: address, consumer, industrial: 0n }
        sendMessage(ledger, coord, shard.chain, payout, { ...draft, payload: { validator: ZERO } })
      }
    return { shard, coord, address, pays }
  }
  const supply = (...chains: LaneChain[]) => totalSupply(chains.map(({ state }) => readTotals(state)))
  const codeOf = (chain: LaneChain, delivery: Delivery): string => {
    const judged = chain.judge(delivery)
    return judged.ok ? 'ok' : judged.code
  }

  it('R18, STA-15: a payout finds a place on a full shard too, however small it is; nothing makes no record', () => {
    const { shard, coord, address } = scene()
    const receiver = partyOn(0, 2, 5_000).address
    const sends =
      (consumer: bigint): BlockEnd =>
      (ledger) => {
        const draft = { origin: ZERO, hop: 0, sender: address, receiver, consumer, industrial: 0n }
        sendMessage(ledger, coord, shard.chain, payout, { ...draft, payload: { validator: ZERO } })
      }
    shard.params = { ...shard.params, maxStateBytes: 0 }
    const refusalOf = (consumer: bigint) => {
      coord.run({ end: sends(consumer) })
      return shard.run({ deliveries: shard.deliveries(coord) }).received[0]?.refusal
    }
    equal(refusalOf(0n), 'below-min-balance')
    equal(readAccount(shard.state, receiver), undefined)
    equal(refusalOf(1n), undefined)
    deepEqual([readAccount(shard.state, receiver)?.consumer, readTotals(shard.state).lostConsumer], [1n, 0n])
  })

  it('R5, R7, R11: what coordination sends arrives once and is acknowledged', () => {
    const { shard, coord, address, pays } = scene()
    const before = readAccount(shard.state, address)!.consumer
    coord.run({ end: pays(7n) })
    const issued = supply(shard, coord)
    const deliveries = shard.deliveries(coord)
    deepEqual(
      shard.run({ deliveries }).received.map(({ refusal }) => refusal),
      [undefined]
    )
    equal(readAccount(shard.state, address)?.consumer, before + 7n)
    const again = shard.apply({ deliveries })
    ok(!again.ok && again.code === 'wrong-sequence')
    coord.run({ deliveries: coord.deliveries(shard) })
    deepEqual([readOutLane(coord.state, shard.chain)?.acknowledged, coord.kept], [1, 0])
    equal(readInLane(shard.state, COORD)?.receivedConsumer, 7n)
    deepEqual(supply(shard, coord), issued)
  })

  it('R5: of coordination only the very block that the reference names, and without a certificate', () => {
    const { shard, coord, pays } = scene()
    coord.run({ end: pays(7n) })
    const delivery = coord.assemble(shard)!
    deepEqual(delivery.certificate, [])
    equal(codeOf(shard, delivery), 'ok')
    equal(codeOf(shard, { ...delivery, certificate: [coord.certificate()] }), 'delivery-reference')
    equal(
      codeOf(shard, { ...delivery, header: { ...delivery.header, height: 7 } }),
      'delivery-reference',
      'of another block'
    )
    shard.reference = ZERO
    equal(codeOf(shard, delivery), 'delivery-reference', 'the block refers elsewhere')
  })

  it('R5: a shard proves itself to coordination as to any other chain; no chain is its own source', () => {
    const { shard, coord, address, pays } = scene()
    shard.run({ transactions: [], end: (ledger) => void sendFrom(shard, ledger, address) })
    const delivery = shard.assemble(coord)!
    equal(codeOf(coord, delivery), 'ok')
    equal(codeOf(coord, { ...delivery, certificate: [] }), 'delivery-certificate')
    coord.run({ end: pays(1n) })
    equal(codeOf(coord, coord.assemble(shard)!), 'delivery-source')
  })

  it('R6: a leader of coordination offers what a committee certified that is frozen below its own block', () => {
    const { shard, coord, address } = scene()
    shard.run({ transactions: [], end: (ledger) => void sendFrom(shard, ledger, address) })
    const header = { ...shard.header(), epoch: 1 }
    const source = { header, certificate: shard.certificate(), state: shard.state }
    const inbox = new Inbox({ source: (chain) => (chain === shard.chain ? source : undefined) }, COORD_OF_TWO)
    const params = { ...shard.params, epochLength: 20, freezeDistance: 4 }
    const offered = (height: number): number => {
      const parent = { header: { ...coord.header(), height }, hash: ZERO, state: coord.state, attendance: [] }
      return inbox.offers(parent, 0, { params, epoch: 0 }).length
    }
    deepEqual([offered(15), offered(16)], [0, 1])
  })

  it('R5: a leader offers it under this reference only, and after the shards', () => {
    const { shard, coord, pays } = scene()
    const [, other] = laneChains(2) as [LaneChain, LaneChain]
    other.run({ transactions: [other.pay(other.parties[0]!, shard.parties[0]!.address, 5n)] })
    coord.run({ end: pays(7n) })
    const inbox = new Inbox(
      {
        source: (chain) => {
          const from = chain === COORD ? coord : other
          return { header: from.header(), certificate: from.certificate(), state: from.state }
        }
      },
      { chain: shard.chain, shards: 2 }
    )
    const ground = { header: shard.header(), hash: ZERO, state: shard.state, attendance: [] }
    const offered = (coordHeight: number) =>
      inbox.offers(ground, coordHeight, { params: shard.params, epoch: 0 }).map(({ source }) => source)
    deepEqual(offered(coord.height), [other.chain, COORD])
    deepEqual(offered(coord.height - 1), [other.chain])
    ok(inbox.hasWork(shard.state, { params: shard.params, epoch: 0, height: shard.height + 1 }))
    const [, last] = inbox.offers(ground, coord.height, { params: shard.params, epoch: 0 })
    deepEqual(DeliveryType.deserialize(last!.bytes).certificate, [])
  })
})

function sendFrom(shard: LaneChain, ledger: Parameters<BlockEnd>[0], address: Uint8Array) {
  const draft = { origin: ZERO, hop: 0, sender: address, receiver: address, consumer: 0n, industrial: 0n }
  return sendMessage(ledger, shard, COORD, payout, { ...draft, payload: { validator: ZERO } })
}
