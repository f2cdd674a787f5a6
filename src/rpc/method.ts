/** One RPC method: what it takes, what it answers. The table of all of them is `methods.ts`. */
import type { MethodName, Methods } from '../client/types.ts'
import type { Answer, NodePort, Refused } from './port.ts'
import type { ParamTable, Parsed } from './params.ts'

/** A proof holds every epoch since what its reader trusts: up to 8 MiB, twice that in hex. */
export const PROOF_WEIGHT = 500

/** The caller's parameters do not go together: JSON-RPC −32602. */
export interface InvalidParams {
  readonly ok: false
  readonly invalid: string
}
export const invalidParams = (invalid: string): InvalidParams => ({ ok: false, invalid })

export type Outcome<T = unknown> = Answer<T> | InvalidParams

/** What a call needs of a method. */
export interface Callable {
  readonly params: ParamTable
  /** How much of a batch, and of what may be in progress, one call takes: answers differ in size by thousands. */
  readonly weight: number
  /** Takes the admin token (RPC-18). */
  readonly isAdmin?: boolean
  readonly call: (port: NodePort, params: Readonly<Record<string, unknown>>) => Outcome | Promise<Outcome>
}

export interface Method extends Callable {
  readonly name: MethodName
  readonly summary: string
}

/** Ties the parser table to the handler's parameters and the name to the result type that clients see. */
export function method<N extends MethodName, P extends ParamTable>(
  name: N,
  definition: {
    readonly summary: string
    readonly params: P
    /** @default 1 */
    readonly weight?: number
    /** @default false */
    readonly isAdmin?: boolean
    readonly call: (
      port: NodePort,
      params: Parsed<P>
    ) => Outcome<Methods[N]['result']> | Promise<Outcome<Methods[N]['result']>>
  }
): Method {
  const { summary, params, weight = 1, isAdmin = false, call } = definition
  // `parseParams` has run `params` over the values, so they have its types.
  return { name, summary, params, weight, isAdmin, call: (port, values) => call(port, values as Parsed<P>) }
}

export const isRefused = (outcome: Refused | InvalidParams): outcome is Refused => 'code' in outcome
