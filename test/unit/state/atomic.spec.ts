import { deepEqual, equal, ok } from 'node:assert/strict'
import {
  OUTCOME_ABORT,
  OUTCOME_COMMIT,
  OUTCOME_OPEN,
  PHASE_ABORTED,
  PHASE_COMMITTED,
  PHASE_PENDING,
  PHASE_PREPARED,
  PHASE_REFUSED
} from '../../../src/codec/atomic.ts'
import { refusalNumber } from '../../../src/codec/refusals.ts'
import { readEscrow } from '../../../src/state/atomic/records.ts'
import { readTotals } from '../../../src/state/supply.ts'
import { BALANCE, assertSound, atomicChains, drain, leg, ownerOn } from '../../support/atomic.ts'
import type { AtomicChain } from '../../support/atomic.ts'
import { COIN, PARAMS } from '../../support/state.ts'

type Three = [AtomicChain, AtomicChain, AtomicChain]
const three = (): Three => atomicChains(3) as Three
const phases = (chain: AtomicChain, action: Parameters<AtomicChain['record']>[0]): number[] =>
  chain.record(action)!.parts.map(({ phase }) => phase)

describe('atomic actions', () => {
  it('ATO-1, ATO-2, ATO-6: payments of one sender to several shards arrive on all', () => {
    const chains = three()
    const [a, b, c] = chains
    const [sender] = a.owners
    const action = a.atomic(sender, [leg(sender, b.owners[0], 5n), leg(sender, c.owners[0], 7n, 2n)])
    const { results } = a.run({ transactions: [action] })
    equal(results[0]?.failure, undefined)
    deepEqual(results[0]?.emitted, [
      { destination: b.chain, sequence: 0 },
      { destination: c.chain, sequence: 0 }
    ])
    equal(readTotals(a.state).escrowConsumer, 12n)
    equal(readTotals(a.state).escrowIndustrial, 2n)
    deepEqual(phases(a, action), [PHASE_PREPARED, PHASE_PENDING, PHASE_PENDING])
    assertSound(chains)
    b.take(a)
    a.take(b)
    deepEqual(phases(a, action), [PHASE_PREPARED, PHASE_PREPARED, PHASE_PENDING])
    equal(a.record(action)!.outcome, OUTCOME_OPEN)
    equal(b.consumer(b.owners[0]), BALANCE, 'nothing is credited before the decision')
    c.take(a)
    a.take(c)
    equal(a.record(action)!.outcome, OUTCOME_COMMIT)
    equal(readTotals(a.state).escrowConsumer, 0n)
    assertSound(chains)
    b.take(a)
    c.take(a)
    deepEqual(
      [b.consumer(b.owners[0]), c.consumer(c.owners[0]), c.industrial(c.owners[0])],
      [BALANCE + 5n, BALANCE + 7n, BALANCE + 2n]
    )
    equal(a.record(action)!.endedAt, 0)
    drain(chains)
    deepEqual(phases(a, action), [PHASE_COMMITTED, PHASE_COMMITTED, PHASE_COMMITTED])
    ok(a.record(action)!.endedAt > 0)
    deepEqual(
      chains.map(({ held }) => held.escrows),
      [0, 0, 0]
    )
    assertSound(chains)
  })

  it('ATO-4, ATO-8: two owners of two shards swap their tokens, or neither gives anything', () => {
    for (const willing of [true, false]) {
      const chains = atomicChains(2) as [AtomicChain, AtomicChain]
      const [a, b] = chains
      const [alice, bob] = [a.owners[0], b.owners[0]]
      const asked = willing ? BALANCE : BALANCE + 1n
      const action = a.atomic(
        alice,
        [leg(alice, bob, 100n), leg(bob, alice, 0n, asked)],
        [{ chain: b, owner: bob }]
      )
      const { results } = a.run({ transactions: [action] })
      const paid = BALANCE - results[0]!.fee.consumer - BigInt(PARAMS.creationCharge)
      equal(a.consumer(alice), paid - 100n, 'what may leave is no longer the sender’s')
      b.take(a)
      equal(b.industrial(bob), willing ? 0n : BALANCE)
      drain(chains)
      const record = a.record(action)!
      equal(record.outcome, willing ? OUTCOME_COMMIT : OUTCOME_ABORT)
      equal(record.reason, willing ? 0 : refusalNumber('insufficient-funds'))
      const end = willing
        ? [paid - 100n, BALANCE + 100n, 2n * BALANCE, 0n]
        : [paid, BALANCE, BALANCE, BALANCE]
      deepEqual([a.consumer(alice), b.consumer(bob), a.industrial(alice), b.industrial(bob)], end)
      deepEqual(
        chains.map(({ held }) => held.escrows),
        [0, 0]
      )
      assertSound(chains)
    }
  })

  it('ATO-8: a payment between two other shards waits for the decision on its own shard', () => {
    const chains = three()
    const [a, b, c] = chains
    const [organiser, giver, taker] = [a.owners[0], b.owners[0], c.owners[0]]
    const action = a.atomic(organiser, [leg(giver, taker, 9n)], [{ chain: b, owner: giver }])
    a.run({ transactions: [action] })
    for (const chain of [b, c]) {
      chain.take(a)
      a.take(chain)
    }
    equal(a.record(action)!.outcome, OUTCOME_COMMIT)
    b.take(a)
    equal(b.consumer(giver), BALANCE - 9n)
    c.run({ deliveries: c.deliveries(b) })
    equal(c.consumer(taker), BALANCE, 'R13: paid, but not told yet')
    equal(readTotals(c.state).escrowConsumer, 9n)
    assertSound(chains)
    c.take(a)
    equal(c.consumer(taker), BALANCE + 9n)
    drain(chains)
    deepEqual(phases(a, action), [PHASE_COMMITTED, PHASE_COMMITTED, PHASE_COMMITTED])
    deepEqual(
      chains.map(({ held }) => held.escrows),
      [0, 0, 0]
    )
    assertSound(chains)
  })

  it('ATO-8: told before it is paid, a shard goes on waiting for the payment', () => {
    const chains = three()
    const [a, b, c] = chains
    const [organiser, giver] = [a.owners[0], b.owners[0]]
    const fresh = ownerOn(2, 3, 9_000)
    const action = a.atomic(organiser, [leg(giver, fresh, COIN * 20n)], [{ chain: b, owner: giver }])
    a.run({ transactions: [action] })
    for (const chain of [b, c]) {
      chain.take(a)
      a.take(chain)
    }
    c.take(a)
    equal(c.held.escrows, 1)
    equal(c.consumer(fresh), undefined)
    b.take(a)
    a.take(b)
    equal(phases(a, action)[2], PHASE_PREPARED, 'it has not ended')
    c.take(b)
    equal(c.consumer(fresh), COIN * 20n, 'an account without a record was promised one')
    drain(chains)
    deepEqual(
      chains.map(({ held }) => held.escrows),
      [0, 0, 0]
    )
    assertSound(chains)
  })

  it('ATO-6: one shard that refuses makes all give back what they hold; who refused is told nothing', () => {
    const chains = three()
    const [a, b, c] = chains
    const [sender, giver] = [a.owners[0], b.owners[0]]
    const poor = ownerOn(2, 3, 9_000)
    const legs = [leg(sender, c.owners[0], 5n), leg(giver, poor, BigInt(PARAMS.minBalance) - 1n)]
    const action = a.atomic(sender, legs, [{ chain: b, owner: giver }])
    const { results } = a.run({ transactions: [action] })
    b.take(a)
    ok(b.consumer(giver)! < BALANCE)
    const { received } = c.take(a)
    equal(received[0]?.refusal, 'below-min-balance')
    equal(c.held.escrows, 0)
    a.take(c)
    const record = a.record(action)!
    equal(record.outcome, OUTCOME_ABORT)
    equal(record.reason, refusalNumber('below-min-balance'))
    deepEqual(
      record.parts.map(({ decision }) => decision.length),
      [0, 1, 0]
    )
    drain(chains)
    deepEqual(phases(a, action), [PHASE_ABORTED, PHASE_ABORTED, PHASE_REFUSED])
    const charge = results[0]!.fee.consumer + 2n * BigInt(PARAMS.creationCharge)
    deepEqual([a.consumer(sender), b.consumer(giver)], [BALANCE - charge, BALANCE])
    assertSound(chains)
  })
})

