/** Why a copied, restored or partly lost data directory never contradicts what its key has said (C12, C22). */
import assert from 'node:assert/strict'
import { listenMs } from '../../../src/consensus/timers.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { ALL, RECOVERY_MS, expectNoViolation, expectProgress, expectSound, warmWorld } from './stage.ts'

const COPY = 4

/** A copy beside the original hears its own key within the two timers it listens for, and says why it does not sign. */
export async function copyBesideOriginal(): Promise<void> {
  const world = await warmWorld({ twinOf: 0 })
  world.crash(0)
  await world.node(0).copyTo(world.node(COPY))
  await world.restart(0)
  await expectProgress(world)
  world.start(COPY)
  await world.until(() => world.refusals.has(COPY), RECOVERY_MS)
  assert.match(world.refusals.get(COPY) ?? '', /in use elsewhere/)
  assert.equal(world.node(COPY).validator?.state, 'refused')
  assert.equal(world.refusals.has(0), false, 'the original goes on')
  await expectProgress(world)
  expectSound(world)
}

/** An old backup takes the place of a machine that is gone: it finds statements it does not know of, and says no more. */
export async function restoredBackup(): Promise<void> {
  const world = await warmWorld({ twinOf: 1 })
  world.crash(1)
  await world.node(1).copyTo(world.node(COPY))
  await world.restart(1)
  await expectProgress(world, ALL, undefined, 10)
  world.crash(1)
  await world.restart(COPY)
  await world.until(() => world.refusals.has(COPY), RECOVERY_MS)
  assert.equal(world.node(COPY).validator?.state, 'refused')
  await expectProgress(world, [0, 2, 3, COPY])
  expectSound(world)
}

/**
 * The chain databases of one machine are lost, its node database is not, and nobody answers it: it begins at genesis,
 * where it has signed before. The machine itself knows nothing of that; only the guard does.
 */
export async function lostChains(): Promise<void> {
  const world = await warmWorld()
  await world.until(() => world.height(COORD, ALL) > world.genesis.params.epochLength, RECOVERY_MS)
  world.crash(0)
  world.node(0).loseChains()
  world.agreement.forget(0)
  world.partition([0], [1, 2, 3])
  world.start(0)
  // Long enough for it to stop listening though its own journal proves that it is behind.
  await world.run(120_000)
  expectNoViolation(world)
  world.heal()
  await expectProgress(world)
  expectSound(world)
}

/**
 * The chain databases of a machine come from an old copy, its node database does not, and nobody answers it: it stands
 * at a height above which it has signed before, in an epoch of which its journal holds nothing any more.
 */
export async function olderChains(): Promise<void> {
  const world = await warmWorld()
  const copy = world.node(0).copyChains()
  await expectProgress(world, ALL, undefined, 2 * world.genesis.params.epochLength)
  world.crash(0)
  world.node(0).restoreChains(copy)
  world.agreement.forget(0)
  world.partition([0], [1, 2, 3])
  world.start(0)
  await world.run(30_000)
  expectNoViolation(world)
  world.heal()
  await expectProgress(world)
  expectSound(world)
}

/**
 * A member comes back and its peers state higher final blocks, but nothing it asks for arrives yet: it does not say a
 * word after the usual time of listening, because what it would catch up on may hold statements of its own key.
 */
export async function silentWhileOthersAreAhead(): Promise<void> {
  const world = await warmWorld()
  world.crash(1)
  await expectProgress(world, [0, 2, 3], undefined, 10)
  world.network.passes = ({ to }) => to !== 1
  await world.restart(1)
  await world.run(2 * listenMs(world.genesis.params))
  assert.equal(world.node(1).validator?.state, 'listening')
  world.network.passes = () => true
  await world.until(() => world.node(1).validator?.state === 'active', RECOVERY_MS)
  await expectProgress(world)
  expectSound(world)
}
