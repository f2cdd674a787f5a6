/** Ten hostile followers and two hostile validators of seven, all at once, around five honest nodes. */
import assert from 'node:assert/strict'
import { Arena } from '../support/arena.ts'
import { besiege } from '../support/siege.ts'

const HONEST = 5
const LIARS = 6
const BLOCKS = 6
/** Twenty hosts in one process: on a machine that is busy it takes its time. */
const PATIENCE_MS = 60_000

describe('siege', function () {
  this.timeout(240_000)
  let arena: Arena
  before(async () => {
    arena = await Arena.open({ honest: HONEST, hostile: 2, startMs: PATIENCE_MS, progressMs: PATIENCE_MS })
  })
  after(async () => arena?.swarm.stop())

  it('D14, C30: all proven liars are banned, none of the honest, and finality goes on', async () => {
    const force = { liars: LIARS, flooders: 2, refusers: 2, validators: [HONEST, HONEST + 1] }
    const outcome = await besiege(arena, force, BLOCKS)
    assert.equal(outcome.liarsBanned, LIARS)
    // Refusing, and sending what only the state refuses, is no proof of anything.
    assert.equal(outcome.chargesOfPeaceful, 0)
    assert(outcome.blocks >= BLOCKS)
    arena.assertUnharmed()
    assert(arena.evidence.length > 0, 'the hostile validators left evidence')
  })
})
