/**
 * The coordinator of an atomic action: the chain of the transaction that began it (R13, ATO). It counts each shard's
 * answer once, decides once, and alone compares the deadline; everybody else does as its decision says.
 */
import {
  ATOMIC_DEADLINES_MAX,
  ATOMIC_KEPT_HEIGHTS,
  CALL_PREPARE,
  OUTCOME_ABORT,
  OUTCOME_COMMIT,
  OUTCOME_OPEN,
  PHASE_ABORTED,
  PHASE_COMMITTED,
  PHASE_PENDING,
  PHASE_PREPARED,
  PHASE_REFUSED,
  PrepareType
} from '../../codec/atomic.ts'
import type {
  AtomicAnswer,
  AtomicPart,
  AtomicRecord,
  AtomicStep,
  Escrow,
  Prepare
} from '../../codec/atomic.ts'
import { RECEIPT_CALL } from '../../codec/receipt.ts'
import type { Receipt } from '../../codec/receipt.ts'
import { refusalNumber } from '../../codec/refusals.ts'
import type { ReceiptCode } from '../../codec/refusals.ts'
import { concat, equal } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import type { Ledger } from '../ledger.ts'
import { sendMessage } from '../system/message.ts'
import type { BlockContext, ReceiptPlace } from '../types.ts'
import { DECISION } from './messages.ts'
import { holdPart, isFinished, outgoing, settlePart } from './escrow.ts'
import { NOTHING } from './legs.ts'
import { atomicOf, dueAt, escrowOf, forgetAt, forgetDue, putAtomic, putDue, putEscrow } from './records.ts'

/** Hops of the messages of an action, from its transaction on. */
const PREPARE_HOP = 0
const DECISION_HOP = 2

/** A record while a block changes it. */
export type Draft = { -readonly [Name in keyof AtomicRecord]: AtomicRecord[Name] }

/** Whether an action may have this deadline: what a block may have to abort is bounded. */
export const hasRoomAt = (ledger: Ledger, deadline: number): boolean =>
  dueAt(ledger, deadline).deadlines.length < ATOMIC_DEADLINES_MAX

/** Holds the own part and asks the others for theirs; with no others, it is decided at once. */
export function begin(
  ledger: Ledger,
  id: Uint8Array,
  prepare: Prepare,
  others: readonly ChainId[],
  context: BlockContext
): ReceiptPlace[] {
  const { chain, height } = context
  const { sender } = prepare.terms
  holdPart(ledger, id, prepare, context)
  const payload = concat(Uint8Array.of(CALL_PREPARE), PrepareType.serialize(prepare))
  const places = others.map((destination) => {
    const draft = {
      kind: RECEIPT_CALL,
      origin: id,
      hop: PREPARE_HOP,
      sender,
      receiver: sender,
      mana: 0n,
      payload
    }
    return { destination, sequence: ledger.send(chain, destination, { ...draft, ...NOTHING }) }
  })
  const deadline = height + prepare.terms.heights
  const record: Draft = {
    sender,
    height,
    deadline,
    outcome: OUTCOME_OPEN,
    reason: 0,
    decidedAt: 0,
    endedAt: 0,
    parts: [
      partOf(chain, PHASE_PREPARED),
      ...places.map(({ destination, sequence }) => partOf(destination, PHASE_PENDING, { height, sequence }))
    ]
  }
  const due = dueAt(ledger, deadline)
  putDue(ledger, deadline, { ...due, deadlines: [...due.deadlines, id] })
  if (places.length === 0) decide(ledger, id, record, OUTCOME_COMMIT, context)
  putAtomic(ledger, id, record)
  return places
}

const partOf = (chain: ChainId, phase: number, prepare?: AtomicStep): AtomicPart => ({
  chain,
  phase,
  reason: 0,
  prepare: prepare === undefined ? [] : [prepare],
  vote: [],
  decision: [],
  end: []
})

/** A participant's word: its vote, or that it has done what was decided. Each is heard once. */
export function hear(
  ledger: Ledger,
  { phase, reason }: AtomicAnswer,
  receipt: Receipt,
  context: BlockContext
): ReceiptCode | undefined {
  const { origin: id, source, sequence } = receipt
  const record: Draft | undefined = atomicOf(ledger, id)
  const part = record?.parts.find(({ chain, prepare }) => chain === source && prepare.length > 0)
  if (record === undefined || part === undefined) return 'atomic-unknown'
  const step = { height: context.height, sequence }
  const isVote = phase === PHASE_PREPARED || phase === PHASE_REFUSED
  if (isVote && part.vote.length === 0) {
    replace(record, { ...part, phase, reason, vote: [step] })
    weigh(ledger, id, record, context)
  } else if (part.phase === PHASE_PREPARED && phase === ended(record.outcome)) {
    replace(record, { ...part, phase, end: [step] })
  } else return 'atomic-repeated'
  finish(ledger, id, record, context)
  putAtomic(ledger, id, record)
  return undefined
}

