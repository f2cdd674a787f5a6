/** Why C9 and C24 re-propose a boundary block. */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { FinalEvent } from '../../../src/node/ports.ts'
import {
  ALL,
  chainOf,
  expectProgress,
  expectSound,
  isBoundaryOf,
  proposalIn,
  untilProposal,
  warmWorld
} from './stage.ts'

/**
 * All honest: two send finalise for the boundary block, two saw the third notarise vote only after their timer and had
 * sent nullify. Neither certificate can exist; the block has to be proposed again in a later view.
 */
export async function boundarySplit(): Promise<void> {
  const world = await warmWorld()
  const { proposal } = await untilProposal(world, (one) => isBoundaryOf(world, one))
  const { view } = proposal.vote
  const [late1, late2] = ALL.filter((index) => index !== proposal.vote.signer)
  const late: ReadonlySet<number | undefined> = new Set([late1, late2])
  const recordAt = (index: number) => world.chainOf(index, COORD).driver.instance.views.get(view)
  world.network.passes = (message) =>
    chainOf(message) !== COORD || !late.has(message.to) || proposalIn(message)?.vote.view === view
  const split = await world.until(
    () =>
      ALL.every((index) =>
        late.has(index) ? recordAt(index)?.ownNullify === true : recordAt(index)?.ownFinalise !== undefined
      ),
    20_000
  )
  assert(split, 'two voted to finalise and two to nullify')
  world.network.passes = () => true
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
