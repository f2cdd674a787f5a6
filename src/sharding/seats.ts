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

/**
 * @param minimum seats to fill whatever it costs; at most the number of candidates
 * @param most seats at most, however many candidates there are
 */
export function computeSeating(
  candidates: readonly Member[],
  minimum: number,
  most: number = candidates.length
): Seating {
  assert(minimum >= 1 && minimum <= candidates.length, 'C3: a committee without a candidate')
  const fillable = fillableByCap(candidates)
  const ceiling = Math.min(most, candidates.length)
  // Ends: a cap of all candidates seats them all.
  for (let raise = 0; ; raise++) {
    for (let seats = ceiling; seats >= minimum; seats--) {
      const cap = capOf(seats) + raise
      // Above the largest cooperative a higher cap seats nobody else.
      const filled = must(fillable[Math.min(cap, fillable.length - 1)], 'a cap in range')
      if (filled >= seats) return { seats, cap, raise }
    }
  }
}

/** Who sits: in this order until the seats are filled. @returns them in key order */
export function seatMembers<M extends Member>(
  candidates: readonly M[],
  { seats, cap }: Seating,
  order: (a: M, b: M) => number = byWeight
): M[] {
  const taken = new Map<number, number>()
  const seated: M[] = []
  for (const member of candidates.toSorted(order)) {
    const held = taken.get(member.cooperative) ?? 0
    if (seated.length === seats || held === cap) continue
    taken.set(member.cooperative, held + 1)
    seated.push(member)
  }
  return seated.sort((a, b) => compare(a.key, b.key))
}

/** The highest weight first, then by key. */
const byWeight = (a: Member, b: Member): number => b.weight - a.weight || compare(a.key, b.key)

/** Members of each cooperative; "no cooperative" (0) counts as one. */
export function countByCooperative(members: readonly Member[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { cooperative } of members) counts.set(cooperative, (counts.get(cooperative) ?? 0) + 1)
  return counts
}

const capOf = (seats: number): number => Math.max(1, faultsOf(seats))

/** At index c: how many candidates can sit when a cooperative may hold c seats. */
function fillableByCap(candidates: readonly Member[]): number[] {
  const counts = [...countByCooperative(candidates).values()].sort((a, b) => b - a)
  const largest = counts[0] ?? 0
  const fillable = [0]
  let reaching = counts.length
  for (let cap = 1, total = 0; cap <= largest; cap++) {
    while (reaching > 0 && (counts[reaching - 1] ?? 0) < cap) reaching--
    total += reaching
    fillable.push(total)
  }
  return fillable
}
