/**
 * What chains recorded becomes reputation (COOP-13, COOP-15, COOP-19): once for each epoch, at its freeze height, in
 * the state transition of that coordination block, before seats and weights are computed.
 */
import { compare, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { MARK_GHOST, MARK_UNDER_HALF } from '../codec/cooperation.ts'
import type { ChainSummary, MemberFacts, Reputation, Tenure } from '../codec/cooperation.ts'
import { sanctionsOf } from '../state/conduct/sanctions.ts'
import { NO_FACTS, joinFacts, readSummary, writeSummary } from '../state/facts.ts'
import type { Ledger } from '../state/ledger.ts'
import type { StateView } from '../state/ports.ts'
import { dayEpochs } from './days.ts'
import type { SpanParams } from './days.ts'
import { SUSPICION_POINTS } from './eligibility.ts'
import { ratioPpm } from './fixed.ts'
import {
  POINT,
  addOutcomes,
  addPartners,
  addToHour,
  changePoints,
  dayCounts,
  readReputation,
  takePoints,
  writeReputation
} from './reputation.ts'
import type { Change } from './reputation.ts'
import { SUSPICIONS_KEPT } from '../codec/cooperation.ts'

export interface CountMoment {
  /** The epoch that is being frozen. */
  readonly epoch: number
  readonly params: SpanParams
  readonly chains: readonly ChainId[]
  /** Keys of all registered validators, in any order. */
  readonly validators: readonly Uint8Array[]
}

export interface EpochFindings {
  /** Who is out of the committees of this epoch and after (COOP-19). */
  readonly excluded: ReadonlySet<Hex>
  /** By chain, who sat in a finished epoch without one recorded vote (C3 e). */
  readonly ghosts: ReadonlyMap<ChainId, ReadonlySet<Hex>>
  /** What was written, so that it need not be read again: reputations by key, and tenures by chain. */
  readonly reputations: ReadonlyMap<Hex, Reputation>
  readonly tenures: ReadonlyMap<ChainId, readonly Tenure[]>
}

/** Skipped views in a row that cost a point of stability, and that exclude. */
const RUN_COSTS = 3
const RUN_EXCLUDES = 5
/** Points for an epoch of votes; and for a late vote recorded, at most one point an epoch. */
const LATE_POINTS = POINT / 100
const STEADY_PPM = 950_000

/** One validator's part in what is counted. */
interface Part {
  readonly chain: ChainId
  readonly tenure: Tenure
}

export function countEpoch(ledger: Ledger, at: CountMoment): EpochFindings {
  const view = { get: (key: Uint8Array) => ledger.record(key) }
  const summaries = readSummaries(view, at.chains)
  const parts = collectParts(summaries)
  const reputations = new Map<Hex, Reputation>()
  const excluded = new Set<Hex>()
  const candidates: Failing[] = []
  let kept = 0
  for (const validator of at.validators.toSorted(compare)) {
    const key = toHex(validator)
    const own = parts.get(key) ?? []
    const after = afterEpoch(view, validator, readReputation(view, validator), own, at)
    reputations.set(key, after)
    if (after.excludedFrom === 0) candidates.push(...failing(validator, own))
    else excluded.add(key)
    if (!mayReturn(after, at)) kept += 1
  }
  for (const validator of worst(candidates, excludedMost(at.validators.length) - kept)) {
    const key = toHex(validator)
    excluded.add(key)
    const reputation = must(reputations.get(key), 'who fails is registered')
    reputations.set(key, { ...reputation, excludedFrom: at.epoch + 1 })
  }
  for (const validator of at.validators) {
    writeReputation(ledger, validator, must(reputations.get(toHex(validator)), 'counted'))
  }
  const ghosts = ghostsOf(summaries, at.chains)
  const settledOf = settle(ledger, summaries, { excluded, registered: reputations })
  return { excluded, ghosts, reputations, tenures: settledOf }
}

function readSummaries(
  view: Pick<StateView, 'get'>,
  chains: readonly ChainId[]
): ReadonlyMap<ChainId, ChainSummary> {
  const summaries = new Map<ChainId, ChainSummary>()
  for (const chain of chains.toSorted((a, b) => a - b)) {
    const summary = readSummary(view, chain)
    if (summary !== undefined) summaries.set(chain, summary)
  }
  return summaries
}

function collectParts(summaries: ReadonlyMap<ChainId, ChainSummary>): Map<Hex, Part[]> {
  const parts = new Map<Hex, Part[]>()
  for (const [chain, { tenures }] of summaries) {
    for (const tenure of tenures) {
      const key = toHex(tenure.key)
      const own = parts.get(key)
      if (own === undefined) parts.set(key, [{ chain, tenure }])
      else own.push({ chain, tenure })
    }
  }
  return parts
}

const hasFacts = ({ attended, missed, led, skipped, late }: MemberFacts): boolean =>
  attended + missed + led + skipped + late > 0

/** COOP-13. */
function afterEpoch(
  view: Pick<StateView, 'get'>,
  validator: Uint8Array,
  before: Reputation,
  parts: readonly Part[],
  at: CountMoment
): Reputation {
  const sum = parts.reduce((facts, { tenure }) => joinFacts(facts, tenure.pending), NO_FACTS)
  const runs = parts.reduce((count, { tenure }) => count + costlyRuns(tenure), 0)
  let next = addToHour(before, sum, at)
  for (const { tenure } of parts) next = addPartners(next, tenure.pending.partners)
  next = addOutcomes(next, sum.skipped, sum.led + quietSuccess(sum))
  const changes: readonly Change[] = [
    ['validation', sum.led * POINT],
    ['validation', -sum.skipped * POINT],
    ['transaction_validation', votingPoints(sum)],
    ['data_availability', Math.min(POINT, sum.late * LATE_POINTS)],
    ['network_stability', steadyPoints(sum)],
    ['network_stability', -runs * POINT]
  ]
  next = changePoints(next, changes, at)
  next = withActivity(next, sum, at)
  return withSanctions(view, validator, next, at)
}

/** A point for voting for everything, none for half, one less for nothing. */
function votingPoints({ attended, missed }: MemberFacts): number {
  const whole = attended + missed
  return whole === 0 ? 0 : 2 * ratioPpm(attended, whole) - POINT
}

const isSteady = ({ attended, missed, skipped }: MemberFacts): boolean =>
  skipped === 0 && attended > 0 && ratioPpm(attended, attended + missed) >= STEADY_PPM

const steadyPoints = (sum: MemberFacts): number => (isSteady(sum) ? POINT : 0)

/** Whom nobody draws any more comes back by voting: an epoch of it counts as one success. */
const quietSuccess = (sum: MemberFacts): number => (sum.led === 0 && isSteady(sum) ? 1 : 0)

/** Each third skipped view in a row, counted once over epochs. */
function costlyRuns({ pending, streak }: Tenure): number {
  const first = Math.floor((streak + pending.firstRun) / RUN_COSTS) - Math.floor(streak / RUN_COSTS)
  return pending.longestRun > pending.firstRun ? first + Math.floor(pending.longestRun / RUN_COSTS) : first
}

/** 0.95 for every day without a vote. */
function withActivity(reputation: Reputation, sum: MemberFacts, at: CountMoment): Reputation {
  if (sum.attended + sum.led > 0) return { ...reputation, activeEpoch: at.epoch, idleDays: 0 }
  const days = Math.floor(Math.max(0, at.epoch - reputation.activeEpoch) / dayEpochs(at.params))
  let { points } = reputation
  for (let day = reputation.idleDays; day < days; day++) {
    points = points.map((value) => Math.floor((value * 95) / 100))
  }
  return { ...reputation, points, idleDays: Math.max(days, reputation.idleDays) }
}

/** Penalties and bonuses that were not applied yet (SAN-2, SAN-4). Level 3 leaves nothing. */
function withSanctions(
  view: Pick<StateView, 'get'>,
  validator: Uint8Array,
  reputation: Reputation,
  at: CountMoment
): Reputation {
  const { level, penalty, bonus } = sanctionsOf(view, validator, { epoch: at.epoch, params: at.params })
  let next = takePoints(reputation, Number(penalty - reputation.penaltyTaken))
  next = changePoints(next, [['validation', Number(bonus - reputation.bonusGiven)]], at)
  if (level === 3) next = { ...next, points: next.points.map(() => 0) }
  return { ...next, penaltyTaken: penalty, bonusGiven: bonus }
}

interface Failing {
  readonly validator: Uint8Array
  readonly attendedPpm: number
  readonly run: number
}

/** COOP-19: five skipped views in a row on a chain, or fewer than half of an epoch's blocks. */
function failing(validator: Uint8Array, parts: readonly Part[]): Failing[] {
  const runs = parts.map(({ tenure }) => longestRun(tenure))
  const run = Math.max(0, ...runs)
  const underHalf = parts.some(({ tenure }) => (tenure.marks & MARK_UNDER_HALF) !== 0)
  if (run < RUN_EXCLUDES && !underHalf) return []
  const { attended, missed } = parts.reduce((sum, { tenure }) => joinFacts(sum, tenure.pending), NO_FACTS)
  return [
    { validator, run, attendedPpm: attended + missed === 0 ? 0 : ratioPpm(attended, attended + missed) }
  ]
}

const longestRun = ({ pending, streak }: Tenure): number =>
  Math.max(pending.longestRun, streak + pending.firstRun)

/**
 * A third at most, with those who may not be back yet: where more fail, it is the network that failed, and they are
 * needed. Otherwise whoever keeps others from leading for some epochs would be left with a committee of its own. Who
 * could be back and is not holds nobody’s place.
 */
const excludedMost = (validators: number): number =>
  validators > 1 ? Math.max(1, Math.floor((validators - 1) / 3)) : 0

function worst(candidates: readonly Failing[], most: number): Uint8Array[] {
  return candidates
    .toSorted((a, b) => a.attendedPpm - b.attendedPpm || b.run - a.run || compare(a.validator, b.validator))
    .slice(0, Math.max(0, most))
    .map(({ validator }) => validator)
}

function ghostsOf(
  summaries: ReadonlyMap<ChainId, ChainSummary>,
  chains: readonly ChainId[]
): Map<ChainId, Set<Hex>> {
  return new Map(
    chains.map((chain) => {
      const tenures = summaries.get(chain)?.tenures ?? []
      const ghosts = tenures.filter(({ marks }) => (marks & MARK_GHOST) !== 0)
      return [chain, new Set(ghosts.map(({ key }) => toHex(key)))]
    })
  )
}

interface Standing {
  readonly excluded: ReadonlySet<Hex>
  readonly registered: ReadonlyMap<Hex, unknown>
}

/**
 * What was counted is no longer pending. Who is excluded begins again without a streak; who is not registered any more is
 * forgotten once there is nothing to count, so that the record is bounded by the registry.
 */
function settle(
  ledger: Ledger,
  summaries: ReadonlyMap<ChainId, ChainSummary>,
  { excluded, registered }: Standing
): Map<ChainId, readonly Tenure[]> {
  const settledOf = new Map<ChainId, readonly Tenure[]>()
  for (const [chain, summary] of summaries) {
    const tenures = summary.tenures
      .filter(({ key, pending }) => registered.has(toHex(key)) || hasFacts(pending))
      .map((tenure) => settled(tenure, excluded.has(toHex(tenure.key))))
    writeSummary(ledger, chain, { ...summary, tenures })
    settledOf.set(chain, tenures)
  }
  return settledOf
}

function settled(tenure: Tenure, isExcluded: boolean): Tenure {
  const { pending } = tenure
  if (!hasFacts(pending) && tenure.marks === 0) return { ...tenure, recent: 0 }
  const streak = pending.led === 0 ? tenure.streak + pending.lastRun : pending.lastRun
  const cap = (value: number, most: number): number => Math.min(most, value)
  return {
    ...tenure,
    pending: NO_FACTS,
    marks: 0,
    streak: isExcluded ? 0 : cap(streak, 0xffff),
    recent: cap(pending.led + pending.skipped, 0xffff),
    led: cap(tenure.led + pending.led, 0xffff_ffff),
    skipped: cap(tenure.skipped + pending.skipped, 0xffff_ffff)
  }
}

/** COOP-19: an excluded validator that says again that it is ready is back after a day. @returns whether it may be seated */
export function readmitValidator(
  ledger: Ledger,
  validator: Uint8Array,
  at: { readonly epoch: number; readonly params: SpanParams }
): boolean {
  const reputation = readReputation({ get: (key) => ledger.record(key) }, validator)
  if (!mayReturn(reputation, at)) return false
  if (reputation.excludedFrom > 0) {
    const fresh = {
      ...reputation,
      excludedFrom: 0,
      outcomes: new Uint8Array(),
      hours: [],
      activeEpoch: at.epoch
    }
    writeReputation(ledger, validator, fresh)
  }
  return true
}

export const mayReturn = (
  { excludedFrom }: Pick<Reputation, 'excludedFrom'>,
  { epoch, params }: { readonly epoch: number; readonly params: SpanParams }
): boolean => excludedFrom === 0 || epoch >= excludedFrom - 1 + dayEpochs(params)

export const isExcluded = (view: Pick<StateView, 'get'>, validator: Uint8Array): boolean =>
  readReputation(view, validator).excludedFrom > 0

/** COOP-25: a suspicion costs five points, keeps from leading for 240 heights, and ends by itself. */
export function markSuspicion(ledger: Ledger, validator: Uint8Array, at: { readonly height: number }): void {
  const reputation = readReputation({ get: (key) => ledger.record(key) }, validator)
  const suspicions = [...reputation.suspicions, at.height].slice(-SUSPICIONS_KEPT)
  writeReputation(ledger, validator, { ...takePoints(reputation, SUSPICION_POINTS), suspicions })
}

/** Views used of those assigned in the last day under which a lease is not renewed, ppm. */
const PARTICIPATION_MIN = 50_000
/** Fewer assigned views say nothing. */
const ASSIGNED_MIN = 3

/** COOP-26 (seeds 000, resolution 17): a lease lapses under 5 % participation. */
export function lapsesLease(reputation: Pick<Reputation, 'hours'>): boolean {
  const { led, skipped } = dayCounts(reputation)
  return led + skipped >= ASSIGNED_MIN && ratioPpm(led, led + skipped) < PARTICIPATION_MIN
}
