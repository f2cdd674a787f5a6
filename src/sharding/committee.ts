/**
 * Committees of all chains at genesis (C3 a, b, f; EPO-5, EPO-6); from then on they follow each other. Every validator is a candidate on `coord`.
 * Where a validator may serve fewer shards than there are, candidates are dealt out so that each shard gets an equal
 * part of every cooperative; a shard that this leaves short of seats takes further ones.
 */
import { compare } from '../primitives/bytes.ts'
import { COORD, shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { faultsOf, quorumOf } from './quorum.ts'
import { MIN_SEATS, computeSeating, countByCooperative, seatMembers } from './seats.ts'
import type { Committee, Member } from './types.ts'

export interface CommitteeInputs {
  /** At least one; each key once. */
  readonly validators: readonly Member[]
  readonly shards: number
  readonly shardsPerValidator: number
}

/** Shards in the order of their numbers, then `coord`. */
export function computeCommittees(inputs: CommitteeInputs): Map<ChainId, Committee> {
  const { validators, shards } = inputs
  const committees = new Map<ChainId, Committee>()
  for (const [index, candidates] of dealCandidates(inputs).entries()) {
    committees.set(shardId(index), seatCommittee(shardId(index), candidates, minimumSeats(validators)))
  }
  committees.set(COORD, seatCommittee(COORD, validators, minimumSeats(validators)))
  assert(committees.size === shards + 1, 'C3: a committee for each chain')
  return committees
}

/** The committee of these members, in any order: what follows from them and nothing else. */
export function committeeOf(chain: ChainId, members: readonly Member[], degraded: boolean): Committee {
  const quorum = quorumOf(members.length)
  return {
    chain,
    members: members.toSorted((a, b) => compare(a.key, b.key)),
    quorum,
    faults: faultsOf(members.length),
    cooperativesPerQuorum: cooperativesInQuorum(members, quorum),
    diversity: degraded ? 'degraded' : 'full'
  }
}

/** The shards on which each validator is a candidate at genesis, in order; by the very objects. */
export function genesisLeases(inputs: CommitteeInputs): Map<Member, ChainId[]> {
  const leases = new Map<Member, ChainId[]>()
  for (const [index, candidates] of dealCandidates(inputs).entries()) {
    for (const member of candidates) leases.set(member, [...(leases.get(member) ?? []), shardId(index)])
  }
  return leases
}

const minimumSeats = (validators: readonly Member[]): number => Math.min(MIN_SEATS, validators.length)

function seatCommittee(chain: ChainId, candidates: readonly Member[], minimum: number): Committee {
  const seating = computeSeating(candidates, minimum)
  return committeeOf(chain, seatMembers(candidates, seating), seating.raise > 0)
}

/** The fewest cooperatives whose members make a quorum: the largest ones first. */
function cooperativesInQuorum(members: readonly Member[], quorum: number): number {
  let missing = quorum
  let cooperatives = 0
  for (const count of [...countByCooperative(members).values()].sort((a, b) => b - a)) {
    if (missing <= 0) break
    missing -= count
    cooperatives++
  }
  return cooperatives
}

/**
 * Candidates of each shard. In the order of (cooperative, key), the validator at place p gets the shards
 * p·limit … p·limit + limit − 1 modulo the number of shards: neighbours belong together, so a cooperative spreads.
 */
function dealCandidates({ validators, shards, shardsPerValidator }: CommitteeInputs): Member[][] {
  if (shardsPerValidator >= shards) return Array.from({ length: shards }, () => [...validators])
  const dealt: Member[][] = Array.from({ length: shards }, () => [])
  const served = new Map<Member, number>()
  const ordered = validators.toSorted((a, b) => a.cooperative - b.cooperative || compare(a.key, b.key))
  for (const [place, validator] of ordered.entries()) {
    served.set(validator, shardsPerValidator)
    for (let step = 0; step < shardsPerValidator; step++) {
      const shard = (place * shardsPerValidator + step) % shards
      must(dealt[shard], 'a shard in range').push(validator)
    }
  }
  for (const candidates of dealt) fillUp(candidates, ordered, served)
  return dealt
}

/**
 * C3 b: the number of seats beats the shards-per-validator target, and before the cap is raised more than it has to be
 * with all validators. The next candidate is of the cooperative with the fewest here, then serves the fewest shards,
 * then comes first in the order.
 */
function fillUp(candidates: Member[], ordered: readonly Member[], served: Map<Member, number>): void {
  const minimum = minimumSeats(ordered)
  const { raise } = computeSeating(ordered, minimum)
  while (candidates.length < minimum || computeSeating(candidates, minimum).raise > raise) {
    const counts = countByCooperative(candidates)
    const here = new Set(candidates)
    const rank = (member: Member): [number, number] => [
      counts.get(member.cooperative) ?? 0,
      served.get(member) ?? 0
    ]
    let next: Member | undefined
    for (const member of ordered) {
      if (here.has(member)) continue
      if (next === undefined || precedes(rank(member), rank(next))) next = member
    }
    const chosen = must(next, 'C3: all validators are candidates and still too few')
    served.set(chosen, (served.get(chosen) ?? 0) + 1)
    candidates.push(chosen)
  }
}

const precedes = (a: readonly [number, number], b: readonly [number, number]): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])
