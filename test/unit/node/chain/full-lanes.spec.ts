import assert from 'node:assert/strict'
import { BundleType } from '../../../../src/codec/messages.ts'
import { Pool } from '../../../../src/mempool/pool.ts'
import { VerifiedCache } from '../../../../src/mempool/verified-cache.ts'
import { BlockTree } from '../../../../src/node/chain/block-tree.ts'
import { Transactions } from '../../../../src/node/chain/transactions.ts'
import type { ChainId } from '../../../../src/primitives/chain-id.ts'
import { LocalTransactions } from '../../../../src/store/local-transactions.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import { aBlock } from '../../../support/consensus.ts'
import { laneChains } from '../../../support/lanes.ts'
import { FakeClock, FakeNetwork, peer } from '../../../support/node-fakes.ts'
import { CONSTANTS, PARAMS } from '../../../support/state.ts'

async function scene() {
  const [a, b, c] = laneChains(3)
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  const base = aBlock({ chain: a.chain, height: 1, view: 1 })
  const pool = new Pool(a.chain, PARAMS)
  const local = await LocalTransactions.open(new MemoryDisk().open())
  const full = new Set<ChainId>()
  const transactions = new Transactions(
    {
      network: new FakeNetwork(),
      clock: new FakeClock(),
      verifier: { verify: async (jobs) => jobs.map(() => true) },
      verified: new VerifiedCache(64),
      pool,
      tree: new BlockTree({ header: base.header, hash: base.hash }, a.state),
      local,
      randomSeed: () => new Uint8Array(16).fill(1),
      onWork: () => undefined,
      onDropped: () => undefined,
      onFailed: assert.ifError,
      isCongested: (to) => full.has(to)
    },
    { constants: { ...CONSTANTS, shards: 3 }, chain: a.chain }
  )
  const [from] = a.parties
  const pay = (to: typeof b, ahead = 0) => a.pay(from!, to.parties[0]!.address, 5n, ahead)
  const kept = (): number[] => [pool.pendingCount, local.count]
  return { a, b, c, full, transactions, pay, kept }
}

describe('full lanes and the users of a node', () => {
  it('POOL-9, R9: what a full lane would take is refused, in the pool and on disk; other lanes go on', async () => {
    const { a, b, c, full, transactions, pay, kept } = await scene()
    full.add(b.chain)
    const refused = await transactions.submit(pay(b))
    assert.equal(refused.ok || refused.code, 'lane-congested')
    assert.deepEqual(kept(), [0, 0])
    assert.equal((await transactions.submit(pay(c))).ok, true)
    assert.equal((await transactions.submit(pay(a, 1))).ok, true, 'none is used')
    full.clear()
    assert.equal((await transactions.submit(pay(b, 2))).ok, true)
    assert.deepEqual(kept(), [3, 3])
  })

  it('POOL-9: what peers announce is admitted all the same', async () => {
    const { a, b, full, transactions, pay, kept } = await scene()
    full.add(b.chain)
    const bundle = BundleType.serialize({ chain: a.chain, transactions: [pay(b).bytes] })
    const { rule } = await transactions.judgeBundle(bundle, peer('a'))
    assert.deepEqual([rule, ...kept()], ['bundle-admitted', 1, 0])
  })
})
