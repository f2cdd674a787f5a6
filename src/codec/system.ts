/** Payloads of system messages, behind the byte that numbers them (R18). */
import { Bytes32, ContainerType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const MESSAGE_EPOCH_SUMMARY = 1
export const MESSAGE_ATOMIC_ANSWER = 2
export const MESSAGE_ATOMIC_DECISION = 3
export const MESSAGE_STAKE = 4
export const MESSAGE_PAYOUT = 5

export const PayoutType = new ContainerType(
  {
    /** The validator whose stake it was. */
    validator: Bytes32
  },
  { typeName: 'Payout' }
)
export type Payout = ValueOf<typeof PayoutType>
