/** What keeps a devnet from starting, or ends its run. */
import { NodeError } from '../primitives/errors.ts'

export class DevnetError extends NodeError<
  /** An option whose value makes no sense, alone or with the others. */
  | { readonly code: 'DEVNET_OPTION'; readonly option: string }
  /** The directory holds something else, another network, or a devnet that runs. */
  | { readonly code: 'DEVNET_DIRECTORY'; readonly path: string }
  | { readonly code: 'DEVNET_PORT_IN_USE'; readonly port: number }
  /** A node ended or did not answer in time; its log says why. */
  | { readonly code: 'DEVNET_NODE_FAILED'; readonly node: string; readonly log: string }
  /** All nodes answer, but a chain makes no block. */
  | { readonly code: 'DEVNET_STUCK' }
  /** A command of the program that the devnet runs ended with a failure. */
  | { readonly code: 'DEVNET_COMMAND_FAILED'; readonly command: string }
  /** The load generator ended before it was told to. */
  | { readonly code: 'DEVNET_LOAD_FAILED' }
> {}
