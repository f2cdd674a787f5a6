/** The results of the RPC methods about validators, cooperatives and evidence (protocols/sanctions.md, cooperation.md). */
import type { AsOf, ChainJson } from './place-types.ts'

/** Points and factors are in parts per million: 1,000,000 is one. */
export interface FactorsJson {
  readonly base: number
  readonly diversity: number
  readonly consistency: number
  readonly performance: number
  readonly collusion: number
  readonly shard: number
  readonly activity: number
}

export interface SeatJson {
  readonly chain: ChainJson
  readonly epoch: number
  readonly index: number
  /** What leaders are drawn by in this epoch. */
  readonly weight: number
}

export interface ChainScoreJson {
  readonly chain: ChainJson
  readonly ppm: number
  readonly factors: FactorsJson
  /** What it would be drawn by if the epoch were frozen now, and views after leading without another. */
  readonly weight: number
  readonly cooldown: number
  /** Why it is not drawn; absent: it may lead. */
  readonly ineligible?: string
}

export interface StandingJson {
  readonly level: number
  readonly excluded: boolean
  /** Epoch in which a level goes by itself. */
  readonly recoversAtEpoch?: number
  readonly offences: number
  /** Millionths of points, ever. */
  readonly penalty: string
  readonly bonus: string
  readonly slashed: { readonly consumer: string; readonly industrial: string }
  readonly steps: readonly { readonly offenceEpoch: number; readonly epoch: number; readonly level: number }[]
}

export interface HistoryJson {
  /** Views it was to lead, ever, and of the last ones those it used. */
  readonly validations: number
  readonly recent: { readonly views: number; readonly successes: number }
  /** Over the last day. */
  readonly day: {
    readonly attended: number
    readonly missed: number
    readonly led: number
    readonly skipped: number
  }
  readonly activeEpoch: number
  /** Epoch from which missed duties exclude it. */
  readonly excludedFrom?: number
  /** Coordination heights of suspicion marks. */
  readonly suspicions: readonly number[]
}

export interface ValidatorJson extends AsOf {
  readonly validator: string
  readonly cooperative: number
  /** Absent: it never was in the registry. Heights of the coordination chain. */
  readonly registration?: {
    readonly status: 'registered' | 'leaving' | 'left'
    readonly since: number
    readonly joined: number
    /** Of its last `ready`; 0: none. */
    readonly ready: number
    readonly leases: readonly { readonly shard: ChainJson; readonly until: number }[]
  }
  readonly stake: { readonly consumer: string; readonly industrial: string }
  /** Committees of the running epoch of each chain that this node follows. */
  readonly seats: readonly SeatJson[]
  readonly scores: readonly ChainScoreJson[]
  /** Millionths of points by category. */
  readonly points: Readonly<Record<string, number>>
  /** Social reputation: for rankings, not for leaders. */
  readonly social: number
  readonly history: HistoryJson
  readonly sanction: StandingJson
}

export interface RankJson extends AsOf {
  readonly category: string
  readonly validators: readonly {
    readonly rank: number
    readonly validator: string
    readonly cooperative: number
    readonly value: number
  }[]
}

export interface OffenceJson {
  readonly id: string
  readonly validator: string
  readonly chain: ChainJson
  readonly epoch: number
  readonly view: number
  readonly kind: string
  /** Coordination height of the block that brought the evidence. */
  readonly height: number
  /** Level it raised its validator to; 0: none. */
  readonly level: number
  readonly disputes: readonly {
    readonly sender: string
    readonly textHash: string
    readonly height: number
  }[]
}

export interface EvidenceList extends AsOf {
  /** Proven so far, ever. */
  readonly count: number
  /** Known here, and not yet in a final block. */
  readonly waiting: number
  /** The newest first. */
  readonly offences: readonly OffenceJson[]
}

export interface CooperativeList extends AsOf {
  readonly cooperatives: readonly {
    readonly number: number
    readonly name: string
    readonly validators: readonly string[]
  }[]
}

/** What the registry of the coordination chain holds of a validator. */
export interface DutiesJson extends AsOf {
  readonly validator: string
  readonly status: 'registered' | 'leaving' | 'left'
  /** Coordination heights: of the last change of the status, the registration, the last `ready` (0: none). */
  readonly since: number
  readonly joined: number
  readonly ready: number
  readonly cooperative: number
  /** It has a hash chain to reveal from. */
  readonly reveals: boolean
  /** Peer id of the node whose key has signed for it (REG-17). */
  readonly node?: string
  readonly leases: readonly { readonly shard: ChainJson; readonly until: number }[]
  /** Stake that was asked back, by the coordination epoch from which it is paid out. */
  readonly unbondings: readonly {
    readonly epoch: number
    readonly to: string
    readonly consumer: string
    readonly industrial: string
  }[]
  /** Where it sits in the newest frozen epoch. */
  readonly seats: readonly ChainJson[]
  /** Of each chain that the node follows: whether it may stop serving it, and why (not). */
  readonly serving: readonly {
    readonly chain: ChainJson
    readonly safe: boolean
    readonly lastEpoch?: number
    readonly reason: string
  }[]
  readonly safeToStop: boolean
}

/** Validators whose entry in the registry or whose sanction is new or differs; first all of them. */
export interface ValidatorsEvent extends AsOf {
  readonly validators: readonly {
    readonly validator: string
    readonly cooperative: number
    readonly status: 'registered' | 'leaving' | 'left'
    /** Coordination heights: of the last change of the status, and of the last `ready` (0: none). */
    readonly since: number
    readonly ready: number
    readonly level: number
    /** Epoch in which the level goes by itself. */
    readonly recoversAtEpoch?: number
  }[]
}

export interface ValidatorMethods {
  validator_duties: { params: { validator: string }; result: DutiesJson }
  validator_get: { params: { validator: string }; result: ValidatorJson }
  validator_rank: { params: { category?: string; limit: number }; result: RankJson }
  evidence_list: { params: { limit: number }; result: EvidenceList }
  cooperative_list: { params: object; result: CooperativeList }
  /** Encoding of a CommitteeProof, hex. */
  committee_proof: { params: { checkpoint?: number }; result: { readonly proof: string } }
}
