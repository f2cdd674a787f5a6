/**
 * Attendance (C28): who notarised a block stands in its descendants, in the certificate that its child carries and as
 * late votes in the blocks after it. A member that answers a little later than a quorum is so not taken for an absent
 * one, whoever leads next.
 */
import { equal } from '../primitives/bytes.ts'
import { refuse } from '../primitives/result.ts'
import type { Refusal } from '../primitives/result.ts'
import { MAX_LATE_VOTES } from '../codec/block.ts'
import type { Attendance, Block, Header } from '../codec/block.ts'
import { NOTARISE } from '../codec/statement.ts'
import type { Certificate, Vote } from '../codec/statement.ts'

/** Ancestors that a late vote may be for; votes of about as many views are kept (C31). */
export const LATE_ANCESTORS = 8

/** What its descendants say of a block so far. */
export interface Attended {
  readonly hash: Uint8Array
  readonly epoch: number
  readonly view: number
  /** Indexes of the members whose vote is recorded. */
  readonly recorded: ReadonlySet<number>
}

/** The last ancestors of a block to come, in order of height. */
export type AttendanceBook = readonly Attended[]

/** The book for the children of a block, from the one it was judged with. Genesis is nobody's vote. */
export function recordAttendance(book: AttendanceBook, block: Block): AttendanceBook {
  const { header, hash, body } = block
  if (header.height === 0) return []
  const { epoch, view } = header
  const noted = noteAttendance(book, epoch, body.attendance)
  return [...noted, { hash, epoch, view, recorded: new Set<number>() }].slice(-LATE_ANCESTORS)
}

/** Ancestors of this epoch with what a block of it records of them. */
export const noteAttendance = (
  book: AttendanceBook,
  epoch: number,
  { parentCertificate, lateVotes }: Attendance
): AttendanceBook =>
  withCertificate(book, epoch, parentCertificate[0]).map((ancestor) => {
    if (lateVotes.length === 0) return ancestor
    const late = lateVotes.filter((vote) => equal(vote.hash, ancestor.hash)).map(({ signer }) => signer)
    return late.length === 0 ? ancestor : { ...ancestor, recorded: new Set([...ancestor.recorded, ...late]) }
  })

/** Ancestors of this epoch, the parent with those that its certificate names. */
function withCertificate(
  book: AttendanceBook,
  epoch: number,
  certificate: Certificate | undefined
): AttendanceBook {
  const own = book.filter((ancestor) => ancestor.epoch === epoch)
  if (certificate === undefined) return own
  return own.map((ancestor) =>
    equal(ancestor.hash, certificate.hash)
      ? { ...ancestor, recorded: new Set([...ancestor.recorded, ...certificate.signers.getTrueBitIndexes()]) }
      : ancestor
  )
}

/** C28, all but the signatures: each is new, of this epoch and committee, and for one of the last ancestors. */
export function judgeLateVotes(
  header: Header,
  attendance: Attendance,
  book: AttendanceBook,
  members: number
): Refusal<'wrong-attendance'> | undefined {
  if (attendance.lateVotes.length === 0) return undefined
  const ancestors = withCertificate(book, header.epoch, attendance.parentCertificate[0])
  let before: Vote | undefined
  for (const vote of attendance.lateVotes) {
    const wrong = (what: string) =>
      refuse('wrong-attendance', `late vote of ${vote.signer} in view ${vote.view}: ${what}`)
    if (vote.kind !== NOTARISE || vote.chain !== header.chain || vote.epoch !== header.epoch) {
      return wrong('not a notarise vote of this instance')
    }
    if (vote.signer >= members) return wrong('no such member')
    if (before !== undefined && !follows(before, vote)) return wrong('out of order')
    before = vote
    const ancestor = ancestors.find(({ hash, view }) => view === vote.view && equal(hash, vote.hash))
    if (ancestor === undefined) return wrong('for none of the last ancestors')
    if (ancestor.recorded.has(vote.signer)) return wrong('recorded before')
  }
  return undefined
}

/** Ascending by view, then signer: one order, and no vote twice. */
const follows = (before: Vote, vote: Vote): boolean =>
  vote.view > before.view || (vote.view === before.view && vote.signer > before.signer)

/** Of the votes held those that no ancestor records, the oldest first: they are the next to be out of reach. */
export function chooseLateVotes(
  book: AttendanceBook,
  child: { readonly epoch: number; readonly certificate: Certificate | undefined },
  votesFor: (ancestor: Attended) => Iterable<Vote>
): Vote[] {
  return withCertificate(book, child.epoch, child.certificate)
    .flatMap((ancestor) =>
      [...votesFor(ancestor)]
        .filter(({ signer }) => !ancestor.recorded.has(signer))
        .sort((a, b) => a.signer - b.signer)
    )
    .slice(0, MAX_LATE_VOTES)
}

/** The book after the newest of these blocks, which follow each other: of a chain that is read from disk. */
export const attendanceOf = (blocks: Iterable<Block>): AttendanceBook => {
  let book: AttendanceBook = []
  for (const block of blocks) book = recordAttendance(book, block)
  return book
}
