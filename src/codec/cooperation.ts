/**
 * What chains record of their validators, and what coordination makes of it (protocols/cooperation.md): attendance of
 * an epoch on each chain, its summary on the coordination chain, and the reputation of a validator there.
 */
import {
  ByteListType,
  ByteVectorType,
  Bytes32,
  ContainerType,
  Count,
  ListBasicType,
  ListCompositeType,
  U16,
  U32,
  U64,
  U8
} from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { MAX_VALIDATORS } from './registry.ts'

/** Bits of `partners`: a cooperative has the bit of its number modulo this. */
export const PARTNER_BITS = 64

/** What one committee member did in a span of a chain's blocks (COOP-20). All widths are fixed. */
export const MemberFactsType = new ContainerType(
  {
    /** Blocks whose votes of this member stand in the chain, and blocks that eight others followed without one. */
    attended: U32,
    missed: U32,
    /** Blocks it led, and its views that passed without a block. */
    led: U32,
    skipped: U32,
    /** Late votes of others that its blocks record. */
    late: U32,
    /** Skipped views before the first block it led, after the last one, and most in a row. */
    firstRun: U16,
    lastRun: U16,
    longestRun: U16,
    /** Cooperatives of others whose blocks it voted for. */
    partners: new ByteVectorType(PARTNER_BITS / 8)
  },
  { typeName: 'MemberFacts' }
)
export type MemberFacts = ValueOf<typeof MemberFactsType>

/** Of the running epoch, on every chain (COOP-20): members in the order of the committee. */
export const RunningFactsType = new ContainerType(
  {
    epoch: Count,
    /** Blocks of the epoch. */
    blocks: U32,
    members: new ListCompositeType(MemberFactsType, MAX_VALIDATORS)
  },
  { typeName: 'RunningFacts' }
)
export type RunningFacts = ValueOf<typeof RunningFactsType>

export const KeyedFactsType = new ContainerType(
  { key: Bytes32, facts: MemberFactsType },
  { typeName: 'KeyedFacts' }
)
export type KeyedFacts = ValueOf<typeof KeyedFactsType>

/** Of the last finished epoch, on every chain (COOP-22). */
export const FinishedFactsType = new ContainerType(
  {
    epoch: Count,
    /** Height of the boundary block. */
    height: Count,
    blocks: U32,
    members: new ListCompositeType(KeyedFactsType, MAX_VALIDATORS)
  },
  { typeName: 'FinishedFacts' }
)
export type FinishedFacts = ValueOf<typeof FinishedFactsType>

/** Members in one part of a summary: what fits into the payload of a receipt. */
export const SUMMARY_MEMBERS_MAX = 60

/** System message 1: what a shard tells coordination of a finished epoch (COOP-23). */
export const SummaryType = new ContainerType(
  {
    epoch: Count,
    height: Count,
    blocks: U32,
    members: new ListCompositeType(KeyedFactsType, SUMMARY_MEMBERS_MAX)
  },
  { typeName: 'Summary' }
)
export type Summary = ValueOf<typeof SummaryType>

/** Bits of `marks`: it attended fewer than half of the blocks of an epoch; none at all. */
export const MARK_UNDER_HALF = 1
export const MARK_GHOST = 2

/** What coordination knows of a validator on one chain (COOP-24). */
export const TenureType = new ContainerType(
  {
    key: Bytes32,
    /** Not yet counted into its reputation. */
    pending: MemberFactsType,
    marks: U8,
    /** Skipped views in a row, as of what was counted. */
    streak: U16,
    /** Views it was to lead in what was counted last. */
    recent: U16,
    /** Epochs it served there, and the views of these it led and skipped: never forgotten. */
    epochs: U32,
    led: U32,
    skipped: U32
  },
  { typeName: 'Tenure' }
)
export type Tenure = ValueOf<typeof TenureType>

export const ChainSummaryType = new ContainerType(
  {
    /** Of the last summary. */
    epoch: Count,
    height: Count,
    blocks: U32,
    /** In key order. */
    tenures: new ListCompositeType(TenureType, MAX_VALIDATORS)
  },
  { typeName: 'ChainSummary' }
)
export type ChainSummary = ValueOf<typeof ChainSummaryType>

