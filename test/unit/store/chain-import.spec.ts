import { deepEqual, equal, ok } from 'node:assert/strict'
import { CertificateType, FINALISE } from '../../../src/codec/statement.ts'
import { blockHash } from '../../../src/codec/block.ts'
import { PREFIX_ACCOUNT } from '../../../src/codec/state-records.ts'
import { MANIFEST_VERSION } from '../../../src/codec/state-snapshot.ts'
import type { SnapshotManifest } from '../../../src/codec/state-snapshot.ts'
import { buildChainGenesis } from '../../../src/chain/genesis-block.ts'
import { SHARD, createFixture } from '../../../src/bench/fixture.ts'
import { networkId } from '../../../src/params/genesis.ts'
import { fromHex, toHex, u64be, utf8 } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { verifyChunk } from '../../../src/state/chunk.ts'
import type { VerifiedChunk } from '../../../src/state/chunk.ts'
import { ChunkSorter } from '../../../src/state/chunk-sorter.ts'
import { EMPTY_VIEW, commit } from '../../../src/state/commit.ts'
import { subtreeHashes } from '../../../src/state/subtree.ts'
import { CHAIN_BUCKETS, bucketRange } from '../../../src/store/buckets.ts'
import type { Bucket } from '../../../src/store/buckets.ts'
import { ChainImport, discardImport } from '../../../src/store/chain-import.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { MemoryState } from '../../support/state.ts'

const BITS = 2
/** Accounts stand in pages. */
const ACCOUNT = String.fromCharCode(PREFIX_ACCOUNT)
const values = new Map<Hex, Uint8Array>(
  Array.from({ length: 300 }, (_, i) => [
    toHex(utf8(`${i % 5 === 0 ? 'record' : ACCOUNT} ${i}`)),
    u64be(i).subarray(i % 8)
  ])
)
const state = new MemoryState(commit(EMPTY_VIEW, values))
const hashes = subtreeHashes(state, BITS)!
const { genesis } = createFixture()
const { block } = buildChainGenesis(genesis, SHARD)
const identity = { network: networkId(genesis), chain: SHARD }

function manifestOf(stateRoot: Uint8Array): SnapshotManifest {
  const header = { ...block.header, height: 4, stateRoot }
  return {
    version: MANIFEST_VERSION,
    tip: {
      header,
      certificate: { ...CertificateType.defaultValue(), kind: FINALISE, hash: blockHash(header) }
    },
    totals: new Uint8Array(),
    totalsProof: { siblings: [], other: [] },
    hashes
  }
}

const ORDER = [2, 0, 3, 1]

const chunks: VerifiedChunk[] = (() => {
  const sorter = new ChunkSorter(BITS, { from: 0, to: hashes.length })
  for (const [key, value] of values) sorter.add(fromHex(key), value)
  return hashes.map((hash, index) => {
    const verdict = verifyChunk(sorter.take(index), { bits: BITS, index }, hash)
    ok(verdict.ok)
    return verdict.value
  })
})()

async function rowsOf(store: KeyValueStore, bucket: Bucket): Promise<Map<string, string>> {
  const rows = new Map<string, string>()
  for await (const [key, value] of store.range(bucketRange(bucket)))
    rows.set(toHex(key.subarray(1)), toHex(value))
  return rows
}

async function filled(store: KeyValueStore, root = state.root): Promise<ChainImport> {
  const target = await ChainImport.begin(store, identity, manifestOf(root))
  for (const index of ORDER) await target.putChunk(index, chunks[index]!)
  await target.putBody(block.bodyBytes)
  return target
}

async function isWhole(store: KeyValueStore): Promise<void> {
  const apart = [...values].filter(([key]) => fromHex(key)[0] !== PREFIX_ACCOUNT)
  const expected = apart.map(([key, value]): [string, string] => [key, toHex(value)])
  deepEqual(await rowsOf(store, CHAIN_BUCKETS.state), new Map(expected.sort(([a], [b]) => (a < b ? -1 : 1))))
  const pages = [...state.pages].map(([path, page]): [string, string] => [toHex(utf8(path)), toHex(page)])
  deepEqual(await rowsOf(store, CHAIN_BUCKETS.page), new Map(pages.sort(([a], [b]) => (a < b ? -1 : 1))))
  equal((await rowsOf(store, CHAIN_BUCKETS.staged)).size, 0, 'nothing staged is left')
}

