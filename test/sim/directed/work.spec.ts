/** What makes a leader propose before the idle interval is over (C14), and what a node that is far behind leaves alone. */
import assert from 'node:assert/strict'
import { shardId } from '../../../src/primitives/chain-id.ts'
import type { Proposal } from '../../../src/codec/proposal.ts'
import { FINALISE } from '../../../src/codec/statement.ts'
import { peerOf } from '../../../src/testing/sim/wire.ts'
import { World } from '../../../src/testing/sim/world.ts'
import {
  ALL,
  RECOVERY_MS,
  certificateIn,
  expectSound,
  proposalIn,
  voteIn,
  warmWorld
} from '../scenarios/stage.ts'

const SHARD = shardId(0)
const IDLE_MS = 4_000
/** The shortest time between blocks, a bundle's delay, and a round of votes. */
const SOON_MS = 400

/** A block of the shard has just become final, and nothing waits. */
async function idleWorld(): Promise<World> {
  const world = new World({ seed: 'work', params: { idleIntervalMs: IDLE_MS, epochLength: 60 } })
  world.start(...ALL)
  await world.until(() => world.height(SHARD, ALL) >= 1, RECOVERY_MS)
  const height = world.height(SHARD, ALL)
  assert(await world.until(() => world.height(SHARD, ALL) > height, RECOVERY_MS), 'a block came')
  await world.run(SOON_MS)
  return world
}

/** Proposals of the shard from now on. */
function proposalsOf(world: World): Map<number, Proposal> {
  const made = new Map<number, Proposal>()
  const before = world.network.passes
  world.network.passes = (message) => {
    const proposal = proposalIn(message)
    if (proposal?.header.chain === SHARD) made.set(proposal.header.height, proposal)
    return before(message)
  }
  return made
}

describe('C14: work', () => {
  it('C14: without it blocks come at the idle interval; with a transaction, at once', async () => {
    const world = await idleWorld()
    const made = proposalsOf(world)
    await world.run(IDLE_MS / 2)
    assert.equal(made.size, 0, 'nothing to do')
    world.submitAt(1)
    await world.run(SOON_MS)
    assert.equal(world.workload.final, 1)
    expectSound(world)
  })

  it('C14: what an unfinal block includes is no work, and what it does not include is', async () => {
    const world = await idleWorld()
    const isFinality = (place: ReturnType<typeof voteIn>): boolean =>
      place?.chain === SHARD && place.kind === FINALISE
    world.network.passes = (message) => !isFinality(voteIn(message)) && !isFinality(certificateIn(message))
    const made = proposalsOf(world)
    world.submitAt(1)
    await world.run(SOON_MS)
    assert.deepEqual(
      [...made.values()].map(({ header }) => header.transactionCount),
      [1]
    )
    await world.run(IDLE_MS / 2)
    assert.equal(
      made.size,
      1,
      'the transaction waits in the pool, but it is in the block that waits for finality'
    )
    world.submitAt(2)
    await world.run(SOON_MS)
    assert.deepEqual(
      [...made.values()].map(({ header }) => header.transactionCount),
      [1, 1]
    )
    await world.run(2 * IDLE_MS)
    assert(made.size > 2, 'and empty ones go on at the idle interval')
    expectSound(world)
  })
})

describe('GOS-6: far behind', () => {
  const judged = async (world: World): Promise<string> => {
    const { judges } = world.chainOf(3, SHARD)
    return (await judges.tx(new Uint8Array(1), peerOf(1))).rule
  }

  for (const [what, blocks, isBehind] of [
    ['ranges are pulled', 8, (world: World) => world.chainOf(3, SHARD).pull.isFarBehind],
    ['the chain syncs', 70, (world: World) => world.chainOf(3, SHARD).sync.active]
  ] as const) {
    it(`GOS-6: while ${what}, transactions of gossip are ignored as busy, and afterwards judged`, async () => {
      const world = await warmWorld()
      world.crash(3)
      const goal = world.height(SHARD, [0, 1, 2]) + blocks
      assert(await world.until(() => world.height(SHARD, [0, 1, 2]) >= goal, 60_000))
      await world.restart(3)
      assert(await world.until(() => isBehind(world), RECOVERY_MS), 'it is behind')
      assert.equal(await judged(world), 'busy')
      const isHome = (): boolean => {
        const { pull, sync } = world.chainOf(3, SHARD)
        return !sync.active && !pull.isFarBehind && world.height(SHARD, [3]) >= goal
      }
      assert(await world.until(isHome, RECOVERY_MS))
      assert.equal(await judged(world), 'bundle-not-canonical')
      expectSound(world)
    })
  }
})
