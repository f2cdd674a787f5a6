/**
 * The world failed (disk, timeout, port in use): thrown, with a code and the facts (STYLE: three kinds of errors).
 * A peer or user that is wrong is a value (`Verdict`), a broken invariant is an `assert`.
 */
export abstract class NodeError<D extends { readonly code: string }> extends Error {
  readonly detail: D
  constructor(detail: D, message?: string, options?: ErrorOptions) {
    super(message ?? describe(detail), options)
    this.name = new.target.name
    this.detail = detail
  }

  get code(): D['code'] {
    return this.detail.code
  }
}

function describe(detail: { readonly code: string }): string {
  const facts = Object.entries(detail)
    .filter(([name]) => name !== 'code')
    .map(([name, value]) => `${name}=${String(value)}`)
  return facts.length === 0 ? detail.code : `${detail.code} (${facts.join(', ')})`
}

/** We are wrong: a broken invariant. Always on; the process stops and the next start replays from disk. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message)
}

/** A value that the type system cannot know to exist, but the surrounding invariant does. */
export function must<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new AssertionFailure(message)
  return value
}

/** The `default` of a switch over a closed union: a new member does not compile until someone decides. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable: ${JSON.stringify(value)}`)
}
