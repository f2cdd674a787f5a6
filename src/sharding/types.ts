/** Committees and the epoch snapshot (C2, C3): everything an epoch takes from coordination, frozen ahead of it. */
import type { ChainId } from '../primitives/chain-id.ts'
import type { Params } from '../params/params.ts'

export interface Member {
  /** Validator public key, 32 bytes. */
  readonly key: Uint8Array
  /** Number of the validator's cooperative; 0 is "no cooperative" and counts as one. */
  readonly cooperative: number
  /** Leader weight in ppm; at least 1. */
  readonly weight: number
  /** Views after leading in which it does not lead, before the bound of its committee (EPO-8). @default 3 */
  readonly cooldown?: number
}

export interface Committee {
  readonly chain: ChainId
  /** In key order; a signer index is a place in this list. */
  readonly members: readonly Member[]
  /** n − f with f = ⌊(n − 1) / 3⌋ (C1). */
  readonly quorum: number
  readonly faults: number
  /** Cooperatives that every quorum spans at least. */
  readonly cooperativesPerQuorum: number
  /** `degraded`: the seat cap per cooperative had to be raised (C3 b). */
  readonly diversity: 'full' | 'degraded'
}

/** Who votes in an epoch, and under which parameters. */
export interface EpochCommittees {
  readonly epoch: number
  readonly params: Params
  /** One per chain, `coord` included. */
  readonly committees: ReadonlyMap<ChainId, Committee>
}

export interface EpochSnapshot extends EpochCommittees {
  /** 32 bytes: randomness of the leader schedule. */
  readonly seed: Uint8Array
}
