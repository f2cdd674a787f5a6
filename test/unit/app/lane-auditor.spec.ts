import { deepEqual, equal } from 'node:assert/strict'
import { LaneAuditor } from '../../../src/app/lane-auditor.ts'
import { InLaneType, OutLaneType } from '../../../src/codec/receipt.ts'
import { commit } from '../../../src/state/commit.ts'
import { inLaneKey, outLaneKey } from '../../../src/state/keys.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { laneChains } from '../../support/lanes.ts'

function scene() {
  const [a, b] = laneChains(2) as [LaneChain, LaneChain]
  const found: string[] = []
  const auditor = new LaneAuditor(2, (detail) => found.push(detail))
  const see = (chain: LaneChain): void => auditor.finalBlock(chain.chain, chain.state)
  const pay = (count: number, amount = 10n): void => {
    const transactions = Array.from({ length: count }, (_, ahead) =>
      a.pay(a.parties[0]!, b.parties[0]!.address, amount + BigInt(ahead), ahead)
    )
    a.run({ transactions })
  }
  const change = (chain: LaneChain, key: Uint8Array, value: Uint8Array): void => {
    chain.state.apply(commit(chain.state, new Map([[toHex(key), value]])))
  }
  /** B says that it received one more. */
  const mint = (): void => {
    const lane = InLaneType.deserialize(b.state.get(inLaneKey(a.chain))!)
    const more = { ...lane, receivedConsumer: lane.receivedConsumer + 1n }
    change(b, inLaneKey(a.chain), InLaneType.serialize(more))
  }
  return { a, b, found, see, pay, change, mint }
}

describe('lanes of the auditor', () => {
  it('R11: what arrived is what was sent, entry after entry, acknowledged or not', () => {
    const { a, b, found, see, pay } = scene()
    for (let round = 0; round < 6; round++) {
      pay(70)
      see(a)
      if (round % 2 === 1) b.run({ deliveries: b.deliveries(a) })
      see(b)
      a.run({ deliveries: round === 4 ? a.deliveries(b) : [] })
      see(a)
    }
    deepEqual(found, [])
  })

  it('R11: a destination that received one unit more than was sent below its cursor is told', () => {
    const { a, b, found, see, pay, mint } = scene()
    pay(3)
    see(a)
    see(b)
    pay(3)
    see(a)
    b.run({ deliveries: b.deliveries(a) })
    mint()
    see(b)
    equal(found.length, 1)
    equal(found[0], 'lane 0 to 1: received 67/0 below 6, sent 66/0')
  })

  it('R11: also while more is on its way', () => {
    const { a, b, found, see, pay, mint } = scene()
    pay(3)
    see(a)
    b.run({ deliveries: b.deliveries(a) })
    pay(3, 1_000n)
    see(a)
    mint()
    see(b)
    deepEqual(found, ['lane 0 to 1: received 34/0 below 3, sent 33/0'])
  })

  it('R11: a source that counts more than its receipts carry is told', () => {
    const { a, found, see, pay, change, b } = scene()
    pay(1)
    see(a)
    pay(1)
    const lane = OutLaneType.deserialize(a.state.get(outLaneKey(b.chain))!)
    change(a, outLaneKey(b.chain), OutLaneType.serialize({ ...lane, sentIndustrial: 1n }))
    see(a)
    deepEqual(found, ['lane 0 to 1: the receipts before 2 are not what was sent'])
  })

  it('R11: a source that this node is behind with is no violation, and is compared when it has caught up', () => {
    const { a, b, found, see, pay, mint } = scene()
    pay(1)
    see(a)
    pay(2)
    b.run({ deliveries: b.deliveries(a) })
    mint()
    see(b)
    deepEqual(found, [])
    see(a)
    equal(found.length, 1)
  })

  it('R11: sums go around at 2^64 on both ends, entry by entry and when they begin anew', () => {
    const { a, b, found, see, pay, change, mint } = scene()
    const near = 2n ** 64n - 5n
    pay(1)
    b.run({ deliveries: b.deliveries(a) })
    const out = OutLaneType.deserialize(a.state.get(outLaneKey(b.chain))!)
    change(a, outLaneKey(b.chain), OutLaneType.serialize({ ...out, sentConsumer: near }))
    const inbound = InLaneType.deserialize(b.state.get(inLaneKey(a.chain))!)
    change(b, inLaneKey(a.chain), InLaneType.serialize({ ...inbound, receivedConsumer: near }))
    see(a)
    see(b)
    pay(2)
    see(a)
    b.run({ deliveries: b.deliveries(a) })
    see(b)
    deepEqual(found, [])
    mint()
    see(b)
    equal(found.length, 1)
  })

  it('R11: a destination behind a source whose sum has gone around is no violation', () => {
    const { a, b, found, see, pay, change } = scene()
    pay(2)
    const out = OutLaneType.deserialize(a.state.get(outLaneKey(b.chain))!)
    change(a, outLaneKey(b.chain), OutLaneType.serialize({ ...out, sentConsumer: 3n }))
    const received = { cursor: 1, refunds: 0, receivedConsumer: 2n ** 64n - 9n, receivedIndustrial: 0n }
    change(b, inLaneKey(a.chain), InLaneType.serialize(received))
    see(a)
    see(b)
    deepEqual(found, [])
  })

  it('R11: after a start, and after entries that came and went unseen, sums begin anew', () => {
    const { a, b, found, see, pay, mint } = scene()
    pay(2)
    see(a)
    see(b)
    pay(2)
    b.run({ deliveries: b.deliveries(a) })
    a.run({ deliveries: a.deliveries(b) })
    pay(2)
    see(a)
    see(b)
    deepEqual(found, [])
    b.run({ deliveries: b.deliveries(a) })
    mint()
    see(b)
    equal(found.length, 1)
  })
})
