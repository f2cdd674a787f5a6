import assert from 'node:assert/strict'
import { OUTCOME_COMMIT, OUTCOME_OPEN } from '../../../src/codec/atomic.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import type { AtomicFacts, ReceiptFacts, TransactionFacts } from '../../../src/rpc/port.ts'
import { atomicFeed, transactionFeed } from '../../../src/rpc/ws/followed.ts'
import { SHARD, bytes32, fakeNodePort } from '../../support/fake-node-port.ts'

const ID = bytes32(5)
const OTHER = shardId(1)
const RECEIPT = { source: SHARD, destination: OTHER, sequence: 4 }
const FINAL: TransactionFacts = {
  status: 'final',
  place: { chain: SHARD, height: 3, hash: bytes32(3), index: 0 },
  emitted: [RECEIPT]
}

function transactionScene() {
  const now = {
    transaction: { status: 'pending' } as TransactionFacts,
    hops: [] as ReceiptFacts[],
    ms: 0,
    reads: 0
  }
  const port = fakeNodePort({
    transaction: async () => {
      now.reads += 1
      return now.transaction
    },
    hops: async () => now.hops
  })
  const feed = transactionFeed(port, ID, { intervalMs: 250, nowMs: () => now.ms })
  const told = async (later = 250) => {
    now.ms += later
    return (await feed.take()).map(({ status, hops }) => [status, ...hops.map((hop) => hop.status)].join(' '))
  }
  return { now, told }
}

describe('RPC: topics transaction and atomic', () => {
  it('RPC-15, R16: each step of a transaction and of its receipt is told once, and nothing after the last', async () => {
    const { now, told } = transactionScene()
    assert.deepEqual(await told(), ['pending'])
    assert.deepEqual(await told(), [], 'nothing differs')
    now.transaction = FINAL
    now.hops = [{ ...RECEIPT, status: 'provable' }]
    assert.deepEqual(await told(), ['final provable'])
    now.hops = [{ ...RECEIPT, status: 'delivered' }]
    assert.deepEqual(await told(), ['final delivered'])
    now.hops = [{ ...RECEIPT, status: 'acknowledged' }]
    assert.deepEqual(await told(), ['final acknowledged'])
    const { reads } = now
    assert.deepEqual(await told(), [])
    assert.equal(now.reads, reads, 'what is over is not read again')
  })

  it('R8, R16: what is refused is followed until its refund has come back', async () => {
    const { now, told } = transactionScene()
    now.transaction = FINAL
    const refused: ReceiptFacts = { ...RECEIPT, status: 'refused', reason: 'below-min-balance', refund: 9 }
    const refund = { source: OTHER, destination: SHARD, sequence: 9 }
    for (const status of ['provable', 'delivered', 'acknowledged'] as const) {
      now.hops = [refused, { ...refund, status }]
      assert.deepEqual(await told(), [`final refused ${status}`])
    }
    const { reads } = now
    await told()
    assert.equal(now.reads, reads)
  })

  it('RPC-15: it is told at most every 250 ms, and then as it is', async () => {
    const { now, told } = transactionScene()
    await told()
    now.transaction = { status: 'included' }
    assert.deepEqual(await told(249), [])
    now.transaction = { ...FINAL, emitted: [] }
    assert.deepEqual(await told(1), ['final'])
  })

  it('RPC-15: it is read at most every 250 ms, whether it differs or not: thousands may wait for one block', async () => {
    const { now, told } = transactionScene()
    await told()
    await told()
    for (let at = 0; at < 5; at++) await told(40)
    assert.equal(now.reads, 2)
    await told(50)
    assert.equal(now.reads, 3)
  })

  it('RPC-15, ATO-12: an action is told from open to its end, with what is held for it', async () => {
    const base = { sender: bytes32(1).subarray(0, 20), height: 3, deadline: 30, reason: 0, parts: [] }
    const asOf = { chain: SHARD, height: 4, hash: bytes32(4) }
    let facts: AtomicFacts = { record: undefined, held: [] }
    let reads = 0
    const port = fakeNodePort({
      atomic: () => {
        reads += 1
        return facts
      }
    })
    let ms = 0
    const feed = atomicFeed(port, ID, { intervalMs: 250, nowMs: () => (ms += 250) })
    const told = async () => (await feed.take()).map(({ record }) => record?.outcome ?? 'none')
    const become = (outcome: number, decidedAt: number, endedAt: number) => {
      facts = { record: { record: { ...base, outcome, decidedAt, endedAt } as never, asOf }, held: [] }
    }
    assert.deepEqual(await told(), ['none'])
    become(OUTCOME_OPEN, 0, 0)
    assert.deepEqual(await told(), ['open'])
    become(OUTCOME_COMMIT, 6, 0)
    assert.deepEqual(await told(), ['commit'])
    become(OUTCOME_COMMIT, 6, 9)
    assert.deepEqual(await told(), ['commit'])
    assert.deepEqual(await told(), [])
    assert.equal(reads, 4, 'what has ended is not read again')
  })
})
