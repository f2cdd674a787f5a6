/** What the rules of atomic actions protect (R13, ATO): three chains in memory, one of them hears things late. */
import assert from 'node:assert/strict'
import { OUTCOME_ABORT, OUTCOME_COMMIT } from '../../../src/codec/atomic.ts'
import { assertSound, atomicChains, drain, leg } from '../../support/atomic.ts'
import type { AtomicChain } from '../../support/atomic.ts'

const HEIGHTS = 4

/** A sender pays to two other shards, who have been asked. */
function asked() {
  const chains = atomicChains(3)
  const [a, b, c] = chains as [AtomicChain, AtomicChain, AtomicChain]
  const [sender] = a.owners
  const legs = [leg(sender, b.owners[0], 5n), leg(sender, c.owners[0], 7n)]
  const action = a.atomic(sender, legs, [], { heights: HEIGHTS })
  a.run({ transactions: [action] })
  const before = [b.consumer(b.owners[0]) ?? 0n, c.consumer(c.owners[0]) ?? 0n]
  b.take(a)
  c.take(a)
  const arrived = (): bigint[] => [
    (b.consumer(b.owners[0]) ?? 0n) - (before[0] ?? 0n),
    (c.consumer(c.owners[0]) ?? 0n) - (before[1] ?? 0n)
  ]
  return { chains, a, b, c, action, arrived }
}

/** R13: a shard that has prepared waits for the decision, and does as it says. */
export async function preparedWaits(): Promise<void> {
  const { chains, a, b, c, action, arrived } = asked()
  for (let height = 0; height < 3 * HEIGHTS; height++) b.run({})
  a.run({ deliveries: [...a.deliveries(b), ...a.deliveries(c)] })
  assert.equal(a.record(action)?.outcome, OUTCOME_COMMIT)
  drain(chains)
  assert.deepEqual(arrived(), [5n, 7n], 'committed everywhere')
  assertSound(chains)
  return Promise.resolve()
}

/** ATO-9, ATO-10: what was aborted at the deadline is not committed by an answer that comes later. */
export async function lateVoteAfterAbort(): Promise<void> {
  const { chains, a, b, c, action, arrived } = asked()
  a.take(b)
  while (a.height <= HEIGHTS + 1) a.run({})
  assert.equal(a.record(action)?.outcome, OUTCOME_ABORT)
  a.take(c)
  drain(chains)
  assert.equal(a.record(action)?.outcome, OUTCOME_ABORT)
  assert.deepEqual(arrived(), [0n, 0n], 'aborted everywhere')
  assertSound(chains)
  return Promise.resolve()
}

/** ATO-8: a decision that comes twice is obeyed once. */
export async function decisionTwice(): Promise<void> {
  const { chains, a, b, c, arrived } = asked()
  a.run({ deliveries: [...a.deliveries(b), ...a.deliveries(c)] })
  const [delivery] = b.deliveries(a)
  const [decision] = delivery?.receipts ?? []
  assert(delivery !== undefined && decision !== undefined, 'it is decided')
  const again = { ...decision, sequence: decision.sequence + 1 }
  b.run({ deliveries: [{ ...delivery, receipts: [decision, again] }] })
  assert.equal(arrived()[0], 5n, 'paid once')
  assert.equal(chains.length, 3)
  return Promise.resolve()
}
