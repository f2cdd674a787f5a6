/** What a client throws: the node refused, or it could not be asked. */
import { NodeError } from '../primitives/errors.ts'
import type { RefusalFacts, RpcErrorJson } from './types.ts'

/** The node refused the call for a reason with a stable code and number (JSON-RPC −32000). */
export class RpcRefusal extends NodeError<RefusalFacts> {
  constructor(facts: RefusalFacts, message: string) {
    super(facts, message)
  }

  get number(): number {
    return this.detail.number
  }
}

/** No usable answer: no connection, not JSON-RPC, or an error that is not a refusal (unknown method, bad parameter). */
export class RpcFailure extends NodeError<
  | { readonly code: 'RPC_UNREACHABLE'; readonly url: string }
  | { readonly code: 'RPC_BAD_ANSWER'; readonly url: string; readonly status: number }
  | { readonly code: 'RPC_ERROR'; readonly url: string; readonly rpcCode: number }
  | { readonly code: 'RPC_TIMEOUT'; readonly url: string; readonly timeoutMs: number }
  /** The connection of a subscription ended; close codes are in protocols/rpc.md. */
  | { readonly code: 'SUBSCRIPTION_ENDED'; readonly url: string; readonly closeCode: number }
  /** More events arrived than may wait for the reader. */
  | { readonly code: 'SUBSCRIPTION_UNREAD'; readonly url: string; readonly waiting: number }
  /** The chain ended the transaction's life without making it final. */
  | { readonly code: 'TRANSACTION_LOST'; readonly id: string; readonly status: string }
> {}

/** @returns the error that a JSON-RPC error object stands for. */
export function errorOf(url: string, error: RpcErrorJson): RpcRefusal | RpcFailure {
  const { data } = error
  if (isFacts(data)) return new RpcRefusal(data, error.message)
  return new RpcFailure({ code: 'RPC_ERROR', url, rpcCode: error.code }, error.message)
}

function isFacts(data: unknown): data is RefusalFacts {
  if (typeof data !== 'object' || data === null) return false
  const { code, number } = data as Readonly<Record<string, unknown>>
  return typeof code === 'string' && typeof number === 'number'
}
