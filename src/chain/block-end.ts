/**
 * What the rules change at the end of every block of every chain, also of an empty one (STA-16): after deliveries and
 * transactions, before receipts are numbered and the tree is updated. Builders, judges, sync, `icn check` and the
 * simulator all come through here, since a block is only ever made by `buildBlock` and accepted by `judgeBlock`.
 *
 * It must be cheap where it has nothing to do: it runs a few times for each block.
 */
import type { Attendance, Header } from '../codec/block.ts'
import type { Offence } from '../codec/evidence.ts'
import type { LeaderSchedule } from '../sharding/ports.ts'
import type { Committee } from '../sharding/types.ts'
import type { BlockEnd } from '../state/apply-block.ts'
import { payReward } from '../state/emission.ts'
import { recordOffence } from '../state/conduct/evidence.ts'
import { slashStake } from '../state/conduct/slash.ts'
import type { Ledger } from '../state/ledger.ts'
import type { BlockContext } from '../state/types.ts'
import type { AttendanceBook } from './attendance.ts'
import { countFacts } from './facts-step.ts'
import { freezeSeats, mixReveal } from './freeze-step.ts'

/** The block as its end sees it: all of it is equal for every honest node. */
export interface BlockEndContext extends BlockContext {
  /** Of the header: of the block's first proposal. */
  readonly view: number
  /** The header's reference; 0 on `coord`. */
  readonly coordHeight: number
  /** `isBase`: the parent belongs to another epoch, or is genesis; its view counts as 0 then (C1). */
  readonly parent: { readonly header: Header; readonly isBase: boolean }
  /** What this block records (C28). The certificate of a base is of the parent's epoch and committee. */
  readonly attendance: Attendance
  /** What the ancestors record without this block: at most the last 8, by height (C28). */
  readonly ancestors: AttendanceBook
  /** Of the epoch, on this chain. */
  readonly committee: Committee
  readonly schedule: LeaderSchedule
  /** Proven by the block's evidence, each new (C30); none but on `coord`. */
  readonly offences: readonly Offence[]
  /** What the proposer reveals of its hash chain (C29); nothing but on `coord`. */
  readonly reveal: Uint8Array | undefined
}

/** One step of a block's end. */
type EndStep = (ledger: Ledger, context: BlockEndContext) => void

/** C30: before an epoch is frozen, so that whoever is proven guilty in that very block is not seated in it. */
const recordOffences: EndStep = (ledger, { offences, epoch, height, params }) => {
  for (const offence of offences) recordOffence(ledger, offence, { epoch, height, params }, slashStake)
}

/** In their order. A step reads and writes records of its own by `ledger.record` and `ledger.setRecord`. */
const STEPS: readonly EndStep[] = [payReward, recordOffences, countFacts, mixReveal, freezeSeats]

export const endOfBlock =
  (context: BlockEndContext): BlockEnd =>
  (ledger) => {
    for (const step of STEPS) step(ledger, context)
  }
