/** What the rules of receipts protect (R5–R10, R14): by two chains in memory, and by a whole network. */
import assert from 'node:assert/strict'
import { DeliveryType } from '../../../src/codec/receipt.ts'
import type { Delivery } from '../../../src/codec/receipt.ts'
import { AccountType } from '../../../src/codec/state-records.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { readInLane, readOutLane } from '../../../src/node/chain/outbox.ts'
import { commit } from '../../../src/state/commit.ts'
import { accountKey } from '../../../src/state/keys.ts'
import { readAccount, readTotals, totalSupply } from '../../../src/state/supply.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { PARAMS, partyOn } from '../../support/state.ts'
import { ALL, expectProgress, expectSound, warmWorld } from './stage.ts'

const MAX_AMOUNT = 2n ** 64n - 1n

/** One chain has sent two receipts to the other. */
function twoSent(): readonly [LaneChain, LaneChain] {
  const [a, b] = laneChains(2)
  assert(a !== undefined && b !== undefined, 'two chains')
  const [from] = a.parties
  const [to] = b.parties
  assert(from !== undefined && to !== undefined, 'each with a user')
  a.run({ transactions: [a.pay(from, to.address, 5n), a.pay(from, to.address, 5n, 1)] })
  return [a, b]
}

/** One chain has sent what the other cannot take, for nobody has an account there. */
function oneRefused(): readonly [LaneChain, LaneChain] {
  const [a, b] = laneChains(2)
  assert(a?.parties[0] !== undefined && b !== undefined, 'two chains')
  a.run({ transactions: [a.pay(a.parties[0], partyOn(1, 2, 6_000).address, 1n)] })
  b.run({ deliveries: b.deliveries(a) })
  return [a, b]
}

const supplyOf = (...chains: LaneChain[]) => totalSupply(chains.map(({ state }) => readTotals(state)))

/** R7: the cursor of the lane goes with what it applies, so nothing comes twice. */
export async function sameDeliveryTwice(): Promise<void> {
  const [a, b] = twoSent()
  const deliveries = b.deliveries(a)
  b.run({ deliveries })
  const again = b.apply({ deliveries })
  assert(!again.ok && again.code === 'wrong-sequence', 'the same delivery was applied twice')
  assert.equal(readInLane(b.state, a.chain)?.cursor, 2)
  return Promise.resolve()
}

/** R5: what a delivery says stands in the state of its source, or the block is invalid. */
export async function unprovenDelivery(): Promise<void> {
  const [a, b] = twoSent()
  const delivery = a.assemble(b)
  const [first] = delivery?.entries ?? []
  const [receipt, ...others] = first?.entry.receipts ?? []
  assert(delivery !== undefined && first !== undefined && receipt !== undefined, 'something was sent')
  const entry = { ...first.entry, receipts: [{ ...receipt, consumer: 1_000n }, ...others] }
  const judged = b.judge({ ...delivery, entries: [{ ...first, entry }] })
  assert(!judged.ok && judged.code === 'delivery-proof', 'more arrived than was sent')
  return Promise.resolve()
}

/** R8: what is refused comes back to its sender. */
export async function refusedValueReturns(): Promise<void> {
  const [a, b] = oneRefused()
  const [from] = a.parties
  assert(from !== undefined, 'it has a user')
  const before = readAccount(a.state, from.address)?.consumer ?? 0n
  a.run({ deliveries: a.deliveries(b) })
  assert.equal(readAccount(a.state, from.address)?.consumer, before + 1n, 'the sender has it again')
  const [c, d] = twoSent()
  assert.deepEqual(supplyOf(a, b), supplyOf(c, d), 'as much as before')
  return Promise.resolve()
}

/** R8: a refund cannot be refused: what cannot be credited is kept as lost and found. */
export async function refundWithoutRoom(): Promise<void> {
  const [a, b] = oneRefused()
  const [from] = a.parties
  assert(from !== undefined, 'it has a user')
  const account = readAccount(a.state, from.address)
  assert(account !== undefined, 'it has an account')
  const full = AccountType.serialize({ ...account, consumer: MAX_AMOUNT })
  a.state.apply(commit(a.state, new Map([[toHex(accountKey(from.address)), full]])))
  const before = supplyOf(a, b)
  a.run({ deliveries: a.deliveries(b) })
  assert.equal(readTotals(a.state).lostConsumer, 1n, 'the refund is lost and found')
  assert.deepEqual(supplyOf(a, b), before)
  return Promise.resolve()
}

/** R10: nobody acknowledges what was never sent. */
export async function acknowledgementAhead(): Promise<void> {
  const [a, b] = twoSent()
  b.run({ deliveries: b.deliveries(a) })
  const [delivery] = a.deliveries(b)
  const proven = delivery?.acknowledgement
  assert(delivery !== undefined && proven !== undefined, 'the destination says how far it came')
  const ahead = { ...delivery, acknowledgement: { ...proven, cursor: proven.cursor + 1 } }
  const refused = a.apply({ deliveries: [ahead] })
  assert(!refused.ok && refused.code === 'acknowledgement-ahead', 'what was never sent is acknowledged')
  return Promise.resolve()
}

/** R5, R6: only the committee of the header's own epoch makes it final, and only once that is known. */
export async function committeeOfAnotherEpoch(): Promise<void> {
  const [a, b] = twoSent()
  const delivery = a.assemble(b)
  const [certificate] = delivery?.certificate ?? []
  assert(delivery !== undefined && certificate !== undefined, 'something was sent')
  const code = (change: Partial<Delivery>): string => {
    const judged = b.judge(DeliveryType.deserialize(DeliveryType.serialize({ ...delivery, ...change })))
    return judged.ok ? 'ok' : judged.code
  }
  assert.equal(code({}), 'ok')
  const other = { ...certificate, epoch: certificate.epoch + 1 }
  assert.equal(code({ certificate: [other] }), 'delivery-certificate', 'another epoch’s committee decides')
  const { header } = delivery
  const later = PARAMS.epochLength
  assert.equal(code({ header: { ...header, epoch: later } }), 'delivery-epoch', 'not frozen yet')
  return Promise.resolve()
}

/** R14: a shard stands still; the lanes between the others go on, and its own do once it moves again. */
export async function stoppedShard(): Promise<void> {
  const world = await warmWorld({ shards: 3, users: 12 })
  const [still, ...moving] = [shardId(0), shardId(1), shardId(2)]
  world.network.mute(still)
  const cursor = (from: number, to: number): number =>
    readInLane(world.chainOf(0, shardId(to)).store, shardId(from))?.cursor ?? 0
  const from = readOutLane(world.chainOf(0, shardId(1)).store, still)?.next ?? 0
  for (let sent = 0; sent < 60; sent++) {
    for (const index of ALL) world.workload.submitAcross(world.node(index), world.genesis)
    await world.run(100)
  }
  const arrived = cursor(1, 2) + cursor(2, 1)
  assert(arrived > 20, `${arrived} receipts between the shards that go on`)
  const waiting = readOutLane(world.chainOf(0, shardId(1)).store, still)?.next ?? 0
  assert(waiting > from && cursor(1, 0) <= from, 'those to the other wait in the state of their source')
  world.heal()
  await expectProgress(world, ALL, [still, ...moving, COORD], 6)
  await world.until(() => cursor(1, 0) >= waiting, 20_000)
  assert(cursor(1, 0) >= waiting, 'they arrived')
  expectSound(world)
}
