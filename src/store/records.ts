/** Values the store itself defines; everything else is stored in its wire form. */
import { ByteListType, Bytes32, Chain, ContainerType, Count, U32, U8 } from '../codec/ssz.ts'
import type { ValueOf } from '../codec/ssz.ts'

/** Versions this program writes. Raising one needs a migration from every older version that it still reads (D8). */
export const CHAIN_SCHEMA = 3
/**
 * 1 had blocks and states of other rules: nothing of it could be executed here. 2 had other pages, and a row for each
 * account. Such a chain is synced anew.
 */
export const OLDEST_CHAIN_SCHEMA = 3
export const NODE_SCHEMA = 1

export const ChainIdentityType = new ContainerType(
  { schema: U32, network: Bytes32, chain: Chain },
  { typeName: 'ChainIdentity' }
)

export const NodeIdentityType = new ContainerType(
  { schema: U32, network: Bytes32 },
  { typeName: 'NodeIdentity' }
)

/** The last final block whose state is on disk. */
export const FinalMarkType = new ContainerType(
  {
    height: Count,
    hash: Bytes32,
    epoch: Count,
    /** View in which it became final: that of its own certificate, or of its header if a descendant made it final. */
    view: Count
  },
  { typeName: 'FinalMark' }
)
export type FinalMark = ValueOf<typeof FinalMarkType>

export const GuardIdentityType = new ContainerType(
  {
    /** Random; the key file holds the same. */
    id: Bytes32,
    /** No statement on any chain in an epoch below this one (adoption). */
    fromEpoch: Count,
    /** UTF-8; not empty: no statement at all. */
    haltReason: new ByteListType(256)
  },
  { typeName: 'GuardIdentity' }
)
export type GuardIdentity = ValueOf<typeof GuardIdentityType>

export const GuardBoundsType = new ContainerType({ epoch: Count, floor: Count }, { typeName: 'GuardBounds' })

export const GuardStatementType = new ContainerType(
  { epoch: Count, view: Count, kind: U8, hash: Bytes32 },
  { typeName: 'GuardStatement' }
)
