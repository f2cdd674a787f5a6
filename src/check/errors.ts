/** Why a check cannot be made. What a check finds is a finding, never one of these. */
import { NodeError } from '../primitives/errors.ts'

export class CheckError extends NodeError<
  | { readonly code: 'CHECK_NOT_A_DATA_DIRECTORY'; readonly path: string; readonly reason: string }
  /** A node is running on it. */
  | { readonly code: 'CHECK_IN_USE'; readonly path: string }
  | { readonly code: 'CHECK_NETWORK_DIFFERS'; readonly path: string; readonly first: string }
  | { readonly code: 'CHECK_DISK'; readonly path: string; readonly reason: string }
> {}

/** The bytes under a database are damaged: LevelDB itself cannot read them. Becomes a finding. */
export class DamagedDatabase extends NodeError<{
  readonly code: 'CHECK_DAMAGED'
  readonly path: string
  readonly reason: string
}> {}
