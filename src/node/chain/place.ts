/** Where consensus of a chain goes on from what is final: at a start, and after a sync. */
import { must } from '../../primitives/errors.ts'
import { isBoundary, nextEpoch } from '../../sharding/epochs.ts'
import type { BlockTree } from './block-tree.ts'
import type { Place } from './consensus-driver.ts'
import type { EpochBook } from './epoch-book.ts'

/** C24: after a boundary block the next epoch runs, with that block as its base at view 0. */
export function placeInEpoch(epochs: EpochBook, tree: BlockTree): Place {
  const { header, hash } = tree.final
  const { epochLength } = must(epochs.snapshot(header.epoch), 'the final block’s epoch is known').params
  const ended = isBoundary(header, header.epoch, epochLength)
  const epoch = ended ? nextEpoch(header, epochLength) : header.epoch
  return {
    epoch,
    base: { hash, height: header.height, view: ended ? 0 : header.view, timeMs: header.timeMs }
  }
}
