/**
 * Attendance of the running epoch, counted in the state of every chain (C28; COOP-20 to COOP-22). It is written with
 * each block, so it works on the record's bytes: their fields have fixed widths (RunningFacts, MemberFacts).
 */
import { assert } from '../primitives/errors.ts'
import { PARTNER_BITS, RunningFactsType } from '../codec/cooperation.ts'
import type { MemberFacts, RunningFacts } from '../codec/cooperation.ts'
import { NO_FACTS } from '../state/facts.ts'

/** Skipped views of one gap that are counted: after a long standstill nobody's record is only about that. */
export const SKIPPED_VIEWS_MAX = 256

/** A block that can no longer be voted for, as its descendants record it. */
export interface CountedBlock {
  /** Cooperative of its proposer; 0: none. */
  readonly cooperative: number
  readonly recorded: ReadonlySet<number>
  /** Eight blocks had the chance to record a vote: who has none was not there. */
  readonly isComplete: boolean
}

/** What one block adds. Members by their index. */
export interface BlockFacts {
  /** Who made it; undefined: it gives nobody credit. */
  readonly leader: number | undefined
  /** Leaders of the views between parent and block, in order. */
  readonly skipped: readonly number[]
  readonly lateVotes: number
  readonly counted: readonly CountedBlock[]
}

const HEAD_BYTES = 16
const BLOCKS_AT = 8
const MEMBER_BYTES = 34
const ATTENDED = 0
const MISSED = 4
const LED = 8
const SKIPPED = 12
const LATE = 16
const FIRST_RUN = 20
const LAST_RUN = 22
const LONGEST_RUN = 24
const PARTNERS = 26
const U16_MAX = 0xffff
const U32_MAX = 0xffff_ffff

/** The record at the start of an epoch. */
export const emptyRunningFacts = (epoch: number, members: number): Uint8Array =>
  RunningFactsType.serialize({
    epoch,
    blocks: 0,
    members: Array.from({ length: members }, () => NO_FACTS)
  })

export const readRunningFacts = (bytes: Uint8Array): RunningFacts => RunningFactsType.deserialize(bytes)

/** @returns the epoch that a record is of. */
export const epochOfFacts = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES).getBigUint64(0, true))

/** @param cooperatives of the members, by index */
export function countBlock(
  before: Uint8Array,
  facts: BlockFacts,
  cooperatives: readonly number[]
): Uint8Array {
  assert(
    before.length === HEAD_BYTES + MEMBER_BYTES * cooperatives.length,
    'COOP-20: a record of the committee'
  )
  const bytes = before.slice()
  const record = new DataView(bytes.buffer)
  add32(record, BLOCKS_AT, 1)
  for (const member of facts.skipped) skip(record, placeOf(member))
  if (facts.leader !== undefined) lead(record, placeOf(facts.leader), facts.lateVotes)
  for (const block of facts.counted) {
    for (let member = 0; member < cooperatives.length; member++) {
      const place = placeOf(member)
      if (!block.recorded.has(member)) {
        if (block.isComplete) add32(record, place + MISSED, 1)
        continue
      }
      add32(record, place + ATTENDED, 1)
      if (block.cooperative !== 0 && block.cooperative !== cooperatives[member]) {
        meet(record, place, block.cooperative)
      }
    }
  }
  return bytes
}

const placeOf = (member: number): number => HEAD_BYTES + MEMBER_BYTES * member

const add32 = (record: DataView, at: number, count: number): void =>
  record.setUint32(at, Math.min(U32_MAX, record.getUint32(at, true) + count), true)

/** COOP-21: a run is of skipped views without a credited block of the same member between them. */
function skip(record: DataView, place: number): void {
  const run = Math.min(U16_MAX, record.getUint16(place + LAST_RUN, true) + 1)
  add32(record, place + SKIPPED, 1)
  record.setUint16(place + LAST_RUN, run, true)
  if (record.getUint32(place + LED, true) === 0) record.setUint16(place + FIRST_RUN, run, true)
  const longest = record.getUint16(place + LONGEST_RUN, true)
  record.setUint16(place + LONGEST_RUN, Math.max(longest, run), true)
}

function lead(record: DataView, place: number, lateVotes: number): void {
  add32(record, place + LED, 1)
  add32(record, place + LATE, lateVotes)
  record.setUint16(place + LAST_RUN, 0, true)
}

function meet(record: DataView, place: number, cooperative: number): void {
  const bit = cooperative % PARTNER_BITS
  const at = place + PARTNERS + (bit >> 3)
  record.setUint8(at, record.getUint8(at) | (1 << (bit & 7)))
}

/** Facts of members in the order of the committee. */
export const memberFacts = (bytes: Uint8Array): readonly MemberFacts[] => readRunningFacts(bytes).members
