import { deepEqual, equal, ok } from 'node:assert/strict'
import { RECEIPT_SYSTEM } from '../../../src/codec/receipt.ts'
import type { Receipt } from '../../../src/codec/receipt.ts'
import { MESSAGE_PAYOUT, PayoutType } from '../../../src/codec/system.ts'
import { concat } from '../../../src/primitives/bytes.ts'
import { readAccount, readTotals } from '../../../src/state/supply.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { PARAMS, partyOn } from '../../support/state.ts'

const PAYOUT = concat(
  Uint8Array.of(MESSAGE_PAYOUT),
  PayoutType.serialize({ validator: new Uint8Array(32).fill(3) })
)

describe('system messages', () => {
  /** What a receipt of chain 0 does on chain 1, in place of the transfer that made it. */
  function deliver(change: Partial<Receipt>) {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    a.run({ transactions: [a.pay(a.parties[0]!, b.parties[0]!.address, 5n)] })
    const [whole] = b.deliveries(a)
    const receipt = { ...whole!.receipts[0]!, kind: RECEIPT_SYSTEM, ...change }
    const { received, emitted } = b.run({ deliveries: [{ ...whole!, receipts: [receipt] }] })
    return { chain: b, refusal: received[0]?.refusal, refund: received[0]?.refund, emitted: emitted.length }
  }

  it('R18: a payout raises the receiver’s balance, or makes its record as a value receipt does', () => {
    const [, other] = laneChains(2) as [LaneChain, LaneChain]
    const known = other.parties[0]!.address
    const before = readAccount(other.state, known)!.consumer
    const raised = deliver({ receiver: known, payload: PAYOUT, consumer: 9n })
    deepEqual([raised.refusal, raised.emitted], [undefined, 0])
    equal(readAccount(raised.chain.state, known)?.consumer, before + 9n)
    const fresh = partyOn(1, 2, 5_000).address
    const made = deliver({ receiver: fresh, payload: PAYOUT, consumer: BigInt(PARAMS.minBalance) })
    equal(made.refusal, undefined)
    equal(readAccount(made.chain.state, fresh)?.consumer, BigInt(PARAMS.minBalance))
  })

  it('R8, R18: amounts of a known message that find no place are lost and found, never sent back', () => {
    const done = deliver({ receiver: partyOn(1, 2, 5_000).address, payload: PAYOUT, consumer: 9n })
    deepEqual([done.refusal, done.refund, done.emitted], ['below-min-balance', undefined, 0])
    equal(readTotals(done.chain.state).lostConsumer, 9n)
  })

  it('R8, R18: a message that is not known is sent back if it carries value, and skipped if not', () => {
    for (const payload of [new Uint8Array(0), Uint8Array.of(255), Uint8Array.of(255, 1, 2)]) {
      const back = deliver({ payload })
      deepEqual([back.refusal, back.refund, back.emitted], ['unknown-receipt', 0, 1])
      const skipped = deliver({ payload, consumer: 0n, industrial: 0n })
      deepEqual([skipped.refusal, skipped.refund, skipped.emitted], ['unknown-receipt', undefined, 0])
    }
  })

  it('R18: content that is not the canonical encoding does nothing', () => {
    for (const payload of [PAYOUT.subarray(0, 32), concat(PAYOUT, Uint8Array.of(0))]) {
      const done = deliver({ payload, consumer: 9n })
      deepEqual([done.refusal, done.emitted], ['unknown-receipt', 0])
      equal(readTotals(done.chain.state).lostConsumer, 9n)
    }
    ok(PAYOUT.length === 33)
  })
})
