import { deepEqual, equal } from 'node:assert/strict'
import { CHUNK_FRAME_BYTES } from '../../../../src/codec/chunk-limits.ts'
import {
  EPOCH_STEPS_MAX,
  EpochStepType,
  EpochsRequestType,
  SnapshotRequestType
} from '../../../../src/codec/state-snapshot.ts'
import { REQUEST_LIMITS } from '../../../../src/net/limits.ts'
import { concat, toHex } from '../../../../src/primitives/bytes.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import { serveSnapshot } from '../../../../src/node/snapshot/serve.ts'
import { SnapshotSource } from '../../../support/snapshot-source.ts'
import { checkGenesisOf } from '../../../support/data-directory.ts'

const ZERO = new Uint8Array(32)

describe('serving snapshots', () => {
  let source: SnapshotSource
  before(async () => {
    source = await SnapshotSource.make(checkGenesisOf(4), 4, 14)
  })
  const snapshot = (hash: Uint8Array, index: number) =>
    source.honest('snapshot', SnapshotRequestType.serialize({ chain: COORD, hash, index }))
  const epochs = (from: number, limit: number) =>
    source.honest('epochs', EpochsRequestType.serialize({ chain: COORD, from, limit }))

  it('SNAP-6: a zero hash is answered with the newest two manifests, newest first', async () => {
    const { result, frames } = await snapshot(ZERO, 0)
    equal(result, 'ok')
    deepEqual(
      frames,
      source.snapshots.held.map(({ bytes }) => bytes)
    )
    deepEqual(
      source.snapshots.held.map(({ height }) => height),
      [12, 8]
    )
  })

  it('SNAP-6: the chunk behind the last one is the body of the block; further ones and other blocks are lacking', async () => {
    const { hash, chunks, height } = source.snapshots.held[0]!
    const body = await snapshot(hash, chunks)
    deepEqual(toHex(concat(...body.frames)), toHex(source.store.body(height)!))
    equal((await snapshot(hash, chunks - 1)).result, 'ok')
    equal((await snapshot(hash, chunks + 1)).result, 'lacks')
    equal((await snapshot(source.genesisHash, 0)).result, 'lacks')
  })

  it('SNAP-6: a chunk travels in slices of at most 1 MiB, none of them empty but that of an empty chunk', () => {
    for (const [size, slices] of [
      [0, 1],
      [CHUNK_FRAME_BYTES, 1],
      [CHUNK_FRAME_BYTES + 1, 2],
      [4 * CHUNK_FRAME_BYTES, 4]
    ] as const) {
      const held = [{ height: 4, hash: source.genesisHash, epoch: 0, chunks: 1, bytes: ZERO }]
      const snapshots = { held, chunk: () => new Uint8Array(size) } as unknown as SnapshotSource['snapshots']
      const { frames } = serveSnapshot(snapshots, { chain: COORD, hash: source.genesisHash, index: 0 })
      equal(frames.length, slices)
      equal(concat(...frames).length, size)
    }
    equal(REQUEST_LIMITS.snapshot.frames, 4)
  })

  it('SNAP-6: steps from the epoch asked for, as many as asked, at most 16; none above the last boundary', async () => {
    const epochOf = (frame: Uint8Array): number => EpochStepType.deserialize(frame).boundary.header.epoch
    deepEqual((await epochs(0, 2)).frames.map(epochOf), [0, 1])
    deepEqual((await epochs(1, 99)).frames.map(epochOf), [1, 2])
    equal((await epochs(3, 16)).result, 'lacks')
    equal((await epochs(0, 0)).result, 'lacks')
    equal(REQUEST_LIMITS.epochs.frames, EPOCH_STEPS_MAX)
  })
})
