/** What `icn genesis check` says about each chain of a genesis (D2): facts, and warnings where they deserve one. */
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Genesis } from '../params/genesis.ts'
import { computeCommittees } from './committee.ts'
import type { Committee } from './types.ts'

export interface CommitteeDescription {
  readonly chain: ChainId
  readonly facts: string
  readonly warnings: readonly string[]
}

/** The committees of epoch 0: shards in the order of their numbers, then `coord`. */
export const genesisCommittees = ({ validators, shards, params }: Genesis): Map<ChainId, Committee> =>
  computeCommittees({ validators, shards, shardsPerValidator: params.shardsPerValidator })

export function describeCommittee(committee: Committee): CommitteeDescription {
  const { chain, members, quorum, faults, cooperativesPerQuorum, diversity } = committee
  const name = chainName(chain)
  const warnings: string[] = []
  if (faults === 0) {
    warnings.push(`chain ${name}: f = 0 with ${members.length} validators: one that fails stops the chain`)
  }
  if (diversity === 'degraded') {
    warnings.push(`chain ${name}: diversity degraded: too few cooperatives, one alone may stop the chain`)
  }
  const facts =
    `chain ${name}: n = ${members.length}, quorum = ${quorum}, f = ${faults}, ` +
    `cooperatives per quorum >= ${cooperativesPerQuorum}, diversity ${diversity}`
  return { chain, facts, warnings }
}

/** How quorum, f and k of a committee follow from its members (C1, C3). */
export function explainCommittee({
  members,
  quorum,
  faults,
  cooperativesPerQuorum,
  diversity
}: Committee): string[] {
  const n = members.length
  const cooperatives = new Set(members.map(({ cooperative }) => cooperative)).size
  const most = Math.max(1, faults)
  return [
    `f = ⌊(n − 1) ÷ 3⌋ = ⌊${n - 1} ÷ 3⌋ = ${faults}: so many members may fail or lie`,
    `quorum = n − f = ${n} − ${faults} = ${quorum}: every two quorums share an honest member`,
    diversity === 'full'
      ? `a cooperative has at most max(1, f) = ${most} of the ${n} seats, so a quorum spans at least k = ${cooperativesPerQuorum} of ${cooperatives} cooperatives`
      : `${cooperatives} cooperatives are too few for at most ${most} seats each: the cap is raised by the least amount, and a quorum spans at least k = ${cooperativesPerQuorum}`
  ]
}

/** How far the limit on shards per validator reaches in this genesis. */
export function describeShardLimit({ validators, shards, params }: Genesis): string {
  const { shardsPerValidator } = params
  if (shardsPerValidator >= shards)
    return `each of ${validators.length} validators may serve all ${shards} shards`
  return `each of ${validators.length} validators is meant to serve ${shardsPerValidator} of ${shards} shards`
}
