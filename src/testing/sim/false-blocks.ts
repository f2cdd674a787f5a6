/**
 * Blocks that a faulty leader makes to end a chain in two: each is valid in itself, and only one rule of C9 or C25
 * stands between it and a quorum of honest votes.
 */
import { equal, toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { BodyType, attendanceRoot, blockHash, bodyHash, transactionsRoot } from '../../codec/block.ts'
import type { Body, Header } from '../../codec/block.ts'
import type { Proposal } from '../../codec/proposal.ts'
import type { Certificate } from '../../codec/statement.ts'
import type { Execute, FalseBlock } from './liar-execution.ts'

/** What a usurper needs besides its own proposal. */
export interface UsurpTools {
  readonly stepMs: number
  readonly certify: (parent: Uint8Array) => Certificate
  readonly execute: Execute
}

/** Headers and bodies of proposals heard lately, to build beside. */
export class HeardBlocks {
  readonly #blocks = new Map<Hex, FalseBlock>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  note({ header, body }: FalseBlock): void {
    this.#blocks.set(toHex(blockHash(header)), { header, body })
    for (const key of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#max) break
      this.#blocks.delete(key)
    }
  }

  get(hash: Uint8Array): FalseBlock | undefined {
    return this.#blocks.get(toHex(hash))
  }
}

/** The same with the roots that it has; unchanged where the liar cannot execute it. */
export const withRoots = (block: FalseBlock, execute: Execute): FalseBlock => execute(block)?.block ?? block

/** A rival of the own proposal's parent: its body, its parent, its height, but of the later view. */
export function rivalOfParent(own: Proposal, parent: FalseBlock, execute: Execute): FalseBlock | undefined {
  const { header } = parent
  if (header.epoch !== own.header.epoch || header.height + 1 !== own.header.height) return undefined
  const { view, timeMs, proposer, coordHeight, coordHash } = own.header
  const rival = { ...header, view, timeMs, proposer, coordHeight, coordHash }
  return withRoots({ header: rival, body: parent.body }, execute)
}

/**
 * A block of the nullified view before, which its leader never proposed and nobody voted for, and a child of it. The
 * own proposal lends the parent its body, and both everything else.
 */
export function unnotarisedParent(
  own: Proposal,
  previousLeader: Uint8Array,
  { stepMs, certify, execute }: UsurpTools
): { readonly parent: FalseBlock; readonly child: FalseBlock } | undefined {
  const { header } = own
  const view = header.view - 1
  const isNullified = own.nullifications.some((certificate) => certificate.view === view)
  if (!isNullified || equal(previousLeader, header.proposer)) return undefined
  const first: FalseBlock = { header: { ...header, view, proposer: previousLeader }, body: own.body }
  const known = execute(first)
  const parent = known?.block ?? first
  const hash = blockHash(parent.header)
  const body: Body = {
    attendance: { parentCertificate: [certify(hash)], lateVotes: [] },
    deliveries: [],
    transactions: [],
    evidence: [],
    reveal: []
  }
  const bytes = BodyType.serialize(body)
  const child: Header = {
    ...header,
    parent: hash,
    height: header.height + 1,
    timeMs: header.timeMs + stepMs,
    transactionCount: 0,
    transactionsRoot: transactionsRoot([]),
    bodyBytes: bytes.length,
    bodyHash: bodyHash(bytes),
    attendanceRoot: attendanceRoot(body.attendance)
  }
  const second: FalseBlock = { header: child, body: bytes }
  return { parent, child: (known && execute(second, known.ground))?.block ?? second }
}