/** Undefined while nothing is decided. */
const ended = (outcome: number): number | undefined =>
  outcome === OUTCOME_COMMIT ? PHASE_COMMITTED : outcome === OUTCOME_ABORT ? PHASE_ABORTED : undefined

/** The one place where a commit is decided: all prepared, below the deadline. What comes later changes nothing. */
function weigh(ledger: Ledger, id: Uint8Array, record: Draft, context: BlockContext): void {
  if (record.outcome !== OUTCOME_OPEN) return
  const refused = record.parts.find(({ phase }) => phase === PHASE_REFUSED)
  if (refused !== undefined) {
    record.reason = refused.reason
    decide(ledger, id, record, OUTCOME_ABORT, context)
  } else if (
    record.parts.every(({ phase }) => phase === PHASE_PREPARED) &&
    context.height < record.deadline
  ) {
    decide(ledger, id, record, OUTCOME_COMMIT, context)
  }
}

/** Told to everybody who has prepared or may yet; who refused holds nothing. */
function decide(ledger: Ledger, id: Uint8Array, record: Draft, outcome: number, context: BlockContext): void {
  const { height, chain } = context
  const escrow = must(escrowOf(ledger, id), 'an open action without the coordinator’s own part')
  const owed = outcome === OUTCOME_COMMIT ? outgoing(escrow, context) : undefined
  record.outcome = outcome
  record.decidedAt = height
  for (const part of record.parts) {
    if (part.chain === chain || part.phase === PHASE_REFUSED) continue
    const { sequence } = sendMessage(ledger, context, part.chain, DECISION, {
      payload: { outcome },
      origin: id,
      hop: DECISION_HOP,
      sender: record.sender,
      receiver: record.sender,
      ...(owed?.get(part.chain) ?? NOTHING)
    })
    replace(record, { ...part, decision: [{ height, sequence }] })
  }
  const due = dueAt(ledger, record.deadline)
  putDue(ledger, record.deadline, { ...due, deadlines: due.deadlines.filter((other) => !equal(other, id)) })
  endOwn(ledger, id, record, settlePart(ledger, escrow, outcome, context), context)
}

/** The coordinator's own part, after its decision or a payment: it ends when all is paid that others owe to it. */
export function endOwn(
  ledger: Ledger,
  id: Uint8Array,
  record: Draft,
  escrow: Escrow,
  context: BlockContext
): void {
  const isOver = record.outcome === OUTCOME_ABORT || isFinished(escrow, context)
  putEscrow(ledger, id, isOver ? undefined : escrow)
  const own = record.parts.find(({ chain }) => chain === context.chain)
  if (isOver && own !== undefined) replace(record, { ...own, phase: ended(record.outcome) ?? own.phase })
  finish(ledger, id, record, context)
}

/** Once every part has ended, the record stays for some more heights. */
function finish(ledger: Ledger, id: Uint8Array, record: Draft, { height }: BlockContext): void {
  const isOver = record.parts.every(({ phase }) => phase !== PHASE_PENDING && phase !== PHASE_PREPARED)
  if (!isOver || record.outcome === OUTCOME_OPEN || record.endedAt > 0) return
  record.endedAt = height
  forgetAt(ledger, height + ATOMIC_KEPT_HEIGHTS, id)
}

/** ATO-12: at the end of every block, also of one that nothing arrives in. */
export function settleDue(ledger: Ledger, context: BlockContext): void {
  const { deadlines, forgotten } = dueAt(ledger, context.height)
  for (const id of deadlines) {
    const record: Draft = { ...must(atomicOf(ledger, id), 'a deadline without its action') }
    record.reason = refusalNumber('deadline-passed')
    decide(ledger, id, record, OUTCOME_ABORT, context)
    putAtomic(ledger, id, record)
  }
  forgetDue(ledger, context.height, forgotten)
  if (deadlines.length > 0 || forgotten > 0) {
    putDue(ledger, context.height, { deadlines: [], forgotten: 0 })
  }
}

function replace(record: Draft, part: AtomicPart): void {
  record.parts = record.parts.map((other) => (other.chain === part.chain ? part : other))
}
