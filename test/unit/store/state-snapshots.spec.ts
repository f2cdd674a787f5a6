import { deepEqual, equal } from 'node:assert/strict'
import { MANIFEST_VERSION } from '../../../src/codec/state-snapshot.ts'
import type { SnapshotManifest } from '../../../src/codec/state-snapshot.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import { StateSnapshots } from '../../../src/store/state-snapshots.ts'
import { aBlock, aCertificate } from './builders.ts'

const CHUNKS = 2
const byteOf = (height: number, index: number): Uint8Array => Uint8Array.of(height, index)

function manifestAt(height: number): SnapshotManifest {
  const { header, hash } = aBlock({ height, view: height })
  return {
    version: MANIFEST_VERSION,
    tip: { header, certificate: aCertificate({ view: height, hash }) },
    totals: new Uint8Array(),
    totalsProof: { siblings: [], other: [] },
    hashes: Array.from({ length: CHUNKS }, (_, index) => new Uint8Array(32).fill(index))
  }
}

async function make(snapshots: StateSnapshots, height: number): Promise<void> {
  for (let index = 0; index < CHUNKS; index++) await snapshots.putChunk(height, index, byteOf(height, index))
  await snapshots.complete(manifestAt(height))
}

const chunksAt = (snapshots: StateSnapshots, height: number): (Uint8Array | undefined)[] =>
  Array.from({ length: CHUNKS }, (_, index) => snapshots.chunk(height, index))

describe('Snapshots in a chain’s database', () => {
  it('SNAP-1: the newest two are kept, with all their chunks', async () => {
    const disk = new MemoryDisk()
    const snapshots = await StateSnapshots.open(disk.open())
    for (const height of [10, 20, 30]) await make(snapshots, height)
    deepEqual(
      snapshots.held.map(({ height }) => height),
      [30, 20]
    )
    deepEqual(chunksAt(snapshots, 10), [undefined, undefined])
    deepEqual(chunksAt(snapshots, 20), [byteOf(20, 0), byteOf(20, 1)])
  })

  it('SNAP-1: no crash leaves a manifest without its chunks', async () => {
    const disk = new MemoryDisk()
    const snapshots = await StateSnapshots.open(disk.open())
    await make(snapshots, 10)
    equal(disk.behind, 0, 'chunks are on the disk before the manifest is')
    disk.crash()
    const after = await StateSnapshots.open(disk.open())
    deepEqual(chunksAt(after, 10), [byteOf(10, 0), byteOf(10, 1)])
  })

  it('SNAP-1: chunks that a crash left without a manifest are swept', async () => {
    const disk = new MemoryDisk()
    const snapshots = await StateSnapshots.open(disk.open())
    await snapshots.putChunk(10, 0, byteOf(10, 0))
    disk.crash({ keepUnsynced: 1 })
    const store = disk.open()
    const after = await StateSnapshots.open(store)
    deepEqual(chunksAt(after, 10), [undefined, undefined])
    equal(after.held.length, 0)
  })
})
