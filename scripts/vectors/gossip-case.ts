/** What the vectors of gossip share: the receiver's chain, committee and leaders, and the form of a case. */
import type { GOSSIP_BYTES_MAX } from '../../src/net/limits.ts'
import { PRESETS } from '../../src/params/presets.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { committeeOf } from '../../src/sharding/committee.ts'
import { createSchedule } from '../../src/sharding/schedule.ts'
import type { EpochSnapshot } from '../../src/sharding/types.ts'
import * as samples from './samples.ts'

export const CHAIN = samples.content().chain
export const OTHER = ((CHAIN + 1) % samples.SHARDS) as ChainId
export const EPOCH = 3
/** Epochs whose committees the receiver knows. */
export const KNOWN = [2, 3, 4, 5]

/** The one epoch snapshot of these vectors, whatever its number: four members of equal weight. */
export function gossipSnapshot(epoch: number): EpochSnapshot {
  const members = samples.COMMITTEE.map(({ publicKey }, cooperative) => {
    return { key: publicKey, cooperative, weight: 1_000_000 }
  })
  return {
    epoch,
    seed: samples.digest(`seed of epoch ${epoch}`),
    params: PRESETS.devnet.params,
    committees: new Map([[CHAIN, committeeOf(CHAIN, members, false)]])
  }
}

export const leaderOf = (view: number, epoch = EPOCH): number =>
  createSchedule(gossipSnapshot(epoch), CHAIN).leader(view)

export interface Case {
  readonly kind: keyof typeof GOSSIP_BYTES_MAX
  readonly name: string
  readonly verdict: 'accept' | 'ignore' | 'reject'
  readonly rule: string
  readonly bytes: Uint8Array
  /** Messages that the receiver took in before. */
  readonly before?: readonly Uint8Array[]
  /** The receiver is final at this view, and in the next one. */
  readonly finalView?: number
  readonly knownEpochs?: readonly number[]
  /** Of `receipt`: what the receiver applied of the lane to the shard it follows. */
  readonly cursor?: number
  /** Of `tx`: what the receiver knows besides the bytes. */
  readonly facts?: Readonly<Record<'known' | 'budgetEmpty' | 'admitted' | 'relayEmpty', number>>
}

export type Row = readonly [
  name: string,
  verdict: Case['verdict'],
  rule: string,
  bytes: Uint8Array,
  more?: Partial<Case>
]
export const rows = (kind: Case['kind'], list: readonly Row[]): Case[] =>
  list.map(([name, verdict, rule, bytes, more]) => ({ kind, name, verdict, rule, bytes, ...more }))
