/**
 * Atomic actions over several shards (R13, ATO): what is signed and sent, and what the states keep of them. The id of
 * an action is the id of the transaction that began it; it travels as the origin of every receipt.
 */
import { concat } from '../primitives/bytes.ts'
import { DOMAINS } from '../crypto/domains.ts'
import {
  Bytes21,
  Bytes32,
  Bytes64,
  Chain,
  ContainerType,
  Count,
  ListCompositeType,
  U16,
  U32,
  U64,
  U8
} from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const ACTION_MULTI_TRANSFER = 2
export const ATOMIC_LEGS_MAX = 10
export const ATOMIC_COSIGNERS_MAX = 4
/** Shards that take part besides the coordinator's. */
export const ATOMIC_PARTS_MAX = 10
/** Heights of the coordinator between begin and deadline, at most. */
export const ATOMIC_HEIGHTS_MAX = 5_760
/** Heights for which a record stays after its end. */
export const ATOMIC_KEPT_HEIGHTS = 5_760
/** Undecided actions with one deadline: what one block may have to abort. */
export const ATOMIC_DEADLINES_MAX = 64
/** Undecided actions that one account pays into on its shard. */
export const ESCROWS_PER_ACCOUNT_MAX = 16

const LegType = new ContainerType(
  { from: Bytes21, to: Bytes21, consumer: U64, industrial: U64 },
  { typeName: 'Leg' }
)
export type Leg = ValueOf<typeof LegType>
const LegList = new ListCompositeType(LegType, ATOMIC_LEGS_MAX)

/** Consent of an account that pays a leg and did not send the transaction. */
const CosignatureType = new ContainerType(
  {
    key: Bytes32,
    /** The account's next number for co-signatures: each counts once. */
    sequence: U64,
    signature: Bytes64
  },
  { typeName: 'Cosignature' }
)
export type Cosignature = ValueOf<typeof CosignatureType>
const CosignatureList = new ListCompositeType(CosignatureType, ATOMIC_COSIGNERS_MAX)

/** Payload of action 2. */
export const MultiTransferType = new ContainerType(
  {
    /** Heights of the sender's shard from inclusion to the deadline. */
    heights: U32,
    legs: LegList,
    cosignatures: CosignatureList
  },
  { typeName: 'MultiTransfer' }
)
export type MultiTransfer = ValueOf<typeof MultiTransferType>

const termsFields = {
  /** Address of who sends the transaction, and its place: the chain is the coordinator. */
  sender: Bytes21,
  chain: Chain,
  nonce: U64,
  validUntil: Count,
  heights: U32,
  legs: LegList
}
/** What a co-signer agrees to. */
const TermsType = new ContainerType(termsFields, { typeName: 'AtomicTerms' })
export type AtomicTerms = ValueOf<typeof TermsType>

export const cosignedBytes = (network: Uint8Array, terms: AtomicTerms, sequence: bigint): Uint8Array =>
  concat(DOMAINS.atomic, network, U64.serialize(sequence), TermsType.serialize(terms))

/** First byte of the payload of a call receipt: which call it is. */
export const CALL_PREPARE = 1
/** The payload behind it. */
export const PrepareType = new ContainerType(
  { terms: TermsType, cosignatures: CosignatureList },
  { typeName: 'Prepare' }
)
export type Prepare = ValueOf<typeof PrepareType>

export const PHASE_PENDING = 0
export const PHASE_PREPARED = 1
export const PHASE_REFUSED = 2
export const PHASE_COMMITTED = 3
export const PHASE_ABORTED = 4

/** System message 2: a participant's word about its own part. `reason` is a refusal's number, 0 for none. */
export const AtomicAnswerType = new ContainerType({ phase: U8, reason: U16 }, { typeName: 'AtomicAnswer' })
export type AtomicAnswer = ValueOf<typeof AtomicAnswerType>

export const OUTCOME_OPEN = 0
export const OUTCOME_COMMIT = 1
export const OUTCOME_ABORT = 2

/** System message 3: what the coordinator decided; the amounts are those of its own payers for this shard. */
export const AtomicDecisionType = new ContainerType({ outcome: U8 }, { typeName: 'AtomicDecision' })
export type AtomicDecision = ValueOf<typeof AtomicDecisionType>

/** System message 6: what a shard's payers give to another shard, once theirs was told to commit. */
export const AtomicPaymentType = new ContainerType({ outcome: U8 }, { typeName: 'AtomicPayment' })
export type AtomicPayment = ValueOf<typeof AtomicPaymentType>

/** State of every shard that takes part, from prepared until its part has ended. */
export const EscrowType = new ContainerType(
  {
    coordinator: Chain,
    /** Address of the action's sender. */
    sender: Bytes21,
    /** 1 prepared, 3 committed and waiting for payments of other shards. */
    phase: U8,
    /** Bit i: leg i was paid by its payer's shard to this one. */
    paid: U16,
    /** What is held here now. */
    consumer: U64,
    industrial: U64,
    legs: LegList
  },
  { typeName: 'Escrow' }
)
export type Escrow = ValueOf<typeof EscrowType>

/** A receipt of the action, seen from the coordinator: its block, and the receipt's place in its lane. */
const StepType = new ContainerType({ height: Count, sequence: Count }, { typeName: 'AtomicStep' })
export type AtomicStep = ValueOf<typeof StepType>
const OptionalStep = new ListCompositeType(StepType, 1)

const PartType = new ContainerType(
  {
    chain: Chain,
    phase: U8,
    /** Number of the refusal it answered, 0 for none. */
    reason: U16,
    /** Sent, answered, sent, answered: none of the coordinator's own part. */
    prepare: OptionalStep,
    vote: OptionalStep,
    decision: OptionalStep,
    end: OptionalStep
  },
  { typeName: 'AtomicPart' }
)
export type AtomicPart = ValueOf<typeof PartType>

/** State of the coordinator, until 5,760 heights after its end. */
export const AtomicRecordType = new ContainerType(
  {
    sender: Bytes21,
    /** Of the block that began it. */
    height: Count,
    /** A block of this height or above commits nothing. */
    deadline: Count,
    outcome: U8,
    /** Why it was aborted: number of a refusal, else 0. */
    reason: U16,
    /** Heights, 0 for not yet. */
    decidedAt: Count,
    endedAt: Count,
    /** The coordinator's own first, then by chain. */
    parts: new ListCompositeType(PartType, ATOMIC_PARTS_MAX + 1)
  },
  { typeName: 'AtomicRecord' }
)
export type AtomicRecord = ValueOf<typeof AtomicRecordType>

/** State of a shard, of each account that pays into undecided actions or has ever co-signed. */
export const AtomicAccountType = new ContainerType({ open: U16, next: U64 }, { typeName: 'AtomicAccount' })
export type AtomicAccount = ValueOf<typeof AtomicAccountType>

/** State of the coordinator: what the block of one height has to end and to forget. */
export const AtomicDueType = new ContainerType(
  {
    /** Undecided actions with this deadline. */
    deadlines: new ListCompositeType(Bytes32, ATOMIC_DEADLINES_MAX),
    /** How many records go: their ids are records of their own, numbered from 0. */
    forgotten: U32
  },
  { typeName: 'AtomicDue' }
)
export type AtomicDue = ValueOf<typeof AtomicDueType>
