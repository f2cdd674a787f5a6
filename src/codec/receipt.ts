/**
 * Receipts: messages from one chain to another (R1), what the source keeps of them in its state (R2), and the object in
 * which a block of the destination carries them with their proof (R5). A receipt is identified by (network, source,
 * destination, sequence); sequences of a lane begin at 0 and have no gaps.
 */
import { HeaderType } from './block.ts'
import {
  ByteListType,
  Bytes21,
  Bytes32,
  Chain,
  ContainerType,
  Count,
  ListCompositeType,
  U64,
  U8
} from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { StateProofType } from './state-proof.ts'
import { CertificateType } from './statement.ts'

/** Carries amounts to `receiver`; refused where they cannot be credited, which sends them back. */
export const RECEIPT_VALUE = 1
/** Asks the destination to do something, without amounts: first byte of the payload says what. */
export const RECEIPT_CALL = 2
/** Brings back what a refused receipt carried; cannot be refused itself (R8). */
export const RECEIPT_REFUND = 3
/** Makes or fills an account’s record on the coordination chain; never refused (M8). */
export const RECEIPT_ACTIVATION = 4
/** What one chain tells another of itself: a numbered message, never refused (R18). */
export const RECEIPT_SYSTEM = 5
export const MAX_RECEIPT_PAYLOAD_BYTES = 4_096

export const ReceiptType = new ContainerType(
  {
    source: Chain,
    destination: Chain,
    sequence: Count,
    kind: U8,
    /** Id of the transaction that began it, through all hops. */
    origin: Bytes32,
    /** 0 for what a transaction emitted, one more for each receipt that was answered. */
    hop: U8,
    sender: Bytes21,
    receiver: Bytes21,
    consumer: U64,
    industrial: U64,
    /** Mana that was paid for the destination's work. */
    mana: U64,
    payload: new ByteListType(MAX_RECEIPT_PAYLOAD_BYTES)
  },
  { typeName: 'Receipt' }
)
export type Receipt = ValueOf<typeof ReceiptType>

const HOPS_MAX = 255

/** Of what answers a receipt: more answers than it counts are given by no honest chain. */
export const nextHop = ({ hop }: Pick<Receipt, 'hop'>): number => Math.min(hop + 1, HOPS_MAX)

/** State of the source, one for each outgoing lane (R2). Amounts are cumulative. */
export const OutLaneType = new ContainerType(
  {
    /** Sequence of the next receipt. */
    next: Count,
    /** The destination's cursor as last proven here: everything below was delivered. */
    acknowledged: Count,
    /** Bytes of the entries that are kept. */
    bytes: Count,
    sentConsumer: U64,
    sentIndustrial: U64,
    /** Refunds the destination has emitted for this lane, as last proven, and those that arrived here (R9). */
    refundsReported: Count,
    refundsReceived: Count
  },
  { typeName: 'OutLane' }
)
export type OutLane = ValueOf<typeof OutLaneType>

/** State of the destination, one for each incoming lane (R2, R7). */
export const InLaneType = new ContainerType(
  {
    /** Sequence of the next receipt that may be applied. */
    cursor: Count,
    /** Refunds emitted for receipts of this lane. */
    refunds: Count,
    receivedConsumer: U64,
    receivedIndustrial: U64
  },
  { typeName: 'InLane' }
)
export type InLane = ValueOf<typeof InLaneType>

/** Receipts of one outbox entry: what is proven and delivered as a whole. Few, so that a proof of one stays small. */
export const ENTRY_RECEIPTS_MAX = 64
export const ENTRY_BYTES_MAX = 8 * 1024

/**
 * State of the source: receipts that one block emitted into one lane, until they are acknowledged (R2). They are the
 * value itself, so whoever holds the state holds them, and a snapshot carries them (R3).
 */
export const OutboxEntryType = new ContainerType(
  {
    /** Height of the block that emitted them. */
    height: Count,
    /** With consecutive sequences; the first one's is in the key. */
    receipts: new ListCompositeType(ReceiptType, ENTRY_RECEIPTS_MAX)
  },
  { typeName: 'OutboxEntry' }
)
export type OutboxEntry = ValueOf<typeof OutboxEntryType>

export const DeliveredEntryType = new ContainerType(
  {
    entry: OutboxEntryType,
    /** That the entry stands in the source's state under the header. */
    proof: StateProofType
  },
  { typeName: 'DeliveredEntry' }
)
export type DeliveredEntry = ValueOf<typeof DeliveredEntryType>

const AcknowledgementType = new ContainerType(
  { lane: InLaneType, proof: StateProofType },
  { typeName: 'Acknowledgement' }
)
export type Acknowledgement = ValueOf<typeof AcknowledgementType>

export const DELIVERY_ENTRIES_MAX = 1_024

/** What one block carries from one source (R5, R10). */
export const DeliveryType = new ContainerType(
  {
    /** A final header of the source. */
    header: HeaderType,
    /** Its own finality certificate; none where the source is the coordination chain. */
    certificate: new ListCompositeType(CertificateType, 1),
    /** In the order of their sequences, without gaps. */
    entries: new ListCompositeType(DeliveredEntryType, DELIVERY_ENTRIES_MAX),
    /** Zero or one: how far the source has come with what this chain sent to it. */
    acknowledgement: new ListCompositeType(AcknowledgementType, 1)
  },
  { typeName: 'Delivery' }
)
export type Delivery = ValueOf<typeof DeliveryType>

/** Request `receipts`: the undelivered receipts of a lane from this sequence on, with proofs. */
export const ReceiptsRequestType = new ContainerType(
  { source: Chain, destination: Chain, from: Count },
  { typeName: 'ReceiptsRequest' }
)
export type ReceiptsRequest = ValueOf<typeof ReceiptsRequestType>
