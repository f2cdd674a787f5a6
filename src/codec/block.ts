/**
 * Blocks (D6, C6). The block hash is the hash tree root of the header; the header commits to the body twice:
 * by roots (for proofs) and by the flat SHA-256 of its bytes (for downloads).
 */
import { ZERO_HASH } from '../primitives/bytes.ts'
import { sha256 } from '../crypto/hash.ts'
import { CertificateType, VoteType } from './statement.ts'
import { MAX_TRANSACTION_BYTES } from './transaction.ts'
import { ByteListType, Bytes32, Chain, ContainerType, Count, ListCompositeType, U32, U64, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const BLOCK_VERSION = 1
/** Genesis ceilings: every limit of a genesis or an epoch lies at or below these. */
export const MAX_BLOCK_TRANSACTIONS = 16_384
export const MAX_BODY_BYTES = 4 * 1024 * 1024
export const MAX_LATE_VOTES = 32
export const MAX_DELIVERIES = 64
export const MAX_DELIVERY_BYTES = 1024 * 1024
export const MAX_BLOCK_EVIDENCE = 16
/** A certificate of the largest committee with its header and vote fits. */
export const MAX_EVIDENCE_BYTES = 72 * 1024

export const HeaderType = new ContainerType(
  {
    version: U8,
    network: Bytes32,
    chain: Chain,
    epoch: Count,
    height: Count,
    /** View of the block's first proposal; a re-proposal keeps it. */
    view: Count,
    /** Unix milliseconds, strictly rising along a chain. */
    timeMs: Count,
    parent: Bytes32,
    /** Final coordination block this block refers to; zero height and hash on `coord` itself. */
    coordHeight: Count,
    coordHash: Bytes32,
    transactionsRoot: Bytes32,
    transactionCount: U32,
    bodyBytes: U32,
    bodyHash: Bytes32,
    deliveriesRoot: Bytes32,
    receiptsOutRoot: Bytes32,
    attendanceRoot: Bytes32,
    /** State root after this block. */
    stateRoot: Bytes32,
    rewardConsumer: U64,
    rewardIndustrial: U64,
    /** Validator key of the leader of (epoch, view). */
    proposer: Bytes32
  },
  { typeName: 'Header' }
)
export type Header = ValueOf<typeof HeaderType>

/** Who voted for the parent, and votes for older ancestors that came late (C28). */
export const AttendanceType = new ContainerType(
  {
    /** Zero or one: the parent's notarisation, or its finality certificate where the parent is the base (C25). */
    parentCertificate: new ListCompositeType(CertificateType, 1),
    lateVotes: new ListCompositeType(VoteType, MAX_LATE_VOTES)
  },
  { typeName: 'Attendance' }
)
export type Attendance = ValueOf<typeof AttendanceType>

const DeliveryList = new ListCompositeType(new ByteListType(MAX_DELIVERY_BYTES), MAX_DELIVERIES)
const EvidenceList = new ListCompositeType(new ByteListType(MAX_EVIDENCE_BYTES), MAX_BLOCK_EVIDENCE)
const TransactionList = new ListCompositeType(new ByteListType(MAX_TRANSACTION_BYTES), MAX_BLOCK_TRANSACTIONS)

export const BodyType = new ContainerType(
  {
    attendance: AttendanceType,
    /** Receipts from other chains with their proofs, by source (R5). */
    deliveries: DeliveryList,
    /** Transactions as their wire bytes. */
    transactions: TransactionList,
    /** Encodings of Evidence; none but on `coord` (C30). */
    evidence: EvidenceList,
    /** Zero or one: the next preimage of the proposer's hash chain; none but on `coord` (C29). */
    reveal: new ListCompositeType(Bytes32, 1)
  },
  { typeName: 'Body' }
)
export type Body = ValueOf<typeof BodyType>

const WireHashList = new ListCompositeType(Bytes32, MAX_BLOCK_TRANSACTIONS)

export const blockHash = (header: Header): Uint8Array => HeaderType.hashTreeRoot(header)
/** Merkle root of the list of wire hashes, never of whole transactions (D6: 1.7 µs against 31 µs each). */
export const transactionsRoot = (wireHashes: readonly Uint8Array[]): Uint8Array =>
  WireHashList.hashTreeRoot([...wireHashes])
export const attendanceRoot = (attendance: Attendance): Uint8Array => AttendanceType.hashTreeRoot(attendance)
const DeliveryHashList = new ListCompositeType(Bytes32, MAX_DELIVERIES)
/** Over the hashes of the deliveries as they travel, for the reason of `transactionsRoot`. */
export const deliveriesRoot = (deliveries: readonly Uint8Array[]): Uint8Array =>
  DeliveryHashList.hashTreeRoot(deliveries.map((bytes) => sha256(bytes)))
/** What `deliveriesRoot` holds while there are none. */
export const EMPTY_DELIVERIES_ROOT: Uint8Array = deliveriesRoot([])
/** `receiptsOutRoot` of a block that emits none. */
export const EMPTY_RECEIPTS_ROOT: Uint8Array = ZERO_HASH
export const bodyHash = (bodyBytes: Uint8Array): Uint8Array => sha256(bodyBytes)

/** A block as it is stored and moved: the body stays as the bytes that were hashed. */
export interface Block {
  readonly header: Header
  readonly hash: Uint8Array
  readonly bodyBytes: Uint8Array
  readonly body: Body
}
