/** Why and until when a peer is banned, as the node's database keeps it (docs/storage.md). */
import type { ValueOf } from '@chainsafe/ssz'
import { ByteListType, ContainerType, Count, U8 } from './ssz.ts'

/** UTF-8 of a reason. */
export const BAN_REASON_BYTES_MAX = 256

export const StoredBanType = new ContainerType(
  {
    /** Wall clock, Unix ms. */
    untilMs: Count,
    /** Bans of this peer so far; the next one is longer. */
    bans: U8,
    reason: new ByteListType(BAN_REASON_BYTES_MAX)
  },
  { typeName: 'StoredBan' }
)
export type StoredBan = ValueOf<typeof StoredBanType>
