import { deepEqual, equal, ok } from 'node:assert/strict'
import { OutboxEntryType, RECEIPT_REFUND, ReceiptType } from '../../../src/codec/receipt.ts'
import type { Receipt } from '../../../src/codec/receipt.ts'
import { refusalNumber } from '../../../src/codec/refusals.ts'
import { AccountType } from '../../../src/codec/state-records.ts'
import { readInLane, readOutLane } from '../../../src/node/chain/outbox.ts'
import { toHex, u16be } from '../../../src/primitives/bytes.ts'
import { accountKey, outboxKey } from '../../../src/state/keys.ts'
import { commit } from '../../../src/state/commit.ts'
import { readAccount, readTotals, recount, totalSupply, wrongCounters } from '../../../src/state/supply.ts'
import { fromHex } from '../../../src/primitives/bytes.ts'
import { anOrder } from '../../support/orders.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { PARAMS, partyOn } from '../../support/state.ts'

const flat = ({ state }: LaneChain): [Uint8Array, Uint8Array][] =>
  [...state.values].map(([key, value]) => [fromHex(key), value])

function assertSound(...chains: LaneChain[]): void {
  for (const chain of chains) deepEqual(wrongCounters(readTotals(chain.state), recount(flat(chain))), [])
}

describe('receipts', () => {
  const supplyOf = (...chains: LaneChain[]) => totalSupply(chains.map(({ state }) => readTotals(state)))

  it('R2, R7, R11, TX-10: leaves at once, arrives once, and is the same amount on both sides', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const issued = supplyOf(a, b)
    const [from, to] = [a.parties[0]!, b.parties[0]!]
    const before = readAccount(a.state, from.address)!.consumer
    const { results, emitted } = a.run({ transactions: [a.pay(from, to.address, 7n)] })
    deepEqual(results[0]?.emitted, [{ destination: b.chain, sequence: 0 }])
    equal(emitted.length, 1)
    const fee = results[0]!.fee.consumer
    equal(readAccount(a.state, from.address)!.consumer, before - 7n - fee - BigInt(PARAMS.creationCharge))
    deepEqual(supplyOf(a, b), issued, 'counted while it is on its way')
    const credited = readAccount(b.state, to.address)!.consumer
    const deliveries = b.deliveries(a)
    deepEqual(b.run({ deliveries }).received, [
      { source: a.chain, sequence: 0, refusal: undefined, refund: undefined }
    ])
    equal(readAccount(b.state, to.address)!.consumer, credited + 7n)
    deepEqual(supplyOf(a, b), issued)
    const again = b.apply({ deliveries })
    ok(!again.ok && again.code === 'wrong-sequence', 'the same delivery cannot come twice')
    assertSound(a, b)
  })

  it('R7: a gap, a repetition or another order makes the block invalid', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const [from, to] = [a.parties[0]!, b.parties[0]!]
    a.run({ transactions: [0, 1, 2].map((ahead) => a.pay(from, to.address, 5n, ahead)) })
    const [whole] = b.deliveries(a)
    const code = (receipts: readonly Receipt[]): string => {
      const verdict = b.apply({ deliveries: [{ ...whole!, receipts, acknowledgement: undefined }] })
      return verdict.ok ? 'ok' : verdict.code
    }
    const [first, second, third] = whole!.receipts
    equal(code([first!, second!, third!]), 'ok')
    equal(code([second!, third!]), 'wrong-sequence')
    equal(code([first!, third!]), 'wrong-sequence')
    equal(code([second!, first!]), 'wrong-sequence')
    equal(code([first!, first!]), 'wrong-sequence')
    equal(code([]), 'empty-delivery')
  })

  it('R8: an account is created by what reaches the minimum; what does not comes back', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const issued = supplyOf(a, b)
    const from = a.parties[0]!
    const [fresh, poor] = [partyOn(1, 2, 5_000), partyOn(1, 2, 6_000)]
    const minimum = BigInt(PARAMS.minBalance)
    a.run({
      transactions: [a.pay(from, fresh.address, minimum), a.pay(from, poor.address, minimum - 1n, 1)]
    })
    const balance = readAccount(a.state, from.address)!.consumer
    const { received, emitted } = b.run({ deliveries: b.deliveries(a) })
    deepEqual(
      received.map(({ refusal, refund }) => [refusal, refund]),
      [
        [undefined, undefined],
        ['below-min-balance', 0]
      ]
    )
    deepEqual(readAccount(b.state, fresh.address)?.consumer, minimum)
    equal(readAccount(b.state, fresh.address)?.mana, 0n, 'a new record starts without mana')
    equal(readAccount(b.state, poor.address), undefined)
    const [refund] = OutboxEntryType.deserialize(emitted[0]!.value).receipts
    equal(refund?.kind, RECEIPT_REFUND)
    deepEqual([refund?.receiver, refund?.sender, refund?.hop], [from.address, poor.address, 1])
    deepEqual(refund?.payload, u16be(refusalNumber('below-min-balance')))
    equal(readInLane(b.state, a.chain)?.refunds, 1)
    a.run({ deliveries: a.deliveries(b) })
    equal(readAccount(a.state, from.address)?.consumer, balance + minimum - 1n)
    equal(readOutLane(a.state, b.chain)?.refundsReceived, 1)
    deepEqual(supplyOf(a, b), issued)
    assertSound(a, b)
  })

  it('R8: a refund that cannot be credited is lost and found, and nothing answers it', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const issued = supplyOf(a, b)
    const from = a.parties[0]!
    a.run({ transactions: [a.pay(from, partyOn(1, 2, 6_000).address, 1n)] })
    b.run({ deliveries: b.deliveries(a) })
    // A balance so high that nothing more fits; the totals follow, as if the tokens had always been there.
    const key = accountKey(from.address)
    const account = { ...readAccount(a.state, from.address)!, consumer: 2n ** 64n - 1n }
    const values = new Map([[toHex(key), AccountType.serialize(account)]])
    a.state.apply(commit(a.state, values))
    const { received, emitted } = a.run({ deliveries: a.deliveries(b) })
    deepEqual(
      received.map(({ refusal, refund }) => [refusal, refund]),
      [['balance-overflow', undefined]]
    )
    equal(emitted.length, 0)
    equal(readTotals(a.state).lostConsumer, 1n)
    deepEqual(supplyOf(a, b), issued)
  })

  it('R8: a kind that is not known is sent back if it carries value, and skipped if not', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const from = a.parties[0]!
    a.run({ transactions: [a.pay(from, b.parties[0]!.address, 5n)] })
    const [whole] = b.deliveries(a)
    const unknown = { ...whole!.receipts[0]!, kind: 200 }
    const outcome = (receipt: typeof unknown) => {
      const verdict = b.apply({ deliveries: [{ ...whole!, receipts: [receipt] }] })
      ok(verdict.ok)
      return [verdict.value.received[0]?.refusal, verdict.value.emitted.length]
    }
    deepEqual(outcome(unknown), ['unknown-receipt', 1])
    deepEqual(outcome({ ...unknown, consumer: 0n, industrial: 0n }), ['unknown-receipt', 0])
  })

  it('R10: an acknowledgement removes entries that lie wholly below it, and their receipts', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const [from, to] = [a.parties[0]!, b.parties[0]!]
    a.run({ transactions: [a.pay(from, to.address, 5n), a.pay(from, to.address, 5n, 1)] })
    a.run({ transactions: [a.pay(from, to.address, 5n)] })
    const bytes = readOutLane(a.state, b.chain)!.bytes
    b.run({ deliveries: b.deliveries(a, 1) })
    equal(readInLane(b.state, a.chain)?.cursor, 2, 'the first entry only')
    a.run({ deliveries: a.deliveries(b) })
    equal(a.state.get(outboxKey(b.chain, 0)), undefined)
    ok(a.state.get(outboxKey(b.chain, 2)) !== undefined)
    const lane = readOutLane(a.state, b.chain)!
    deepEqual([lane.next, lane.acknowledged, a.kept], [3, 2, 1])
    ok(lane.bytes > 0 && lane.bytes < bytes)
    b.run({ deliveries: b.deliveries(a) })
    a.run({ deliveries: a.deliveries(b) })
    deepEqual([readOutLane(a.state, b.chain)!.bytes, a.kept], [0, 0])
    assertSound(a, b)
  })

  it('R10: an acknowledgement behind what is known, or ahead of what was emitted, makes the block invalid', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const [from, to] = [a.parties[0]!, b.parties[0]!]
    a.run({ transactions: [a.pay(from, to.address, 5n), a.pay(from, to.address, 5n, 1)] })
    b.run({ deliveries: b.deliveries(a) })
    const [delivery] = a.deliveries(b)
    const code = (change: object): string => {
      const acknowledgement = { ...delivery!.acknowledgement!, ...change }
      const verdict = a.apply({ deliveries: [{ ...delivery!, acknowledgement }] })
      return verdict.ok ? 'ok' : verdict.code
    }
    equal(code({}), 'ok')
    equal(code({ cursor: 3 }), 'acknowledgement-ahead')
    a.run({ deliveries: [delivery!] })
    equal(code({}), 'ok', 'the same again says nothing new')
    equal(code({ cursor: 1 }), 'acknowledgement-back')
    a.run({ deliveries: [{ ...delivery!, acknowledgement: { ...delivery!.acknowledgement!, refunds: 1 } }] })
    equal(code({ refunds: 0 }), 'acknowledgement-back')
  })

  it('R10: what this very block emits nobody can have delivered: a source that says so makes the block invalid', () => {
    const [a, b, c] = laneChains(3) as [LaneChain, LaneChain, LaneChain]
    const [validator, pays] = [a.parties[0]!, b.parties[0]!]
    const earned = BigInt(PARAMS.minBalance)
    b.run({
      end: (ledger) => {
        const account = ledger.account(pays.address)!
        ledger.update(pays.address, { ...account, consumer: account.consumer - earned })
        ledger.creditClaim(validator.key, { consumer: earned, industrial: 0n })
      }
    })
    // What `a` asks for makes `b` emit a receipt to `c`, and `c` says in the same block that it has it.
    const claim = anOrder(validator, a, { claim: { chain: b.chain, to: c.parties[0]!.address } }, 0, 3)
    a.run({ transactions: [claim] })
    const asked = b.deliveries(a)
    const liar = (cursor: number) => ({
      source: c.chain,
      bytes: new Uint8Array(0),
      receipts: [],
      acknowledgement: { cursor, refunds: 0, receivedConsumer: 0n, receivedIndustrial: 0n }
    })
    const verdict = b.apply({ deliveries: [...asked, liar(1)] })
    equal(verdict.ok || verdict.code, 'acknowledgement-ahead')
    ok(b.apply({ deliveries: [...asked, liar(0)] }).ok)
    b.run({ deliveries: asked })
    ok(b.apply({ deliveries: [liar(1)] }).ok, 'in the block after it may be so')
  })

  it('R9, TX-15: at 80 % outstanding a transfer fails and pays; refunds always find room', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const [from, to] = [a.parties[0]!, b.parties[0]!]
    const limit = (a.params.laneReceiptsMax * 80) / 100
    const many = Array.from({ length: limit + 1 }, (_, ahead) => a.pay(from, to.address, 5n, ahead))
    const failures = a.run({ transactions: many }).results.map(({ failure }) => failure)
    deepEqual(failures.slice(-2), [undefined, 'lane-congested'])
    equal(readOutLane(a.state, b.chain)?.next, limit)
    // The destination refuses all of them while its own lane back is full: refunds go all the same.
    const poor = partyOn(1, 2, 6_000)
    const [c, d] = laneChains(2) as [LaneChain, LaneChain]
    c.run({ transactions: many.map((_, ahead) => c.pay(c.parties[0]!, poor.address, 1n, ahead)) })
    d.run({
      transactions: many.map((_, ahead) => d.pay(d.parties[0]!, c.parties[0]!.address, 5n, ahead))
    })
    const { received } = d.run({ deliveries: d.deliveries(c) })
    equal(received.filter(({ refund }) => refund !== undefined).length, received.length)
    ok(received.length > 0)
  })

  it('R9: a refused receipt counts as outstanding until its refund has arrived', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const limit = (a.params.laneReceiptsMax * 80) / 100
    const poor = partyOn(1, 2, 6_000).address
    const pays = Array.from({ length: limit }, (_, ahead) => a.pay(a.parties[0]!, poor, 1n, ahead))
    a.run({ transactions: pays })
    for (let round = 0; round < 4; round++) b.run({ deliveries: b.deliveries(a) })
    equal(readInLane(b.state, a.chain)?.cursor, limit)
    const congested = (): boolean => {
      const verdict = a.apply({ transactions: [a.pay(a.parties[0]!, poor, 1n)] })
      return verdict.ok && verdict.value.results[0]?.failure === 'lane-congested'
    }
    const [back] = a.deliveries(b)
    a.run({ deliveries: [{ ...back!, receipts: [] }] })
    equal(readOutLane(a.state, b.chain)?.acknowledged, limit, 'all acknowledged')
    ok(congested(), 'but their refunds are on the way')
    for (let round = 0; round < 4 && congested(); round++) {
      a.run({ deliveries: [{ ...a.deliveries(b)[0]!, acknowledgement: undefined }] })
    }
    ok(!congested(), 'they have arrived')
  })

  for (const shards of [2, 3]) {
    it(`R9: a cycle of ${shards} shards with every lane full, and each receipt refused, runs dry and takes anew`, () => {
      const chains = laneChains(shards)
      const pairs = chains.flatMap((from) =>
        chains.filter((to) => to !== from).map((to) => [from, to] as const)
      )
      const fill = (from: LaneChain, to: LaneChain): (string | undefined)[] => {
        const nobody = partyOn(to.chain, shards, 6_000).address
        const transactions = Array.from(
          { length: (from.params.laneReceiptsMax * 80) / 100 + 1 },
          (_, ahead) => from.pay(from.parties[0]!, nobody, 1n, ahead)
        )
        return from.run({ transactions }).results.map(({ failure }) => failure)
      }
      const lanes = () => pairs.map(([from, to]) => readOutLane(from.state, to.chain)!)
      const isDry = (): boolean =>
        lanes().every(
          ({ next, acknowledged, refundsReported, refundsReceived }) =>
            next === acknowledged && refundsReported === refundsReceived
        )
      for (const [from, to] of pairs) equal(fill(from, to).at(-1), 'lane-congested')
      let rounds = 0
      for (; !isDry(); rounds++) {
        ok(rounds < 20, 'nothing moves any more')
        // A block at a time, each with little room: entries of refunds queue up behind full lanes.
        for (const chain of chains) {
          const deliveries = chains
            .filter((one) => one !== chain)
            .flatMap((one) => chain.deliveries(one, 16_384))
          chain.run({ deliveries })
        }
      }
      const most = chains[0]!.params.laneReceiptsMax
      ok(
        lanes().every(({ next }) => next <= 2 * most),
        'its own receipts and the refunds of the lane back'
      )
      assertSound(...chains)
      for (const [from, to] of pairs) deepEqual(fill(from, to).at(0), undefined)
    })
  }

  it('R2: entries are cut by count and by bytes, and one receipt always makes one', () => {
    const countsOf = (blockBytesMax: number, payments: number, memo = 0): number[] => {
      const [a, b] = laneChains(2) as [LaneChain, LaneChain]
      a.params = { ...a.params, blockBytesMax }
      const [from, to] = [a.parties[0]!, b.parties[0]!.address]
      const transactions = Array.from({ length: payments }, (_, ahead) =>
        a.pay(from, to, 5n, ahead, new Uint8Array(memo))
      )
      return a
        .run({ transactions })
        .emitted.map(({ value }) => OutboxEntryType.deserialize(value).receipts.length)
    }
    const large = PARAMS.blockBytesMax
    // With its offset a receipt without memo has 4 bytes more: 67 of them would fit into 8 KiB.
    deepEqual(countsOf(large, 65), [64, 1])
    const size = ReceiptType.minSize
    const perEntry = Math.floor(8_192 / (size + 200))
    deepEqual(countsOf(large, perEntry + 1, 200), [perEntry, 1])
    deepEqual(countsOf(16 * (2 * size), 3), [2, 1])
    deepEqual(countsOf(16 * (2 * size) - 16, 3), [1, 1, 1])
    deepEqual(countsOf(16, 1), [1])
  })

  it('R14: a block is valid without what waits for it, and with a part of it; the rest comes later', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const [from, to] = [a.parties[0]!, b.parties[0]!.address]
    for (let block = 0; block < 3; block++) a.run({ transactions: [a.pay(from, to, 5n)] })
    deepEqual(b.run({}).received, [], 'none')
    equal(b.run({ deliveries: b.deliveries(a, 1) }).received.length, 1, 'the first entry')
    b.run({ transactions: [b.pay(b.parties[0]!, b.parties[1]!.address, 5n)] })
    equal(b.run({ deliveries: b.deliveries(a) }).received.length, 2, 'the rest')
    assertSound(a, b)
  })

  it('R14, R9: a full lane to a destination that stands still leaves the others as they are', () => {
    const [a, b, c] = laneChains(3) as [LaneChain, LaneChain, LaneChain]
    const limit = (a.params.laneReceiptsMax * 80) / 100
    const failuresTo = (to: LaneChain, count: number): (string | undefined)[] => {
      const transactions = Array.from({ length: count }, (_, ahead) =>
        a.pay(a.parties[0]!, to.parties[0]!.address, 5n, ahead)
      )
      return a.run({ transactions }).results.map(({ failure }) => failure)
    }
    deepEqual(failuresTo(b, limit + 1).at(-1), 'lane-congested')
    deepEqual(failuresTo(c, 2), [undefined, undefined])
    equal(c.run({ deliveries: c.deliveries(a) }).received.length, 2)
    a.run({ transactions: [], deliveries: a.deliveries(c) })
    equal(readOutLane(a.state, c.chain)?.acknowledged, 2)
    equal(readOutLane(a.state, b.chain)?.acknowledged, 0)
  })

  it('TX-10, R15: the sender pays the charge for a record elsewhere, or the transfer fails', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const from = a.parties[0]!
    const all = readAccount(a.state, from.address)!.consumer
    const charge = BigInt(PARAMS.creationCharge)
    const failure = (amount: bigint): string | undefined => {
      const verdict = a.apply({ transactions: [a.pay(from, b.parties[0]!.address, amount)] })
      return verdict.ok ? verdict.value.results[0]?.failure : verdict.code
    }
    const fee = 1_000n
    equal(failure(all - fee - charge), undefined)
    equal(failure(all - fee - charge + 1n), 'creation-unpaid')
    equal(failure(all), 'insufficient-funds')
  })
})
