/**
 * The door for parameter sets (GEN-5, GEN-6): every parameter present, known, in its range, and in the right relation
 * to the others. A refusal names the key. The same rules hold for the genesis and for every later epoch's set (C2).
 */
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { must } from '../primitives/errors.ts'
import { PARAMETERS } from './params.ts'
import type { ParameterName, Params } from './params.ts'

export type ParamsCode = 'parameter-unknown' | 'parameter-missing' | 'parameter-range' | 'parameter-relation'

interface Relation {
  /** The key a refusal names: the one that is too large. */
  readonly key: ParameterName
  readonly other: ParameterName
  readonly strict: boolean
  /** What breaks without it. */
  readonly reason: string
}

const relation = (key: ParameterName, other: ParameterName, strict: boolean, reason: string): Relation => ({
  key,
  other,
  strict,
  reason
})

/** `key` must be at most, or below (strict), `other`. */
export const RELATIONS: readonly Relation[] = [
  relation(
    'freezeDistance',
    'epochLength',
    true,
    'a snapshot is frozen within the epoch before its own (C2)'
  ),
  relation('deltaMinMs', 'deltaInitialMs', false, 'the first delay estimate lies within its bounds (C21)'),
  relation('deltaInitialMs', 'deltaMaxMs', false, 'the first delay estimate lies within its bounds (C21)'),
  relation('poolPerSender', 'poolCountMax', false, 'one sender cannot hold more than the pool (M7)'),
  relation('manaPerPeriod', 'manaCap', false, 'one period cannot bring more mana than an account holds (M11)')
]

export function checkParams(values: Readonly<Record<string, unknown>>): Verdict<Params, ParamsCode> {
  const known = new Set<string>(PARAMETERS.map(({ name }) => name))
  const unknown = Object.keys(values).find((name) => !known.has(name))
  if (unknown !== undefined) return refuse('parameter-unknown', `unknown parameter ${unknown}`)
  const params: Partial<Record<ParameterName, number>> = {}
  for (const { name, min, max } of PARAMETERS) {
    if (!Object.hasOwn(values, name)) return refuse('parameter-missing', `parameter ${name} is missing`)
    const value = values[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      return refuse('parameter-range', `parameter ${name} must be an integer from ${min} to ${max}`)
    }
    // −0 is an integer in range, but not the number that the canonical encoding gives back.
    params[name] = value === 0 ? 0 : value
  }
  const checked = params as Params
  return brokenRelation(checked) ?? accept(checked)
}

function brokenRelation(params: Params): Refusal<'parameter-relation'> | undefined {
  for (const { key, other, strict, reason } of RELATIONS) {
    if (strict ? params[key] < params[other] : params[key] <= params[other]) continue
    const order = strict ? 'below' : 'at most'
    return refuse('parameter-relation', `parameter ${key} must be ${order} ${other}: ${reason}`)
  }
  return undefined
}

/** In the order of PARAMETERS: the form of the canonical encoding. */
export const paramsToList = (params: Params): number[] => PARAMETERS.map(({ name }) => params[name])

/** Checks like `checkParams`; a list of another length misses or adds parameters. */
export function paramsFromList(list: readonly number[]): Verdict<Params, ParamsCode> {
  if (list.length > PARAMETERS.length) {
    return refuse('parameter-unknown', `${list.length} parameters, this version knows ${PARAMETERS.length}`)
  }
  const named = list.map((value, index) => [must(PARAMETERS[index], 'index in range').name, value] as const)
  return checkParams(Object.fromEntries(named))
}
