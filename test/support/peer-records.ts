/** Signed peer records of peers by name. */
import { SignedPeerRecordType, peerRecordBytes } from '../../src/codec/peer-record.ts'
import type { PeerRecord } from '../../src/codec/peer-record.ts'
import { createSigningFunction, publicKeyFromSeed } from '../../src/crypto/ed25519.ts'
import { peerOfPublicKey } from '../../src/net/discovery/peer-records.ts'
import type { JudgedRecord } from '../../src/net/discovery/peer-records.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { NETWORK, seedOf } from './net.ts'

export function signedRecord(name: string, extra: Partial<PeerRecord> = {}): JudgedRecord {
  const record: PeerRecord = {
    network: NETWORK,
    peer: publicKeyFromSeed(seedOf(name)),
    sequence: 1,
    role: 0,
    features: 1n,
    chains: [
      { chain: shardId(0), earliest: 0 },
      { chain: COORD, earliest: 0 }
    ],
    addresses: [],
    validator: [],
    cooperative: [],
    ...extra
  }
  const signature = createSigningFunction(seedOf(name))(peerRecordBytes(record))
  return {
    peer: peerOfPublicKey(record.peer),
    record,
    bytes: SignedPeerRecordType.serialize({ record, signature })
  }
}
