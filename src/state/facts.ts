/**
 * Facts of validators in state (COOP-20 to COOP-24): the keys they stand under, how facts of two spans add up, and the
 * summary of each chain on the coordination chain.
 */
import { compare, concat, equal, u16be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { ChainSummaryType, MARK_GHOST, MARK_UNDER_HALF, PARTNER_BITS } from '../codec/cooperation.ts'
import type { ChainSummary, KeyedFacts, MemberFacts, Tenure, Summary } from '../codec/cooperation.ts'
import { Count } from '../codec/ssz.ts'
import { MAX_VALIDATORS } from '../codec/registry.ts'
import {
  PREFIX_FINISHED_FACTS,
  PREFIX_REPUTATION,
  PREFIX_RUNNING_FACTS,
  PREFIX_SUMMARY
} from '../codec/state-records.ts'
import type { Ledger } from './ledger.ts'
import type { StateView } from './ports.ts'

type Reader = Pick<StateView, 'get'>

export const RUNNING_FACTS_KEY: Uint8Array = Uint8Array.of(PREFIX_RUNNING_FACTS)
export const FINISHED_FACTS_KEY: Uint8Array = Uint8Array.of(PREFIX_FINISHED_FACTS)
/** `validator`: 32-byte validator key. */
export const reputationKey = (validator: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(PREFIX_REPUTATION), validator)
export const summaryKey = (chain: ChainId): Uint8Array => concat(Uint8Array.of(PREFIX_SUMMARY), u16be(chain))

const U16_MAX = 0xffff
const U32_MAX = 0xffff_ffff

export const NO_FACTS: MemberFacts = {
  attended: 0,
  missed: 0,
  led: 0,
  skipped: 0,
  late: 0,
  firstRun: 0,
  lastRun: 0,
  longestRun: 0,
  partners: new Uint8Array(PARTNER_BITS / 8)
}

/** COOP-21: facts of a span and of the one after it as those of both. */
export function joinFacts(before: MemberFacts, after: MemberFacts): MemberFacts {
  const sum = (name: 'attended' | 'missed' | 'led' | 'skipped' | 'late'): number =>
    Math.min(U32_MAX, before[name] + after[name])
  const run = (length: number): number => Math.min(U16_MAX, length)
  return {
    attended: sum('attended'),
    missed: sum('missed'),
    led: sum('led'),
    skipped: sum('skipped'),
    late: sum('late'),
    firstRun: run(before.led === 0 ? before.firstRun + after.firstRun : before.firstRun),
    lastRun: run(after.led === 0 ? before.lastRun + after.lastRun : after.lastRun),
    longestRun: Math.max(before.longestRun, after.longestRun, run(before.lastRun + after.firstRun)),
    partners: before.partners.map((byte, index) => byte | (after.partners[index] ?? 0))
  }
}

export const readSummary = (view: Reader, chain: ChainId): ChainSummary | undefined => {
  const bytes = view.get(summaryKey(chain))
  return bytes === undefined ? undefined : ChainSummaryType.deserialize(bytes)
}

/** The epoch of the last summary, without the rest of the record; undefined: nothing was heard of the chain. */
export function readSummaryEpoch(view: Reader, chain: ChainId): number | undefined {
  const bytes = view.get(summaryKey(chain))
  return bytes === undefined ? undefined : Count.deserialize(bytes.subarray(0, Count.byteLength))
}

/**
 * COOP-24: a summary of a chain, or a part of one, becomes pending facts of its members. Nothing is counted before the
 * next freeze, so several summaries may come between two.
 */
export function recordSummary(ledger: Ledger, chain: ChainId, summary: Summary): void {
  const stored = readSummary({ get: (key) => ledger.record(key) }, chain)
  const tenures = mergeTenures(stored?.tenures ?? [], summary)
  const { epoch, height, blocks } = summary
  writeSummary(ledger, chain, { epoch, height, blocks, tenures })
}

export const writeSummary = (ledger: Ledger, chain: ChainId, summary: ChainSummary): void =>
  ledger.setRecord(summaryKey(chain), ChainSummaryType.serialize(summary))

function mergeTenures(known: readonly Tenure[], { members }: Summary): Tenure[] {
  const tenures = [...known]
  for (const { key, facts } of members) {
    const at = tenures.findIndex((tenure) => compare(tenure.key, key) >= 0)
    const found = tenures[at]
    if (found !== undefined && equal(found.key, key)) {
      tenures[at] = withFacts(found, facts)
    } else if (tenures.length < MAX_VALIDATORS) {
      tenures.splice(at < 0 ? tenures.length : at, 0, withFacts(newTenure(key), facts))
    }
  }
  return tenures
}

const newTenure = (key: Uint8Array): Tenure => ({
  key,
  pending: NO_FACTS,
  marks: 0,
  streak: 0,
  recent: 0,
  epochs: 0,
  led: 0,
  skipped: 0
})

/** Of an epoch too short for anybody to have missed a block, nobody was absent: else all would be out at once. */
function withFacts(tenure: Tenure, facts: MemberFacts): Tenure {
  const { attended, missed } = facts
  const underHalf = 2 * attended < attended + missed ? MARK_UNDER_HALF : 0
  const ghost = attended === 0 && missed > 0 ? MARK_GHOST : 0
  return {
    ...tenure,
    pending: joinFacts(tenure.pending, facts),
    marks: tenure.marks | underHalf | ghost,
    epochs: Math.min(U32_MAX, tenure.epochs + 1)
  }
}

/** Of the facts of a finished epoch, in parts that each fit into one receipt (COOP-23). */
export function summaryParts(
  place: Pick<Summary, 'epoch' | 'height' | 'blocks'>,
  members: readonly KeyedFacts[],
  membersMax: number
): Summary[] {
  const { epoch, height, blocks } = place
  const parts: Summary[] = []
  for (let from = 0; from === 0 || from < members.length; from += membersMax) {
    parts.push({ epoch, height, blocks, members: members.slice(from, from + membersMax) })
  }
  return parts
}
