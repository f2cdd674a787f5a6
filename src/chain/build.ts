/** Building a block (C14, M13): selection executes as it goes, so the roots are those that `judgeBlock` will find. */
import { ZERO_HASH } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import {
  AttendanceType,
  BLOCK_VERSION,
  BodyType,
  attendanceRoot,
  blockHash,
  bodyHash,
  deliveriesRoot,
  transactionsRoot
} from '../codec/block.ts'
import type { Attendance, Block, Header } from '../codec/block.ts'
import { receiptsOutRoot } from '../codec/outcome.ts'
import { OFFSET_BYTES } from '../codec/ssz.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import type { Params } from '../params/params.ts'
import { selectWork } from '../state/build.ts'
import type { TransactionSource } from '../state/build.ts'
import type { StateView } from '../state/ports.ts'
import { readTotals } from '../state/supply.ts'
import type { CheckedDelivery } from '../state/receipts.ts'
import type { CheckedTransaction, Execution } from '../state/types.ts'
import type { LeaderSchedule } from '../sharding/ports.ts'
import type { Committee } from '../sharding/types.ts'
import type { AttendanceBook } from './attendance.ts'
import { endOfBlock } from './block-end.ts'
import { rewardFields } from './reward.ts'
import { selectEvidence } from './evidence.ts'
import type { ReadEvidence } from './evidence.ts'
import { deliveryBytesMax, earliestTimeMs } from './judge.ts'

export interface BuildInput {
  readonly network: Uint8Array
  readonly chain: ChainId
  readonly epoch: number
  readonly view: number
  readonly shards: number
  readonly params: Params
  /** Of the epoch, on this chain. */
  readonly committee: Committee
  readonly schedule: LeaderSchedule
  readonly parent: { readonly header: Header; readonly hash: Uint8Array }
  /** State after the parent. */
  readonly state: StateView
  /** Absent for a child of genesis. */
  readonly parentCertificate: Certificate | undefined
  /** In their order (C28). @default none */
  readonly lateVotes?: readonly Vote[]
  /** What the ancestors record (C28). */
  readonly ancestors: AttendanceBook
  /** Own clock, Unix milliseconds. */
  readonly nowMs: number
  readonly coord: { readonly height: number; readonly hash: Uint8Array }
  readonly proposer: Uint8Array
  /** At most one of each source, in order of their numbers. */
  readonly deliveries: readonly CheckedDelivery[]
  /** In order of preference; the builder takes what may be in the block. @default none */
  readonly evidence?: readonly ReadEvidence[]
  /** The next preimage of the own hash chain, that the state before the block asks for (C29). @default none */
  readonly reveal?: Uint8Array
  /** In order of preference. */
  readonly candidates: TransactionSource
}

export interface Built {
  readonly block: Block
  readonly execution: Execution
  readonly transactions: readonly CheckedTransaction[]
}

/** Offsets of the body's fields in SSZ, and a reveal. */
const BODY_FIXED_BYTES = 5 * OFFSET_BYTES + 32
/** Evidence is small and rare; work of users never waits for it. */
const EVIDENCE_PART = 8

export function buildBlock(input: BuildInput): Built {
  const { parent, params } = input
  const timeMs = Math.max(input.nowMs, earliestTimeMs(parent.header.timeMs, params))
  const height = parent.header.height + 1
  const attendance: Attendance = {
    parentCertificate: input.parentCertificate === undefined ? [] : [input.parentCertificate],
    lateVotes: [...(input.lateVotes ?? [])]
  }
  const context = {
    network: input.network,
    chain: input.chain,
    shards: input.shards,
    height,
    epoch: input.epoch,
    timeMs,
    proposer: input.proposer,
    params
  }
  const evidence = selectEvidence(
    input.evidence ?? [],
    { chain: input.chain, epoch: input.epoch, params, view: input.state },
    Math.floor(params.blockBytesMax / EVIDENCE_PART)
  )
  const evidenceBytes = evidence.reduce((sum, { bytes }) => sum + bytes.length + OFFSET_BYTES, 0)
  const limits = {
    count: params.blockTransactionsMax,
    bytes:
      params.blockBytesMax - BODY_FIXED_BYTES - AttendanceType.serialize(attendance).length - evidenceBytes,
    deliveryBytes: deliveryBytesMax(params)
  }
  const end = endOfBlock({
    ...context,
    view: input.view,
    coordHeight: input.coord.height,
    parent: {
      header: parent.header,
      isBase: parent.header.height === 0 || parent.header.epoch < input.epoch
    },
    attendance,
    ancestors: input.ancestors,
    committee: input.committee,
    schedule: input.schedule,
    offences: evidence.flatMap(({ offence }) => offence ?? []),
    reveal: input.reveal
  })
  const { deliveries, transactions, ...execution } = selectWork(input.state, context, input, limits, end)
  const body = {
    attendance,
    deliveries: deliveries.map(({ bytes }) => bytes),
    transactions: transactions.map(({ bytes }) => bytes),
    evidence: evidence.map(({ bytes }) => bytes),
    reveal: input.reveal === undefined ? [] : [input.reveal]
  }
  const bodyBytes = BodyType.serialize(body)
  const header: Header = {
    ...placeOf(input, timeMs),
    transactionsRoot: transactionsRoot(transactions.map(({ wireHash }) => wireHash)),
    transactionCount: transactions.length,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: deliveriesRoot(body.deliveries),
    receiptsOutRoot: receiptsOutRoot(execution.emitted, execution.received),
    attendanceRoot: attendanceRoot(attendance),
    stateRoot: execution.changes.root,
    ...rewardFields(height, params, readTotals(input.state))
  }
  return { block: { header, hash: blockHash(header), bodyBytes, body }, execution, transactions }
}

/** What of the header does not follow from the body. */
const placeOf = (input: BuildInput, timeMs: number) => ({
  version: BLOCK_VERSION,
  network: input.network,
  chain: input.chain,
  epoch: input.epoch,
  height: input.parent.header.height + 1,
  view: input.view,
  timeMs,
  parent: input.parent.hash,
  coordHeight: input.coord.height,
  coordHash: input.coord.hash,
  proposer: input.proposer
})

/** The reference of a coord block: it has none (C6). */
export const NO_COORD_REFERENCE = { height: 0, hash: ZERO_HASH } as const
