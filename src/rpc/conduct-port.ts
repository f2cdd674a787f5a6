/** What the RPC layer asks about validators, cooperatives and evidence: all of it state of the coordination chain. */
import type { Category, Hour } from '../codec/cooperation.ts'
import type { Lease, Unbonding } from '../codec/registry-records.ts'
import type { Cooperative } from '../codec/registry.ts'
import type { Dispute, ProvenOffence } from '../codec/sanctions.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Member } from '../sharding/types.ts'

export interface SeatFacts {
  readonly chain: ChainId
  readonly epoch: number
  readonly index: number
  readonly weight: number
}

/** ppm each. */
export interface FactorFacts {
  readonly base: number
  readonly diversity: number
  readonly consistency: number
  readonly performance: number
  readonly collusion: number
  readonly shard: number
  readonly activity: number
}

/** What a validator would be drawn by if the epoch were frozen now. */
export interface WeightFacts {
  readonly weight: number
  readonly cooldown: number
  readonly score: { readonly ppm: number; readonly factors: FactorFacts }
  /** undefined: it may lead. */
  readonly ineligible: string | undefined
}

export interface StandingFacts {
  readonly level: number
  readonly isExcluded: boolean
  readonly recoversAtEpoch: number | undefined
  readonly offences: number
  readonly penalty: bigint
  readonly bonus: bigint
  readonly slashed: { readonly consumer: bigint; readonly industrial: bigint }
  readonly steps: readonly { readonly offenceEpoch: number; readonly epoch: number; readonly level: number }[]
}

/** REG-1. Heights are those of the coordination chain. */
export interface RegistrationFacts {
  readonly status: 'registered' | 'leaving' | 'left'
  /** Of the last change of the status. */
  readonly since: number
  readonly joined: number
  /** Of its last `ready`; 0: none. */
  readonly ready: number
  readonly leases: readonly { readonly shard: ChainId; readonly until: number }[]
}

export interface ValidatorFacts {
  readonly cooperative: number
  /** undefined: it never was in the registry. */
  readonly registration: RegistrationFacts | undefined
  readonly stake: { readonly consumer: bigint; readonly industrial: bigint }
  readonly seats: readonly SeatFacts[]
  readonly weights: readonly { readonly chain: ChainId; readonly weight: WeightFacts }[]
  readonly points: Readonly<Record<Category, number>>
  readonly social: number
  readonly validations: number
  readonly outcomes: readonly boolean[]
  readonly day: Hour
  readonly activeEpoch: number
  /** undefined: missed duties do not exclude it. */
  readonly excludedFrom: number | undefined
  readonly suspicions: readonly number[]
  readonly standing: StandingFacts
}

export interface OffenceFacts {
  readonly id: Uint8Array
  readonly offence: ProvenOffence
  readonly disputes: readonly Dispute[]
}

/** One chain, and whether a member that left may stop serving it (C24). */
export interface ServingFacts {
  readonly chain: ChainId
  readonly isSafe: boolean
  /** The newest epoch in which it sits. */
  readonly lastEpoch?: number
  readonly reason: string
}

export interface DutiesFacts {
  readonly status: 'registered' | 'leaving' | 'left'
  /** Coordination heights: of the last change of the status, the registration, the last `ready` (0: none). */
  readonly since: number
  readonly joined: number
  readonly ready: number
  readonly cooperative: number
  readonly leases: readonly Lease[]
  readonly unbondings: readonly Unbonding[]
  /** It has a hash chain to reveal from. */
  readonly reveals: boolean
  /** Peer id of its node, if that has signed for it. */
  readonly node: string | undefined
  /** Where it sits in the newest frozen epoch. */
  readonly seats: readonly ChainId[]
  /** Of the chains that this node follows. */
  readonly serving: readonly ServingFacts[]
}

/** What the registry and the sanctions say of a validator, in short. */
export interface StandingInShort extends Pick<RegistrationFacts, 'status' | 'since' | 'ready'> {
  readonly key: Uint8Array
  readonly cooperative: number
  /** Of its sanction. */
  readonly level: number
  readonly recoversAtEpoch: number | undefined
}

export interface ConductPort {
  /** Everybody who is registered or leaving, in key order. */
  electorate(): readonly StandingInShort[]
  /** undefined: the key was never registered. */
  standing(key: Uint8Array): StandingInShort | undefined
  /** undefined: the key was never registered. */
  duties(key: Uint8Array): DutiesFacts | undefined
  /** undefined: the key is neither registered nor known for anything. */
  validator(key: Uint8Array): ValidatorFacts | undefined
  /** Registered validators by social reputation, in a category or in all; the best first. */
  ranking(
    category: Category | undefined,
    limit: number
  ): readonly { readonly member: Member; readonly value: number }[]
  /** Newest first. */
  offences(limit: number): {
    readonly count: number
    readonly waiting: number
    readonly offences: readonly OffenceFacts[]
  }
  cooperatives(): readonly {
    readonly cooperative: Cooperative
    readonly validators: readonly Uint8Array[]
  }[]
}
