/** What a network does while a lane is full: users are told before they pay, and are served again when it has room. */
import assert from 'node:assert/strict'
import { readOutLane } from '../../../src/node/chain/outbox.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { expectSound, warmWorld } from '../scenarios/stage.ts'

const [FROM, STILL] = [shardId(0), shardId(1)]
const LEAST = 320
const FULL = (LEAST * 80) / 100
const FILL_MS = 20_000
const FEW = 5

describe('R9: a full lane', () => {
  it('POOL-9, R9: nodes refuse what it would take, at their head, until it has room again', async () => {
    const world = await warmWorld({ shards: 2, users: 24, params: { laneReceiptsMax: LEAST } })
    const refused = (): number => world.workload.refusals.get('lane-congested') ?? 0
    const flood = (): void => world.workload.flood(world.node(0), world.genesis, FROM, STILL)
    const sent = (): number => readOutLane(world.chainOf(0, FROM).tree.head().state, STILL)?.next ?? 0
    world.network.mute(STILL)
    const isFull = await world.until(() => {
      if (sent() < FULL && world.chainOf(0, FROM).pool.pendingCount < FEW) flood()
      return sent() >= FULL
    }, FILL_MS)
    assert(isFull, `${sent()} were sent`)
    assert.equal(refused(), 0, 'there was room')
    flood()
    await world.run(100)
    assert(refused() > 0, 'there is none')
    const before = refused()
    world.heal()
    const lane = () => readOutLane(world.chainOf(0, FROM).tree.head().state, STILL)
    assert(await world.until(() => (lane()?.acknowledged ?? 0) >= FULL, FILL_MS), 'it runs dry')
    flood()
    await world.run(2_000)
    assert.equal(refused(), before, 'it takes more again')
    assert(sent() > FULL)
    expectSound(world)
  })
})
