/**
 * Emission (EMI-1 … EMI-3; D3, M12): every block takes a reward out of its chain's reserve, for the treasury and its
 * proposer. It follows from the height and the parameters, and halves again and again; the reserve bounds it.
 */
import type { Params } from '../params/params.ts'
import { feeShares } from './fees.ts'
import type { Ledger } from './ledger.ts'
import type { Amounts, BlockContext } from './types.ts'

export type RewardParams = Pick<Params, 'rewardConsumer' | 'rewardIndustrial' | 'rewardHalvingBlocks'>

export interface Reserve {
  readonly reserveConsumer: bigint
  readonly reserveIndustrial: bigint
}

/** Of the block at `height`, above genesis, whose parent left this reserve. */
export function blockReward(height: number, params: RewardParams, reserve: Reserve): Amounts {
  const halvings = BigInt(Math.floor((height - 1) / params.rewardHalvingBlocks))
  return {
    consumer: least(BigInt(params.rewardConsumer) >> halvings, reserve.reserveConsumer),
    industrial: least(BigInt(params.rewardIndustrial) >> halvings, reserve.reserveIndustrial)
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** A step of every block's end (STA-16). Shares round as those of fees do. */
export function payReward(
  ledger: Ledger,
  { height, params, proposer }: Pick<BlockContext, 'height' | 'params' | 'proposer'>
): void {
  const reward = blockReward(height, params, ledger.totals)
  if (reward.consumer === 0n && reward.industrial === 0n) return
  ledger.takeReserve(reward)
  const shares = feeShares(reward, params.treasurySharePpm)
  ledger.creditTreasury(shares.treasury)
  ledger.creditClaim(proposer, shares.proposer)
}

/** All that blocks 1 … height are meant to emit, whatever the reserve holds. */
export function scheduledEmission(height: number, params: RewardParams): Amounts {
  const sum = (initial: number): bigint => {
    let total = 0n
    let reward = BigInt(initial)
    for (let from = 0; from < height && reward > 0n; from += params.rewardHalvingBlocks) {
      total += reward * BigInt(Math.min(params.rewardHalvingBlocks, height - from))
      reward >>= 1n
    }
    return total
  }
  return { consumer: sum(params.rewardConsumer), industrial: sum(params.rewardIndustrial) }
}
