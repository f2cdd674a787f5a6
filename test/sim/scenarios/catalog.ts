/** Every directed scenario by the rule that it shows; mutants are run against them, too. */
import { decisionTwice, lateVoteAfterAbort, preparedWaits } from './atomic.ts'
import { boundarySplit } from './boundary.ts'
import {
  copyBesideOriginal,
  lostChains,
  olderChains,
  restoredBackup,
  silentWhileOthersAreAhead
} from './copies.ts'
import { rangesBelowTheTarget, voteIgnoredOneViewBehind } from './delivery.ts'
import { allCrashAfterFinalise, certificateOnOneDisk } from './durability.ts'
import { childOfUnknownParent, forgedCertificates, rivalOfNotarisedParent } from './faulty.ts'
import { fastStartBesideLiar } from './fast-start.ts'
import { forkBelowTheFinalView, forkBesideTheFinalBlock } from './fork.ts'
import { shardWithoutCoordination } from './independence.ts'
import {
  acknowledgementAhead,
  committeeOfAnotherEpoch,
  refundWithoutRoom,
  refusedValueReturns,
  sameDeliveryTwice,
  stoppedShard,
  unprovenDelivery
} from './receipts.ts'
import { syncBesideLiars, syncBesideMiser } from './sync.ts'
import {
  boundaryOfAChange,
  emptyRegistrations,
  leaverStopsEarly,
  leaverStopsOneViewEarly,
  sleepingShard
} from './membership.ts'
import { abandonedBranch } from './transactions.ts'

export const SCENARIOS = {
  boundarySplit,
  certificateOnOneDisk,
  allCrashAfterFinalise,
  voteIgnoredOneViewBehind,
  rangesBelowTheTarget,
  abandonedBranch,
  shardWithoutCoordination,
  copyBesideOriginal,
  restoredBackup,
  lostChains,
  olderChains,
  silentWhileOthersAreAhead,
  rivalOfNotarisedParent,
  childOfUnknownParent,
  forgedCertificates,
  forkBelowTheFinalView,
  forkBesideTheFinalBlock,
  sameDeliveryTwice,
  unprovenDelivery,
  refusedValueReturns,
  refundWithoutRoom,
  acknowledgementAhead,
  committeeOfAnotherEpoch,
  stoppedShard,
  preparedWaits,
  lateVoteAfterAbort,
  decisionTwice,
  boundaryOfAChange,
  leaverStopsEarly,
  leaverStopsOneViewEarly,
  emptyRegistrations,
  sleepingShard,
  syncBesideLiars,
  syncBesideMiser,
  fastStartBesideLiar
} as const

export type ScenarioName = keyof typeof SCENARIOS
export const isScenario = (name: string): name is ScenarioName => Object.hasOwn(SCENARIOS, name)
