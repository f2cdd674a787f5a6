/**
 * Moving a guard with its key to another machine: `icn keys guard export` and `import`.
 * Export retires the guard it reads, so that at no time two machines may sign; import takes the union of what both
 * sides know, so that an old export cannot take back what was signed since.
 */
import { equal, fromHex, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { chainToJson, parseChain } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { KIND_NAMES, isStatementKind } from '../codec/statement.ts'
import type { StatementKind } from '../codec/statement.ts'
import { GuardError } from './errors.ts'
import { UNUSED_GUARD, afterFloor, afterStatement, judgeStatement } from './guard-rules.ts'
import type { GuardState, GuardStatement } from './guard-rules.ts'
import { identityWrite, loadGuard, stateWrites } from './guard-records.ts'
import type { GuardRecord, GuardStates } from './guard-records.ts'
import type { KeyValueStore, Write } from './ports.ts'
import type { GuardInit } from './sign-guard.ts'

const FORMAT = 'icn-guard/1'
/** Halt reason of a guard that moved away. Its export does not carry it, any other reason it does. */
export const EXPORTED = 'exported'

export interface GuardExport extends GuardRecord {
  readonly publicKey: Uint8Array
  readonly network: Uint8Array
}

export type GuardImportRefusal =
  | 'GUARD_FILE_MALFORMED'
  | 'GUARD_OTHER_KEY'
  | 'GUARD_OTHER_NETWORK'
  | 'GUARD_CONTRADICTION'

/**
 * Halts the guard for good and only then gives its text away. Repeating it gives the same text.
 * @throws GuardError GUARD_MISSING
 */
export async function exportGuard(store: KeyValueStore, { publicKey, network }: GuardInit): Promise<string> {
  const record = await loadGuard(store, publicKey)
  if (record === undefined) throw new GuardError({ code: 'GUARD_MISSING', where: 'store' })
  const { identity, states } = record
  const reason = identity.haltReason === EXPORTED ? '' : identity.haltReason
  if (reason === '') {
    await store.batch([identityWrite(publicKey, { ...identity, haltReason: EXPORTED })], { sync: true })
  }
  return JSON.stringify(
    {
      format: FORMAT,
      publicKey: toHex(publicKey),
      network: toHex(network),
      guardId: identity.id,
      fromEpoch: identity.fromEpoch,
      haltReason: reason,
      chains: [...states].map(([chain, { epoch, floor, views }]) => ({
        chain: chainToJson(chain),
        epoch,
        floor,
        statements: [...views].flatMap(([view, signed]) =>
          [...signed].map(([kind, hash]) => ({ view, kind: KIND_NAMES[kind], hash }))
        )
      }))
    },
    undefined,
    2
  )
}

/**
 * Makes the store hold at least what the export knows, and its id; bind the key file to the returned id next.
 * A halt of the export stays; a halt of this store is answered by what the import adds.
 */
export async function importGuard(
  store: KeyValueStore,
  init: GuardInit,
  text: string
): Promise<Verdict<Hex, GuardImportRefusal>> {
  const parsed = parseGuardExport(text)
  if (!parsed.ok) return parsed
  const { publicKey, network, identity, states } = parsed.value
  if (!equal(publicKey, init.publicKey)) return refuse('GUARD_OTHER_KEY', toHex(publicKey))
  if (!equal(network, init.network)) return refuse('GUARD_OTHER_NETWORK', toHex(network))
  const present = await loadGuard(store, init.publicKey)
  const fromEpoch = Math.max(identity.fromEpoch, present?.identity.fromEpoch ?? 0)
  const writes: Write[] = [identityWrite(publicKey, { ...identity, fromEpoch })]
  for (const [chain, imported] of states) {
    const ours = present?.states.get(chain) ?? UNUSED_GUARD
    const union = unite(ours, imported)
    if (union === undefined)
      return refuse('GUARD_CONTRADICTION', `the key contradicted itself in epoch ${ours.epoch}`)
    writes.push(...stateWrites(publicKey, chain, ours, union))
  }
  await store.batch(writes, { sync: true })
  return accept(identity.id)
}

/** @returns undefined when no honest key signed both. */
function unite(ours: GuardState, theirs: GuardState): GuardState | undefined {
  if (theirs.epoch < ours.epoch) return ours
  let union = afterFloor(ours, theirs.epoch, theirs.floor)
  for (const statement of statementsOf(theirs)) {
    if (statement.view <= union.floor) continue
    const verdict = judgeStatement(union, statement)
    // Notarise and nullify of one view do not contradict, in whichever order they are read here.
    const isOrderOnly =
      !verdict.ok && verdict.code === 'nullified-before' && KIND_NAMES[statement.kind] === 'notarise'
    if (!verdict.ok && !isOrderOnly) return undefined
    union = afterStatement(union, statement)
  }
  return union
}

const statementsOf = ({ epoch, views }: GuardState): GuardStatement[] =>
  [...views].flatMap(([view, signed]) =>
    [...signed].map(([kind, hash]) => ({ epoch, view, kind, hash: fromHex(hash) }))
  )

function parseGuardExport(text: string): Verdict<GuardExport, 'GUARD_FILE_MALFORMED'> {
  try {
    const value = object(JSON.parse(text))
    if (value['format'] !== FORMAT) return refuse('GUARD_FILE_MALFORMED', 'format')
    return accept({
      publicKey: hash(value['publicKey']),
      network: hash(value['network']),
      identity: {
        id: toHex(hash(value['guardId'])),
        fromEpoch: count(value['fromEpoch']),
        haltReason: string(value['haltReason'])
      },
      states: chains(value['chains'])
    })
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return refuse('GUARD_FILE_MALFORMED', error.message)
    }
    throw error
  }
}

function chains(value: unknown): GuardStates {
  const states = new Map<ChainId, GuardState>()
  for (const item of list(value)) {
    const entry = object(item)
    const chain = parseChain(entry['chain'])
    if (chain === undefined || states.has(chain)) throw new RangeError('chain')
    const epoch = count(entry['epoch'])
    const floor = count(entry['floor'])
    let state: GuardState = { epoch, floor, views: new Map() }
    for (const each of list(entry['statements'])) {
      const statement = object(each)
      const view = count(statement['view'])
      const kind = kindOf(statement['kind'])
      if (view <= floor) throw new RangeError('a statement lies above the floor')
      if (state.views.get(view)?.has(kind) === true) throw new RangeError('a statement is listed once')
      state = afterStatement(state, { epoch, view, kind, hash: hash(statement['hash']) })
    }
    states.set(chain, state)
  }
  return states
}

function kindOf(value: unknown): StatementKind {
  const kind = Number(Object.entries(KIND_NAMES).find(([, name]) => name === value)?.[0])
  if (!isStatementKind(kind)) throw new RangeError('kind of statement')
  return kind
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RangeError('not an object')
  return { ...value }
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new RangeError('not a list')
  return value
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new RangeError('not a text')
  return value
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new RangeError('not a count')
  return Number(value)
}

const hash = (value: unknown): Uint8Array => fromHex(string(value), 32)
