/** Why C9 and C24 re-propose a boundary block. */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { FinalEvent } from '../../../src/node/ports.ts'
import { expectProgress, expectSound, splitBoundary, warmWorld } from './stage.ts'

/**
 * All honest: two send finalise for the boundary block, two saw the third notarise vote only after their timer and had
 * sent nullify. Neither certificate can exist; the block has to be proposed again in a later view.
 */
export async function boundarySplit(): Promise<void> {
  const world = await warmWorld()
  const proposal = await splitBoundary(world)
  const { view } = proposal.vote
  let boundary: FinalEvent | undefined
  world.onFinal = (_node, event) => {
    if (event.chain === COORD && event.header.height === proposal.header.height) boundary = event
  }
  await expectProgress(world)
  assert(boundary !== undefined, 'the boundary block became final')
  assert.equal(boundary.header.view, view, 'it is the same block')
  assert(boundary.certificate.view > view, 'and it became final in a later view than its own')
  expectSound(world)
}
