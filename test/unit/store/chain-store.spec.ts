import assert from 'node:assert/strict'
import { toHex, u32be, u64be, utf8 } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { NOTARISE } from '../../../src/codec/statement.ts'
import { CHAIN_BUCKETS as B, bucketKey, bucketRange } from '../../../src/store/buckets.ts'
import type { Bucket } from '../../../src/store/buckets.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import type { FinalBlock, Genesis } from '../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import {
  NETWORK,
  aBlock,
  aCertificate,
  aFinalBlock,
  aGenesis,
  aHistory,
  hashOf,
  withCertificate
} from './builders.ts'

const IDENTITY = { network: NETWORK, chain: COORD }
const genesis: Genesis = aGenesis()
const history = aHistory(genesis, 5, (height) => height === 2 || height === 5)
const [first, second] = [history[0]!, history[1]!]
const key = (value: number): Uint8Array => Uint8Array.of(value)
const path = (value: number): Hex => toHex(key(value))

describe('ChainStore', () => {
  let disk: MemoryDisk
  let kv: KeyValueStore
  let store: ChainStore

  beforeEach(async () => {
    disk = new MemoryDisk()
    kv = disk.open()
    store = await ChainStore.create(kv, IDENTITY, genesis)
  })

  function restart(identity = IDENTITY): ChainStore {
    disk.crash()
    kv = disk.open()
    return ChainStore.open(kv, identity)
  }

  async function overwrite(rowKey: Uint8Array, change: (value: Uint8Array) => Uint8Array): Promise<void> {
    await kv.batch([{ type: 'put', key: rowKey, value: change(kv.get(rowKey)!) }], { sync: true })
  }

  const flip = (value: Uint8Array, at: number): Uint8Array => value.with(at, value[at]! ^ 1)

  describe('create and open', () => {
    it('starts with genesis: block, state and final mark, durable at once', () => {
      store = restart()
      assert.deepEqual(store.final, { height: 0, hash: genesis.block.hash, epoch: 0, view: 0 })
      assert.deepEqual(store.block(0), genesis.block)
      assert.deepStrictEqual(store.get(key(0)), key(100))
      assert.deepStrictEqual(store.page(path(1)), key(101))
      assert.deepStrictEqual(store.root, genesis.block.header.stateRoot)
    })

    it('a database whose creation was cut short is empty, and is no chain', async () => {
      const empty = new MemoryDisk({ schedule: () => undefined })
      const creation = ChainStore.create(empty.open(), IDENTITY, genesis)
      empty.crash()
      await assert.rejects(creation, { code: 'STORE_CLOSED' })
      const reopened = empty.open()
      assert.equal(ChainStore.exists(reopened), false)
      assert.throws(() => ChainStore.open(reopened, IDENTITY), { code: 'STORE_MISSING' })
      assert.equal(ChainStore.exists(kv), true)
    })

    it('is created once, of a genesis of its own network and chain', async () => {
      await assert.rejects(ChainStore.create(kv, IDENTITY, genesis), { name: 'AssertionFailure' })
      const other = new MemoryDisk().open()
      const misnamed = { ...genesis, block: { ...genesis.block, hash: hashOf(1) } }
      await assert.rejects(ChainStore.create(other, IDENTITY, misnamed), { name: 'AssertionFailure' })
      await assert.rejects(ChainStore.create(other, IDENTITY, { ...genesis, block: first.block }), {
        name: 'AssertionFailure'
      })
      await assert.rejects(ChainStore.create(other, { ...IDENTITY, chain: shardId(0) }, genesis), {
        name: 'AssertionFailure'
      })
    })

    it('D8: refuses a newer schema before it reads anything else', async () => {
      await overwrite(bucketKey(B.meta, utf8('identity')), () => Uint8Array.of(4, 0, 0, 0, 0xff))
      assert.throws(() => restart(), { detail: { code: 'STORE_VERSION_NEWER', found: 4, supported: 3 } })
    })

    it('D8: refuses a schema of rules that are gone, by its own code', async () => {
      await overwrite(bucketKey(B.meta, utf8('identity')), (value) => value.with(0, 2))
      assert.throws(() => restart(), { detail: { code: 'STORE_VERSION_OLDER', found: 2, oldest: 3 } })
    })

    it('D8: refuses a schema below the first, and a truncated identity', async () => {
      await overwrite(bucketKey(B.meta, utf8('identity')), (value) => value.with(0, 0))
      assert.throws(() => restart(), { code: 'STORE_CORRUPT' })
      await overwrite(bucketKey(B.meta, utf8('identity')), () => u32be(1).subarray(1))
      assert.throws(() => restart(), { code: 'STORE_CORRUPT' })
    })

    it('refuses another network and another chain', () => {
      assert.throws(() => restart({ network: hashOf(1), chain: COORD }), { code: 'STORE_NETWORK_DIFFERS' })
      assert.throws(() => restart({ network: NETWORK, chain: shardId(1) }), {
        detail: { code: 'STORE_CHAIN_DIFFERS', expected: '1', found: 'coord' }
      })
    })

    it('refuses a final mark without its header, or with another one', async () => {
      await store.commitFinal([first])
      await overwrite(bucketKey(B.header, u64be(1)), (value) => flip(value, 0))
      assert.throws(() => restart(), { code: 'STORE_CORRUPT' })
      await overwrite(bucketKey(B.header, u64be(1)), (value) => flip(flip(value, 0), value.length - 1))
      assert.throws(() => restart(), { code: 'STORE_CORRUPT' })
      await kv.batch([{ type: 'del', key: bucketKey(B.header, u64be(1)) }], { sync: true })
      assert.throws(() => restart(), { code: 'STORE_CORRUPT' })
      await kv.batch([{ type: 'del', key: bucketKey(B.meta, utf8('final')) }], { sync: true })
      assert.throws(() => restart(), { code: 'STORE_CORRUPT' })
    })
  })

  describe('commitFinal', () => {
    it('stores blocks one by one with state, indexes, results and certificates', async () => {
      for (const block of history) await store.commitFinal([block])
      store = restart()
      assert.deepEqual(store.final, { height: 5, hash: history[4]!.block.hash, epoch: 0, view: 5 })
      for (const { block, results, transactionIds } of history) {
        const { height } = block.header
        assert.deepEqual(store.block(height), block)
        assert.deepEqual(store.header(height), block.header)
        assert.deepStrictEqual(store.hashAt(height), block.hash)
        assert.deepStrictEqual(store.body(height), block.bodyBytes)
        assert.equal(store.heightOfHash(block.hash), height)
        assert.deepStrictEqual(store.results(height), results)
        for (const [index, id] of transactionIds.entries())
          assert.deepEqual(store.placeOf(id), { height, index })
      }
      assert.deepStrictEqual(store.get(key(0)), key(5))
      assert.equal(store.get(key(4)), undefined)
      assert.deepStrictEqual(store.page(path(5)), key(5))
      assert.deepStrictEqual(store.root, history[4]!.changes.root)
    })

    it('stores several blocks in one batch with the same result', async () => {
      await store.commitFinal(history)
      const other = new MemoryDisk().open()
      const single = await ChainStore.create(other, IDENTITY, genesis)
      for (const block of history) await single.commitFinal([block])
      for (const bucket of Object.values(B)) {
        const [rows, singles] = [kv, other].map((of) => rowsOf(of, bucket))
        assert.deepEqual(await rows, await singles)
      }
    })

    it('final marks the view of the certificate, or of the header when a descendant made the block final', async () => {
      await store.commitFinal([first])
      assert.equal(store.final.view, 1)
      await store.commitFinal([withCertificate(second, 9)])
      assert.equal(store.final.view, 9)
    })

    it('answers undefined for what it does not have', async () => {
      await store.commitFinal([first])
      assert.equal(store.block(2), undefined)
      assert.equal(store.header(2), undefined)
      assert.equal(store.hashAt(2), undefined)
      assert.equal(store.heightOfHash(hashOf(99)), undefined)
      assert.equal(store.placeOf(hashOf(99)), undefined)
      assert.equal(store.results(2), undefined)
      assert.equal(store.snapshot(0), undefined)
      assert.equal(store.boundary(0), undefined)
      assert.equal(await store.certificateAtOrAbove(0), undefined)
    })

    it('has no block where the body is gone, and still has its header', async () => {
      await store.commitFinal(history)
      await kv.batch([{ type: 'del', key: bucketKey(B.body, u64be(2)) }], { sync: true })
      assert.equal(store.block(2), undefined)
      assert.deepEqual(store.header(2), second.block.header)
    })

    it('finds the nearest certificate at or above a height', async () => {
      await store.commitFinal(history)
      const heights = await Promise.all(
        [0, 2, 3, 5].map(async (h) => (await store.certificateAtOrAbove(h))?.height)
      )
      assert.deepEqual(heights, [2, 2, 5, 5])
      assert.deepEqual((await store.certificateAtOrAbove(3))?.certificate, history[4]!.certificate)
      assert.equal(await store.certificateAtOrAbove(6), undefined)
    })

    it('keeps snapshots by epoch, and the boundary block with its certificate', async () => {
      const boundary: FinalBlock = {
        ...withCertificate(first),
        boundary: true,
        snapshots: [[1, Uint8Array.of(5)]]
      }
      await store.commitFinal([boundary])
      store = restart()
      assert.deepStrictEqual(store.snapshot(1), Uint8Array.of(5))
      assert.deepEqual(store.boundary(0), { header: first.block.header, certificate: boundary.certificate })
      assert.equal(store.boundary(1), undefined)
    })

    const wrong: [title: string, build: () => FinalBlock][] = [
      ['a height that is not the next', () => second],
      ['another parent', () => aFinalBlock(aBlock({ view: 8 }))],
      ['another chain', () => aFinalBlock(genesis.block, { chain: shardId(0) })],
      ['another network', () => aFinalBlock(genesis.block, { network: hashOf(1) })],
      ['a state root that was not computed', () => aFinalBlock(genesis.block, { stateRoot: hashOf(77) })],
      ['a missing transaction id', () => ({ ...first, transactionIds: first.transactionIds.slice(1) })],
      ['a boundary without its certificate', () => ({ ...first, boundary: true })],
      [
        'a certificate of another block',
        () => ({ ...first, certificate: aCertificate({ hash: hashOf(3) }) })
      ],
      [
        'a notarisation',
        () => ({ ...first, certificate: aCertificate({ hash: first.block.hash, kind: NOTARISE }) })
      ],
      [
        'a certificate of another chain',
        () => ({ ...first, certificate: aCertificate({ hash: first.block.hash, chain: shardId(0) }) })
      ],
      [
        'a certificate of another epoch',
        () => ({ ...first, certificate: aCertificate({ hash: first.block.hash, epoch: 1 }) })
      ]
    ]
    for (const [title, build] of wrong) {
      it(`asserts against ${title}, and stores nothing`, async () => {
        await assert.rejects(store.commitFinal([build()]), { name: 'AssertionFailure' })
        assert.equal(restart().final.height, 0)
      })
    }

    it('asserts that a batch links up within itself, and has a block', async () => {
      await assert.rejects(store.commitFinal([first, history[2]!]), { name: 'AssertionFailure' })
      await assert.rejects(store.commitFinal([]), { name: 'AssertionFailure' })
      assert.equal(store.final.height, 0)
    })

    it('asserts that snapshots are of coord only', async () => {
      const chain = shardId(0)
      const shardGenesis = aGenesis(chain)
      const shard = await ChainStore.create(
        new MemoryDisk().open(),
        { network: NETWORK, chain },
        shardGenesis
      )
      const block = aFinalBlock(shardGenesis.block)
      await assert.rejects(shard.commitFinal([{ ...block, snapshots: [[1, Uint8Array.of(1)]] }]), {
        name: 'AssertionFailure'
      })
      await shard.commitFinal([block])
      assert.equal(shard.final.height, 1)
    })

    it('the state view moves as one: new values from the first moment, final only when durable', async () => {
      const gate = Promise.withResolvers<void>()
      const slowStore = ChainStore.open(lateVisible(kv, gate.promise), IDENTITY)
      const commit = slowStore.commitFinal(history)
      assert.deepStrictEqual(slowStore.get(key(0)), key(5))
      assert.equal(slowStore.get(key(4)), undefined)
      assert.deepStrictEqual(slowStore.page(path(0)), key(5))
      assert.deepStrictEqual(slowStore.get(key(5)), key(5))
      assert.deepStrictEqual(slowStore.root, hashOf(5))
      assert.equal(slowStore.final.height, 0)
      await assert.rejects(slowStore.commitFinal([first]), { name: 'AssertionFailure' })
      assert.equal(slowStore.page(path(4)), undefined)
      assert.equal(slowStore.page(path(1)), undefined)
      assert.equal(slowStore.get(key(1)), undefined)
      gate.resolve()
      await commit
      assert.deepStrictEqual(slowStore.get(key(0)), key(5))
      assert.equal(slowStore.final.height, 5)
    })
  })

  describe('damage on disk', () => {
    beforeEach(() => store.commitFinal([withCertificate(first), second]))

    const damaged: [title: string, rowKey: Uint8Array, read: () => unknown][] = [
      ['a header', bucketKey(B.header, u64be(1)), () => store.block(1)],
      ['a body', bucketKey(B.body, u64be(1)), () => store.block(1)]
    ]
    for (const [title, rowKey, read] of damaged) {
      it(`one flipped bit anywhere in ${title} is STORE_CORRUPT with bucket and key`, async () => {
        const length = kv.get(rowKey)!.length
        for (let at = 0; at < length; at += 5) {
          await overwrite(rowKey, (value) => flip(value, at))
          assert.throws(read, { code: 'STORE_CORRUPT' })
          await overwrite(rowKey, (value) => flip(value, at))
        }
        read()
      })
    }

    it('a header under the height of another is STORE_CORRUPT', async () => {
      await overwrite(bucketKey(B.header, u64be(1)), () => kv.get(bucketKey(B.header, u64be(2)))!)
      assert.throws(() => store.header(1), { code: 'STORE_CORRUPT' })
      assert.throws(() => store.hashAt(1), { code: 'STORE_CORRUPT' })
    })

    it('rows of a wrong length are STORE_CORRUPT', async () => {
      const cut: [Uint8Array, () => unknown][] = [
        [bucketKey(B.header, u64be(1)), () => store.header(1)],
        [bucketKey(B.heightOfHash, first.block.hash), () => store.heightOfHash(first.block.hash)],
        [bucketKey(B.transaction, first.transactionIds[0]!), () => store.placeOf(first.transactionIds[0]!)]
      ]
      for (const [rowKey, read] of cut) {
        read()
        await overwrite(rowKey, (value) => value.subarray(1))
        assert.throws(read, {
          detail: { code: 'STORE_CORRUPT', key: toHex(rowKey), bucket: bucketOf(rowKey) }
        })
        await overwrite(rowKey, () => Uint8Array.of(1))
        assert.throws(read, { code: 'STORE_CORRUPT' })
      }
    })

    it('a certificate that does not decode is STORE_CORRUPT', async () => {
      await overwrite(bucketKey(B.certificate, u64be(1)), (value) => value.subarray(3))
      await assert.rejects(store.certificateAtOrAbove(0), { code: 'STORE_CORRUPT' })
    })

    const bucketOf = (rowKey: Uint8Array): string | undefined =>
      Object.values(B).find(({ prefix }) => prefix === rowKey[0])?.name
  })

  it('invariant: a crash at any batch boundary leaves a store that opens on a whole block', async () => {
    for (let cut = 0; cut <= history.length; cut++) {
      const torn = new MemoryDisk()
      await ChainStore.create(torn.open(), IDENTITY, genesis)
      torn.crash()
      const before = ChainStore.open(delayed(torn), IDENTITY)
      for (const block of history) await before.commitFinal([block])
      torn.crash({ keepUnsynced: cut })
      const after = ChainStore.open(torn.open(), IDENTITY)
      assert.equal(after.final.height, cut)
      const tip = cut === 0 ? genesis : history[cut - 1]!
      assert.deepStrictEqual(after.root, tip.changes.root)
      assert.deepStrictEqual(after.get(key(0)), key(cut === 0 ? 100 : cut))
      assert.equal(after.header(cut + 1), undefined)
      for (const block of history.slice(cut)) await after.commitFinal([block])
      assert.equal(after.final.height, 5)
    }
  })
})

async function rowsOf(store: KeyValueStore, bucket: Bucket): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const row of store.range(bucketRange(bucket))) rows.push(row)
  return rows
}

/** As LevelDB does: what a batch writes may be read only some time after the call. */
function lateVisible(kv: KeyValueStore, gate: Promise<void>): KeyValueStore {
  return {
    get: (rowKey) => kv.get(rowKey),
    getMany: (rowKeys) => kv.getMany(rowKeys),
    batch: async (writes, options) => {
      await gate
      await kv.batch(writes, options)
    },
    flush: () => kv.flush(),
    range: (range) => kv.range(range),
    close: () => kv.close()
  }
}

/** A disk that lies: it acknowledges synced batches without syncing. Worse than any real one, so every cut is reached. */
function delayed(disk: MemoryDisk): KeyValueStore {
  const kv = disk.open()
  return {
    get: (rowKey) => kv.get(rowKey),
    getMany: (rowKeys) => kv.getMany(rowKeys),
    batch: (writes) => kv.batch(writes, { sync: false }),
    flush: () => kv.flush(),
    range: (range) => kv.range(range),
    close: () => kv.close()
  }
}
