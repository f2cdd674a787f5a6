/** The vectors of emission: what a block earns, who gets it, and which headers are refused (EMI-1 … EMI-3). */
import { judgeReward } from '../../src/chain/reward.ts'
import { MAX_SUPPLY } from '../../src/params/supply.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { blockReward } from '../../src/state/emission.ts'
import type { RewardParams } from '../../src/state/emission.ts'
import { feeShares } from '../../src/state/fees.ts'
import type { Plain } from './plain.ts'

const SMALL: RewardParams = { rewardConsumer: 1_001, rewardIndustrial: 7, rewardHalvingBlocks: 10 }
const FULL = { reserveConsumer: MAX_SUPPLY, reserveIndustrial: MAX_SUPPLY }

const presetParams = ({ rewardConsumer, rewardIndustrial, rewardHalvingBlocks }: RewardParams) => ({
  rewardConsumer,
  rewardIndustrial,
  rewardHalvingBlocks
})

const CASES = [
  { name: 'the first block', height: 1, params: SMALL, reserve: FULL },
  { name: 'the last one before the reward halves', height: 10, params: SMALL, reserve: FULL },
  { name: 'halved, rounded down', height: 11, params: SMALL, reserve: FULL },
  { name: 'one token is gone, the other is not', height: 31, params: SMALL, reserve: FULL },
  { name: 'nothing is left of it', height: 1_000, params: SMALL, reserve: FULL },
  {
    name: 'the reserve bounds each token',
    height: 1,
    params: SMALL,
    reserve: { reserveConsumer: 1_000n, reserveIndustrial: 8n }
  },
  {
    name: 'no reserve, as on the coordination chain',
    height: 1,
    params: SMALL,
    reserve: { reserveConsumer: 0n, reserveIndustrial: 0n }
  },
  { name: 'preset devnet', height: 5_000_001, params: presetParams(PRESETS.devnet.params), reserve: FULL },
  { name: 'preset seed', height: 1, params: presetParams(PRESETS.seed.params), reserve: FULL }
]

const SHARES = [0, 1, 333_333, 500_000, 1_000_000]

/** What a header may say instead. */
const CLAIMED = [
  ['its reward', 0n, 0n],
  ['one unit more', 1n, 0n],
  ['one unit less of the other token', 0n, -1n],
  ['none', -1_001n, -7n]
] as const

export function emission(): Plain {
  return {
    rules: ['EMI-1', 'EMI-2', 'EMI-3'],
    rewards: CASES.map(({ name, height, params, reserve }) => {
      const reward = blockReward(height, params, reserve)
      return {
        name,
        rule: 'EMI-1',
        height,
        params: { ...params },
        reserve: text(reserve),
        reward: text(reward)
      }
    }),
    shares: SHARES.map((treasurySharePpm) => {
      const reward = blockReward(1, SMALL, FULL)
      const { treasury, proposer } = feeShares(reward, treasurySharePpm)
      return {
        name: `${treasurySharePpm} ppm to the treasury`,
        rule: 'EMI-3',
        treasurySharePpm,
        reward: text(reward),
        treasury: text(treasury),
        proposer: text(proposer)
      }
    }),
    headers: CLAIMED.map(([name, consumer, industrial]) => {
      const header = { height: 1, rewardConsumer: 1_001n + consumer, rewardIndustrial: 7n + industrial }
      return {
        name,
        rule: 'EMI-2',
        ...text(header),
        height: 1,
        params: { ...SMALL },
        reserve: text(FULL),
        verdict: judgeReward(header, SMALL, FULL)?.code ?? 'valid'
      }
    })
  }
}

/** Amounts as the vectors write them. */
const text = (fields: object): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]))
