/** What the steps of a block's end read (STA-16): the block's place, what it records, and the epoch's committee. */
import type { Attendance, Header } from '../codec/block.ts'
import type { Offence } from '../codec/evidence.ts'
import type { LeaderSchedule } from '../sharding/ports.ts'
import type { Committee } from '../sharding/types.ts'
import type { BlockContext } from '../state/types.ts'
import type { AttendanceBook } from './attendance.ts'

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
