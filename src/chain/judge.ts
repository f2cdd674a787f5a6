/**
 * Validity of a block (C7): pure and for ever repeatable. Reads the parent, the parent's state, the epoch snapshot and
 * the final coordination chain up to the reference; no clock, no peer, no choice of certificate.
 *
 * Each stage is one function, in order of cost: header against parent, limits, commitments to the body, execution.
 */
import { equal, isZero } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { BLOCK_VERSION, attendanceRoot, bodyHash, deliveriesRoot, transactionsRoot } from '../codec/block.ts'
import type { Block, Header } from '../codec/block.ts'
import type { Offence } from '../codec/evidence.ts'
import { receiptsOutRoot } from '../codec/outcome.ts'
import type { Delivery } from '../codec/receipt.ts'
import { FINALISE, NOTARISE } from '../codec/statement.ts'
import type { Params } from '../params/params.ts'
import type { Committee } from '../sharding/types.ts'
import { isBoundary } from '../sharding/epochs.ts'
import type { LeaderSchedule } from '../sharding/ports.ts'
import { applyBlock } from '../state/apply-block.ts'
import type { WorkFault } from '../state/apply-block.ts'
import type { CheckedDelivery, DeliveryFault } from '../state/receipts.ts'
import { isReveal } from '../state/coord/reveals.ts'
import type { StateView } from '../state/ports.ts'
import { readTotals } from '../state/supply.ts'
import type { CheckedTransaction, Execution } from '../state/types.ts'
import { judgeLateVotes } from './attendance.ts'
import type { AttendanceBook } from './attendance.ts'
import { endOfBlock } from './block-end.ts'
import { judgeDelivery } from './delivery.ts'
import { judgeReward } from './reward.ts'
import { judgeEvidenceOf } from './evidence.ts'
import type { ReadEvidence } from './evidence.ts'

export type BlockCode =
  | 'wrong-instance'
  | 'wrong-parent'
  | 'wrong-height'
  | 'wrong-view'
  | 'wrong-proposer'
  | 'time-too-early'
  | 'wrong-reference'
  | 'over-limit'
  | 'wrong-commitment'
  | 'wrong-attendance'
  | 'wrong-reward'
  | 'bad-delivery'
  | 'bad-evidence'
  | 'wrong-reveal'
  | 'bad-transaction'
  | 'wrong-state-root'

/** A delivery with what its signatures say. */
export interface ReadDelivery {
  readonly bytes: Uint8Array
  /** undefined: the bytes are none. */
  readonly delivery: Delivery | undefined
  /** Its certificate was checked signature by signature under its committee (C5). */
  readonly certificateValid: boolean
}

/** What a block is judged against; all of it is the same for every honest node. */
export interface Judgement {
  readonly network: Uint8Array
  readonly epoch: number
  readonly shards: number
  readonly params: Params
  readonly committee: Committee
  readonly schedule: LeaderSchedule
  readonly parent: { readonly header: Header; readonly hash: Uint8Array; readonly isBase: boolean }
  /** State after the parent. */
  readonly view: StateView
  /** Hash of the final coordination block at the reference's height; zero on `coord`. */
  readonly coordHash: Uint8Array
  /** The body's parent certificate was checked signature by signature under its committee (C5). */
  readonly parentCertificateValid: boolean
  /** The signatures of the body's late votes were checked under the epoch's committee. */
  readonly lateVotesValid: boolean
  /** What the ancestors record (C28). */
  readonly attendance: AttendanceBook
  /** Every delivery of the body, in order, as it was decoded. */
  readonly deliveries: readonly ReadDelivery[]
  /** Every piece of evidence of the body, in order, as its signatures were judged (C30). */
  readonly evidence: readonly ReadEvidence[]
  /** Every transaction of the body, in order, with M2 and signature checked. */
  readonly transactions: readonly CheckedTransaction[]
}

export function judgeBlock(block: Block, against: Judgement): Verdict<Execution, BlockCode> {
  const refusal =
    judgePlace(block.header, against) ??
    judgeReference(block.header, against) ??
    judgeLimits(block, against.params) ??
    judgeCommitments(block, against) ??
    judgeAttendance(block, against) ??
    judgeReveal(block, against)
  if (refusal !== undefined) return refusal
  const offences = judgeEvidenceOf(against.evidence, { ...against, chain: block.header.chain })
  if (!offences.ok) return refuse('bad-evidence', `${offences.code}: ${offences.detail}`)
  const deliveries = judgeDeliveries(block, against)
  return deliveries.ok ? execute(block, against, deliveries.value, offences.value) : deliveries
}

