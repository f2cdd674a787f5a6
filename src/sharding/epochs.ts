/**
 * Epoch arithmetic (C2, C6; EPO-1 … EPO-3). Coordination epoch e covers the coordination heights e·L + 1 … (e + 1)·L;
 * genesis lies before epoch 0. A shard is in the epoch that its coordination reference says.
 */
import { COORD } from '../primitives/chain-id.ts'
import type { Header } from '../codec/block.ts'
import type { Params } from '../params/params.ts'

export type EpochPlace = Pick<Header, 'chain' | 'height' | 'coordHeight'>
type EpochParams = Pick<Params, 'epochLength' | 'freezeDistance'>

export const epochOfCoordHeight = (height: number, epochLength: number): number =>
  height === 0 ? 0 : Math.floor((height - 1) / epochLength)

/** The coordination height that a block of any chain is at. */
const coordHeightOf = ({ chain, height, coordHeight }: EpochPlace): number =>
  chain === COORD ? height : coordHeight

/** C6: the last block of `epoch` on its chain. A shard reaches the end of the epoch by reference, maybe past it. */
export const isBoundary = (place: EpochPlace, epoch: number, epochLength: number): boolean =>
  place.chain === COORD
    ? place.height === (epoch + 1) * epochLength
    : place.coordHeight >= (epoch + 1) * epochLength

/** C6: the epoch that follows a boundary block. A shard skips the epochs that its reference has passed. */
export const nextEpoch = (boundary: EpochPlace, epochLength: number): number =>
  Math.floor(coordHeightOf(boundary) / epochLength)

/** C2: the epoch whose snapshot is computed after this coordination height; undefined at most heights. */
export function epochFrozenAt(
  height: number,
  { epochLength, freezeDistance }: EpochParams
): number | undefined {
  const start = height + freezeDistance
  return height > 0 && start % epochLength === 0 ? start / epochLength : undefined
}
export const shouldFreeze = (height: number, params: EpochParams): boolean =>
  epochFrozenAt(height, params) !== undefined