describe('deadlines of atomic actions', () => {
  const begun = (heights: number) => {
    const chains = three()
    const [a, b, c] = chains
    const [sender] = a.owners
    const legs = [leg(sender, b.owners[0], 5n), leg(sender, c.owners[0], 7n)]
    const action = a.atomic(sender, legs, [], { heights })
    a.run({ transactions: [action] })
    return { chains, a, b, c, sender, action }
  }
  const passTo = (chain: AtomicChain, height: number): void => {
    while (chain.height < height) chain.run({})
  }

  it('ATO-10: commits one height below the deadline', () => {
    const { chains, a, b, c, action } = begun(4)
    const { deadline } = a.record(action)!
    equal(deadline, 5)
    b.take(a)
    c.take(a)
    passTo(a, deadline - 2)
    a.run({ deliveries: [...a.deliveries(b), ...a.deliveries(c)] })
    equal(a.height, deadline - 1)
    equal(a.record(action)!.outcome, OUTCOME_COMMIT)
    passTo(a, deadline + 1)
    equal(a.record(action)!.outcome, OUTCOME_COMMIT, 'nothing changes what is decided')
    drain(chains)
    assertSound(chains)
  })

  it('ATO-10: aborts in the block of the deadline, also if the last answer comes in that block', () => {
    const { chains, a, b, c, action } = begun(4)
    const { deadline } = a.record(action)!
    b.take(a)
    c.take(a)
    a.take(b)
    passTo(a, deadline - 1)
    a.take(c)
    equal(a.height, deadline)
    const record = a.record(action)!
    equal(record.outcome, OUTCOME_ABORT)
    equal(record.reason, refusalNumber('deadline-passed'))
    equal(record.decidedAt, deadline)
    drain(chains)
    deepEqual(phases(a, action), [PHASE_ABORTED, PHASE_ABORTED, PHASE_ABORTED])
    deepEqual([b.consumer(b.owners[0]), c.consumer(c.owners[0])], [BALANCE, BALANCE])
    assertSound(chains)
  })

  it('ATO-12, STA-14: an idle block does it; before and after, idle blocks change nothing', () => {
    const { a, action } = begun(3)
    const { deadline } = a.record(action)!
    const rootAt = (): string => String(a.state.root)
    const before = rootAt()
    passTo(a, deadline - 1)
    equal(rootAt(), before)
    const { emitted } = a.run({})
    equal(emitted.length, 2, 'the decision goes to both')
    equal(a.record(action)!.outcome, OUTCOME_ABORT)
    const after = rootAt()
    a.run({})
    equal(rootAt(), after)
  })

  it('ATO-9: answers that come after the decision are recorded and change nothing', () => {
    const { chains, a, b, c, sender, action } = begun(2)
    passTo(a, 3)
    const record = a.record(action)!
    equal(record.outcome, OUTCOME_ABORT)
    const returned = a.consumer(sender)
    b.run({ deliveries: b.deliveries(a) })
    equal(b.held.escrows, 0, 'held and given back by two receipts of one delivery')
    c.take(a)
    a.take(b)
    const late = a.record(action)!
    equal(late.outcome, OUTCOME_ABORT)
    equal(late.parts[1]!.vote.length, 1)
    equal(a.consumer(sender), returned)
    drain(chains)
    ok(a.record(action)!.endedAt > 0)
    assertSound(chains)
  })

  it('R13: a participant that has prepared waits however long it takes', () => {
    const { a, b, action } = begun(2)
    b.take(a)
    passTo(a, 10)
    passTo(b, 6_000)
    equal(b.held.escrows, 1)
    equal(readEscrow(b.state, action.id)!.phase, PHASE_PREPARED)
    b.take(a)
    equal(b.held.escrows, 0)
  })

  it('ATO-13: the record goes 5,760 heights after its end, and its traces with it', () => {
    const { chains, a, action } = begun(2)
    passTo(a, 3)
    drain(chains)
    const { endedAt } = a.record(action)!
    ok(endedAt > 0)
    passTo(a, endedAt + 5_759)
    equal(a.held.records, 1)
    a.run({})
    deepEqual(a.held, { escrows: 0, records: 0, index: 0 })
    assertSound(chains)
  }).timeout(20_000)
})
