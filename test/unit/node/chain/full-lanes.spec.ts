import assert from 'node:assert/strict'
import type { Header } from '../../../../src/codec/block.ts'
import { BundleType } from '../../../../src/codec/messages.ts'
import { addressOfKey } from '../../../../src/crypto/address.ts'
import { Pool } from '../../../../src/mempool/pool.ts'
import { VerifiedCache } from '../../../../src/mempool/verified-cache.ts'
import { BlockTree } from '../../../../src/node/chain/block-tree.ts'
import { Transactions } from '../../../../src/node/chain/transactions.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../../src/primitives/chain-id.ts'
import { LocalTransactions } from '../../../../src/store/local-transactions.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import { aBlock } from '../../../support/consensus.ts'
import { CoordChain } from '../../../support/coordination.ts'
import { aGenesis, someKey } from '../../../support/genesis.ts'
import { laneChains } from '../../../support/lanes.ts'
import { FakeClock, FakeNetwork, peer } from '../../../support/node-fakes.ts'
import { CONSTANTS, PARAMS } from '../../../support/state.ts'
import type { MemoryState } from '../../../support/state.ts'

interface Head {
  readonly header: Header
  readonly state: MemoryState
  readonly constants: typeof CONSTANTS
  readonly isCongested: (to: ChainId) => boolean
}

async function nodeOn(chain: ChainId, { header, state, constants, isCongested }: Head) {
  const pool = new Pool(chain, PARAMS)
  const local = await LocalTransactions.open(new MemoryDisk().open())
  const transactions = new Transactions(
    {
      network: new FakeNetwork(),
      clock: new FakeClock(),
      verifier: { verify: async (jobs) => jobs.map(() => true) },
      verified: new VerifiedCache(64),
      pool,
      tree: new BlockTree({ header, hash: new Uint8Array(32) }, state),
      local,
      randomSeed: () => new Uint8Array(16).fill(1),
      onWork: () => undefined,
      onDropped: () => undefined,
      onFailed: assert.ifError,
      isCongested
    },
    { constants, chain }
  )
  return { pool, local, transactions }
}

async function scene() {
  const [a, b, c] = laneChains(3)
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  const full = new Set<ChainId>()
  const constants = { ...CONSTANTS, shards: 3 }
  const { transactions, pool, local } = await nodeOn(a.chain, {
    header: aBlock({ chain: a.chain, height: 1, view: 1 }).header,
    state: a.state,
    constants,
    isCongested: (to) => full.has(to)
  })
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

  it('POOL-9, R18: stake is asked back whatever a lane holds: no lane refuses what pays it out', async () => {
    const chain = new CoordChain(aGenesis())
    while (chain.height < 20) chain.block()
    const to = addressOfKey(someKey(20))
    const checked = chain.checked(someKey(0), { unstake: { consumer: 1n, industrial: 0n, to } })
    assert.ok(checked.ok)
    assert.equal(checked.value.destinations.length, 1)
    const { timeMs, network, shards } = chain.context
    const { transactions } = await nodeOn(COORD, {
      header: aBlock({ chain: COORD, height: chain.height, view: 1, timeMs }).header,
      state: chain.state,
      constants: { ...CONSTANTS, network, shards },
      isCongested: () => true
    })
    assert.deepEqual(await transactions.submit(checked.value), { ok: true, value: undefined })
  })
})
