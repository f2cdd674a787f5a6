/** Why everything behind a vote is durable before the vote leaves (C10–C12). */
import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { FINALISE, NOTARISE } from '../../../src/codec/statement.ts'
import type { World } from '../../../src/testing/sim/world.ts'
import { ALL, certificateIn, expectProgress, expectSound, isBoundaryOf, untilProposal, voteIn, warmWorld } from './stage.ts'
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
 * 2b: one member gives its notarise vote to A only and is gone. A holds the certificate, votes to finalise, is killed
 * as that vote is about to leave, and none of its messages arrives. The others nullify; A may not.
 */
export async function certificateOnOneDisk(): Promise<void> {
  const world = await warmWorld()
  const { proposal, leader } = await untilProposal(world, midEpoch(world))
  const { view } = proposal.vote
  const a = ALL.find((index) => index !== leader) ?? 0
  const gone = ALL.find((index) => index !== leader && index !== a) ?? 0
  let voted = false
  let killed = false
  world.network.passes = (message) => {
    const vote = voteIn(message)
    const certificate = certificateIn(message)
    if (message.from === gone && vote?.chain === COORD && vote.view === view) {
      voted ||= vote.kind === NOTARISE
      return message.to === a
    }
    if (message.from !== a || killed) return message.from !== a
    if (isOf(vote, view, FINALISE)) {
      killed = true
      world.timeline.after(0, () => world.crash(gone))
      world.crash(a)
    }
    return !isOf(vote, view, FINALISE) && !isOf(certificate, view, NOTARISE) && !isOf(vote, view, NOTARISE)
  }
  assert(await world.until(() => killed, 10_000), 'A was killed with the certificate')
  assert(voted, 'its vote was one of the three')
  await world.run(4_000)
  world.network.passes = () => true
  await world.restart(a)
  await expectProgress(world, ALL.filter((index) => index !== gone))
  expectSound(world)
}
