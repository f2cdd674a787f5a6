import { deepEqual, equal, ok } from 'node:assert/strict'
import { CertificateType, FINALISE } from '../../../src/codec/statement.ts'
import { blockHash } from '../../../src/codec/block.ts'
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
import { ChainImport } from '../../../src/store/chain-import.ts'
import type { ImportStores } from '../../../src/store/chain-import.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { importStores } from '../../support/import-stores.ts'
import { MemoryState } from '../../support/state.ts'

const BITS = 2
const values = new Map<Hex, Uint8Array>(
  Array.from({ length: 300 }, (_, i) => [toHex(utf8(`key ${i}`)), u64be(i).subarray(i % 8)])
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

async function filled(stores: ImportStores, root = state.root): Promise<ChainImport> {
  const target = await ChainImport.begin(stores, identity, manifestOf(root))
  for (const index of ORDER) await target.putChunk(index, chunks[index]!)
  await target.putBody(block.bodyBytes)
  return target
}

async function isWhole(store: KeyValueStore): Promise<void> {
  const expected = [...values].map(([key, value]): [string, string] => [key, toHex(value)])
  deepEqual(await rowsOf(store, CHAIN_BUCKETS.state), new Map(expected.sort(([a], [b]) => (a < b ? -1 : 1))))
  const pages = [...state.pages].map(([path, page]): [string, string] => [toHex(utf8(path)), toHex(page)])
  deepEqual(await rowsOf(store, CHAIN_BUCKETS.page), new Map(pages.sort(([a], [b]) => (a < b ? -1 : 1))))
  equal((await rowsOf(store, CHAIN_BUCKETS.staged)).size, 0, 'nothing staged is left')
}

describe('Import of a chain’s state', () => {
  it('SNAP-8: chunks in any order make a chain with all rows and pages, and nothing staged is left', async () => {
    const store = new MemoryDisk().open()
    const target = await filled(importStores(store))
    equal(ChainStore.exists(store), false)
    deepEqual((await target.finish())?.root, state.root)
    await isWhole(store)
  })

  it('SNAP-8: chunks that make another state than the header’s write no row and no chain', async () => {
    const store = new MemoryDisk().open()
    const target = await filled(importStores(store), new Uint8Array(32).fill(1))
    equal(await target.finish(), undefined)
    equal(ChainStore.exists(store), false)
    equal((await rowsOf(store, CHAIN_BUCKETS.state)).size, 0)
  })

  it('SNAP-8: a kill after any of its writes leaves no chain, after the last a whole one; what is left goes on', async () => {
    const wholeAfter: number[] = []
    // Of the chunks that wait too, a kill leaves as many as it likes, whatever it leaves of their pages.
    for (const chunksKept of [ORDER.length, 2, 0]) {
      for (let kept = 0, writes = 1; kept <= writes; kept++) {
        let isHeld = false
        const disk = new MemoryDisk({ schedule: (complete) => isHeld || queueMicrotask(complete) })
        const waiting = new MemoryDisk()
        const target = await filled(importStores(disk.open(), waiting))
        isHeld = true
        // The last write, of a synced batch, does not complete before the kill.
        const finishing = target.finish().catch(() => undefined)
        while (disk.unsynced < chunks.length + 3) await new Promise(setImmediate)
        writes = disk.unsynced
        disk.crash({ keepUnsynced: kept })
        waiting.crash({ keepUnsynced: chunksKept })
        await finishing
        isHeld = false
        const stores = importStores(disk.open(), waiting)
        if (ChainStore.exists(stores.database)) wholeAfter.push(writes - kept)
        else {
          const begun = (await ChainImport.resume(stores, identity))!
          const left = ORDER.slice(0, Math.min(kept, chunksKept))
          deepEqual(
            chunks.map((_, index) => begun.done.has(index)),
            chunks.map((_, index) => left.includes(index))
          )
          for (const index of ORDER.filter((each) => !begun.done.has(each)))
            await begun.putChunk(index, chunks[index]!)
          if (!begun.hasBody) await begun.putBody(block.bodyBytes)
          deepEqual((await begun.finish())?.root, state.root)
        }
        await isWhole(stores.database)
      }
    }
    deepEqual(wholeAfter, [0, 0, 0])
  })

  it('SNAP-8: chunks that wait for another snapshot are not taken for its own', async () => {
    const [disk, waiting] = [new MemoryDisk(), new MemoryDisk()]
    await filled(importStores(disk.open(), waiting))
    disk.crash({ keepUnsynced: disk.unsynced })
    waiting.crash({ keepUnsynced: waiting.unsynced })
    // A second import of the chain, of another state, was begun and killed.
    await filled(importStores(new MemoryDisk().open(), waiting), new Uint8Array(32).fill(1))
    waiting.crash({ keepUnsynced: waiting.unsynced })
    const stores = importStores(disk.open(), waiting)
    equal(await ChainImport.resume(stores, identity), undefined)
    deepEqual((await (await filled(stores)).finish())?.root, state.root)
    await isWhole(stores.database)
  })

  it('SNAP-8: told not to go on, it makes no chain, and can be taken up again', async () => {
    const stores = importStores(new MemoryDisk().open())
    equal(await (await filled(stores)).finish(() => false), undefined)
    equal(ChainStore.exists(stores.database), false)
    deepEqual((await (await ChainImport.resume(stores, identity))?.finish())?.root, state.root)
    await isWhole(stores.database)
  })
})
