/**
 * The reputation of a validator in coordination state (COOP-12 to COOP-15): points by category, bounded windows of
 * what it did, and the events that social reputation reads. Only executed, recorded facts change it; nobody states
 * anything of itself.
 */
import { concat } from '../primitives/bytes.ts'
import {
  CATEGORIES,
  EVENTS_KEPT,
  HOURS_KEPT,
  OUTCOMES_KEPT,
  PARTNERS_KEPT,
  ReputationType
} from '../codec/cooperation.ts'
import type { Category, Hour, Reputation, ReputationEvent } from '../codec/cooperation.ts'
import { reputationKey } from '../state/facts.ts'
import type { Ledger } from '../state/ledger.ts'
import type { StateView } from '../state/ports.ts'
import { categoryIndex } from './categories.ts'
import { dayOf, hourOf } from './days.ts'
import type { SpanParams } from './days.ts'

/** A point, in the millionths that are stored. */
export const POINT = 1_000_000
/** Most points of a category: the highest tier (COOP-16). More would only keep newcomers from ever leading. */
export const POINTS_MAX = 12 * POINT
/** Validation points that validators of the genesis begin with, and those that register later. */
export const GENESIS_POINTS = 12 * POINT
export const NEWCOMER_POINTS = 3 * POINT
const U32_MAX = 0xffff_ffff

/** COOP-12: where there is no record, the validator is one of the genesis. */
export function readReputation(view: Pick<StateView, 'get'>, validator: Uint8Array): Reputation {
  const bytes = view.get(reputationKey(validator))
  return bytes === undefined ? newReputation(GENESIS_POINTS, 0) : ReputationType.deserialize(bytes)
}

export const writeReputation = (ledger: Ledger, validator: Uint8Array, reputation: Reputation): void =>
  ledger.setRecord(reputationKey(validator), ReputationType.serialize(reputation))

/** A validator registers: what is recorded of its key already stays, so that leaving washes nothing off. */
export function admitValidator(ledger: Ledger, validator: Uint8Array, epoch: number): void {
  const key = reputationKey(validator)
  if (ledger.record(key) !== undefined) return
  ledger.setRecord(key, ReputationType.serialize(newReputation(NEWCOMER_POINTS, epoch)))
}

export function newReputation(validationPoints: number, epoch: number): Reputation {
  const points = CATEGORIES.map((name) => (name === 'validation' ? validationPoints : 0))
  return {
    points,
    validations: 0,
    outcomes: new Uint8Array(),
    partners: new Uint8Array(),
    hours: [],
    hour: 0,
    activeEpoch: epoch,
    idleDays: 0,
    excludedFrom: 0,
    suspicions: [],
    penaltyTaken: 0n,
    bonusGiven: 0n,
    events: []
  }
}

/** Millionths of points, of all categories. */
export const totalPoints = ({ points }: Pick<Reputation, 'points'>): number =>
  points.reduce((sum, value) => sum + value, 0)

const clamped = (points: number): number => Math.min(POINTS_MAX, Math.max(0, points))

/** A category, and how many millionths it goes up or down. */
export type Change = readonly [category: Category, millionths: number]

/** COOP-13: categories up or down one after the other, within their bounds; the events are kept for social reputation. */
export function changePoints(
  reputation: Reputation,
  changes: readonly Change[],
  at: { readonly epoch: number; readonly params: SpanParams }
): Reputation {
  const made = changes.filter(([, millionths]) => millionths !== 0)
  if (made.length === 0) return reputation
  const points = [...reputation.points]
  const events = [...reputation.events]
  const day = dayOf(at.epoch, at.params)
  const participation = categoryIndex('participation')
  for (const [category, millionths] of made) {
    const index = categoryIndex(category)
    points[index] = clamped((points[index] ?? 0) + millionths)
    noteEvent(events, { category: index, day, millionths })
    // COOP-14: a tenth of every event's size counts as participation.
    const tenth = Math.floor(Math.abs(millionths) / 10)
    if (index !== participation) noteEvent(events, { category: participation, day, millionths: tenth })
  }
  return { ...reputation, points, events: events.slice(-EVENTS_KEPT) }
}

