/**
 * Seats of one committee (C3 a, b, f; EPO-5). With n seats a cooperative may hold max(1, f) of them, so that every
 * quorum spans three cooperatives and none can stop the chain alone. Since f depends on n, the number of seats is the
 * largest n that the cooperatives can fill under the cap of that n. Where even min(4, validators) seats cannot be
 * filled, the cap is raised by the least amount that fills them, and then n is the largest again.
 */
import { compare } from '../primitives/bytes.ts'
import { assert, must } from '../primitives/errors.ts'
import { faultsOf } from './quorum.ts'
import type { Member } from './types.ts'

/** A chain gets at least this many seats when there are as many validators (C3 b). */
export const MIN_SEATS = 4

export interface Seating {
  /** Seats. */
  readonly seats: number
  /** Seats of one cooperative at most, raise included. */
  readonly cap: number
  /** By how much the cap had to be raised above max(1, f). */
  readonly raise: number
}

/** @param minimum seats to fill whatever it costs; at most the number of candidates. */
export function computeSeating(candidates: readonly Member[], minimum: number): Seating {
  assert(minimum >= 1 && minimum <= candidates.length, 'C3: a committee without a candidate')
  const fillable = fillableByCap(candidates)
  // Ends: a cap of all candidates seats them all.
  for (let raise = 0; ; raise++) {
    for (let seats = candidates.length; seats >= minimum; seats--) {
      const cap = Math.min(capOf(seats) + raise, candidates.length)
      if (must(fillable[cap], 'a cap in range') >= seats) return { seats, cap, raise }
    }
  }
}

/** Who sits: by weight, the highest first, then by key, until the seats are filled. In key order. */
export function seatMembers(candidates: readonly Member[], { seats, cap }: Seating): Member[] {
  const taken = new Map<number, number>()
  const seated: Member[] = []
  for (const member of candidates.toSorted((a, b) => b.weight - a.weight || compare(a.key, b.key))) {
    const held = taken.get(member.cooperative) ?? 0
    if (seated.length === seats || held === cap) continue
    taken.set(member.cooperative, held + 1)
    seated.push(member)
  }
  return seated.sort((a, b) => compare(a.key, b.key))
}

/** Members of each cooperative; "no cooperative" (0) counts as one. */
export function countByCooperative(members: readonly Member[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { cooperative } of members) counts.set(cooperative, (counts.get(cooperative) ?? 0) + 1)
  return counts
}

const capOf = (seats: number): number => Math.max(1, faultsOf(seats))

/** At index c: how many candidates can sit when a cooperative may hold c seats. */
function fillableByCap(candidates: readonly Member[]): number[] {
  const counts = [...countByCooperative(candidates).values()]
  const fillable = [0]
  for (let cap = 1, total = 0; cap <= candidates.length; cap++) {
    for (const count of counts) if (count >= cap) total++
    fillable.push(total)
  }
  return fillable
}
