/** Receipts that no honest chain sends: what a committee that was taken over can say, and what comes of it (ATO-5 … ATO-9). */
import { deepEqual, equal } from 'node:assert/strict'
import {
  OUTCOME_ABORT,
  OUTCOME_COMMIT,
  OUTCOME_OPEN,
  PHASE_ABORTED,
  PHASE_COMMITTED,
  PHASE_PREPARED
} from '../../../src/codec/atomic.ts'
import { RECEIPT_CALL, RECEIPT_SYSTEM } from '../../../src/codec/receipt.ts'
import type { Receipt } from '../../../src/codec/receipt.ts'
import {
  MESSAGE_ATOMIC_ANSWER,
  MESSAGE_ATOMIC_DECISION,
  MESSAGE_ATOMIC_PAYMENT
} from '../../../src/codec/system.ts'
import { readInLane, readOutLane } from '../../../src/node/chain/outbox.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { readEscrow } from '../../../src/state/atomic/records.ts'
import { readTotals } from '../../../src/state/supply.ts'
import type { ReceiptResult } from '../../../src/state/types.ts'
import { BALANCE, atomicChains, drain, leg, ownerOn } from '../../support/atomic.ts'
import type { AtomicChain } from '../../support/atomic.ts'
import { LaneChain } from '../../support/lanes.ts'
import { PARAMS } from '../../support/state.ts'

type Three = [AtomicChain, AtomicChain, AtomicChain]

/** As if `from` had sent it: whatever it says, next in its lane. */
function say(to: LaneChain, from: AtomicChain, said: Partial<Receipt>): ReceiptResult {
  const receipt: Receipt = {
    source: from.chain,
    destination: to.chain,
    sequence: readInLane(to.state, from.chain)?.cursor ?? 0,
    kind: RECEIPT_SYSTEM,
    origin: new Uint8Array(32),
    hop: 0,
    sender: new Uint8Array(21),
    receiver: new Uint8Array(21),
    consumer: 0n,
    industrial: 0n,
    mana: 0n,
    payload: new Uint8Array(0),
    ...said
  }
  const { received } = to.run({
    deliveries: [
      { source: from.chain, bytes: new Uint8Array(0), receipts: [receipt], acknowledgement: undefined }
    ]
  })
  return received[0]!
}

const answer = (origin: Uint8Array, phase: number): Partial<Receipt> => ({
  origin,
  payload: Uint8Array.of(MESSAGE_ATOMIC_ANSWER, phase, 0, 0)
})
const decision = (origin: Uint8Array, outcome: number, consumer = 0n): Partial<Receipt> => ({
  origin,
  consumer,
  payload: Uint8Array.of(MESSAGE_ATOMIC_DECISION, outcome)
})
const payment = (origin: Uint8Array, consumer: bigint): Partial<Receipt> => ({
  origin,
  consumer,
  payload: Uint8Array.of(MESSAGE_ATOMIC_PAYMENT, OUTCOME_COMMIT)
})

/** Shard 0 coordinates: its owner pays 5 to shard 1, the owner of shard 2, who agrees, pays 9 there too. */
function prepared() {
  const [a, b, c] = atomicChains(3) as Three
  const [sender, taker, giver] = [a.owners[0], b.owners[0], c.owners[0]]
  const action = a.atomic(
    sender,
    [leg(sender, taker, 5n), leg(giver, taker, 9n)],
    [{ chain: c, owner: giver }]
  )
  a.run({ transactions: [action] })
  b.take(a)
  return { a, b, c, action, id: action.id, taker }
}

