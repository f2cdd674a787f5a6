/** The epoch snapshot (C2) as it is stored and sent (EPO-4). Quorum and fault numbers follow from the members. */
import { MAX_SHARDS } from '../primitives/chain-id.ts'
import { MAX_VALIDATORS, ParameterListType } from './registry.ts'
import { Bytes32, Chain, ContainerType, Count, ListCompositeType, U16, U32, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const SNAPSHOT_VERSION = 1

/** A member of a committee, and how it leads. */
export const SeatType = new ContainerType(
  {
    key: Bytes32,
    cooperative: U16,
    /** Leader weight in ppm, at least 1. */
    weight: U32,
    /** Views after leading in which it does not lead, before the bound of the committee (EPO-8). */
    cooldown: U8
  },
  { typeName: 'Seat' }
)

export const CommitteeType = new ContainerType(
  {
    chain: Chain,
    /** 1 if the seat cap per cooperative had to be raised (C3 b). */
    degraded: U8,
    /** In key order. */
    members: new ListCompositeType(SeatType, MAX_VALIDATORS)
  },
  { typeName: 'Committee' }
)
export type CommitteeRecord = ValueOf<typeof CommitteeType>

export const EpochSnapshotType = new ContainerType(
  {
    version: U8,
    epoch: Count,
    seed: Bytes32,
    params: ParameterListType,
    /** In order of their chain numbers, `coord` (65535) last. */
    committees: new ListCompositeType(CommitteeType, MAX_SHARDS + 1)
  },
  { typeName: 'EpochSnapshot' }
)
export type EpochSnapshotRecord = ValueOf<typeof EpochSnapshotType>
