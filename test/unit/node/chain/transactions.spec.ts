import assert from 'node:assert/strict'
import { utf8 } from '../../../../src/primitives/bytes.ts'
import { addressOfKey } from '../../../../src/crypto/address.ts'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { BundleType } from '../../../../src/codec/messages.ts'
import { TransactionType } from '../../../../src/codec/transaction.ts'
import { RELAY_LIMITS } from '../../../../src/mempool/bundle-budgets.ts'
import type { BudgetLimits } from '../../../../src/mempool/bundle-budgets.ts'
import { Pool } from '../../../../src/mempool/pool.ts'
import type { Dropped } from '../../../../src/mempool/pool.ts'
import { VerifiedCache } from '../../../../src/mempool/verified-cache.ts'
import { BlockTree } from '../../../../src/node/chain/block-tree.ts'
import type { Executed } from '../../../../src/node/chain/block-tree.ts'
import { Transactions } from '../../../../src/node/chain/transactions.ts'
import type { BundleCounts } from '../../../../src/node/chain/transactions.ts'
import { checkStateless, signatureJob } from '../../../../src/state/stateless.ts'
import type { CheckedTransaction } from '../../../../src/state/types.ts'
import { LocalTransactions } from '../../../../src/store/local-transactions.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import { keyedCrypto } from '../../../../src/testing/sim/crypto.ts'
import { aBlock } from '../../../support/consensus.ts'
import { CountingVerifier, FakeClock, FakeNetwork, peer, settled } from '../../../support/node-fakes.ts'
import { COIN, CONSTANTS, PARAMS, aTransfer, genesisState } from '../../../support/state.ts'

const SHARD = shardId(0)
const signer = keyedCrypto.signer(utf8('alice'))
const alice = { key: signer.publicKey, address: addressOfKey(signer.publicKey) }

/** A transfer of alice that is signed. */
function signed(
  nonce: number,
  fields: { readonly fee?: bigint; readonly validUntil?: number } = {}
): CheckedTransaction {
  const unsigned = aTransfer(alice, { consumer: 1n }, { nonce: BigInt(nonce), ...fields })
  const { message } = signatureJob(unsigned)
  const bytes = TransactionType.serialize({ ...unsigned.transaction, signature: signer.sign(message) })
  const checked = checkStateless(CONSTANTS, bytes)
  assert.ok(checked.ok)
  return checked.value
}

const bundleOf = (...transactions: Uint8Array[]): Uint8Array =>
  BundleType.serialize({ chain: SHARD, transactions })

async function aNode(disk = new MemoryDisk(), max?: number, relayLimits: BudgetLimits = RELAY_LIMITS) {
  const network = new FakeNetwork()
  network.connected = [peer('a')]
  const clock = new FakeClock()
  const verifier = new CountingVerifier()
  const state = genesisState([{ address: alice.address, consumer: 1_000n * COIN, industrial: 0n }])
  const base = aBlock({ chain: SHARD, height: 1, view: 1 })
  const tree = new BlockTree({ header: base.header, hash: base.hash }, state)
  const pool = new Pool(SHARD, PARAMS)
  const local = await LocalTransactions.open(disk.open(), max)
  const dropped: Dropped[] = []
  const counts: BundleCounts[] = []
  const errors: unknown[] = []
  let work = 0
  const transactions = new Transactions(
    {
      network,
      clock,
      verifier,
      verified: new VerifiedCache(64),
      pool,
      tree,
      local,
      randomSeed: () => new Uint8Array(16).fill(1),
      relayLimits,
      onWork: () => void work++,
      onDropped: (list) => void dropped.push(...list),
      onFailed: (error) => void errors.push(error),
      onBundle: (one) => void counts.push(one)
    },
    { constants: CONSTANTS, chain: SHARD }
  )
  const final = (height: number, included: CheckedTransaction[] = []): void => {
    const block = aBlock({ chain: SHARD, height, view: height })
    transactions.onFinalBlock({ block, transactions: included } as Partial<Executed> as Executed)
  }
  const announced = (): number[] =>
    network.published.map(({ data }) => BundleType.deserialize(data).transactions.length)
  return {
    transactions,
    network,
    clock,
    verifier,
    pool,
    local,
    dropped,
    counts,
    errors,
    final,
    announced,
    work: () => work
  }
}