describe('hostile chains and atomic actions', () => {
  it('ATO-8: nobody but the coordinator decides', () => {
    const { b, c, id, taker } = prepared()
    equal(say(b, c, decision(id, OUTCOME_ABORT)).refusal, 'atomic-unknown')
    equal(say(b, c, decision(id, OUTCOME_COMMIT)).refusal, 'atomic-unknown')
    equal(b.held.escrows, 1)
    equal(b.consumer(taker), BALANCE)
  })

  it('ATO-8: a commit brings exactly what the coordinator’s payers owe, or nothing happens', () => {
    for (const amount of [0n, 4n, 6n]) {
      const { a, b, id, taker } = prepared()
      equal(say(b, a, decision(id, OUTCOME_COMMIT, amount)).refusal, 'atomic-repeated')
      equal(b.held.escrows, 1)
      equal(b.consumer(taker), BALANCE)
      equal(readTotals(b.state).lostConsumer, amount, 'what came is not gone')
    }
    const { a, b, id, taker } = prepared()
    equal(say(b, a, decision(id, OUTCOME_COMMIT, 5n)).refusal, undefined)
    equal(b.consumer(taker), BALANCE + 5n)
  })

  it('ATO-8: a decision that is neither is none', () => {
    const { a, b, id } = prepared()
    for (const outcome of [0, 3, 255]) equal(say(b, a, decision(id, outcome)).refusal, 'atomic-repeated')
    equal(b.held.escrows, 1)
  })

  it('ATO-8: a payment is what its source owes, once, and never the coordinator’s', () => {
    const { a, b, c, id, taker } = prepared()
    equal(say(b, a, payment(id, 5n)).refusal, 'atomic-repeated')
    equal(say(b, c, payment(id, 8n)).refusal, 'atomic-repeated')
    equal(say(b, c, payment(id, 9n)).refusal, undefined)
    equal(say(b, c, payment(id, 9n)).refusal, 'atomic-repeated')
    equal(b.consumer(taker), BALANCE, 'held until the decision')
    equal(say(b, a, decision(id, OUTCOME_COMMIT, 5n)).refusal, undefined)
    equal(b.consumer(taker), BALANCE + 14n)
    equal(say(b, c, payment(id, 9n)).refusal, 'atomic-unknown')
    equal(readTotals(b.state).lostConsumer, 5n + 8n + 9n + 9n)
  })

  it('ATO-8: what was paid to a shard that is told to abort is lost and found', () => {
    const { a, b, c, id, taker } = prepared()
    say(b, c, payment(id, 9n))
    equal(say(b, a, decision(id, OUTCOME_ABORT)).refusal, undefined)
    equal(b.consumer(taker), BALANCE)
    equal(readTotals(b.state).lostConsumer, 9n)
    equal(readTotals(b.state).escrowConsumer, 0n)
    equal(b.held.escrows, 0)
  })

  it('ATO-9: only a shard with a part is heard, in its turn, and not otherwise than was decided', () => {
    const { a, b, c, id, action } = prepared()
    const outcome = (): number => a.record(action)!.outcome
    equal(say(a, b, answer(new Uint8Array(32), PHASE_PREPARED)).refusal, 'atomic-unknown')
    equal(say(a, b, answer(id, PHASE_COMMITTED)).refusal, 'atomic-repeated', 'it has not prepared')
    equal(say(a, b, answer(id, 0)).refusal, 'atomic-repeated')
    equal(say(a, b, answer(id, PHASE_PREPARED)).refusal, undefined)
    equal(say(a, b, answer(id, PHASE_PREPARED)).refusal, 'atomic-repeated', 'a vote is heard once')
    equal(say(a, b, answer(id, PHASE_COMMITTED)).refusal, 'atomic-repeated', 'nothing is decided')
    equal(outcome(), OUTCOME_OPEN)
    equal(say(a, c, answer(id, PHASE_PREPARED)).refusal, undefined)
    equal(outcome(), OUTCOME_COMMIT)
    equal(say(a, b, answer(id, PHASE_ABORTED)).refusal, 'atomic-repeated')
    equal(say(a, b, answer(id, PHASE_COMMITTED)).refusal, undefined)
    equal(say(a, b, answer(id, PHASE_COMMITTED)).refusal, 'atomic-repeated')
    equal(outcome(), OUTCOME_COMMIT)
  })

  it('ATO-9: a shard without a part has no vote', () => {
    const chains = atomicChains(3) as Three
    const [a, b, c] = chains
    const [sender] = a.owners
    const action = a.atomic(sender, [leg(sender, b.owners[0], 1n)])
    a.run({ transactions: [action] })
    equal(say(a, c, answer(action.id, PHASE_PREPARED)).refusal, 'atomic-unknown')
    equal(a.record(action)!.outcome, OUTCOME_OPEN)
  })

  it('ATO-5: a call that is none, brings amounts, or speaks for another chain or sender does nothing', () => {
    const [a, b, c] = atomicChains(3) as Three
    const [sender] = a.owners
    a.run({ transactions: [a.atomic(sender, [leg(sender, b.owners[0], 1n)])] })
    const { payload, sender: address, origin } = b.deliveries(a)[0]!.receipts[0]!
    const call = { kind: RECEIPT_CALL, origin, sender: address, payload }
    equal(
      say(b, a, { ...call, payload: Uint8Array.of(2, ...payload.subarray(1)) }).refusal,
      'unknown-receipt'
    )
    equal(say(b, a, { ...call, payload: payload.subarray(0, -1) }).refusal, 'unknown-receipt')
    const paid = say(b, a, { ...call, consumer: 3n })
    deepEqual([paid.refusal, paid.refund], ['unknown-receipt', 0], 'its amounts go back')
    equal(say(b, c, call).refusal, 'unknown-receipt', 'its terms name another coordinator')
    equal(say(b, a, { ...call, sender: b.owners[0].address }).refusal, 'unknown-receipt')
    equal(b.held.escrows, 0)
    equal(say(b, a, call).refusal, undefined)
    equal(say(b, a, call).refusal, 'atomic-known')
  })
})

