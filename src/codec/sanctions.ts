/**
 * What coordination state holds of proven offences, sanctions and disputes (protocols/state.md, STA-20 …).
 * Points of reputation are in millionths: 5.0 is 5,000,000.
 */
import { Bytes21, Bytes32, Chain, ContainerType, Count, ListCompositeType, U32, U64, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** Pieces of evidence accepted so far: the next one's number. */
export const EvidenceCountType = new ContainerType({ count: Count }, { typeName: 'EvidenceCount' })

/** A proven offence, by its number. */
export const ProvenOffenceType = new ContainerType(
  {
    publicKey: Bytes32,
    chain: Chain,
    epoch: Count,
    view: Count,
    kind: U8,
    /** Coordination height of the block that brought the evidence. */
    height: Count,
    /** Level that the offence raised its validator to; 0 if it raised none. */
    level: U8
  },
  { typeName: 'ProvenOffence' }
)
export type ProvenOffence = ValueOf<typeof ProvenOffenceType>

export const MAX_SANCTION_STEPS = 16

/** One rise of a level. */
export const SanctionStepType = new ContainerType(
  {
    /** In which the offence was committed. */
    offenceEpoch: Count,
    /** In which it was proven. */
    epoch: Count,
    level: U8
  },
  { typeName: 'SanctionStep' }
)
export type SanctionStep = ValueOf<typeof SanctionStepType>

/** Of a validator, as of its last offence: what time has taken off since is computed when it is read. */
export const SanctionType = new ContainerType(
  {
    level: U8,
    /** Epoch from which the time of recovery counts. */
    sinceEpoch: Count,
    /** Pieces of evidence accepted against it. */
    offences: Count,
    /** Points lost by sanctions, and regained by recoveries, ever. */
    penalty: U64,
    bonus: U64,
    /** Base units of its stake that went to the treasury. */
    slashedConsumer: U64,
    slashedIndustrial: U64,
    /** The last ones, oldest first. */
    steps: new ListCompositeType(SanctionStepType, MAX_SANCTION_STEPS)
  },
  { typeName: 'Sanction' }
)
export type Sanction = ValueOf<typeof SanctionType>

/** Whoever contests a proven offence leaves the hash of a text (action 20). */
export const DisputeType = new ContainerType(
  { sender: Bytes21, textHash: Bytes32, height: Count },
  { typeName: 'Dispute' }
)
export type Dispute = ValueOf<typeof DisputeType>

export const MAX_DISPUTES = 4
export const DisputesType = new ContainerType(
  { disputes: new ListCompositeType(DisputeType, MAX_DISPUTES) },
  { typeName: 'Disputes' }
)

/** What was last seen of a validator that looks like collusion (SAN-9). */
export const CollusionType = new ContainerType(
  {
    /** For which it was found. */
    epoch: Count,
    /** ppm. */
    excess: U32
  },
  { typeName: 'Collusion' }
)

export const ACTION_DISPUTE = 20

/** What the action takes: the offence that it is about, and the hash of what its validator says to it. */
export const DisputeOrderType = new ContainerType(
  { offence: Bytes32, textHash: Bytes32 },
  { typeName: 'DisputeOrder' }
)
export type DisputeOrder = ValueOf<typeof DisputeOrderType>
