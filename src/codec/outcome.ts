/**
 * What a block answered to the receipts it took in, and the root by which its header commits to that and to the entries
 * it emitted (R2, R17). An outcome is proven by one leaf of this tree: the state forgets it, the header never does.
 */
import { concat } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { sha256, sha256Of } from '../crypto/hash.ts'
import { verifyBranch } from '../crypto/merkle.ts'
import { EMPTY_RECEIPTS_ROOT } from './block.ts'
import { refusalNumber } from './refusals.ts'
import type { RefusalCode } from './refusals.ts'
import { Bytes32, Chain, ContainerType, Count, ListBasicType, ListCompositeType, U16 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

/** Receipts of one leaf: few, so that the proof of one outcome stays small. */
export const RUN_RECEIPTS_MAX = 64

export const OutcomeRunType = new ContainerType(
  {
    source: Chain,
    /** Sequence of the first receipt; the others follow without gaps. */
    first: Count,
    /** One for each receipt: 0 when it was applied, else the number of the reason it was not. */
    codes: new ListBasicType(U16, RUN_RECEIPTS_MAX)
  },
  { typeName: 'OutcomeRun' }
)
export type OutcomeRun = ValueOf<typeof OutcomeRunType>

/** 2^14 leaves, as many as entries; a body has room for fewer of both. */
const LEAVES_DEPTH = 14
const LeafList = new ListCompositeType(Bytes32, 2 ** LEAVES_DEPTH)
/** Of a leaf under `receiptsOutRoot`: the leaves, the length beside them, the entries beside both. */
export const OUTCOME_BRANCH_LENGTH: number = LEAVES_DEPTH + 2

interface Received {
  readonly source: ChainId
  readonly sequence: number
  readonly refusal: RefusalCode | undefined
}

/** In the order of the block: the receipts of each delivery, 64 at a time. */
export function outcomeRuns(received: readonly Received[]): OutcomeRun[] {
  const runs: OutcomeRun[] = []
  let open: { source: ChainId; first: number; codes: number[] } | undefined
  for (const { source, sequence, refusal } of received) {
    if (open === undefined || open.source !== source || open.codes.length === RUN_RECEIPTS_MAX) {
      open = { source, first: sequence, codes: [] }
      runs.push(open)
    }
    open.codes.push(refusal === undefined ? 0 : refusalNumber(refusal))
  }
  return runs
}

const leafOf = (run: OutcomeRun): Uint8Array => sha256(OutcomeRunType.serialize(run))

/** Over the outbox entries that a block emitted, state key and value, by destination and sequence. */
export const entriesRoot = (
  entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]
): Uint8Array => LeafList.hashTreeRoot(entries.map(({ key, value }) => sha256(concat(key, value))))

export function receiptsOutRoot(
  entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
  received: readonly Received[]
): Uint8Array {
  if (entries.length === 0 && received.length === 0) return EMPTY_RECEIPTS_ROOT
  return sha256Of(entriesRoot(entries), LeafList.hashTreeRoot(outcomeRuns(received).map(leafOf)))
}

/** Siblings of a run under `receiptsOutRoot`, lowest first. */
export function proveOutcome(entries: Uint8Array, runs: readonly OutcomeRun[], index: number): Uint8Array[] {
  const branch: Uint8Array[] = []
  let level = runs.map(leafOf)
  let empty: Uint8Array = new Uint8Array(32)
  for (let depth = 0, at = index; depth < LEAVES_DEPTH; depth++, at >>= 1) {
    branch.push(level[at ^ 1] ?? empty)
    const filled = level
    level = Array.from({ length: Math.ceil(filled.length / 2) }, (_, pair) =>
      sha256Of(filled[2 * pair] ?? empty, filled[2 * pair + 1] ?? empty)
    )
    empty = sha256Of(empty, empty)
  }
  const length = new Uint8Array(32)
  new DataView(length.buffer).setUint32(0, runs.length, true)
  return [...branch, length, entries]
}

/** Whether a header with this `receiptsOutRoot` committed to the run as leaf `index`. */
export function verifyOutcome(
  root: Uint8Array,
  run: OutcomeRun,
  index: number,
  branch: readonly Uint8Array[]
): boolean {
  if (index >= 2 ** LEAVES_DEPTH) return false
  // The second half of the root, the first half of the list in it, then the leaf.
  const gindex = 6n * 2n ** BigInt(LEAVES_DEPTH) + BigInt(index)
  return verifyBranch(root, gindex, { leaf: leafOf(run), branch })
}
