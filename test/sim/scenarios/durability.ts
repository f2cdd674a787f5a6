/** Why everything behind a vote is durable before the vote leaves (C10–C12). */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { FINALISE, NULLIFY } from '../../../src/codec/statement.ts'
import type { Carried } from '../../../src/testing/sim/network.ts'
import type { World } from '../../../src/testing/sim/world.ts'
import {
  ALL,
  certificateIn,
  expectProgress,
  expectSound,
  isBoundaryOf,
  proposalIn,
  untilProposal,
  voteIn,
  warmWorld
} from './stage.ts'
import type { StatementPlace } from './stage.ts'

const isOf = (place: StatementPlace | undefined, view: number, kind: number): boolean =>
  place?.chain === COORD && place.view === view && place.kind === kind

const midEpoch = (world: World) => (one: Parameters<typeof isBoundaryOf>[1]) =>
  one.header.chain === COORD && !isBoundaryOf(world, one) && one.vote.view > 1

/**
 * 2a: all have voted to finalise a block, then the power fails everywhere, and its leader never comes back. Nobody may
 * nullify the view, so the block has to be on the disks of those who voted for it.
 */
export async function allCrashAfterFinalise(): Promise<void> {
  const world = await warmWorld()
  const { proposal, leader } = await untilProposal(world, midEpoch(world))
  const { view } = proposal.vote
  const voted = new Set<number>()
  world.network.passes = (message) => {
    if (isOf(certificateIn(message), view, FINALISE)) return false
    if (!isOf(voteIn(message), view, FINALISE)) return true
    voted.add(message.from)
    return false
  }
  assert(await world.until(() => voted.size === ALL.length, 10_000), 'all voted to finalise')
  world.crashAll()
  world.network.passes = () => true
  const others = ALL.filter((index) => index !== leader)
  await world.restart(...others)
  await expectProgress(world, others)
  await world.restart(leader)
  await expectProgress(world)
  expectSound(world)
}

/**
 * 2b: A, B and D notarise; D gives its vote to A only and is gone, C hears nothing of the block. A holds the
 * certificate, votes to finalise, and is killed as that vote is about to leave. B and C nullify, A may not: neither
 * certificate can ever be formed anew, so the one on A's disk is the only way on.
 */
export async function certificateOnOneDisk(): Promise<void> {
  const world = await warmWorld()
  const others = (leader: number): number[] => ALL.filter((index) => index !== leader)
  const reaches = ({ from, to }: Carried): boolean => to !== others(from)[1]
  const { proposal, leader: b } = await untilProposal(world, midEpoch(world), reaches)
  const { view } = proposal.vote
  const [a = 0, c = 0, d = 0] = others(b)
  let killed = false
  world.network.passes = (message) => {
    const { from, to } = message
    const place = voteIn(message) ?? certificateIn(message) ?? proposalIn(message)?.vote
    if (place?.chain !== COORD || place.view !== view || place.kind === NULLIFY) return true
    if (from === a && place.kind === FINALISE && !killed) {
      killed = true
      world.timeline.after(0, () => world.crash(d))
      world.crash(a)
    }
    return from === d ? to === a : from !== a && to !== c
  }
  assert(await world.until(() => killed, 10_000), 'A was killed with the certificate')
  const hasNullified = (index: number): boolean =>
    world.chainOf(index, COORD).driver.instance.views.get(view)?.ownNullify === true
  assert(await world.until(() => hasNullified(b) && hasNullified(c), 10_000), 'two nullified')
  world.network.passes = () => true
  await world.restart(a)
  await expectProgress(world, [a, b, c])
  await world.restart(d)
  await expectProgress(world)
  expectSound(world)
}