describe('Import of a chain’s state', () => {
  it('SNAP-8: chunks in any order make a chain with all rows and pages, and nothing staged is left', async () => {
    const store = new MemoryDisk().open()
    const target = await filled(store)
    equal(ChainStore.exists(store), false)
    deepEqual((await target.finish())?.root, state.root)
    await isWhole(store)
  })

  it('what is there before the chunks is settled once, so that no table of chunks overlaps it', async () => {
    const order: string[] = []
    const memory = new MemoryDisk().open()
    const store: KeyValueStore = {
      get: (key) => memory.get(key),
      getMany: async (keys) => memory.getMany(keys),
      range: (range) => memory.range(range),
      batch: async (writes, options) => {
        order.push(writes.some(({ key }) => key[0] === CHAIN_BUCKETS.page.prefix) ? 'pages' : 'other')
        await memory.batch(writes, options)
      },
      flush: async () => memory.flush(),
      settle: async () => void order.push('settled'),
      close: async () => memory.close()
    }
    const target = await ChainImport.begin(store, identity, manifestOf(state.root))
    await target.putEpochs([], [])
    await Promise.all(ORDER.map(async (index) => target.putChunk(index, chunks[index]!)))
    deepEqual(order, ['other', 'other', 'settled', 'pages', 'pages', 'pages', 'pages'])
  })

  it('SNAP-8: chunks that make another state than the header’s make no chain', async () => {
    const store = new MemoryDisk().open()
    const target = await filled(store, new Uint8Array(32).fill(1))
    equal(await target.finish(), undefined)
    equal(ChainStore.exists(store), false)
  })

  it('SNAP-8: a kill after any of its writes leaves no chain, after the last a whole one; what is left goes on', async () => {
    const staged = chunks.length + 1
    const cuts = Array.from({ length: staged + 1 }, (_, kept) => ({ isFlushed: false, kept }))
    for (const { isFlushed, kept } of [...cuts, { isFlushed: true, kept: 0 }, { isFlushed: true, kept: 1 }]) {
      let isHeld = false
      const held: (() => void)[] = []
      const disk = new MemoryDisk({
        schedule: (complete) => (isHeld ? held.push(complete) : queueMicrotask(complete))
      })
      const target = await filled(disk.open())
      isHeld = true
      // Neither what is flushed nor the last write completes before the kill, unless it is let.
      const finishing = target.finish().catch(() => undefined)
      while (disk.unsynced <= staged) await new Promise(setImmediate)
      if (isFlushed) {
        held.shift()!()
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
        equal(disk.unsynced, 1)
      }
      disk.crash({ keepUnsynced: kept })
      await finishing
      isHeld = false
      const store = disk.open()
      equal(ChainStore.exists(store), isFlushed && kept === 1)
      if (!ChainStore.exists(store)) {
        const begun = (await ChainImport.resume(store, identity))!
        const left = isFlushed ? ORDER : ORDER.slice(0, kept)
        deepEqual(
          chunks.map((_, index) => begun.done.has(index)),
          chunks.map((_, index) => left.includes(index))
        )
        for (const index of ORDER.filter((each) => !begun.done.has(each)))
          await begun.putChunk(index, chunks[index]!)
        if (!begun.hasBody) await begun.putBody(block.bodyBytes)
        deepEqual((await begun.finish())?.root, state.root)
      }
      await isWhole(store)
    }
  })

  it('SNAP-8: what a kill left of an import that was being discarded is not gone on with as if it were whole', async () => {
    for (let kept = 0, kills = 1; kept < kills; kept++) {
      const disk = new MemoryDisk()
      const store = disk.open()
      await filled(store)
      await store.flush()
      await discardImport(store)
      kills = disk.unsynced
      disk.crash({ keepUnsynced: kept })
      const left = disk.open()
      const begun = await ChainImport.resume(left, identity)
      if (begun !== undefined) {
        for (const [index, chunk] of chunks.entries())
          if (!begun.done.has(index)) await begun.putChunk(index, chunk)
        if (!begun.hasBody) await begun.putBody(block.bodyBytes)
        await begun.finish()
        await isWhole(left)
      }
    }
  })

  it('SNAP-8: what says that nothing is missing is on the disk only once all of it is', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    await filled(store, new Uint8Array(32).fill(1))
    const target = await filled(store)
    equal(disk.behind, 0, 'what was staged before is gone for good')
    await target.finish()
    equal(disk.behind, 0)
    disk.crash()
    await isWhole(disk.open())
  })

  it('SNAP-8: chunks of another snapshot are not taken for its own', async () => {
    const store = new MemoryDisk().open()
    await filled(store, new Uint8Array(32).fill(1))
    const begun = await ChainImport.begin(store, identity, manifestOf(state.root))
    equal(begun.done.size, 0)
    equal((await ChainImport.resume(store, identity))?.done.size, 0)
    equal((await rowsOf(store, CHAIN_BUCKETS.page)).size, 0)
    deepEqual((await (await filled(store)).finish())?.root, state.root)
    await isWhole(store)
  })
})
