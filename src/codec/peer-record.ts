/**
 * What a node says of itself to others: its addresses, the chains it follows and holds, whose validator and which
 * cooperative's it is (protocols/discovery.md). Signed by the key behind its peer id, so that it can be passed on by
 * anybody; sequenced, so that the newest one counts.
 */
import { DOMAINS } from '../crypto/domains.ts'
import { concat } from '../primitives/bytes.ts'
import { MAX_CHAINS } from './messages.ts'
import {
  ByteListType,
  Bytes32,
  Bytes64,
  Chain,
  ContainerType,
  Count,
  ListCompositeType,
  U16,
  U64,
  U8
} from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const RECORD_ADDRESSES_MAX = 8
export const RECORD_ADDRESS_BYTES_MAX = 128

/** A followed chain, and the lowest height whose block can be asked for. */
const HeldChainType = new ContainerType({ chain: Chain, earliest: Count }, { typeName: 'HeldChain' })
export type HeldChain = ValueOf<typeof HeldChainType>

/** A validator's word that the node with this peer key is its own. */
const ValidatorBindingType = new ContainerType(
  { key: Bytes32, signature: Bytes64 },
  { typeName: 'ValidatorBinding' }
)
export type ValidatorBinding = ValueOf<typeof ValidatorBindingType>

/** A cooperative's word, by a key that the registry lists for it, that the node is one of its own. */
const CooperativeClaimType = new ContainerType(
  { cooperative: U16, key: Bytes32, untilMs: Count, signature: Bytes64 },
  { typeName: 'CooperativeClaim' }
)
export type CooperativeClaim = ValueOf<typeof CooperativeClaimType>

export const PeerRecordType = new ContainerType(
  {
    network: Bytes32,
    /** The Ed25519 key behind the peer id. */
    peer: Bytes32,
    /** Larger is newer. Unix milliseconds of its making, so that a node that lost its data goes on upwards. */
    sequence: Count,
    /** 1: serves an own validator key, 0: follower. */
    role: U8,
    features: U64,
    /** In order of chains, each once. */
    chains: new ListCompositeType(HeldChainType, MAX_CHAINS),
    /** Multiaddrs in their binary form, without the peer id. */
    addresses: new ListCompositeType(new ByteListType(RECORD_ADDRESS_BYTES_MAX), RECORD_ADDRESSES_MAX),
    validator: new ListCompositeType(ValidatorBindingType, 1),
    cooperative: new ListCompositeType(CooperativeClaimType, 1)
  },
  { typeName: 'PeerRecord' }
)
export type PeerRecord = ValueOf<typeof PeerRecordType>

export const SignedPeerRecordType = new ContainerType(
  { record: PeerRecordType, signature: Bytes64 },
  { typeName: 'SignedPeerRecord' }
)
export type SignedPeerRecord = ValueOf<typeof SignedPeerRecordType>

/** Largest encoding: 1,025 chains, eight addresses, both lists of one. */
export const RECORD_BYTES_MAX = 16 * 1024

/** Request `metadata`: how new a record of the answerer the asker holds, and its own one unless it was told before. */
export const MetadataRequestType = new ContainerType(
  { known: Count, own: new ListCompositeType(SignedPeerRecordType, 1) },
  { typeName: 'MetadataRequest' }
)
export type MetadataRequest = ValueOf<typeof MetadataRequestType>

/** Request `peers`: records of peers that follow a chain. */
export const PeersRequestType = new ContainerType({ chain: Chain, limit: U8 }, { typeName: 'PeersRequest' })
export type PeersRequest = ValueOf<typeof PeersRequestType>
export const PEERS_ANSWER_MAX = 16

/** What the peer's key signs. */
export const peerRecordBytes = (record: PeerRecord): Uint8Array =>
  concat(DOMAINS.peerRecord, PeerRecordType.serialize(record))

const number = (value: number, bytes: 2 | 8): Uint8Array => {
  const out = new Uint8Array(bytes)
  const view = new DataView(out.buffer)
  if (bytes === 2) view.setUint16(0, value, true)
  else view.setBigUint64(0, BigInt(value), true)
  return out
}

/** What a validator's key signs to bind itself to a peer key. */
export const bindingBytes = (network: Uint8Array, peer: Uint8Array, sequence: number): Uint8Array =>
  concat(DOMAINS.binding, network, peer, number(sequence, 8))

/** What a key of a cooperative signs to vouch for a peer key. */
export const cooperativeBytes = (
  network: Uint8Array,
  peer: Uint8Array,
  { cooperative, untilMs }: Pick<CooperativeClaim, 'cooperative' | 'untilMs'>
): Uint8Array => concat(DOMAINS.cooperative, network, peer, number(cooperative, 2), number(untilMs, 8))
