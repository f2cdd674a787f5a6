/** Why delivery rests on consensus/1 and not on gossip (C19, C31). */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { ALL, chainOf, expectProgress, expectSound, warmWorld } from './stage.ts'

/**
 * One member is down, so every vote counts. Another is one view behind: all votes and certificates that came to it by
 * gossip were lost on it, and gossip never brings a message twice.
 */
export async function voteIgnoredOneViewBehind(): Promise<void> {
  const world = await warmWorld()
  world.crash(3)
  await world.run(2_000)
  const viewAt = (index: number): string => {
    const { view, config } = world.chainOf(index, COORD).driver.instance
    return `${config.epoch}/${view}`
  }
  await world.until(() => new Set([0, 1, 2].map(viewAt)).size === 1, 5_000)
  world.network.passes = (message) => message.to !== 2 || chainOf(message) !== COORD
  const behind = await world.until(() => viewAt(0) !== viewAt(2) && viewAt(0) === viewAt(1), 10_000)
  assert(behind, 'one is a view behind')
  await world.run(300)
  world.network.passes = () => true
  await expectProgress(world, [0, 1, 2])
  await world.restart(3)
  await expectProgress(world, ALL)
  expectSound(world)
}
