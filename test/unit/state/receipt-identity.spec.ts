import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict'
import { OutboxEntryType, RECEIPT_REFUND, RECEIPT_VALUE } from '../../../src/codec/receipt.ts'
import type { Receipt } from '../../../src/codec/receipt.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { outboxKey } from '../../../src/state/keys.ts'
import { Lanes } from '../../../src/state/lanes.ts'
import { readTotals, totalSupply } from '../../../src/state/supply.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'

const identity = ({ source, destination, sequence }: Receipt): string =>
  `${source}/${destination}/${sequence}`

describe('identity of receipts', () => {
  const emittedBy = (from: LaneChain, ...to: LaneChain[]): Receipt[] => {
    const transactions = to.map(({ parties }, ahead) =>
      from.pay(from.parties[0]!, parties[0]!.address, 5n, ahead)
    )
    return from
      .run({ transactions })
      .emitted.flatMap(({ value }) => OutboxEntryType.deserialize(value).receipts)
  }

  it('R1: lane and sequence name a receipt: every lane counts from 0 without gaps, and no two share a name', () => {
    const [a, b, c] = laneChains(3) as [LaneChain, LaneChain, LaneChain]
    const all = [...emittedBy(a, b, c, b), ...emittedBy(b, a, c), ...emittedBy(c, a), ...emittedBy(a, b)]
    equal(new Set(all.map(identity)).size, all.length)
    const names = all.map(identity).sort()
    deepEqual(names, ['0/1/0', '0/1/1', '0/1/2', '0/2/0', '1/0/0', '1/2/0', '2/0/0'])
    notDeepEqual(outboxKey(b.chain, 0), outboxKey(c.chain, 0))
  })

  it('R1: what a transaction sends is of kind 1, what comes back of kind 3', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const [sent] = emittedBy(a, b)
    equal(sent?.kind, RECEIPT_VALUE)
    deepEqual([RECEIPT_VALUE, RECEIPT_REFUND], [1, 3])
  })

  it('R1, R8: any other kind is refused as unknown where it arrives, its value on the way back as kind 3', () => {
    for (const kind of [0, 2, 4, 255]) {
      const [a, b] = laneChains(2) as [LaneChain, LaneChain]
      emittedBy(a, b)
      const issued = totalSupply([a, b].map(({ state }) => readTotals(state)))
      const [whole] = b.deliveries(a)
      const receipt = { ...whole!.receipts[0]!, kind }
      const { received, emitted } = b.run({ deliveries: [{ ...whole!, receipts: [receipt] }] })
      equal(received[0]?.refusal, 'unknown-receipt')
      const [refund] = OutboxEntryType.deserialize(emitted[0]!.value).receipts
      deepEqual([refund?.kind, refund?.consumer, refund?.origin], [3, 5n, receipt.origin])
      deepEqual(totalSupply([a, b].map(({ state }) => readTotals(state))), issued)
    }
  })

  it('R1: no lane leads to its own chain, nor comes from a chain that the network does not have', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const [receipt] = emittedBy(a, b)
    throws(() => new Lanes(a.state).emit(a.chain, a.chain, receipt!), /another chain/)
    const delivery = a.assemble(b)!
    for (const chain of [shardId(9), b.chain]) {
      const judged = b.judge({ ...delivery, header: { ...delivery.header, chain } })
      ok(!judged.ok && judged.code === 'delivery-source')
    }
  })
})
