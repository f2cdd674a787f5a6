/** Leaders that lie, each stopped by one rule of C5 or C9. */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { FINALISE } from '../../../src/codec/statement.ts'
import type { Fault } from '../../../src/testing/sim/byzantine.ts'
import type { World } from '../../../src/testing/sim/world.ts'
import { certificateIn, expectNoViolation, expectProgress, expectSound, voteIn, warmWorld } from './stage.ts'

const LIAR = 0
const HONEST = [1, 2, 3]

/** One epoch is longer than any of them: in the next ones who lies instead of voting would seldom lead. */
const warmWith = async (fault: Fault): Promise<World> =>
  warmWorld({ faulty: new Map([[LIAR, fault]]), params: { epochLength: 1_000 } })

/**
 * One member learns of finality at once, the others late: to them the newest block is notarised and not final. A
 * leader proposes a rival of it on the parent below, though no nullification excludes the view between (C9).
 */
export async function rivalOfNotarisedParent(): Promise<void> {
  const world = await warmWith('skipper')
  world.network.passes = (message) => {
    const place = voteIn(message) ?? certificateIn(message)
    if (message.to === HONEST[0] || message.what.startsWith('ask-certificates'))
      return message.to === HONEST[0]
    return place?.chain !== COORD || place.kind !== FINALISE
  }
  const before = world.faults
  await world.run(6_000)
  expectNoViolation(world)
  assert(world.faults > before, 'the leader lied')
  world.network.passes = () => true
  await expectProgress(world, HONEST)
  expectSound(world)
}

/** A leader proposes a child of a block that nobody ever voted for, with a certificate that nobody signed (C9, C25). */
export async function childOfUnknownParent(): Promise<void> {
  const world = await warmWith('usurper')
  world.crash(HONEST[2] ?? 3)
  await world.until(() => world.faults >= 2 && world.violations.length === 0, 60_000)
  expectNoViolation(world)
  assert(world.faults >= 2, 'the leader lied')
  await world.run(3_000)
  await world.restart(HONEST[2] ?? 3)
  await expectProgress(world, HONEST)
  expectSound(world)
}

/** Certificates with one signature that is real: nobody takes them (C5, C31). */
export async function forgedCertificates(): Promise<void> {
  const world = await warmWith('forger')
  const before = world.faults
  await world.until(() => world.faults >= before + 2, 30_000)
  expectNoViolation(world)
  assert(world.faults >= before + 2, 'the leader lied')
  await expectProgress(world, HONEST)
  expectSound(world)
}
