/** The answer of a check on something a peer or user sent: a value, never an exception. */
export type Refusal<C extends string = string> = {
  readonly ok: false
  readonly code: C
  readonly detail: string
}
export type Verdict<T, C extends string = string> = { readonly ok: true; readonly value: T } | Refusal<C>

export const accept = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
export const refuse = <C extends string>(code: C, detail: string): Refusal<C> => ({ ok: false, code, detail })
