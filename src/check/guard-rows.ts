/**
 * What the sign guards of a directory remember (C12): every row in its form, no statement below its floor or of another
 * epoch, and no floor above what the chain's database knows to be final.
 */
import { equal, fromUtf8, readU64be, toHex, u64be } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { decode } from '../codec/ssz.ts'
import { isStatementKind } from '../codec/statement.ts'
import { NODE_ROWS } from './layout.ts'
import type { NodeRows } from './node-scope.ts'
import { GuardBoundsType, GuardRowType, GuardStatementType } from './records.ts'
import type { SignedStatement } from './statements.ts'
import type { WalkedChain } from './walk.ts'

const KEY_BYTES = 32
const IDENTITY = 0
const BOUNDS = 1
const STATEMENT = 2

/** Of one (key, chain). */
export interface GuardMemory {
  readonly publicKey: Uint8Array
  readonly chain: ChainId
  readonly epoch: number
  readonly floor: number
  /** By `view/kind`. What the journal refutes is taken out: a damaged row is no signature. */
  readonly statements: Map<string, SignedStatement>
}

/** By key and chain, see `guardName`. */
export type GuardMemories = ReadonlyMap<string, GuardMemory>
export const guardName = (publicKey: Uint8Array, chain: ChainId): string => `${toHex(publicKey)}/${chain}`
export const statementName = ({ view, kind }: Pick<SignedStatement, 'view' | 'kind'>): string =>
  `${view}/${kind}`

/** What guards remember counts as signed (invariant 2). */
export function noteGuards({ statements, directory, report }: NodeRows, memories: GuardMemories): void {
  for (const { publicKey, statements: remembered } of memories.values()) {
    for (const statement of remembered.values()) {
      const contradiction = statements.note(publicKey, statement, `${directory}: guard`)
      if (contradiction !== undefined) report('statements', '', contradiction)
    }
  }
}

export async function checkGuards(rows: NodeRows): Promise<GuardMemories> {
  const memories = new Map<string, GuardMemory>()
  const identified = new Set<Hex>()
  for await (const [key, value] of rows.database.rows(NODE_ROWS.guard)) {
    const problem = checkRow(rows, memories, identified, key, value)
    if (problem !== undefined) rows.report('guard', toHex(key), problem)
  }
  return memories
}

/** Identity sorts before bounds and those before statements, so each row finds what it belongs to. */
function checkRow(
  rows: NodeRows,
  memories: Map<string, GuardMemory>,
  identified: Set<Hex>,
  key: Uint8Array,
  value: Uint8Array
): string | undefined {
  const publicKey = key.slice(0, KEY_BYTES)
  const rest = key.subarray(KEY_BYTES)
  const type = rest[0]
  if (type === IDENTITY && rest.length === 1) {
    identified.add(toHex(publicKey))
    return identityProblem(value)
  }
  if (!identified.has(toHex(publicKey))) return 'its guard has no identity'
  const chain = (((rest[1] ?? 0) << 8) | (rest[2] ?? 0)) as ChainId
  const name = guardName(publicKey, chain)
  if (type === BOUNDS && rest.length === 3) {
    const bounds = decode(GuardBoundsType, value)
    if (!bounds.ok) return 'bounds that cannot be decoded'
    memories.set(name, { ...bounds.value, publicKey, chain, statements: new Map() })
    return isAheadOf(bounds.value, rows.chains.get(chain))
      ? `invariant 6: it is at epoch ${bounds.value.epoch} view ${bounds.value.floor} of ${chainName(chain)}, ` +
          'the database of that chain is not: it was lost or is an older copy'
      : undefined
  }
  if (type !== STATEMENT || rest.length !== 12) return 'a key of no kind of row'
  return checkStatement(chain, rest, memories.get(name), value)
}

function identityProblem(value: Uint8Array): string | undefined {
  const identity = decode(GuardRowType, value)
  if (!identity.ok) return 'an identity that cannot be decoded'
  try {
    fromUtf8(identity.value.haltReason)
    return undefined
  } catch {
    return 'a halt reason that is no text'
  }
}

/**
 * Invariant 6: a floor is raised, and an epoch is entered, after the final block behind it is durable in the chain's
 * database. A boundary block may be final in a later view than its header's; then only its epoch says something.
 */
function isAheadOf(bounds: { epoch: number; floor: number }, walked: WalkedChain | undefined): boolean {
  const last = walked?.blocks.at(-1)
  if (last === undefined || walked?.isComplete !== true) return false
  if (bounds.epoch === last.epoch) return !last.isBoundary && bounds.floor > last.view
  return bounds.epoch > last.epoch && (bounds.floor > 0 || !last.isBoundary)
}

function checkStatement(
  chain: ChainId,
  rest: Uint8Array,
  memory: GuardMemory | undefined,
  value: Uint8Array
): string | undefined {
  const decoded = decode(GuardStatementType, value)
  if (!decoded.ok) return 'a statement that cannot be decoded'
  const { epoch, view, kind, hash } = decoded.value
  const isOfKey = equal(rest.subarray(3, 11), u64be(view)) && rest[11] === kind
  if (!isStatementKind(kind) || !isOfKey) {
    return `a statement of view ${view} and kind ${kind} under the key of view ${readU64be(rest, 3)} and kind ${rest[11]}`
  }
  if (memory === undefined || memory.epoch !== epoch || view <= memory.floor) {
    return `a statement of epoch ${epoch} view ${view} outside its bounds`
  }
  const statement = { chain, epoch, view, kind, hash }
  memory.statements.set(statementName(statement), statement)
  return undefined
}
