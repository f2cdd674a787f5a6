/** C3 for any inputs: never nobody, bounded churn, capped cooperatives, whatever the previous committee and candidates are. */
import assert from 'node:assert/strict'
import { compare, toHex } from '../../src/primitives/bytes.ts'
import { faultsOf } from '../../src/sharding/quorum.ts'
import { countByCooperative } from '../../src/sharding/seats.ts'
import { minimumOf, succeed } from '../../src/sharding/succession.ts'
import type { Candidate } from '../../src/sharding/succession.ts'
import { fc } from '../support/fast-check.ts'
import { someKey } from '../support/genesis.ts'

const trait = fc.record({
  cooperative: fc.integer({ min: 0, max: 5 }),
  weight: fc.integer({ min: 1, max: 5 }),
  isSitting: fc.boolean(),
  isReady: fc.boolean(),
  leavingSince: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  isAbsent: fc.boolean(),
  isSanctioned: fc.boolean()
})
const world = fc.tuple(fc.array(trait, { maxLength: 24 }), fc.integer({ min: 1, max: 24 }))

const setOf = (members: readonly { readonly key: Uint8Array }[]): Set<string> =>
  new Set(members.map(({ key }) => toHex(key)))

function scene(traits: readonly Omit<Candidate, 'key'>[], most: number) {
  const candidates = traits.map((one, index): Candidate => ({ ...one, key: someKey(index) }))
  const sitting = candidates.filter(({ isSitting }) => isSitting).sort((a, b) => compare(a.key, b.key))
  const members = sitting.length > 0 ? sitting : [{ key: someKey(99), cooperative: 1, weight: 1 }]
  const willing = candidates.filter((one) => one.leavingSince === undefined && !one.isSanctioned)
  const minimum = minimumOf(willing.length)
  const next = succeed({ members, degraded: false }, candidates, { minimum, most })
  return { candidates, members, minimum, next, willing }
}

describe('succession of committees', () => {
  it('C3, EPO-13: somebody sits, each once, in key order, and at most as many as there may be', () => {
    fc.assert(
      fc.property(world, ([traits, most]) => {
        const { next, candidates, members } = scene(traits, most)
        const keys = next.members.map(({ key }) => toHex(key))
        assert.ok(keys.length > 0)
        assert.deepEqual(keys, [...new Set(keys)].sort())
        const isPrevious = next.members.length === members.length
        assert.ok(keys.length <= Math.max(most, isPrevious ? members.length : 0))
        const known = setOf([...candidates, ...members])
        assert.ok(keys.every((key) => known.has(key)))
      })
    )
  })

  it('C3, EPO-13: without need no more than max(1, f) come, nobody unready comes, and as few leave by will or absence', () => {
    fc.assert(
      fc.property(world, ([traits, most]) => {
        const { next, candidates, members, minimum } = scene(traits, most)
        const churn = Math.max(1, faultsOf(members.length))
        const before = setOf(members)
        const seated = setOf(next.members)
        const newcomers = candidates.filter(({ key }) => seated.has(toHex(key)) && !before.has(toHex(key)))
        const staying = candidates.filter((one) => one.isSitting && !one.isSanctioned && !one.isAbsent)
        const wanting = staying.filter(({ leavingSince }) => leavingSince !== undefined)
        const sure = staying.length - Math.min(churn, wanting.length)
        if (sure >= minimum) {
          assert.ok(newcomers.length <= churn, 'newcomers are bounded')
          assert.ok(newcomers.every(({ isReady, leavingSince }) => isReady && leavingSince === undefined))
          const absent = candidates.filter((one) => one.isAbsent && !one.isSanctioned)
          const kept = absent.filter(({ key }) => seated.has(toHex(key)))
          const sat = absent.filter(({ isSitting }) => isSitting)
          assert.ok(
            kept.every(({ isSitting }) => isSitting),
            'nobody comes who is absent'
          )
          assert.ok(kept.length <= Math.max(0, sat.length - churn), 'as many go as may leave by will')
        }
        assert.ok(newcomers.length <= Math.max(churn, minimum), 'in need, as many as the minimum takes')
      })
    )
  })

  it('C3, EPO-13: a sanctioned one sits only where nobody else is left', () => {
    fc.assert(
      fc.property(world, ([traits, most]) => {
        const { next, candidates } = scene(traits, most)
        const seated = setOf(next.members)
        const out = candidates.filter((one) => one.isSanctioned && seated.has(toHex(one.key)))
        const open = candidates.some(
          (one) => !one.isSanctioned && (one.isSitting || one.leavingSince === undefined)
        )
        assert.ok(out.length === 0 || !open)
      })
    )
  })

  it('C3, EPO-15: no cooperative holds more than max(1, f) seats unless the minimum takes it', () => {
    fc.assert(
      fc.property(world, ([traits, most]) => {
        const { next, members } = scene(traits, most)
        if (next.degraded || next.members === members) return
        const cap = Math.max(1, faultsOf(next.members.length))
        for (const count of countByCooperative(next.members).values()) assert.ok(count <= cap)
      })
    )
  })

  it('C3: the order of candidates changes nothing', () => {
    fc.assert(
      fc.property(world, fc.nat(), ([traits, most], turn) => {
        const { next, candidates, members, minimum } = scene(traits, most)
        const at = candidates.length === 0 ? 0 : turn % candidates.length
        const turned = [...candidates.slice(at), ...candidates.slice(0, at)].reverse()
        assert.deepEqual(succeed({ members, degraded: false }, turned, { minimum, most }), next)
      })
    )
  })
})