/** Events of a day add up, so that the list grows with days and categories only. It is in their order: today's are last. */
function noteEvent(
  events: ReputationEvent[],
  {
    category,
    day,
    millionths
  }: { readonly category: number; readonly day: number; readonly millionths: number }
): void {
  const gained = BigInt(Math.max(0, millionths))
  const lost = BigInt(Math.max(0, -millionths))
  let at = events.length
  while (at > 0 && isAfter(events[at - 1], category, day)) at--
  const same = events[at - 1]
  if (same?.day === day && same.category === category) {
    events[at - 1] = { category, day, gained: same.gained + gained, lost: same.lost + lost }
  } else {
    events.splice(at, 0, { category, day, gained, lost })
  }
}

const isAfter = (event: ReputationEvent | undefined, category: number, day: number): boolean =>
  event !== undefined && (event.day > day || (event.day === day && event.category > category))

/** COOP-13: a penalty takes from validation first, then from the others in their order, none below 0. */
export function takePoints(reputation: Reputation, millionths: number): Reputation {
  let rest = millionths
  const points = reputation.points.map((value) => {
    const taken = Math.min(value, rest)
    rest -= taken
    return value - taken
  })
  return { ...reputation, points }
}

/** Outcomes of views, in their order: failures first, since only how many there are is known. */
export function addOutcomes(reputation: Reputation, failures: number, successes: number): Reputation {
  if (failures + successes === 0) return reputation
  const known = reputation.outcomes.length
  const used = known + Math.min(failures, OUTCOMES_KEPT)
  const bits = new Uint8Array(used + Math.min(successes, OUTCOMES_KEPT))
  bits.set(reputation.outcomes)
  bits.fill(1, used)
  const outcomes = bits.slice(-OUTCOMES_KEPT)
  const validations = Math.min(U32_MAX, reputation.validations + failures + successes)
  return { ...reputation, outcomes, validations }
}

export const outcomesOf = ({ outcomes }: Pick<Reputation, 'outcomes'>): boolean[] =>
  [...outcomes].map((outcome) => outcome === 1)

/** Of the outcomes kept. */
export function outcomeCounts({ outcomes }: Pick<Reputation, 'outcomes'>): {
  readonly total: number
  readonly successes: number
} {
  let successes = 0
  for (const outcome of outcomes) successes += outcome
  return { total: outcomes.length, successes }
}

/** Cooperatives by their residue, each once for a chain and epoch. */
export function addPartners(reputation: Reputation, partners: Uint8Array): Reputation {
  const met: number[] = []
  for (const [index, byte] of partners.entries()) {
    for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) met.push(8 * index + bit)
  }
  if (met.length === 0) return reputation
  return {
    ...reputation,
    partners: concat(reputation.partners, Uint8Array.from(met)).slice(-PARTNERS_KEPT)
  }
}

const QUIET_HOUR: Hour = { attended: 0, missed: 0, led: 0, skipped: 0 }

/** Counts of an epoch go into its hour; hours that passed without any are quiet ones. */
export function addToHour(
  reputation: Reputation,
  counts: Hour,
  at: { readonly epoch: number; readonly params: SpanParams }
): Reputation {
  const hour = hourOf(at.epoch, at.params)
  const passed = Math.min(HOURS_KEPT, reputation.hours.length === 0 ? 1 : hour - reputation.hour)
  const hours = [...reputation.hours, ...Array.from({ length: passed }, () => QUIET_HOUR)].slice(-HOURS_KEPT)
  const last = hours.pop() ?? QUIET_HOUR
  // COOP-21: a shard may state any number, and one that went around would say the opposite.
  const sum = (name: keyof Hour): number => Math.min(U32_MAX, last[name] + counts[name])
  hours.push({
    attended: sum('attended'),
    missed: sum('missed'),
    led: sum('led'),
    skipped: sum('skipped')
  })
  return { ...reputation, hours, hour }
}

/** What the last day holds. */
export const dayCounts = ({ hours }: Pick<Reputation, 'hours'>): Hour =>
  hours.reduce(
    (sum, { attended, missed, led, skipped }) => ({
      attended: sum.attended + attended,
      missed: sum.missed + missed,
      led: sum.led + led,
      skipped: sum.skipped + skipped
    }),
    QUIET_HOUR
  )
