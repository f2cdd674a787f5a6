/** The suite `coordination` in the amount that every test run affords; `npm run sim -- --suite coordination` runs 5,000 views. */
import assert from 'node:assert/strict'
import { COORDINATION_SIZES, runCoordinationSeed } from '../../src/testing/sim/coordination-suite.ts'

/** Views of each size: an epoch is six blocks. */
const VIEWS: Readonly<Record<(typeof COORDINATION_SIZES)[number], number>> = {
  1: 160,
  2: 160,
  3: 160,
  4: 160,
  7: 160,
  20: 60,
  100: 26
}

describe('coordination without a network', function () {
  this.timeout(60_000)

  for (const validators of COORDINATION_SIZES) {
    it(`C2, C3, C8, C30, SAN-1: ${validators} validators that crash, are late, sign twice, join and leave: every view has a leader`, async () => {
      const { violations, coverage } = await runCoordinationSeed({
        seed: '1',
        validators,
        views: VIEWS[validators]
      })
      assert.deepEqual(violations, [])
      assert.equal(coverage.finals + coverage.nullified, VIEWS[validators])
      assert.ok(coverage.epochs > 2)
    })
  }

  it('D19: the same seed ends in the same state', async () => {
    const run = async () => (await runCoordinationSeed({ seed: '5', validators: 4, views: 120 })).hash
    assert.equal(await run(), await run())
  })
})
