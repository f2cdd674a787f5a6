/** A row of the peers that a node keeps (docs/storage.md). Never sent. */
import { RECORD_ADDRESSES_MAX, RECORD_ADDRESS_BYTES_MAX, SignedPeerRecordType } from './peer-record.ts'
import { ByteListType, ContainerType, Count, ListCompositeType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** What a node keeps of a peer that it met (docs/storage.md). */
export const StoredPeerType = new ContainerType(
  {
    addresses: new ListCompositeType(new ByteListType(RECORD_ADDRESS_BYTES_MAX), RECORD_ADDRESSES_MAX),
    signed: new ListCompositeType(SignedPeerRecordType, 1),
    /** Unix milliseconds: last connection, last time somebody spoke of it. */
    metMs: Count,
    seenMs: Count
  },
  { typeName: 'StoredPeer' }
)
export type StoredPeer = ValueOf<typeof StoredPeerType>
