import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict'
import { drawKills, perturbOf } from '../../../scripts/acceptance/kills.ts'
import { parsePerturbations } from '../../../src/devnet/perturb.ts'

describe('kills at random times', () => {
  const WANTED = { nodes: 4, count: 55, untilMs: 100_000 }

  it('the same seed draws the same kills, another one others', () => {
    deepEqual(drawKills('7', WANTED), drawKills('7', WANTED))
    notDeepEqual(drawKills('7', WANTED), drawKills('8', WANTED))
  })

  it('each is undone, in time, and no node is killed while it is down', () => {
    const plan = parsePerturbations(perturbOf(drawKills('7', WANTED)), WANTED.nodes)
    equal(plan.length, 2 * WANTED.count)
    for (let node = 0; node < WANTED.nodes; node++) {
      const own = plan.filter((each) => each.node === node)
      ok(own.length > 0)
      deepEqual(
        own.map(({ kind }) => kind),
        own.map((_, index) => (index % 2 === 0 ? 'kill' : 'start'))
      )
    }
    ok(plan.every(({ atS }) => atS >= 6 && atS < 102))
  })
})
