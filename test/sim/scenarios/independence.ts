/** Why no chain waits for another (D2, C26). */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { expectProgress, expectSound, highest, warmWorld } from './stage.ts'

/** The coordination chain stands still; the shards go on in their epoch, and both cross epochs once it moves again. */
export async function shardWithoutCoordination(): Promise<void> {
  const world = await warmWorld({ shards: 2 })
  world.network.mute(COORD)
  await world.run(1_000)
  const before = highest(world, COORD)
  await expectProgress(
    world,
    undefined,
    world.chains.filter((chain) => chain !== COORD),
    12
  )
  assert.equal(highest(world, COORD), before, 'coordination stood still')
  world.heal()
  await expectProgress(world, undefined, undefined, 8)
  expectSound(world)
}
