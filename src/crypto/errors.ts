/** What can fail in the crypto layer's shell. A false signature is an answer, never one of these. */
import { NodeError } from '../primitives/errors.ts'

export class VerifyPoolError extends NodeError<
  /** The pool was not started, or was stopped while jobs waited. */
  | { readonly code: 'CRYPTO_POOL_STOPPED' }
  /** The lane holds as much as it may: refuse or ask again later, nothing is wrong with the signatures. */
  | { readonly code: 'CRYPTO_QUEUE_FULL'; readonly jobs: number; readonly bytes: number }
  /** A worker thread ended while it held jobs. */
  | { readonly code: 'CRYPTO_WORKER_DIED'; readonly reason: string }
> {}