const says = async (verdict: Promise<{ action: string; rule: string }>): Promise<string> => {
  const { action, rule } = await verdict
  return `${action} ${rule}`
}

describe('D10: transactions of this node’s users', () => {
  it('D10: on disk before they are acknowledged or announced', async () => {
    const completes: (() => void)[] = []
    const disk = new MemoryDisk({ schedule: (complete) => void completes.push(complete) })
    const node = await aNode(disk)
    let acknowledged = false
    const submitted = node.transactions.submit(signed(0)).then((verdict) => {
      acknowledged = true
      return verdict
    })
    await settled()
    node.clock.advance(50)
    assert.deepEqual([acknowledged, node.network.published.length, node.pool.pendingCount], [false, 0, 1])
    for (const complete of completes) complete()
    assert.equal((await submitted).ok, true)
    node.clock.advance(10)
    assert.deepEqual(node.announced(), [1])
  })

  it('D10, M4: after a restart they are admitted and announced again', async () => {
    const disk = new MemoryDisk()
    const first = await aNode(disk)
    for (const nonce of [0, 1, 2]) assert.equal((await first.transactions.submit(signed(nonce))).ok, true)
    disk.crash()
    const second = await aNode(disk)
    await second.transactions.start()
    second.clock.advance(10)
    assert.deepEqual([second.pool.pendingCount, second.announced(), second.local.count], [3, [3], 3])
  })

  it('D10: what can no longer be admitted at the start is forgotten on disk', async () => {
    const disk = new MemoryDisk()
    const first = await aNode(disk)
    const checked = signed(0)
    await first.local.put([
      {
        chain: SHARD,
        id: checked.id,
        bytes: aTransfer({ ...alice, key: new Uint8Array(32).fill(9) }, { consumer: 1n }).bytes
      },
      { chain: SHARD, id: new Uint8Array(32).fill(1), bytes: Uint8Array.of(1, 2) }
    ])
    disk.crash()
    const second = await aNode(disk)
    await second.transactions.start()
    assert.deepEqual([second.local.count, second.pool.pendingCount], [0, 0])
  })

  it('M4: repeated after 8 blocks while it is not included, and every 8 blocks after that', async () => {
    const node = await aNode()
    await node.transactions.submit(signed(0))
    node.clock.advance(10)
    const at: number[] = []
    for (let height = 2; height <= 26; height++) {
      const before = node.network.published.length
      node.final(height)
      node.clock.advance(10)
      if (node.network.published.length > before) at.push(height)
    }
    assert.deepEqual(at, [9, 17, 25])
  })

  it('M4, M14: not after it is included, and then it leaves the disk', async () => {
    const node = await aNode()
    const checked = signed(0)
    await node.transactions.submit(checked)
    node.clock.advance(10)
    node.final(2, [checked])
    await settled()
    assert.deepEqual([node.local.count, node.pool.pendingCount], [0, 0])
    for (let height = 3; height <= 20; height++) node.final(height)
    node.clock.advance(10)
    assert.deepEqual(node.announced(), [1])
  })

  it('M14: an expired one leaves the disk as well and is told', async () => {
    const node = await aNode()
    await node.transactions.submit(signed(0, { validUntil: 4 }))
    for (let height = 2; height <= 5; height++) node.final(height)
    await settled()
    assert.equal(node.local.count, 0)
    assert.equal(node.dropped.length, 1)
  })

  it('D10: announced to the first peer of the chain that appears, not to later ones', async () => {
    const node = await aNode()
    node.network.connected = []
    await node.transactions.submit(signed(0))
    node.clock.advance(10)
    node.network.published.length = 0
    node.network.connected = [peer('a')]
    node.transactions.onPeer()
    node.clock.advance(10)
    assert.deepEqual(node.announced(), [1])
    node.network.connected = [peer('a'), peer('b')]
    node.transactions.onPeer()
    node.clock.advance(10)
    assert.deepEqual(node.announced(), [1])
  })

  it('M2: a signature that does not verify is refused before anything is stored', async () => {
    const node = await aNode()
    const verdict = await node.transactions.submit(aTransfer(alice, { consumer: 1n }))
    assert.equal(verdict.ok ? '' : verdict.code, 'bad-signature')
    assert.deepEqual([node.local.count, node.pool.pendingCount], [0, 0])
  })

  it('M6: a signature that was verified by gossip is not verified again', async () => {
    const node = await aNode()
    await node.transactions.judgeBundle(bundleOf(signed(0).bytes), peer('a'))
    const before = node.verifier.jobs
    await node.transactions.submit(signed(0))
    assert.equal(node.verifier.jobs, before)
  })

  it('M7: what the pool refuses is not stored', async () => {
    const node = await aNode()
    const verdict = await node.transactions.submit(signed(99))
    assert.equal(verdict.ok, false)
    assert.equal(node.local.count, 0)
  })

  it('D10: a full list of promises refuses, and announces nothing', async () => {
    const node = await aNode(new MemoryDisk(), 0)
    const verdict = await node.transactions.submit(signed(0))
    assert.equal(verdict.ok ? '' : verdict.code, 'not-admitted')
    node.clock.advance(10)
    assert.deepEqual(node.announced(), [])
    assert.deepEqual([node.pool.has(signed(0).key), node.work()], [false, 0], 'it is in no block either')
  })

  it('D10: a full list takes one that it holds already, and what the pool refused takes no room', async () => {
    const node = await aNode(new MemoryDisk(), 1)
    assert.equal((await node.transactions.submit(signed(99))).ok, false)
    assert.equal((await node.transactions.submit(signed(0))).ok, true)
    const again = await node.transactions.submit(signed(0))
    assert.notEqual(again.ok ? '' : again.code, 'not-admitted')
    assert.equal(node.local.count, 1, 'the promise stands')
    const other = await node.transactions.submit(signed(1))
    assert.equal(other.ok ? '' : other.code, 'not-admitted')
    assert.equal(node.pool.has(signed(1).key), false)
  })

  it('D10: promises made at the same time share the room', async () => {
    const completes: (() => void)[] = []
    const node = await aNode(new MemoryDisk({ schedule: (complete) => void completes.push(complete) }), 2)
    const outcomes = [0, 1, 2].map(async (nonce) => node.transactions.submit(signed(nonce)))
    const last = await outcomes[2]!
    assert.equal(last.ok, false)
    assert.deepEqual(
      [0, 1, 2].map((nonce) => node.pool.has(signed(nonce).key)),
      [true, true, false]
    )
  })

  it('M4: what waits goes out at the stop', async () => {
    const node = await aNode()
    await node.transactions.submit(signed(0))
    node.transactions.stop()
    assert.deepEqual([node.announced(), node.clock.waiting], [[1], 0])
  })

  it('C14: what a bundle brings is announced as work once, and nothing is where it brings nothing', async () => {
    const node = await aNode()
    const bundle = bundleOf(signed(0).bytes, signed(1).bytes, signed(2).bytes)
    await node.transactions.judgeBundle(bundle, peer('a'))
    assert.deepEqual([node.pool.pendingCount, node.work()], [3, 1])
    await node.transactions.judgeBundle(bundle, peer('b'))
    await node.transactions.judgeBundle(bundleOf(signed(99).bytes), peer('a'))
    assert.deepEqual([node.pool.pendingCount, node.work()], [3, 1])
  })

  it('C14: whatever is taken in is announced as work', async () => {
    const node = await aNode()
    await node.transactions.submit(signed(0))
    await node.transactions.submit(signed(1))
    assert.equal(node.work(), 2)
  })
})

