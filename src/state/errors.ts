/** The stored state contradicts itself: the disk's fault, not a peer's. */
import { NodeError } from '../primitives/errors.ts'

export class StateError extends NodeError<
  | { readonly code: 'STATE_PAGE_MISSING'; readonly page: string }
  | { readonly code: 'STATE_PAGE_CORRUPT'; readonly page: string; readonly reason: string }
> {}
