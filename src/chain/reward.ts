/** What a header says its block earns (EMI-2): the same for whoever builds it and whoever judges it. */
import type { Header } from '../codec/block.ts'
import { refuse } from '../primitives/result.ts'
import type { Refusal } from '../primitives/result.ts'
import { blockReward } from '../state/emission.ts'
import type { Reserve, RewardParams } from '../state/emission.ts'

type RewardFields = Pick<Header, 'rewardConsumer' | 'rewardIndustrial'>

/** @param reserve as the parent left it */
export function rewardFields(height: number, params: RewardParams, reserve: Reserve): RewardFields {
  const { consumer, industrial } = blockReward(height, params, reserve)
  return { rewardConsumer: consumer, rewardIndustrial: industrial }
}

export function judgeReward(
  header: RewardFields & Pick<Header, 'height'>,
  params: RewardParams,
  reserve: Reserve
): Refusal<'wrong-reward'> | undefined {
  const due = rewardFields(header.height, params, reserve)
  const isDue =
    header.rewardConsumer === due.rewardConsumer && header.rewardIndustrial === due.rewardIndustrial
  return isDue
    ? undefined
    : refuse('wrong-reward', `${due.rewardConsumer} and ${due.rewardIndustrial} are due`)
}