/** R5: at most one of each source, in order of their numbers; what cannot prove itself makes the block invalid. */
function judgeDeliveries(block: Block, against: Judgement): Verdict<CheckedDelivery[], BlockCode> {
  const { header } = block
  const checked: CheckedDelivery[] = []
  let last = -1
  for (const { bytes, delivery, certificateValid } of against.deliveries) {
    if (delivery === undefined) return refuse('bad-delivery', 'delivery-malformed')
    const judged = judgeDelivery(bytes, delivery, {
      network: against.network,
      chain: header.chain,
      shards: against.shards,
      params: against.params,
      coordHeight: header.chain === COORD ? header.height - 1 : header.coordHeight,
      coordHash: header.coordHash,
      certificateValid
    })
    if (!judged.ok) return refuse('bad-delivery', `${judged.code}: ${judged.detail}`)
    if (judged.value.source <= last)
      return refuse('bad-delivery', `chain ${judged.value.source} out of order`)
    last = judged.value.source
    checked.push(judged.value)
  }
  return accept(checked)
}

function judgePlace(header: Header, against: Judgement): Refusal<BlockCode> | undefined {
  const { parent, epoch, committee, schedule, params, network } = against
  const sameInstance =
    header.chain === committee.chain && header.epoch === epoch && equal(header.network, network)
  if (header.version !== BLOCK_VERSION || !sameInstance) return refuse('wrong-instance', 'another instance')
  if (!equal(header.parent, parent.hash)) return refuse('wrong-parent', 'parent hash differs')
  if (header.height !== parent.header.height + 1) return refuse('wrong-height', `height ${header.height}`)
  if (!parent.isBase && isBoundary(parent.header, epoch, params.epochLength)) {
    return refuse('wrong-parent', 'a boundary block has no child in its epoch')
  }
  const parentView = parent.isBase ? 0 : parent.header.view
  if (header.view <= parentView) return refuse('wrong-view', `view ${header.view} after ${parentView}`)
  const leader = committee.members[schedule.leader(header.view)]
  if (leader === undefined || !equal(leader.key, header.proposer)) {
    return refuse('wrong-proposer', `not the leader of view ${header.view}`)
  }
  const earliest = earliestTimeMs(parent.header.timeMs, params)
  return header.timeMs < earliest
    ? refuse('time-too-early', `${header.timeMs} before ${earliest}`)
    : undefined
}

export const earliestTimeMs = (parentTimeMs: number, params: Params): number =>
  parentTimeMs + Math.max(1, params.minBlockIntervalMs)

function judgeReference(header: Header, against: Judgement): Refusal<BlockCode> | undefined {
  if (header.chain === COORD) {
    const none = header.coordHeight === 0 && isZero(header.coordHash)
    return none ? undefined : refuse('wrong-reference', 'coord refers to itself')
  }
  if (header.coordHeight < against.parent.header.coordHeight) {
    return refuse('wrong-reference', `reference goes back to ${header.coordHeight}`)
  }
  if (equal(header.coordHash, against.coordHash)) return undefined
  return refuse('wrong-reference', `not the final coordination block at ${header.coordHeight}`)
}

function judgeLimits(block: Block, params: Params): Refusal<BlockCode> | undefined {
  if (block.bodyBytes.length > params.blockBytesMax)
    return refuse('over-limit', `${block.bodyBytes.length} bytes`)
  const count = block.body.transactions.length
  if (count > params.blockTransactionsMax) return refuse('over-limit', `${count} transactions`)
  const delivered = block.body.deliveries.reduce((sum, { length }) => sum + length, 0)
  if (delivered > deliveryBytesMax(params)) return refuse('over-limit', `${delivered} bytes of deliveries`)
  return undefined
}

/** R9: what is reserved for receipts in every block. */
export const deliveryBytesMax = ({ blockBytesMax }: Pick<Params, 'blockBytesMax'>): number =>
  Math.floor(blockBytesMax / 2)

function judgeCommitments(block: Block, against: Judgement): Refusal<BlockCode> | undefined {
  const { header, body, bodyBytes } = block
  const held =
    header.transactionCount === body.transactions.length &&
    header.bodyBytes === bodyBytes.length &&
    equal(header.bodyHash, bodyHash(bodyBytes)) &&
    equal(header.transactionsRoot, transactionsRoot(against.transactions.map(({ wireHash }) => wireHash))) &&
    equal(header.deliveriesRoot, deliveriesRoot(body.deliveries)) &&
    equal(header.attendanceRoot, attendanceRoot(body.attendance))
  if (!held)
    return refuse('wrong-commitment', `${chainName(header.chain)} ${header.height}: the body is another`)
  return judgeReward(header, against.params, readTotals(against.view))
}

