import { deepEqual, equal } from 'node:assert/strict'
import { MAX_SUPPLY } from '../../../src/params/supply.ts'
import { PRESETS } from '../../../src/params/presets.ts'
import { fromHex } from '../../../src/primitives/bytes.ts'
import { blockReward, payReward, scheduledEmission } from '../../../src/state/emission.ts'
import { readTotals, recount, totalSupply, wrongCounters } from '../../../src/state/supply.ts'
import { fc } from '../../support/fast-check.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { PROPOSER } from '../../support/state.ts'

const PLENTY = { reserveConsumer: MAX_SUPPLY, reserveIndustrial: MAX_SUPPLY }
const params = { rewardConsumer: 1_000, rewardIndustrial: 7, rewardHalvingBlocks: 10 }

describe('emission', () => {
  const at = (height: number, reserve = PLENTY) => blockReward(height, params, reserve)

  it('EMI-1: the first blocks give the initial reward, and each interval halves it, rounded down', () => {
    deepEqual(at(1), { consumer: 1_000n, industrial: 7n })
    deepEqual(at(10), { consumer: 1_000n, industrial: 7n })
    deepEqual(at(11), { consumer: 500n, industrial: 3n })
    deepEqual(at(30), { consumer: 250n, industrial: 1n })
    deepEqual(at(31), { consumer: 125n, industrial: 0n })
    deepEqual(at(10 * 200), { consumer: 0n, industrial: 0n })
  })

  it('EMI-1: never more than the reserve holds, of each token by itself', () => {
    deepEqual(at(1, { reserveConsumer: 999n, reserveIndustrial: 8n }), { consumer: 999n, industrial: 7n })
    deepEqual(at(1, { reserveConsumer: 0n, reserveIndustrial: 0n }), { consumer: 0n, industrial: 0n })
  })

  it('EMI-1: the schedule is the sum of its blocks, at every height', () => {
    const anyParams = fc.record({
      rewardConsumer: fc.nat(1_000),
      rewardIndustrial: fc.nat(5),
      rewardHalvingBlocks: fc.integer({ min: 1, max: 30 })
    })
    fc.assert(
      fc.property(anyParams, fc.nat(120), (some, height) => {
        const sum = { consumer: 0n, industrial: 0n }
        for (let each = 1; each <= height; each++) {
          const reward = blockReward(each, some, PLENTY)
          sum.consumer += reward.consumer
          sum.industrial += reward.industrial
        }
        deepEqual(scheduledEmission(height, some), sum)
      })
    )
  })

  it('EMI-1: the schedule of each preset stays within the reserve of a shard that no account drew on', () => {
    for (const { shards, params: preset } of Object.values(PRESETS)) {
      const all = scheduledEmission(Number.MAX_SAFE_INTEGER, preset)
      equal(all.consumer <= MAX_SUPPLY / BigInt(shards), true)
      equal(all.industrial <= MAX_SUPPLY / BigInt(shards), true)
    }
  })

  it('EMI-3, M12, R11: it moves from the reserve to the treasury and the proposer, to the last unit', () => {
    const [chain] = laneChains(1) as [LaneChain]
    const before = readTotals(chain.state)
    const rich = { ...chain.params, ...params, rewardConsumer: 3, rewardIndustrial: 4 }
    const proposer = PROPOSER
    const block = (height: number) =>
      chain.run({ end: (ledger) => payReward(ledger, { height, params: rich, proposer }) })
    block(1)
    const after = readTotals(chain.state)
    // Half to the treasury, the odd unit to the proposer: the preset's share is 500,000 ppm.
    deepEqual([after.treasuryConsumer, after.rewardsConsumer], [1n, 2n])
    deepEqual([after.treasuryIndustrial, after.rewardsIndustrial], [2n, 2n])
    deepEqual([after.reserveConsumer, after.reserveIndustrial], [4n, 5n])
    for (let height = 2; height <= 5; height++) block(height)
    const last = readTotals(chain.state)
    deepEqual([last.reserveConsumer, last.reserveIndustrial], [0n, 0n])
    deepEqual(totalSupply([last]), totalSupply([before]))
    const flat = [...chain.state.values].map(([key, value]) => [fromHex(key), value] as const)
    deepEqual(wrongCounters(last, recount(flat)), [])
  })
})
