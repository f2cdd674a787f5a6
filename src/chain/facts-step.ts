/**
 * Facts of validators at the end of a block (C28, C29; COOP-20 to COOP-23): counted with every block, closed with the
 * boundary block, whose shard tells the coordination chain; the coordination chain takes its own directly.
 */
import { compare, equal } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import { FinishedFactsType, SUMMARY_MEMBERS_MAX } from '../codec/cooperation.ts'
import type { KeyedFacts } from '../codec/cooperation.ts'
import {
  SKIPPED_VIEWS_MAX,
  countBlock,
  emptyRunningFacts,
  epochOfFacts,
  readRunningFacts
} from '../cooperation/attendance.ts'
import type { BlockFacts, CountedBlock } from '../cooperation/attendance.ts'
import { isBoundary } from '../sharding/epochs.ts'
import { owesReveal } from '../state/coord/reveals.ts'
import { recordsOf } from '../state/coord/validators.ts'
import { FINISHED_FACTS_KEY, RUNNING_FACTS_KEY, recordSummary, summaryParts } from '../state/facts.ts'
import type { Ledger } from '../state/ledger.ts'
import { sendMessage } from '../state/system/message.ts'
import { epochSummary } from '../state/system/summary.ts'
import { LATE_ANCESTORS, noteAttendance } from './attendance.ts'
import type { BlockEndContext } from './block-end-context.ts'

export function countFacts(ledger: Ledger, context: BlockEndContext): void {
  const { epoch, committee, chain, height, coordHeight, params } = context
  const isLast = isBoundary({ chain, height, coordHeight }, epoch, params.epochLength)
  const cooperatives = committee.members.map(({ cooperative }) => cooperative)
  const stored = ledger.record(RUNNING_FACTS_KEY)
  const before =
    stored === undefined || epochOfFacts(stored) !== epoch
      ? emptyRunningFacts(epoch, cooperatives.length)
      : stored
  const after = countBlock(before, blockFacts(ledger, context, isLast), cooperatives)
  if (isLast) finish(ledger, context, after)
  else ledger.setRecord(RUNNING_FACTS_KEY, after)
}

function blockFacts(ledger: Ledger, context: BlockEndContext, isLast: boolean): BlockFacts {
  const { committee, schedule, proposer, attendance, view, parent } = context
  const skipped: number[] = []
  const from = parent.isBase ? 1 : parent.header.view + 1
  for (let missed = from; missed < view && skipped.length < SKIPPED_VIEWS_MAX; missed++) {
    skipped.push(schedule.leader(missed))
  }
  return {
    leader: isWithheld(ledger, context)
      ? undefined
      : committee.members.findIndex(({ key }) => equal(key, proposer)),
    skipped,
    lateVotes: attendance.lateVotes.length,
    counted: countedBlocks(context, isLast)
  }
}

/** C29: its proposer had a reveal to make on coordination, and made none. */
const isWithheld = (ledger: Ledger, { chain, reveal, proposer, height }: BlockEndContext): boolean =>
  chain === COORD && reveal === undefined && owesReveal(recordsOf(ledger), proposer, height)

/** The ancestor that leaves the reach of late votes, and with an epoch all that would still have been in it. */
function countedBlocks(context: BlockEndContext, isLast: boolean): CountedBlock[] {
  const { ancestors, attendance, epoch, committee, schedule } = context
  const noted = noteAttendance(ancestors, epoch, attendance)
  const leaving = isLast ? noted : noted.slice(0, Math.max(0, noted.length + 1 - LATE_ANCESTORS))
  return leaving.map(({ view, recorded }, index) => ({
    cooperative: committee.members[schedule.leader(view)]?.cooperative ?? 0,
    recorded,
    isComplete: index === 0 && noted.length === LATE_ANCESTORS
  }))
}

const ZERO_ADDRESS = new Uint8Array(21)
const ZERO_ID = new Uint8Array(32)

function finish(ledger: Ledger, context: BlockEndContext, facts: Uint8Array): void {
  const { chain, epoch, height, committee } = context
  const { blocks, members } = readRunningFacts(facts)
  const keyed: KeyedFacts[] = []
  for (const [index, { key }] of committee.members.entries()) {
    const own = members[index]
    if (own !== undefined) keyed.push({ key, facts: own })
  }
  keyed.sort((a, b) => compare(a.key, b.key))
  ledger.setRecord(RUNNING_FACTS_KEY, undefined)
  ledger.setRecord(FINISHED_FACTS_KEY, FinishedFactsType.serialize({ epoch, height, blocks, members: keyed }))
  for (const payload of summaryParts({ epoch, height, blocks }, keyed, SUMMARY_MEMBERS_MAX)) {
    if (chain === COORD) recordSummary(ledger, COORD, payload)
    else
      sendMessage(ledger, context, COORD, epochSummary, {
        payload,
        origin: ZERO_ID,
        hop: 0,
        sender: ZERO_ADDRESS,
        receiver: ZERO_ADDRESS,
        consumer: 0n,
        industrial: 0n
      })
  }
}
