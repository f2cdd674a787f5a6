import { deepEqual, equal, ok } from 'node:assert/strict'
import { Inbox } from '../../../src/node/chain/inbox.ts'
import { MAX_SUPPLY } from '../../../src/params/supply.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { exceedsInflowCap, inflowCap } from '../../../src/state/inflow.ts'
import { inflowKey } from '../../../src/state/keys.ts'
import { readInLane } from '../../../src/node/chain/outbox.ts'
import { atomicChains, leg } from '../../support/atomic.ts'
import type { AtomicChain } from '../../support/atomic.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { VALIDATOR, anOrder } from '../../support/orders.ts'

/** 20 base units of the supply's 20 · 10^12 are one millionth of a millionth: the least cap there is. */
const PPM = 1
const CAP = MAX_SUPPLY / 1_000_000n

describe('inflow cap (R12)', () => {
  function scene(laneInflowCapPpm = PPM) {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    for (const chain of [a, b]) chain.params = { ...chain.params, laneInflowCapPpm }
    const [from, to] = [a.parties[0]!, b.parties[0]!]
    const pay = (amount: bigint, ahead = 0) => a.pay(from, to.address, amount, ahead)
    const inbox = new Inbox(
      {
        source: (chain) =>
          chain === a.chain ? { header: a.header(), certificate: a.certificate(), state: a.state } : undefined
      },
      { chain: b.chain, shards: 2 }
    )
    const child = () => ({ params: b.params, epoch: b.epoch })
    const ground = () => ({ header: b.header(), hash: new Uint8Array(32), state: b.state, attendance: [] })
    return {
      a,
      b,
      from,
      pay,
      offers: () => inbox.offers(ground(), 0, child()),
      waits: () => inbox.hasWork(b.state, { ...child(), height: b.height + 1 })
    }
  }

  it('R12: is a share of the supply, off at zero, and never of the coordination chain', () => {
    const [a] = laneChains(1) as [LaneChain]
    const of = (laneInflowCapPpm: number) => inflowCap(a.chain, { laneInflowCapPpm })
    deepEqual([of(0), of(PPM), of(1_000_000)], [undefined, CAP, MAX_SUPPLY])
    equal(inflowCap(COORD, { laneInflowCapPpm: PPM }), undefined)
    const exceeds = (consumer: bigint, industrial: bigint): boolean =>
      exceedsInflowCap(a.chain, { consumer, industrial }, { laneInflowCapPpm: PPM })
    deepEqual([exceeds(CAP, CAP), exceeds(CAP + 1n, 0n), exceeds(0n, CAP + 1n)], [false, true, true])
  })

  it('R12: a block that takes in more than the cap in its epoch is invalid, at the cap exactly it is not', () => {
    const { a, b, pay } = scene()
    a.run({ transactions: [pay(CAP - 1n)] })
    b.run({ deliveries: b.deliveries(a) })
    a.run({ transactions: [pay(1n)] })
    b.run({ deliveries: b.deliveries(a) })
    a.run({ transactions: [pay(1n)] })
    const more = b.apply({ deliveries: b.deliveries(a) })
    ok(!more.ok && more.code === 'inflow-capped')
    b.epoch += 1
    b.run({ deliveries: b.deliveries(a) })
    equal(readInLane(b.state, a.chain)?.cursor, 3, 'it waited for the next epoch')
  })

  it('R12: without a cap nothing is counted', () => {
    const { a, b, pay } = scene(0)
    a.run({ transactions: [pay(CAP + 1n)] })
    b.run({ deliveries: b.deliveries(a) })
    equal(b.state.get(inflowKey(a.chain)), undefined)
  })

  it('R12: a source sends nothing that could never pass, by whatever action', () => {
    const { a, from, pay } = scene()
    const failure = (transaction: ReturnType<typeof pay>) =>
      a.run({ transactions: [transaction] }).results[0]?.failure
    equal(failure(pay(CAP + 1n)), 'above-inflow-cap')
    equal(failure(pay(CAP)), undefined)
    const amounts = { consumer: CAP + 1n, industrial: 0n }
    equal(failure(anOrder(from, a, { stake: { validator: VALIDATOR, ...amounts } })), 'above-inflow-cap')
    equal(failure(anOrder(from, a, { activate: amounts })), 'above-inflow-cap')
    a.run({
      end: (ledger) => {
        const account = ledger.account(from.address)!
        ledger.update(from.address, { ...account, consumer: account.consumer - CAP - 1n })
        ledger.creditClaim(from.key, amounts)
      }
    })
    const [, far] = laneChains(2) as [LaneChain, LaneChain]
    const claim = { chain: a.chain, to: far.parties[0]!.address }
    equal(failure(anOrder(from, a, { claim })), 'above-inflow-cap')
  })

  it('R12: an atomic action counts with all of its legs', () => {
    const [a, b] = atomicChains(2) as [AtomicChain, AtomicChain]
    a.params = { ...a.params, laneInflowCapPpm: PPM }
    const [from] = a.owners
    const failure = (last: bigint) => {
      const legs = [leg(from, b.owners[0], CAP - 1n), leg(from, b.owners[1], last)]
      return a.run({ transactions: [a.atomic(from, legs)] }).results[0]?.failure
    }
    deepEqual([failure(2n), failure(1n)], ['above-inflow-cap', undefined])
  })

  it('R12, R2: entries are cut so that each passes by itself, and a leader offers what an epoch takes', () => {
    const { a, b, pay, offers, waits } = scene()
    a.run({ transactions: [pay(CAP), pay(CAP, 1), pay(1n, 2)] })
    equal(a.kept, 3, 'no two of them together')
    const sequences = () => offers().flatMap(({ receipts }) => receipts.map(({ sequence }) => sequence))
    deepEqual(sequences(), [0])
    b.run({ deliveries: offers() })
    deepEqual([sequences(), waits()], [[], false])
    b.epoch += 1
    deepEqual([sequences(), waits()], [[1], true])
    b.run({ deliveries: offers() })
    b.epoch += 1
    b.run({ deliveries: offers() })
    equal(readInLane(b.state, a.chain)?.cursor, 3)
  })
})
