import assert from 'node:assert/strict'
import { SYNC_LIMITS } from '../../../src/sync/limits.ts'
import { fc } from '../../support/fast-check.ts'
import { SyncWorld, aPeer } from '../../support/sync-world.ts'
import type { Behaviour } from '../../support/sync-world.ts'

const BEHAVIOURS: readonly Behaviour[] = [
  'honest',
  'slow',
  'stalls',
  'lacks',
  'garbage',
  'forks',
  'bodies',
  'limited',
  'short'
]

describe('sync among random peers', function () {
  this.timeout(60_000)

  it('SYN-5: never stands still for good while one honest peer is there; in order, within its bounds, blaming no honest peer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...BEHAVIOURS), fc.integer({ min: 0, max: 3_000 })), {
          maxLength: 8
        }),
        fc.integer({ min: 70, max: 700 }),
        fc.integer({ min: 8, max: 200 }),
        fc.constantFrom(0, 280, 40_000, 900_000),
        (others, tip, epochLength, bodyBytes) => {
          const peers = [
            aPeer('honest', 'honest', tip),
            ...others.map(([behaviour, claims], at) => aPeer(`${behaviour}${at}`, behaviour, claims))
          ].filter(({ behaviour, claims }) => behaviour !== 'limited' || claims <= tip)
          const world = new SyncWorld({ peers, tip, epochLength, bodyBytes, speed: 20 })
          world.hint()
          const isThere = world.run(() => {
            assert(world.state.asks.size <= 13)
            for (const { inFlight } of world.state.peers.values())
              assert(inFlight <= SYNC_LIMITS.requestsPerPeer)
            return world.height === tip
          }, 30 * 60_000)
          assert(isThere, `stuck at ${world.height} of ${tip}: ${world.stalls.join()}`)
          assert.deepEqual(
            world.executed,
            Array.from({ length: tip }, (_, at) => at + 1)
          )
          const innocent = /^(honest|slow|stalls|lacks|limited|short)\d* invalid/
          assert(!world.blamed.some((fact) => innocent.test(fact)), world.blamed.join())
        }
      ),
      { numRuns: 25 }
    )
  })
})
