/** The epoch snapshot (C2) as it is stored and sent (EPO-4). Quorum and fault numbers follow from the members. */
import { MAX_SHARDS } from '../primitives/chain-id.ts'
import { MAX_VALIDATORS, ParameterListType, ValidatorType } from './registry.ts'
import { Bytes32, Chain, ContainerType, Count, ListCompositeType, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const SNAPSHOT_VERSION = 1

export const CommitteeType = new ContainerType(
  {
    chain: Chain,
    /** 1 if the seat cap per cooperative had to be raised (C3 b). */
    degraded: U8,
    /** In key order. */
    members: new ListCompositeType(ValidatorType, MAX_VALIDATORS)
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
