/** Hostile followers cost the honest no view: counted in views, not in time, so that a slow machine changes nothing. */
import assert from 'node:assert/strict'
import { chainName } from '../../src/primitives/chain-id.ts'
import { Arena } from '../support/arena.ts'
import { HOSTILE_ACTS, attackOnce, victimOf } from '../support/attacks.ts'

/** Timers that no machine is too slow for: a view that is given up was taken from its leader. */
const PATIENT = {
  deltaInitialMs: 2_000,
  deltaMinMs: 2_000,
  deltaMaxMs: 60_000,
  epochLength: 500,
  freezeDistance: 4
}
const VALIDATORS = 4

describe('hostile peers: views', function () {
  this.timeout(90_000)
  let arena: Arena
  before(async () => {
    arena = await Arena.open({ honest: VALIDATORS, hostile: 0, overrides: PATIENT, startMs: 60_000 })
  })
  after(async () => arena?.swarm.stop())

  it('C17, C31: whatever followers do, every view of every honest node ends with a block', async () => {
    const lost: string[] = []
    for (const [index, { events }] of arena.swarm.running.entries()) {
      events.on('nullified', ({ chain, view }) =>
        lost.push(`node ${index}, ${chainName(chain)}, view ${view}`)
      )
    }
    const from = arena.target.chains!.list.map(({ driver }) => driver.instance.view)
    const acts = HOSTILE_ACTS.filter(({ needsKey }) => needsKey !== true)
    for (const [index, act] of acts.entries()) {
      await arena.swarm.submitTransfer(index % VALIDATORS, { from: `user${index % VALIDATORS}`, to: 'user9' })
      await attackOnce(arena, act, victimOf(arena.swarm.node((index + 1) % VALIDATORS)))
    }
    await arena.progress(3)
    assert.deepEqual(lost, [])
    for (const [index, { driver, chain }] of arena.target.chains!.list.entries()) {
      assert(driver.instance.view > (from[index] ?? 0) + 3, `views of ${chainName(chain)} went on`)
    }
    arena.assertUnharmed()
  })
})
