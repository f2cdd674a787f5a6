import { deepEqual, equal, ok } from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { MAX_DELIVERIES, MAX_DELIVERY_BYTES } from '../../../../src/codec/block.ts'
import { deliveryBytesMax } from '../../../../src/chain/judge.ts'
import { DeliveryType } from '../../../../src/codec/receipt.ts'
import type { Ground } from '../../../../src/node/chain/block-tree.ts'
import { Inbox } from '../../../../src/node/chain/inbox.ts'
import { readOutLane } from '../../../../src/node/chain/outbox.ts'
import { BODY_ROOM_PER_VALIDATOR, DELIVERY_ROOM_BYTES } from '../../../../src/params/genesis-check.ts'
import { laneChains } from '../../../support/lanes.ts'
import type { LaneChain } from '../../../support/lanes.ts'
import { partyOn } from '../../../support/state.ts'

/** What GEN-12 demands of a block for this committee. */
const smallestBlock = (members: number): number =>
  2 * (DELIVERY_ROOM_BYTES + BODY_ROOM_PER_VALIDATOR * members)

/** A certificate as long as one of this committee is. */
const certificateOf = (chain: LaneChain, members: number) => ({
  ...chain.certificate(),
  signers: BitArray.fromBoolArray(Array.from({ length: members }, () => true)),
  signatures: Array.from({ length: members }, () => new Uint8Array(64))
})

describe('inbox: deliveries that a leader offers', () => {
  function scene({ shards = 2, members = 4, payments = 1, memo = 0, sending = 64, params = {} }) {
    const [to, ...sources] = laneChains(shards) as [LaneChain, ...LaneChain[]]
    to.params = { ...to.params, blockBytesMax: smallestBlock(members), ...params }
    for (const from of sources.slice(0, sending)) {
      from.params = to.params
      from.run({
        transactions: Array.from({ length: payments }, (_, ahead) =>
          from.pay(from.parties[0]!, to.parties[0]!.address, 5n, ahead, new Uint8Array(memo))
        )
      })
    }
    const inbox = new Inbox(
      {
        source: (chain) => {
          const from = sources.find((each) => each.chain === chain)
          return (
            from && { header: from.header(), certificate: certificateOf(from, members), state: from.state }
          )
        }
      },
      { chain: to.chain, shards }
    )
    const ground = (): Ground => ({
      header: to.header(),
      hash: new Uint8Array(32),
      state: to.state,
      attendance: []
    })
    const offers = () => inbox.offers(ground(), 0, { params: to.params, epoch: 0 })
    const waits = () => inbox.hasWork(to.state, { params: to.params, epoch: 0, height: to.height + 1 })
    return { to, sources, offers, waits }
  }

  for (const [shards, members] of [
    [2, 100],
    [40, 4],
    [40, 100]
  ] as const) {
    it(`R9: ${shards - 1} lanes move in the smallest block that a committee of ${members} may have`, () => {
      const { to, sources, offers, waits } = scene({ shards, members })
      let blocks = 0
      for (; waits(); blocks++) {
        ok(blocks < sources.length, 'no lane stands still')
        const deliveries = offers()
        ok(deliveries.length > 0, 'a leader that has work finds some')
        const bytes = deliveries.reduce((sum, each) => sum + each.bytes.length, 0)
        ok(bytes <= deliveryBytesMax(to.params))
        equal(to.run({ deliveries }).received.length, deliveries.length)
      }
      ok(blocks > 0)
    })
  }

  it('R5: never more deliveries than a body may hold, and each lane has its turn', () => {
    const shards = MAX_DELIVERIES + 8
    const { offers, to, waits } = scene({ shards, sending: shards, params: { blockBytesMax: 4_194_304 } })
    const first = offers()
    equal(first.length, MAX_DELIVERIES)
    to.run({ deliveries: first })
    const rest = offers()
    equal(rest.length, 7)
    to.run({ deliveries: rest })
    equal(waits(), false)
  })

  it('R5: a delivery is never longer than a body may hold, however much room a block has', () => {
    const params = { blockBytesMax: 4_194_304, laneReceiptsMax: 10_000, laneBytesMax: 16_777_216 }
    const [whole] = scene({ payments: 3_000, memo: 256, params }).offers()
    const { length } = whole!.bytes
    ok(length <= MAX_DELIVERY_BYTES && length > MAX_DELIVERY_BYTES - 20_000, `${length} bytes`)
  })

  it('R9: the only lane with anything has the whole room, however many lanes are idle', () => {
    const many = { payments: 60, memo: 256, sending: 1 }
    const [alone] = scene({ ...many, shards: 2 }).offers()
    const [among] = scene({ ...many, shards: 40 }).offers()
    ok(alone!.receipts.length > 0)
    equal(among!.receipts.length, alone!.receipts.length)
  })

  it('R9: who takes nothing of what it is owed gives one entry in 64 blocks, until it takes it', () => {
    const { to, sources, offers, waits } = scene({ payments: 0, sending: 0 })
    const [from] = sources as [LaneChain]
    to.params = { ...to.params, laneReceiptsMax: 16 }
    from.params = { ...to.params, laneReceiptsMax: 1_000 }
    const nobody = partyOn(to.chain, 2, 9_000).address
    /** Each makes an entry of receipts that `to` has to send back. */
    const send = (blocks: number): void => {
      for (let block = 0; block < blocks; block++) {
        const payments = Array.from({ length: 16 }, (_, ahead) =>
          from.pay(from.parties[0]!, nobody, 5n, ahead)
        )
        from.run({ transactions: payments })
      }
    }
    const offered = (): number[] => offers().map(({ receipts }) => receipts.length)
    send(4)
    deepEqual(offered(), [64], 'nothing is owed')
    to.run({ deliveries: offers() })
    equal(readOutLane(to.state, from.chain)?.next, 64)
    send(3)
    deepEqual([offered(), waits()], [[], false], 'four times the capacity')
    to.height = 63
    deepEqual([offered(), waits()], [[16], true], 'the block of height 64')
    to.height = 64
    from.run({ deliveries: from.deliveries(to) })
    ok(waits())
    const [proof] = offers()
    deepEqual([proof?.receipts.length, proof?.acknowledgement?.cursor], [0, 64])
    to.run({ deliveries: [proof!] })
    deepEqual(offered(), [48])
  })

  it('R5, R9: an offer is cut to its share with its first entry kept, by rising source', () => {
    const { offers, sources } = scene({ shards: 4, payments: 60, memo: 256 })
    const offered = offers()
    deepEqual(
      offered.map(({ source }) => source),
      offered.map(({ source }) => source).toSorted((a, b) => a - b)
    )
    for (const { bytes, receipts, source } of offered) {
      const { entries } = DeliveryType.deserialize(bytes)
      equal(entries.flatMap(({ entry }) => entry.receipts).length, receipts.length)
      equal(receipts[0]?.sequence, 0)
      ok(sources.some(({ chain }) => chain === source))
    }
  })
})
