/**
 * Everything any key was seen to sign, over all directories (invariant 2): votes, the signers of certificates, and what
 * guards remember. No honest key signs two hashes of one kind in one view, nor both nullifies and finalises it.
 */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { chainName } from '../primitives/chain-id.ts'
import { FINALISE, KIND_NAMES, NULLIFY, isStatementKind } from '../codec/statement.ts'
import type { Statement } from '../codec/statement.ts'

export type SignedStatement = Omit<Statement, 'network'>

interface Seen {
  readonly kind: number
  readonly hash: Hex
  readonly where: string
}

export class SignedStatements {
  readonly #seen = new Map<string, Map<Hex, Seen[]>>()

  /** @returns the contradiction with what the key signed before, if there is one. */
  note(publicKey: Uint8Array, statement: SignedStatement, where: string): string | undefined {
    const { chain, epoch, view, kind } = statement
    const place = `${chainName(chain)}/${epoch}/${view}`
    const keys = this.#seen.get(place) ?? new Map<Hex, Seen[]>()
    this.#seen.set(place, keys)
    const key = toHex(publicKey)
    const before = keys.get(key) ?? []
    keys.set(key, before)
    const now: Seen = { kind, hash: toHex(statement.hash), where }
    if (before.some((seen) => seen.kind === kind && seen.hash === now.hash)) return undefined
    const other = before.find((seen) => contradicts(seen, now))
    before.push(now)
    if (other === undefined) return undefined
    return (
      `invariant 2: key ${key} signed both ${describe(other)} (${other.where}) and ${describe(now)} (${where}) ` +
      `in ${chainName(chain)} epoch ${epoch} view ${view}`
    )
  }
}

function contradicts(a: Seen, b: Seen): boolean {
  if (a.kind === b.kind) return a.hash !== b.hash
  return (a.kind === NULLIFY && b.kind === FINALISE) || (a.kind === FINALISE && b.kind === NULLIFY)
}

const describe = ({ kind, hash }: Seen): string => {
  const name = isStatementKind(kind) ? KIND_NAMES[kind] : `kind ${kind}`
  return kind === NULLIFY ? name : `${name} ${hash}`
}
