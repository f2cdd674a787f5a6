import assert from 'node:assert/strict'
import { utf8 } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { NULLIFY } from '../../../src/codec/statement.ts'
import { NODE_BUCKETS as B, bucketKey } from '../../../src/store/buckets.ts'
import { LocalTransactions } from '../../../src/store/local-transactions.ts'
import type { LocalTransaction } from '../../../src/store/local-transactions.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import { NodeStore, PEER_BOOK_MAX } from '../../../src/store/node-store.ts'
import { NETWORK, aVote, hashOf } from './builders.ts'

const transaction = (seed: number, chain = COORD): LocalTransaction => {
  return { chain, id: hashOf(seed), bytes: Uint8Array.of(seed) }
}
const byId = (a: LocalTransaction, b: LocalTransaction): number => Buffer.compare(a.id, b.id)

describe('NodeStore', () => {
  let disk: MemoryDisk

  beforeEach(() => {
    disk = new MemoryDisk()
  })

  function open(network = NETWORK): Promise<NodeStore> {
    disk.crash()
    return NodeStore.open(disk.open(), network)
  }

  it('a new database takes its network, and belongs to it for good', async () => {
    await open()
    await assert.rejects(open(hashOf(1)), { code: 'STORE_NETWORK_DIFFERS' })
    await open()
  })

  it('D8: refuses a newer schema', async () => {
    const { database } = await open()
    const key = bucketKey(B.meta, utf8('identity'))
    const value = database.get(key)!.with(0, 2)
    await database.batch([{ type: 'put', key, value }], { sync: true })
    await assert.rejects(open(), { detail: { code: 'STORE_VERSION_NEWER', found: 2, supported: 1 } })
  })

  it('holds journal and local transactions in one database', async () => {
    const store = await open()
    await store.journal.write([{ kind: 'vote', vote: aVote({ view: 1, kind: NULLIFY }) }])
    await store.localTransactions.put([transaction(1)])
    const again = await open()
    assert.equal((await again.journal.load(COORD)).length, 1)
    assert.equal(again.localTransactions.count, 1)
  })

  it('D13, D14: rows of one kind leave those of the other alone', async () => {
    const store = await open()
    await store.savePeers('known', [[utf8('a'), Uint8Array.of(1)]])
    await store.savePeers('ban', [[utf8('a'), Uint8Array.of(2)]])
    await store.savePeers('known', [])
    assert.deepEqual(await store.peers('known'), [])
    assert.deepEqual(await store.peers('ban'), [[utf8('a'), Uint8Array.of(2)]])
  })

  it('D13: keeps the peer book, replaces it as a whole, and bounds it', async () => {
    const store = await open()
    await store.savePeers('known', [
      [utf8('a'), Uint8Array.of(1)],
      [utf8('b'), Uint8Array.of(2)]
    ])
    await store.savePeers('known', [
      [utf8('b'), Uint8Array.of(3)],
      [utf8('c'), Uint8Array.of(4)]
    ])
    assert.deepEqual(await store.peers('known'), [
      [utf8('b'), Uint8Array.of(3)],
      [utf8('c'), Uint8Array.of(4)]
    ])
    const many = Array.from({ length: PEER_BOOK_MAX + 1 }, (_, i) => [hashOf(i), Uint8Array.of(1)] as const)
    await store.savePeers('known', many)
    assert.equal((await store.peers('known')).length, PEER_BOOK_MAX)
    assert.ok(!(await store.peers('known')).some(([id]) => Buffer.compare(id, hashOf(PEER_BOOK_MAX)) === 0))
    await store.savePeers('known', many.slice(1))
    assert.equal((await store.peers('known')).length, PEER_BOOK_MAX)
  })
})

describe('LocalTransactions', () => {
  let disk: MemoryDisk

  beforeEach(() => {
    disk = new MemoryDisk()
  })

  function open(max?: number): Promise<LocalTransactions> {
    disk.crash()
    return LocalTransactions.open(disk.open(), max)
  }

  it('D10: what was put is there after a crash, by chain, until it is deleted', async () => {
    const chain = shardId(3)
    await (await open()).put([transaction(1), transaction(2), transaction(3, chain)])
    let stored = await open()
    assert.equal(stored.count, 3)
    assert.deepEqual(await stored.list(COORD), [transaction(1), transaction(2)].toSorted(byId))
    assert.deepEqual(await stored.list(chain), [transaction(3, chain)])
    await stored.delete(COORD, [hashOf(1), hashOf(3), hashOf(9)])
    assert.equal(stored.count, 2)
    await stored.put([transaction(4, chain)])
    stored = await open()
    assert.deepEqual(await stored.list(COORD), [transaction(2)])
    assert.equal(stored.count, 3)
  })

  it('refuses what does not fit as a whole, at the limit exactly; a repetition takes no room', async () => {
    let stored = await open(2)
    assert.ok((await stored.put([transaction(1), transaction(1)])).ok)
    const refused = await stored.put([transaction(2), transaction(3)])
    assert.equal(refused.ok ? '' : refused.code, 'local-transactions-full')
    assert.equal(stored.count, 1)
    assert.ok((await stored.put([transaction(1), transaction(2)])).ok)
    stored = await open(2)
    assert.equal((await stored.put([transaction(3)])).ok, false)
    assert.ok((await stored.put([transaction(2)])).ok)
    await stored.delete(COORD, [hashOf(1)])
    assert.ok((await stored.put([transaction(3)])).ok)
  })

  it('a key of a wrong length is STORE_CORRUPT', async () => {
    const kv = disk.open()
    await kv.batch([{ type: 'put', key: bucketKey(B.localTransaction, hashOf(1)), value: hashOf(1) }], {
      sync: true
    })
    await assert.rejects(open(), { code: 'STORE_CORRUPT' })
  })
})
