/**
 * What coordination knows about who takes part: parameters, validators, cooperatives. The genesis lists them and the
 * coordination chain keeps each list as one state record (GEN-9), from which epoch snapshots are computed (C2).
 */
import {
  ByteListType,
  Bytes32,
  ContainerType,
  Count,
  ListBasicType,
  ListCompositeType,
  U16,
  U32
} from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { MAX_COMMITTEE } from './statement.ts'

export const MAX_VALIDATORS = MAX_COMMITTEE
export const MAX_COOPERATIVES = 1024
export const MAX_COOPERATIVE_NAME_BYTES = 64
/** Ceiling on how many parameters there may ever be. */
export const MAX_PARAMETERS = 256

/** Values in the order of PARAMETERS. */
export const ParameterListType = new ListBasicType(Count, MAX_PARAMETERS)

export const ValidatorType = new ContainerType(
  {
    key: Bytes32,
    /** Number of the cooperative it belongs to; 0 is "no cooperative". */
    cooperative: U16,
    /** Leader weight in ppm, at least 1. */
    weight: U32
  },
  { typeName: 'Validator' }
)
export type Validator = ValueOf<typeof ValidatorType>
/** In key order, each key once. */
export const ValidatorListType = new ListCompositeType(ValidatorType, MAX_VALIDATORS)

export const CooperativeType = new ContainerType(
  {
    /** At least 1. */
    id: U16,
    /** UTF-8, 1 to 64 bytes. */
    name: new ByteListType(MAX_COOPERATIVE_NAME_BYTES)
  },
  { typeName: 'Cooperative' }
)
export type Cooperative = ValueOf<typeof CooperativeType>
/** In order of their numbers, each number once. */
export const CooperativeListType = new ListCompositeType(CooperativeType, MAX_COOPERATIVES)
