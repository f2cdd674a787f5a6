import { deepEqual } from 'node:assert/strict'
import { LaneFigures } from '../../../src/app/lane-figures.ts'
import { createMetrics } from '../../../src/metrics/registry.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { LaneChain, laneChains } from '../../support/lanes.ts'
import { partyOn } from '../../support/state.ts'

describe('figures of lanes', () => {
  it('R9, R16: counters follow the state, whichever block is seen first, and never go back', async () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const coord = new LaneChain(COORD, 2)
    const { receipts } = createMetrics()
    const figures = new LaneFigures(receipts, 2)
    const pay = (ahead: number, to = b.parties[0]!.address) => a.pay(a.parties[0]!, to, 5n, ahead)
    a.run({ transactions: [pay(0), pay(1, partyOn(1, 2, 6_000).address)] })
    b.run({ deliveries: b.deliveries(a) })
    const look = async () => {
      for (const { chain, state } of [a, b]) figures.finalBlock(chain, state)
      figures.finalBlock(COORD, coord.state)
      const of = async (name: keyof typeof receipts) =>
        (await receipts[name].get()).values.map(({ labels, value }) => [labels.chain, value])
      return {
        emitted: await of('emitted'),
        applied: await of('applied'),
        refunded: await of('refunded'),
        outstanding: await of('outstanding')
      }
    }
    deepEqual(await look(), {
      emitted: [
        ['0', 2],
        ['1', 1],
        ['coord', 0]
      ],
      applied: [
        ['0', 0],
        ['1', 2],
        ['coord', 0]
      ],
      refunded: [
        ['0', 0],
        ['1', 1],
        ['coord', 0]
      ],
      outstanding: [
        ['0', 2],
        ['1', 1]
      ]
    })
    a.run({ deliveries: a.deliveries(b) })
    const { applied, outstanding } = await look()
    deepEqual(applied, [
      ['0', 1],
      ['1', 2],
      ['coord', 0]
    ])
    deepEqual(outstanding[0], ['0', 0], 'acknowledged, and the refund has arrived')
  })
})
