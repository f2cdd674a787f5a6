/**
 * What one key may still say in one instance of consensus (C12): a pure decision over what it has said already.
 * Simplex is safe only while no key contradicts itself, so these rules stand apart from the consensus machine and
 * hold even where that is wrong.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { unreachable } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../codec/statement.ts'
import type { StatementKind } from '../codec/statement.ts'

export type GuardRefusal =
  | 'halted'
  | 'epoch-below-adoption'
  | 'epoch-below-highest'
  | 'view-below-floor'
  | 'notarised-another'
  | 'finalised-another'
  | 'nullified-before'
  | 'finalised-before'

/** What is asked of the guard: a statement without what the guard's place implies (network, chain). */
export interface GuardStatement {
  readonly epoch: number
  readonly view: number
  readonly kind: StatementKind
  /** Zero for nullify. */
  readonly hash: Uint8Array
}

/** The hash signed of each kind in one view. */
export type SignedInView = ReadonlyMap<StatementKind, Hex>

/** Of one (key, chain). */
export interface GuardState {
  /** Highest epoch signed in. */
  readonly epoch: number
  /** Nothing is signed in this epoch at or below this view: its record was dropped. */
  readonly floor: number
  /** Views of this epoch above the floor. */
  readonly views: ReadonlyMap<number, SignedInView>
}

export const UNUSED_GUARD: GuardState = { epoch: 0, floor: 0, views: new Map() }

const NOTHING: SignedInView = new Map()

/** Accepts a statement that contradicts none before it; the very same one may be signed again and again. */
export function judgeStatement(state: GuardState, statement: GuardStatement): Verdict<void, GuardRefusal> {
  const { epoch, view, kind } = statement
  if (epoch < state.epoch) return refuse('epoch-below-highest', `epoch ${epoch}, signed in ${state.epoch}`)
  const isLater = epoch > state.epoch
  const floor = isLater ? 0 : state.floor
  if (view <= floor) return refuse('view-below-floor', `view ${view}, floor ${floor}`)
  const signed = isLater ? NOTHING : (state.views.get(view) ?? NOTHING)
  const hash = toHex(statement.hash)
  switch (kind) {
    case NOTARISE:
      return judgeNotarise(signed, hash)
    case NULLIFY:
      return signed.has(FINALISE)
        ? refuse('finalised-before', `view ${view} was finalised`)
        : accept(undefined)
    case FINALISE:
      return judgeFinalise(signed, hash)
    default:
      return unreachable(kind)
  }
}

function judgeNotarise(signed: SignedInView, hash: Hex): Verdict<void, GuardRefusal> {
  const notarised = signed.get(NOTARISE)
  if (notarised !== undefined && notarised !== hash) return refuse('notarised-another', notarised)
  // Having notarised before nullifying, the same statement again says nothing new.
  if (notarised === undefined && signed.has(NULLIFY))
    return refuse('nullified-before', 'notarise after nullify')
  return accept(undefined)
}

function judgeFinalise(signed: SignedInView, hash: Hex): Verdict<void, GuardRefusal> {
  const finalised = signed.get(FINALISE)
  if (finalised !== undefined && finalised !== hash) return refuse('finalised-another', finalised)
  if (signed.has(NULLIFY)) return refuse('nullified-before', 'finalise after nullify')
  return accept(undefined)
}

/** The state after signing `statement`, which was accepted. */
export function afterStatement(state: GuardState, statement: GuardStatement): GuardState {
  const { epoch, view, kind } = statement
  const base = epoch > state.epoch ? { epoch, floor: 0, views: new Map<number, SignedInView>() } : state
  const signed = new Map(base.views.get(view)).set(kind, toHex(statement.hash))
  return { ...base, views: new Map(base.views).set(view, signed) }
}

/** The state in which nothing at or below (epoch, view) can be signed any more. Never lowers a bound. */
export function afterFloor(state: GuardState, epoch: number, view: number): GuardState {
  if (epoch < state.epoch || (epoch === state.epoch && view <= state.floor)) return state
  if (epoch > state.epoch) return { epoch, floor: view, views: new Map() }
  return { epoch, floor: view, views: new Map([...state.views].filter(([of]) => of > view)) }
}