/** Numbered for ever; the order of lists of category scores. */
export const CATEGORIES = [
  'validation',
  'proposal_creation',
  'voting',
  'resource_sharing',
  'cooperative_growth',
  'community_building',
  'conflict_resolution',
  'transaction_validation',
  'data_availability',
  'network_stability',
  'innovation',
  'sustainability',
  'development',
  'budget_management',
  'participation',
  'governance'
] as const
export type Category = (typeof CATEGORIES)[number]

/** What a window of reputation holds at most (COOP-12). */
export const OUTCOMES_KEPT = 50
export const PARTNERS_KEPT = 100
export const HOURS_KEPT = 24
export const EVENTS_KEPT = 128
export const SUSPICIONS_KEPT = 8

/** One hour of the day that performance is measured over. */
export const HourType = new ContainerType(
  { attended: U32, missed: U32, led: U32, skipped: U32 },
  { typeName: 'Hour' }
)
export type Hour = ValueOf<typeof HourType>

const REPUTATION_EVENT_BYTES = 25
const reputationEventFields = { category: U8, day: Count, gained: U64, lost: U64 }
type EventContainer = ContainerType<typeof reputationEventFields>

/** As the library would do it field by field, which for 128 of each validator was a sixth of a freeze. */
class EventType extends ContainerType<typeof reputationEventFields> {
  constructor() {
    super(reputationEventFields, { typeName: 'ReputationEvent' })
  }

  override value_serializeToBytes(
    { dataView }: Parameters<EventContainer['value_serializeToBytes']>[0],
    offset: number,
    { category, day, gained, lost }: ReputationEvent
  ): number {
    dataView.setUint8(offset, category)
    dataView.setBigUint64(offset + 1, BigInt(day), true)
    dataView.setBigUint64(offset + 9, gained, true)
    dataView.setBigUint64(offset + 17, lost, true)
    return offset + REPUTATION_EVENT_BYTES
  }

  override value_deserializeFromBytes(
    { dataView }: Parameters<EventContainer['value_deserializeFromBytes']>[0],
    start: number,
    end: number
  ): ReputationEvent {
    if (end - start !== REPUTATION_EVENT_BYTES) throw new RangeError(`an event of ${end - start} bytes`)
    const day = Number(dataView.getBigUint64(start + 1, true))
    if (!Number.isSafeInteger(day)) throw new RangeError('number above 2^53 - 1')
    return {
      category: dataView.getUint8(start),
      day,
      gained: dataView.getBigUint64(start + 9, true),
      lost: dataView.getBigUint64(start + 17, true)
    }
  }
}

/** Events of one category on one day, for social reputation: millionths of points, gained and lost. */
export const ReputationEventType = new EventType()
export type ReputationEvent = ValueOf<EventContainer>

export const ReputationType = new ContainerType(
  {
    /** Millionths of points, in the order of CATEGORIES. */
    points: new ListBasicType(U32, CATEGORIES.length),
    /** Outcomes of views it was to lead, ever. */
    validations: U32,
    /** The last outcomes, oldest first: 1 for success, else 0. */
    outcomes: new ByteListType(OUTCOMES_KEPT),
    /** Cooperatives it voted with, modulo PARTNER_BITS, oldest first. */
    partners: new ByteListType(PARTNERS_KEPT),
    /** Hours of the last day, oldest first; the last one is `hour`. */
    hours: new ListCompositeType(HourType, HOURS_KEPT),
    hour: Count,
    /** Epoch in which it last voted or led. */
    activeEpoch: Count,
    /** Idle days that decay was applied for, since then. */
    idleDays: U32,
    /** Epoch from which it is excluded, plus one; 0: it is not. */
    excludedFrom: Count,
    /** Coordination heights of suspicion marks. */
    suspicions: new ListBasicType(Count, SUSPICIONS_KEPT),
    /** Of sanctions, what was taken and given back so far. */
    penaltyTaken: U64,
    bonusGiven: U64,
    /** By day, then category. */
    events: new ListCompositeType(ReputationEventType, EVENTS_KEPT)
  },
  { typeName: 'Reputation' }
)
export type Reputation = ValueOf<typeof ReputationType>
