/**
 * Who sits on a chain in the next epoch (C3; EPO-11 … EPO-15), from who sits now and who could. Changes are bounded, so that
 * a committee that can finalise today shares enough members with the next one to hand over; and the answer is never
 * nobody, whatever the inputs are.
 */
import { compare } from '../primitives/bytes.ts'
import { faultsOf } from './quorum.ts'
import { MIN_SEATS, computeSeating, countByCooperative, seatMembers } from './seats.ts'
import type { Seating } from './seats.ts'
import type { Member } from './types.ts'

/** What a validator is to one chain. */
export interface Candidate extends Member {
  readonly isSitting: boolean
  /** Its key has said since the last freeze that it could vote here (C3 d). */
  readonly isReady: boolean
  /** The coordination height since when it wants no seat here; undefined: it wants one. */
  readonly leavingSince: number | undefined
  /** It cast no recorded vote in a finished epoch in which the chain advanced, or is out for its failures (C3 e). */
  readonly isAbsent: boolean
  /** A proven offence keeps it out, whatever follows from that. */
  readonly isSanctioned: boolean
}

export interface Succession {
  /** In key order. */
  readonly members: readonly Member[]
  /** The cap per cooperative had to be raised (C3 b). */
  readonly degraded: boolean
}

/** Which of C3's bounds hold: they are dropped one after the other, the last first. */
interface Bounds {
  readonly absenceCounts: boolean
  readonly readinessCounts: boolean
  readonly churnCounts: boolean
}

const BOUNDS: readonly Bounds[] = [
  { absenceCounts: true, readinessCounts: true, churnCounts: true },
  { absenceCounts: false, readinessCounts: true, churnCounts: true },
  { absenceCounts: false, readinessCounts: false, churnCounts: true },
  { absenceCounts: false, readinessCounts: false, churnCounts: false }
]

/**
 * @param previous the committee that sits now, registered or not; at least one member
 * @param candidates everybody who may be considered, each once
 * @param most seats of a chain at most
 */
export function succeed(
  previous: Succession,
  candidates: readonly Candidate[],
  { minimum, most }: { readonly minimum: number; readonly most: number }
): Succession {
  const churn = Math.max(1, faultsOf(previous.members.length))
  let chosen: Candidate[] = []
  for (const bounds of BOUNDS) {
    chosen = choose(candidates, bounds, { churn, minimum, most })
    if (chosen.length >= minimum) break
  }
  if (chosen.length === 0) return previous
  const seating = computeSeating(chosen, Math.max(1, Math.min(minimum, chosen.length, most)), most)
  const members = seatMembers(chosen, seating, bySeniority).map(
    ({ key, cooperative, weight, cooldown }): Member => ({
      key,
      cooperative,
      weight,
      ...(cooldown === undefined ? {} : { cooldown })
    })
  )
  return { members, degraded: seating.raise > 0 }
}

/** C3 b: four, or as many validators as want a seat somewhere. */
export const minimumOf = (willing: number): number => Math.max(1, Math.min(MIN_SEATS, willing))

/** Sitting members, then by weight, then by key: who gets a scarce seat. */
const bySeniority = (a: Candidate, b: Candidate): number =>
  Number(b.isSitting) - Number(a.isSitting) || b.weight - a.weight || compare(a.key, b.key)

interface Room {
  /** Newcomers, and voluntary leavers, at most. */
  readonly churn: number
  readonly minimum: number
  readonly most: number
}

function choose(candidates: readonly Candidate[], bounds: Bounds, room: Room): Candidate[] {
  const { churn, minimum } = room
  const open = candidates.filter(({ isSanctioned }) => !isSanctioned)
  const away = bounds.absenceCounts ? absentees(open, churn) : new Set()
  const able = open.filter((one) => !away.has(one))
  const released = leavers(able, churn)
  const staying = able.filter((one) => one.isSitting && !released.has(one))
  const newcomers = able
    .filter((one) => !one.isSitting && one.leavingSince === undefined)
    .filter(({ isReady }) => isReady || !bounds.readinessCounts)
    .sort(bySeniority)
  const needed = bounds.churnCounts ? churn : Math.max(churn, minimum - staying.length)
  const chosen = admit(staying, newcomers, { ...room, churn: needed })
  // Nobody would be left: they go on serving.
  return chosen.length > 0 ? chosen : able.filter(({ isSitting }) => isSitting)
}

/**
 * C3 e: those who are drawn least go, no more than may leave by will. Votes name no more ghosts than that; more can only
 * be excluded (COOP-19), and a committee that loses most of its members at once belongs to those who are left.
 */
function absentees(open: readonly Candidate[], churn: number): ReadonlySet<Candidate> {
  const absent = open.filter(({ isAbsent }) => isAbsent)
  const sitting = absent
    .filter(({ isSitting }) => isSitting)
    .sort((a, b) => a.weight - b.weight || compare(a.key, b.key))
  return new Set([...absent.filter(({ isSitting }) => !isSitting), ...sitting.slice(0, churn)])
}

/** C3 c: those who have waited longest go; the others keep serving. */
function leavers(able: readonly Candidate[], churn: number): ReadonlySet<Candidate> {
  const waiting = able
    .filter(({ isSitting, leavingSince }) => isSitting && leavingSince !== undefined)
    .sort((a, b) => (a.leavingSince ?? 0) - (b.leavingSince ?? 0) || compare(a.key, b.key))
  return new Set(waiting.slice(0, churn))
}

/**
 * Newcomers one by one, each if there is a seat more with it or the cap is raised less: one whose cooperative has no
 * seat to give does not hold the place of the next. Below the minimum any newcomer counts (C3 b beats C3 a).
 */
function admit(staying: readonly Candidate[], newcomers: readonly Candidate[], room: Room): Candidate[] {
  const chosen = [...staying]
  const full = new Set<number>()
  let seating = seatingOf(chosen, room)
  let admitted = 0
  const passed: Candidate[] = []
  for (const newcomer of newcomers) {
    if (admitted === room.churn) break
    const next = full.has(newcomer.cooperative) ? seating : seatingOf([...chosen, newcomer], room)
    const isBetter =
      next.seats > seating.seats || (next.seats === seating.seats && next.raise < seating.raise)
    if (!isBetter) {
      full.add(newcomer.cooperative)
      passed.push(newcomer)
      continue
    }
    chosen.push(newcomer)
    seating = next
    admitted += 1
    full.clear()
  }
  const counts = countByCooperative(chosen)
  const rest = passed.sort((a, b) => (counts.get(a.cooperative) ?? 0) - (counts.get(b.cooperative) ?? 0))
  for (const newcomer of rest) {
    if (admitted === room.churn || chosen.length >= room.minimum) break
    chosen.push(newcomer)
    admitted += 1
  }
  return chosen
}

const seatingOf = (chosen: readonly Candidate[], { minimum, most }: Room): Seating =>
  chosen.length === 0
    ? { seats: 0, cap: 1, raise: 0 }
    : computeSeating(chosen, Math.min(minimum, chosen.length, most), most)
