/** Payloads of the actions that move value to and from the coordination chain, or out of what a validator earned. */
import { Bytes21, Bytes32, Chain, ContainerType, U64 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const ACTION_CLAIM = 3
export const ACTION_ACTIVATE = 4
export const ACTION_STAKE = 5

/** Pays out what the sender's key has earned as a proposer on one chain. */
export const ClaimOrderType = new ContainerType(
  {
    /** Where it was earned. */
    chain: Chain,
    /** Address bytes of the receiver, on whatever shard. */
    to: Bytes21
  },
  { typeName: 'ClaimOrder' }
)
export type ClaimOrder = ValueOf<typeof ClaimOrderType>

/** Makes or fills the sender's record on the coordination chain (M8). */
export const ActivationType = new ContainerType(
  { consumer: U64, industrial: U64 },
  { typeName: 'Activation' }
)
export type Activation = ValueOf<typeof ActivationType>

/** Adds to a validator's stake. */
export const StakingType = new ContainerType(
  { validator: Bytes32, consumer: U64, industrial: U64 },
  { typeName: 'Staking' }
)
export type Staking = ValueOf<typeof StakingType>
