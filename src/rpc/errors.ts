/** What can fail in the world when the RPC server starts. */
import { NodeError } from '../primitives/errors.ts'

export class RpcError extends NodeError<
  /** Another process listens on the address. */
  | { readonly code: 'RPC_PORT_IN_USE'; readonly address: string }
  /** The address is not one of this machine, or needs rights the process lacks. */
  | { readonly code: 'RPC_CANNOT_LISTEN'; readonly address: string; readonly reason: string }
> {}
