/** Messages between peers: handshake, anti-entropy and requests (D12, C19, C20; protocols/reqresp.md). */
import { HeaderType, MAX_BODY_BYTES } from './block.ts'
import { CertificateType, VoteType } from './statement.ts'
import { MAX_TRANSACTION_BYTES } from './transaction.ts'
import {
  BitsType,
  ByteListType,
  Bytes32,
  Chain,
  ContainerType,
  Count,
  ListCompositeType,
  U16,
  U64,
  U8
} from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** Chains one node may follow: all shards and `coord`. */
export const MAX_CHAINS = 1025

const ChainStatusType = new ContainerType(
  { chain: Chain, epoch: Count, finalHeight: Count, finalHash: Bytes32 },
  { typeName: 'ChainStatus' }
)
export type ChainStatus = ValueOf<typeof ChainStatusType>

/** Protocol `status`: exchanged on connect; another network id or a missing required feature ends the connection. */
export const StatusType = new ContainerType(
  {
    network: Bytes32,
    /** Feature bits this node knows; unknown bits are ignored. */
    features: U64,
    /** Feature bits without which this node cannot talk. */
    required: U64,
    /** 1: serves an own validator key, 0: follower. */
    role: U8,
    chains: new ListCompositeType(ChainStatusType, MAX_CHAINS)
  },
  { typeName: 'Status' }
)
export type Status = ValueOf<typeof StatusType>

/** Views above the last final one that a consensus status describes. */
export const STATUS_VIEWS = 256

/** What a node holds of one instance (C19). Bit i of a map speaks of view `finalView + 1 + i`. */
export const ConsensusStatusType = new ContainerType(
  {
    chain: Chain,
    epoch: Count,
    view: Count,
    finalHeight: Count,
    finalView: Count,
    notarised: new BitsType(STATUS_VIEWS),
    nullified: new BitsType(STATUS_VIEWS),
    /** 1: an answer to a status, which is not answered again. */
    reply: U8
  },
  { typeName: 'ConsensusStatus' }
)
export type ConsensusStatus = ValueOf<typeof ConsensusStatusType>

/** A final block's header with the certificate that makes it final: what crosses an epoch boundary (C20). */
export const CertifiedHeaderType = new ContainerType(
  { header: HeaderType, certificate: CertificateType },
  { typeName: 'CertifiedHeader' }
)
export type CertifiedHeader = ValueOf<typeof CertifiedHeaderType>

/** Frames of `consensus/1`: one byte of kind, then the SSZ value. */
export const FRAME_STATUS = 1
export const FRAME_CERTIFICATE = 2
export const FRAME_VOTE = 3
export const FRAME_BOUNDARY = 4
export const FRAME_DIGEST = 5
export const FRAME_WANT = 6
/** Evidence (C30): of any chain; coordination takes it in. */
export const FRAME_EVIDENCE = 7
export { CertificateType, VoteType }

/** Items and bytes of one answer on `consensus/1` (C19). */
export const ANSWER_ITEMS_MAX = 64
export const ANSWER_BYTES_MAX = 256 * 1024

/** A transaction bundle (M4): wire bytes, all for one chain. */
export const BUNDLE_TRANSACTIONS_MAX = 512
export const BUNDLE_BYTES_MAX = 64 * 1024
export const BundleType = new ContainerType(
  {
    chain: Chain,
    transactions: new ListCompositeType(new ByteListType(MAX_TRANSACTION_BYTES), BUNDLE_TRANSACTIONS_MAX)
  },
  { typeName: 'Bundle' }
)
export type Bundle = ValueOf<typeof BundleType>

/** Wire hashes in one digest or want (M5). */
export const DIGEST_HASHES_MAX = 512
const WireHashList = new ListCompositeType(Bytes32, DIGEST_HASHES_MAX)
/** The best-paying transactions that wait in the sender's pool: losses of gossip are repaired by it (M5). */
export const PoolDigestType = new ContainerType(
  { chain: Chain, wireHashes: WireHashList },
  { typeName: 'PoolDigest' }
)
export type PoolDigest = ValueOf<typeof PoolDigestType>
/** Which transactions of a digest the receiver lacks. */
export const PoolWantType = new ContainerType(
  { chain: Chain, wireHashes: WireHashList },
  { typeName: 'PoolWant' }
)
export type PoolWant = ValueOf<typeof PoolWantType>

/** Request `blocks by hash`: unfinal or final, newest first, with up to `ancestors` parents each. */
export const MAX_REQUEST_HASHES = 16
export const BlocksByHashType = new ContainerType(
  { chain: Chain, hashes: new ListCompositeType(Bytes32, MAX_REQUEST_HASHES) },
  { typeName: 'BlocksByHash' }
)
export type BlocksByHash = ValueOf<typeof BlocksByHashType>

/** One block in an answer: header and the body's bytes. */
export const BlockEnvelopeType = new ContainerType(
  { header: HeaderType, body: new ByteListType(MAX_BODY_BYTES) },
  { typeName: 'BlockEnvelope' }
)
export type BlockEnvelope = ValueOf<typeof BlockEnvelopeType>

/**
 * Request `final range`: final blocks from `from` upwards within one epoch, up to a certified one.
 * The answer's last block has the finality certificate (sequential catch-up of the first node).
 */
export const FinalRangeType = new ContainerType(
  { chain: Chain, from: Count, limit: U16 },
  { typeName: 'FinalRange' }
)
export type FinalRange = ValueOf<typeof FinalRangeType>
export const MAX_RANGE_BLOCKS = 64
