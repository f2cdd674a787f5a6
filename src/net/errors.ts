/** What can fail in the world of the network shell: thrown; each code has one sentence. */
import { NodeError } from '../primitives/errors.ts'

export type NetErrorDetail =
  /** Another process listens on the address. */
  | { readonly code: 'NET_PORT_IN_USE'; readonly address: string }
  /** The address cannot be listened on (unknown transport, foreign address, no permission). */
  | { readonly code: 'NET_LISTEN_FAILED'; readonly address: string }
  /** The file does not hold a libp2p Ed25519 key. */
  | { readonly code: 'NET_KEY_INVALID'; readonly path: string }
  /** The text is no multiaddr. */
  | { readonly code: 'NET_ADDRESS_INVALID'; readonly address: string }
  /** Publishing or sending before `start` or after `stop`. */
  | { readonly code: 'NET_NOT_RUNNING' }
  /** We tried to publish more than the topic allows. */
  | {
      readonly code: 'NET_MESSAGE_TOO_LARGE'
      readonly kind: string
      readonly bytes: number
      readonly limit: number
    }
  /** A remote closed or broke a stream, sent too much, or took too long. Never leaves this layer. */
  | { readonly code: 'NET_STREAM_BROKEN'; readonly reason: StreamFailure }

/** Of these, `oversize`, `cut` and `garbage` are the peer's fault: they prove that it does not follow the protocol. */
export type StreamFailure = 'oversize' | 'cut' | 'garbage' | 'too-many' | 'timeout' | 'lost'

export class NetError extends NodeError<NetErrorDetail> {}

export const brokenStream = (reason: StreamFailure, message: string): NetError =>
  new NetError({ code: 'NET_STREAM_BROKEN', reason }, message)

/** Which failure an error of a stream means. Everything that libp2p throws at us is a lost stream. */
export function streamFailure(error: unknown): StreamFailure {
  if (error instanceof NetError && error.detail.code === 'NET_STREAM_BROKEN') return error.detail.reason
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
    return 'timeout'
  return 'lost'
}

export const isPeerFault = (reason: StreamFailure): boolean =>
  reason === 'oversize' || reason === 'cut' || reason === 'garbage' || reason === 'too-many'
