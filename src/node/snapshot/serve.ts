/** What this node gives to those that join: manifests and chunks of its snapshots, and what leads from epoch to epoch. */
import { equal, isZero } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import { CHUNK_FRAME_BYTES } from '../../codec/chunk-limits.ts'
import { EPOCH_STEPS_MAX, EpochStepType } from '../../codec/state-snapshot.ts'
import type { EpochsRequest, SnapshotRequest } from '../../codec/state-snapshot.ts'
import { LACKS } from '../../net/answers.ts'
import type { Response } from '../../net/types.ts'
import type { ChainStore } from '../../store/chain-store.ts'
import type { StateSnapshots } from '../../store/state-snapshots.ts'

/** Steps end early rather than exceed it, but there is always one. */
const STEPS_BYTES = 2 * 1024 * 1024

/** SNAP-6 */
export function serveSnapshot(snapshots: StateSnapshots, { hash, index }: SnapshotRequest): Response {
  if (isZero(hash)) {
    const frames = snapshots.held.map(({ bytes }) => bytes)
    return frames.length === 0 ? LACKS : { result: 'ok', frames }
  }
  const held = snapshots.held.find((each) => equal(each.hash, hash))
  const chunk = held === undefined ? undefined : snapshots.chunk(held.height, index)
  if (chunk === undefined) return LACKS
  const frames: Uint8Array[] = []
  for (let at = 0; at < chunk.length || at === 0; at += CHUNK_FRAME_BYTES) {
    frames.push(chunk.subarray(at, at + CHUNK_FRAME_BYTES))
  }
  return { result: 'ok', frames }
}

/** SNAP-7 */
export async function serveEpochs(store: ChainStore, { from, limit }: EpochsRequest): Promise<Response> {
  const boundaries = await store.boundaries(from, Math.min(limit, EPOCH_STEPS_MAX))
  const frames: Uint8Array[] = []
  let bytes = 0
  for (const [index, boundary] of boundaries.entries()) {
    const { epoch } = boundary.header
    const proof = store.chain === COORD ? store.epochProof(epoch + 1) : undefined
    if (store.chain === COORD && (proof === undefined || epoch !== from + index)) break
    const step = EpochStepType.serialize({ boundary, next: proof === undefined ? [] : [proof] })
    if (frames.length > 0 && bytes + step.length > STEPS_BYTES) break
    frames.push(step)
    bytes += step.length
  }
  return frames.length === 0 ? LACKS : { result: 'ok', frames }
}
