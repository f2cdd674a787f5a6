/** What coordination state holds of who takes part (protocols/registry.md): a record each, and what an epoch is made of. */
import { BitArray } from '@chainsafe/ssz'
import { DOMAINS } from '../crypto/domains.ts'
import { concat } from '../primitives/bytes.ts'
import { MAX_SHARDS } from '../primitives/chain-id.ts'
import { MAX_VALIDATORS } from './registry.ts'
import {
  BitsType,
  Bytes21,
  Bytes32,
  Bytes64,
  Chain,
  ContainerType,
  Count,
  ListCompositeType,
  U16,
  U32,
  U64,
  U8
} from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const MAX_UNBONDINGS = 8

/** Registered and neither leaving nor gone. */
export const STATUS_REGISTERED = 0
/** It asked to leave, and serves until it is seated nowhere (C3 c). */
export const STATUS_LEAVING = 1
/** Seated nowhere any more; its stake is still bound. */
export const STATUS_LEFT = 2

/** The right to be seated on a shard, until a coordination height. */
const LeaseType = new ContainerType({ shard: Chain, until: Count }, { typeName: 'Lease' })
export type Lease = ValueOf<typeof LeaseType>

/** Stake that was asked back: bound until it is paid out, from this coordination epoch on. */
const UnbondingType = new ContainerType(
  { epoch: Count, consumer: U64, industrial: U64, to: Bytes21 },
  { typeName: 'Unbonding' }
)
export type Unbonding = ValueOf<typeof UnbondingType>

/** A shard on which a validator sits no more, and the last epoch in which it did. */
const ServedType = new ContainerType({ shard: Chain, epoch: Count }, { typeName: 'Served' })
export type Served = ValueOf<typeof ServedType>
/** In order of their shards, each once. */
export const ServedListType = new ListCompositeType(ServedType, MAX_SHARDS)

/** The tip of a hash chain that is not old enough to be used (C29). */
const PendingTipType = new ContainerType({ tip: Bytes32, from: Count }, { typeName: 'PendingTip' })

export const ValidatorRecordType = new ContainerType(
  {
    /** 0 is "no cooperative". */
    cooperative: U16,
    /** What it weighs as long as nothing is known of its conduct, ppm. */
    weight: U32,
    /** STATUS_… */
    status: U8,
    /** Coordination height of the last change of the status. */
    since: Count,
    /** Coordination height at which it was registered. */
    joined: Count,
    /** Coordination height of its last `ready`; 0: none. */
    ready: Count,
    /** First epoch in which it is seated nowhere, once it left. */
    leftEpoch: Count,
    /** Key of the validator that vouched for it; zero: the genesis, or nobody. */
    sponsor: Bytes32,
    /** Ed25519 key behind the peer id of its node, which has signed for it; empty: none has. */
    node: new ListCompositeType(Bytes32, 1),
    /** In order of their shards, each once. */
    leases: new ListCompositeType(LeaseType, MAX_SHARDS),
    /** Next value that it reveals the preimage of. */
    tip: new ListCompositeType(Bytes32, 1),
    pendingTip: new ListCompositeType(PendingTipType, 1),
    unbondings: new ListCompositeType(UnbondingType, MAX_UNBONDINGS)
  },
  { typeName: 'ValidatorRecord' }
)
export type ValidatorRecord = ValueOf<typeof ValidatorRecordType>

const SeatHolderType = new ContainerType({ key: Bytes32, cooperative: U16 }, { typeName: 'SeatHolder' })
export type SeatHolder = ValueOf<typeof SeatHolderType>

const ChainSeatsType = new ContainerType(
  {
    chain: Chain,
    /** 1 if the seat cap per cooperative had to be raised (C3 b). */
    degraded: U8,
    /** Places in the list of holders, as long as that. */
    members: new BitsType(MAX_VALIDATORS)
  },
  { typeName: 'ChainSeats' }
)

/** Who sits where in the newest frozen epoch. Weights are apart, so that this changes only with the seats. */
export const SeatsType = new ContainerType(
  {
    /** Everybody who sits anywhere, in key order. */
    holders: new ListCompositeType(SeatHolderType, MAX_VALIDATORS),
    /** Shards in order of their numbers, `coord` last. */
    chains: new ListCompositeType(ChainSeatsType, MAX_SHARDS + 1)
  },
  { typeName: 'Seats' }
)
export type Seats = ValueOf<typeof SeatsType>

export function seatBits(holders: number, places: readonly number[]): BitArray {
  const bits = BitArray.fromBitLen(holders)
  for (const place of places) bits.set(place, true)
  return bits
}

/** How a member leads: its weight in ppm, and the views after leading in which it does not (EPO-8). */
const LeadingType = new ContainerType({ weight: U32, cooldown: U8 }, { typeName: 'Leading' })
export type Leading = ValueOf<typeof LeadingType>

/** Of the newest frozen epoch: of each chain in the order of seats, of each member in theirs. */
export const WeightsType = new ListCompositeType(
  new ListCompositeType(LeadingType, MAX_VALIDATORS),
  MAX_SHARDS + 1
)

export const ACTION_REGISTER_VALIDATOR = 10
export const ACTION_DEREGISTER = 11
export const ACTION_READY = 12
export const ACTION_UNSTAKE = 13
export const ACTION_RELEASE_LEASE = 14
export const ACTION_RENEW_LEASE = 15
export const ACTION_REGISTER_REVEAL = 16
export const ACTION_BIND_NODE = 17

export const RegisterValidatorType = new ContainerType(
  {
    key: Bytes32,
    cooperative: U16,
    /** Zero or one tip of a hash chain (C29). */
    tip: new ListCompositeType(Bytes32, 1)
  },
  { typeName: 'RegisterValidator' }
)
export type RegisterValidator = ValueOf<typeof RegisterValidatorType>

/** `key` is the sender's own; it is named so that the payload says whom it is about. */
export const OwnValidatorType = new ContainerType({ key: Bytes32 }, { typeName: 'OwnValidator' })
export type OwnValidator = ValueOf<typeof OwnValidatorType>

export const UnstakeType = new ContainerType(
  {
    key: Bytes32,
    /** Zero of both: only pays out what is due. */
    consumer: U64,
    industrial: U64,
    /** Where it goes when it is due. */
    to: Bytes21
  },
  { typeName: 'Unstake' }
)
export type Unstake = ValueOf<typeof UnstakeType>

export const LeaseOfType = new ContainerType({ key: Bytes32, shard: Chain }, { typeName: 'LeaseOf' })
export type LeaseOf = ValueOf<typeof LeaseOfType>

export const RegisterRevealType = new ContainerType(
  { key: Bytes32, tip: Bytes32 },
  { typeName: 'RegisterReveal' }
)
export type RegisterReveal = ValueOf<typeof RegisterRevealType>

/** `signature` is by the key of the node, over `boundNodeBytes`. */
export const BindNodeType = new ContainerType(
  { key: Bytes32, node: Bytes32, signature: Bytes64 },
  { typeName: 'BindNode' }
)
export type BindNode = ValueOf<typeof BindNodeType>

/** What the key of a node signs for a validator. */
export const boundNodeBytes = (network: Uint8Array, validator: Uint8Array): Uint8Array =>
  concat(DOMAINS.node, network, validator)