describe('prepares for chains without a part', () => {
  it('ATO-5: whoever no leg begins or ends on holds nothing and answers nothing, coordination above all', () => {
    const [a, b, c] = atomicChains(3) as Three
    const [sender] = a.owners
    a.run({ transactions: [a.atomic(sender, [leg(sender, b.owners[0], 1n)])] })
    const { payload, sender: address, origin } = b.deliveries(a)[0]!.receipts[0]!
    const call = { kind: RECEIPT_CALL, origin, sender: address, payload }
    const coord = new LaneChain(COORD, 3)
    for (const asked of [c, coord]) {
      equal(say(asked, a, call).refusal, 'unknown-receipt')
      equal(readEscrow(asked.state, origin), undefined)
      equal(readOutLane(asked.state, a.chain), undefined, 'nothing goes back')
    }
    equal(say(b, a, call).refusal, undefined)
  })
})

describe('parts that a shard cannot take', () => {
  const refusalOf = (change: (b: AtomicChain) => void): string | undefined => {
    const chains = atomicChains(2) as [AtomicChain, AtomicChain]
    const [a, b] = chains
    const [sender] = a.owners
    const nobody = ownerOn(1, 2, 30_000)
    a.run({ transactions: [a.atomic(sender, [leg(nobody, sender, 1n)], [{ chain: b, owner: nobody }])] })
    change(b)
    return b.take(a).received[0]?.refusal
  }

  it('ATO-5: a payer without a record cannot pay', () => {
    equal(
      refusalOf(() => undefined),
      'unknown-account'
    )
  })

  it('ATO-5, STA-15: a shard whose state is full takes no part, and one with just enough room does', () => {
    const refusal = (room: number): string | undefined => {
      const [a, b] = atomicChains(2) as [AtomicChain, AtomicChain]
      const [sender, bob] = [a.owners[0], b.owners[0]]
      a.run({ transactions: [a.atomic(sender, [leg(bob, sender, 1n)], [{ chain: b, owner: bob }])] })
      // An Escrow of one leg with its key, and the payer's record.
      const needed = 33 + 46 + 58 + 33
      const { stateBytes } = readTotals(b.state)
      // Receiving takes no room before: the lane's record is counted when the block ends.
      b.params = { ...b.params, maxStateBytes: stateBytes + needed + room }
      return b.take(a).received[0]?.refusal
    }
    equal(refusal(0), undefined)
    equal(refusal(-1), 'state-full')
  })

  it('ATO-2, ATO-14: who cannot pay the charge begins nothing', () => {
    const [a, b] = atomicChains(2) as [AtomicChain, AtomicChain]
    const [sender] = a.owners
    const charge = BigInt(PARAMS.creationCharge)
    const attempt = (short: bigint): string | undefined => {
      const [x] = atomicChains(2) as [AtomicChain, AtomicChain]
      const probe = x.atomic(sender, [leg(sender, b.owners[0], 1n)])
      const most = BALANCE - probe.transaction.fee - charge + short
      const action = x.atomic(sender, [leg(sender, b.owners[0], most)])
      const before = x.state.values.size
      const failure = x.run({ transactions: [action] }).results[0]?.failure
      if (failure !== undefined) equal(x.held.escrows + x.held.records + x.held.index, 0, `${before}`)
      return failure
    }
    equal(attempt(0n), undefined)
    equal(attempt(1n), 'creation-unpaid')
    drain([a, b])
  })
})