/** C25, C28: who voted for the parent, and who was late with a vote for an older block. */
function judgeAttendance(block: Block, against: Judgement): Refusal<BlockCode> | undefined {
  const { header, body } = block
  const refusal =
    judgeParentCertificate(block, against) ??
    judgeLateVotes(header, body.attendance, against.attendance, against.committee.members.length)
  if (refusal !== undefined) return refusal
  return against.lateVotesValid ? undefined : refuse('wrong-attendance', 'a late vote does not hold')
}

/** C29: nothing, or on `coord` the preimage that the state before the block asks of its proposer. */
function judgeReveal({ header, body }: Block, against: Judgement): Refusal<BlockCode> | undefined {
  const [reveal] = body.reveal
  if (reveal === undefined) return undefined
  const fits = header.chain === COORD && isReveal(against.view, header.proposer, reveal, header.height)
  return fits ? undefined : refuse('wrong-reveal', 'not the next preimage of the proposer')
}

/** C25: the base's finality certificate for the first block of an epoch, the parent's notarisation for any other. */
function judgeParentCertificate(block: Block, against: Judgement): Refusal<BlockCode> | undefined {
  const [certificate] = block.body.attendance.parentCertificate
  const { parent } = against
  if (parent.header.height === 0) {
    return certificate === undefined ? undefined : refuse('wrong-attendance', 'genesis has no certificate')
  }
  if (certificate === undefined) return refuse('wrong-attendance', 'no parent certificate')
  const kindFits = certificate.kind === FINALISE || (certificate.kind === NOTARISE && !parent.isBase)
  const fits =
    kindFits &&
    certificate.chain === block.header.chain &&
    certificate.epoch === parent.header.epoch &&
    (parent.isBase || certificate.view === parent.header.view) &&
    equal(certificate.hash, parent.hash)
  if (!fits) return refuse('wrong-attendance', 'the certificate is not over the parent')
  return against.parentCertificateValid
    ? undefined
    : refuse('wrong-attendance', 'the parent certificate does not hold')
}

/** What a block that may be executed does, whatever its header says of that. */
export function executeBlock(
  { header, body }: Pick<Block, 'header' | 'body'>,
  against: Omit<Judgement, 'deliveries' | 'evidence' | 'parentCertificateValid' | 'lateVotesValid'>,
  deliveries: readonly CheckedDelivery[],
  offences: readonly Offence[]
): Verdict<Execution, WorkFault> {
  const context = {
    network: against.network,
    chain: header.chain,
    shards: against.shards,
    height: header.height,
    epoch: against.epoch,
    timeMs: header.timeMs,
    proposer: header.proposer,
    params: against.params
  }
  const end = endOfBlock({
    ...context,
    view: header.view,
    coordHeight: header.coordHeight,
    parent: { header: against.parent.header, isBase: against.parent.isBase },
    attendance: body.attendance,
    ancestors: against.attendance,
    committee: against.committee,
    schedule: against.schedule,
    offences,
    reveal: body.reveal[0]
  })
  return applyBlock(against.view, context, { deliveries, transactions: against.transactions }, end)
}

function execute(
  block: Block,
  against: Judgement,
  deliveries: readonly CheckedDelivery[],
  offences: readonly Offence[]
): Verdict<Execution, BlockCode> {
  const { header } = block
  const execution = executeBlock(block, against, deliveries, offences)
  if (!execution.ok) return refuse(faultCode(execution.code), `${execution.code}: ${execution.detail}`)
  const { emitted, received } = execution.value
  if (!equal(receiptsOutRoot(emitted, received), header.receiptsOutRoot)) {
    return refuse(
      'wrong-commitment',
      `execution of ${chainName(header.chain)} ${header.height} emits or answers other receipts`
    )
  }
  if (!equal(execution.value.changes.root, header.stateRoot)) {
    return refuse(
      'wrong-state-root',
      `execution of ${chainName(header.chain)} ${header.height} gives another root`
    )
  }
  return accept(execution.value)
}

const DELIVERY_FAULTS: ReadonlySet<string> = new Set<DeliveryFault>([
  'acknowledgement-ahead',
  'acknowledgement-back',
  'empty-delivery',
  'inflow-capped',
  'wrong-sequence'
])
const faultCode = (code: WorkFault): BlockCode =>
  DELIVERY_FAULTS.has(code) ? 'bad-delivery' : 'bad-transaction'
