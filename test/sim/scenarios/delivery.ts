/** Why delivery rests on consensus/1 and not on gossip (C19, C31). */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { CLEAN_LINK } from '../../../src/testing/sim/network.ts'
import { ALL, chainOf, expectProgress, expectSound, proposalIn, warmWorld } from './stage.ts'

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

/**
 * No proposal and no single block reaches one member, so it learns of finality by certificates and of blocks by ranges
 * only. By the time a range is there, a higher block is final: what the range proves has to become final all the same.
 */
export async function rangesBelowTheTarget(): Promise<void> {
  const world = await warmWorld()
  world.network.passes = (message) => {
    const isProposal = message.to === 3 && proposalIn(message) !== undefined
    const isPull = message.from === 3 && message.what === 'ask-bodies'
    const isRange = message.to === 3 && message.what.startsWith('answer-certificates')
    if (isRange) world.network.link = { ...CLEAN_LINK, delayMinMs: 600, delayMaxMs: 600 }
    else world.network.link = CLEAN_LINK
    return !isProposal && !isPull
  }
  await expectProgress(world, ALL, undefined, 8)
  world.network.passes = () => true
  await expectProgress(world)
  expectSound(world)
}