describe('M5: bundle verdicts of a node', () => {
  it('M5: newly admitted: accept, and never bundled again', async () => {
    const node = await aNode()
    const bundle = bundleOf(signed(0).bytes, signed(1).bytes)
    assert.equal(await says(node.transactions.judgeBundle(bundle, peer('a'))), 'accept bundle-admitted')
    node.clock.advance(1_000)
    assert.deepEqual([node.announced(), node.local.count], [[], 0])
    assert.deepEqual(node.counts, [{ known: 0, admitted: 2, refused: 0 }])
    assert.equal(await says(node.transactions.judgeBundle(bundle, peer('a'))), 'ignore bundle-known')
  })

  it('M5: at least half newly admitted: accept; less: ignore', async () => {
    const half = await aNode()
    await half.transactions.judgeBundle(bundleOf(signed(0).bytes), peer('a'))
    const two = bundleOf(signed(0).bytes, signed(1).bytes)
    assert.equal(await says(half.transactions.judgeBundle(two, peer('a'))), 'accept bundle-admitted')
    const less = await aNode()
    await less.transactions.judgeBundle(bundleOf(signed(0).bytes, signed(1).bytes), peer('a'))
    const three = bundleOf(signed(0).bytes, signed(1).bytes, signed(2).bytes)
    assert.equal(await says(less.transactions.judgeBundle(three, peer('a'))), 'ignore bundle-not-admitted')
  })

  it('M3: what only the state refuses is nobody’s fault', async () => {
    const node = await aNode()
    assert.equal(
      await says(node.transactions.judgeBundle(bundleOf(signed(99).bytes), peer('a'))),
      'ignore bundle-not-admitted'
    )
    assert.deepEqual(node.counts, [{ known: 0, admitted: 0, refused: 1 }])
  })

  it('M5: one bad signature: reject, and nothing of it is admitted', async () => {
    const node = await aNode()
    const bundle = bundleOf(signed(0).bytes, aTransfer(alice, { consumer: 1n }, { nonce: 1n }).bytes)
    assert.equal(
      await says(node.transactions.judgeBundle(bundle, peer('a'))),
      'reject bundle-invalid-transaction'
    )
    assert.equal(node.pool.pendingCount, 0)
  })

  it('M5: bytes that are no transaction: reject without verifying any', async () => {
    const node = await aNode()
    const bundle = bundleOf(signed(0).bytes, Uint8Array.of(1, 2, 3))
    assert.equal(
      await says(node.transactions.judgeBundle(bundle, peer('a'))),
      'reject bundle-invalid-transaction'
    )
    assert.equal(node.verifier.jobs, 0)
  })

  it('M5: a forwarder without budget is ignored before verification, and has it again later', async () => {
    const node = await aNode()
    const useless = Array.from({ length: 250 }, (_, index) => signed(1_000 + index).bytes)
    let last = ''
    for (let i = 0; i < 40 && last !== 'ignore bundle-budget'; i++) {
      const before = node.verifier.jobs
      last = await says(node.transactions.judgeBundle(bundleOf(...useless), peer('a')))
      if (last === 'ignore bundle-budget') assert.equal(node.verifier.jobs, before)
    }
    assert.equal(last, 'ignore bundle-budget')
    assert.equal(
      await says(node.transactions.judgeBundle(bundleOf(signed(0).bytes), peer('b'))),
      'accept bundle-admitted'
    )
    node.clock.advance(60_000)
    assert.equal(
      await says(node.transactions.judgeBundle(bundleOf(signed(1).bytes), peer('a'))),
      'accept bundle-admitted'
    )
  })

  it('M5, GOS-7 bundle-relay-budget: a flooder’s useless half travels on no longer than the own relay budget lasts', async () => {
    const { length } = signed(1_000).bytes
    const limits = { capacityBytes: 2 * length, refillBytesPerSecond: length, forwardersMax: 1 }
    const node = await aNode(new MemoryDisk(), undefined, limits)
    const mixed = (nonce: number, from: string): Promise<string> =>
      says(
        node.transactions.judgeBundle(bundleOf(signed(nonce).bytes, signed(1_000 + nonce).bytes), peer(from))
      )
    assert.equal(await mixed(0, 'flooder'), 'accept bundle-admitted')
    assert.equal(await mixed(1, 'flooder'), 'accept bundle-admitted')
    assert.equal(await mixed(2, 'flooder'), 'ignore bundle-relay-budget')
    assert.equal(await mixed(3, 'another'), 'ignore bundle-relay-budget', 'whoever sends it')
    assert.equal(node.pool.status().count, 4, 'what is good in it is kept')
    assert.equal(
      await says(node.transactions.judgeBundle(bundleOf(signed(4).bytes), peer('flooder'))),
      'accept bundle-admitted',
      'what is all good travels on'
    )
    node.clock.advance(1_000)
    assert.equal(await mixed(5, 'flooder'), 'accept bundle-admitted')
    assert.equal(await mixed(6, 'flooder'), 'ignore bundle-relay-budget')
  })
})
