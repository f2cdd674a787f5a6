/** Rows whose form only the disk knows (docs/storage.md): identities, the final mark, what a guard remembers. */
import { readU64be } from '../primitives/bytes.ts'
import { ByteListType, Bytes32, Chain, ContainerType, Count, U32, U8 } from '../codec/ssz.ts'
import type { ValueOf } from '../codec/ssz.ts'

export const ChainMarkType = new ContainerType(
  { schema: U32, network: Bytes32, chain: Chain },
  { typeName: 'CheckedChainIdentity' }
)
export const NodeMarkType = new ContainerType(
  { schema: U32, network: Bytes32 },
  { typeName: 'CheckedNodeIdentity' }
)
export const TipType = new ContainerType(
  { height: Count, hash: Bytes32, epoch: Count, view: Count },
  { typeName: 'CheckedFinalMark' }
)
export type Tip = ValueOf<typeof TipType>

export const GuardRowType = new ContainerType(
  { id: Bytes32, fromEpoch: Count, haltReason: new ByteListType(256) },
  { typeName: 'CheckedGuard' }
)
export const GuardBoundsType = new ContainerType(
  { epoch: Count, floor: Count },
  { typeName: 'CheckedGuardBounds' }
)
export const GuardStatementType = new ContainerType(
  { epoch: Count, view: Count, kind: U8, hash: Bytes32 },
  { typeName: 'CheckedGuardStatement' }
)

/** A key or value of eight bytes. @returns undefined for any other, and for what is no safe integer. */
export function readCount(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined
  const value = Number(readU64be(bytes))
  return Number.isSafeInteger(value) ? value : undefined
}
