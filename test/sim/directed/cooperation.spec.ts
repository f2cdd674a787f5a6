/** Proof of cooperation with whole nodes: what a validator does not do is counted, told, weighed, and forgiven. */
import assert from 'node:assert/strict'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { readReputation } from '../../../src/cooperation/reputation.ts'
import { readSeats, readWeights, committeesOf } from '../../../src/sharding/seat-records.ts'
import { readSummary } from '../../../src/state/facts.ts'
import { World } from '../../../src/testing/sim/world.ts'
import { WARM_MS, expectSound } from '../scenarios/stage.ts'

const VALIDATORS = 5
const SILENT = 4
const OTHERS = [0, 1, 2, 3]
const EPOCH = 24
const LIMIT_MS = 400_000

const stateOf = (world: World) => world.chainOf(0, COORD).tree.final.state
const untilHeight = async (world: World, height: number): Promise<void> => {
  await world.until(() => world.height(COORD, OTHERS) >= height, LIMIT_MS)
  assert(
    world.height(COORD, OTHERS) >= height,
    `coordination did not reach ${height}: ${world.violations.join()}`
  )
}

/** Share of the frozen weights on the coordination chain, ppm; undefined: no seat. */
function shareOf(world: World, index: number): number | undefined {
  const state = stateOf(world)
  const { members } = committeesOf(readSeats(state), readWeights(state)).get(COORD)!
  const key = toHex(world.genesis.validators[index]!.key)
  const own = members.find((member) => toHex(member.key) === key)
  const total = members.reduce((sum, { weight }) => sum + weight, 0)
  return own === undefined ? undefined : Math.floor((1_000_000 * own.weight) / total)
}

describe('cooperation of whole nodes', function () {
  this.timeout(180_000)

  it('COOP-13, COOP-18, COOP-23: who is away for a while loses weight on every node, and gains it back by voting', async () => {
    const params = { epochLength: EPOCH, freezeDistance: 4, unbondingEpochs: 70 }
    const world = new World({ seed: 'directed', validators: VALIDATORS, params })
    world.start(...OTHERS, SILENT)
    await world.run(WARM_MS)
    await untilHeight(world, 2 * EPOCH)
    const before = shareOf(world, SILENT)!
    assert(before > 50_000, `${before} of a fifth`)
    // A third of an epoch, at most: half of one would exclude it.
    world.crash(SILENT)
    await untilHeight(world, 2 * EPOCH + 8)
    await world.restart(SILENT)
    // Told at the end of this epoch, counted at the freeze in the next one.
    await untilHeight(world, 4 * EPOCH - 3)
    const fallen = shareOf(world, SILENT)!
    assert(10 * fallen < 9 * before, `${before}, then ${fallen}`)
    const [shard] = [readSummary(stateOf(world), shardId(0))]
    assert(shard !== undefined && shard.epoch >= 1, 'the shard told what it counted')
    await untilHeight(world, 7 * EPOCH - 3)
    const recovered = shareOf(world, SILENT)!
    assert(10 * recovered > 11 * fallen, `${fallen}, then ${recovered}`)
    const reputations = [0, SILENT].map((node) => {
      const state = world.chainOf(node, COORD).tree.final.state
      return readReputation(state, world.genesis.validators[0]!.key).validations
    })
    assert(reputations.every((validations) => validations > 0))
    expectSound(world)
  })

  it('COOP-19, C3: who stays away is seated nowhere after the epochs that it takes to tell, and no chain waits', async () => {
    const params = { epochLength: EPOCH, freezeDistance: 4, unbondingEpochs: 70 }
    const world = new World({ seed: 'directed', validators: VALIDATORS, params })
    world.start(...OTHERS, SILENT)
    await world.run(WARM_MS)
    await untilHeight(world, 1)
    world.crash(SILENT)
    await untilHeight(world, 3 * EPOCH - 3)
    assert.equal(shareOf(world, SILENT), undefined)
    await untilHeight(world, 4 * EPOCH)
    expectSound(world)
  })
})
