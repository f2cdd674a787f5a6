/** Payloads of system messages, behind the byte that numbers them (R18). */
import { Bytes32, ContainerType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const MESSAGE_EPOCH_SUMMARY = 1
export const MESSAGE_ATOMIC_ANSWER = 2
export const MESSAGE_ATOMIC_DECISION = 3
export const MESSAGE_STAKE = 4
export const MESSAGE_PAYOUT = 5
export const MESSAGE_ATOMIC_PAYMENT = 6

/** A validator’s home shard asks for what it has earned elsewhere. */
export const MESSAGE_CLAIM = 7

export const StakeNoticeType = new ContainerType({ validator: Bytes32 }, { typeName: 'StakeNotice' })
export type StakeNotice = ValueOf<typeof StakeNoticeType>

export const ClaimCallType = new ContainerType({ validator: Bytes32 }, { typeName: 'ClaimCall' })
export type ClaimCall = ValueOf<typeof ClaimCallType>

export const PayoutType = new ContainerType(
  {
    /** The validator whose stake it was. */
    validator: Bytes32
  },
  { typeName: 'Payout' }
)
export type Payout = ValueOf<typeof PayoutType>
