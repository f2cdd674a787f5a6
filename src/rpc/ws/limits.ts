/** Bounds of WebSocket connections (protocols/rpc.md, RPC-13 to RPC-17). */

export interface SocketLimits {
  /** Connections at a time; further ones are answered 503 before they are WebSockets. */
  readonly connections: number
  /** Subscriptions of one connection. */
  readonly subscriptions: number
  /** Bytes of one message; a larger one closes the connection with 1009. */
  readonly messageBytes: number
  /** Messages of one connection that are being answered; further ones are not read. */
  readonly callsInProgress: number
  /** When more waits to be sent, nothing is published to the connection and nothing read from it. */
  readonly bufferBytes: number
  /** How long it may stay so. */
  readonly slowMs: number
  /** Time between two pings, and for the answer to one. */
  readonly pingMs: number
  /** How long a connection without subscriptions may be silent. */
  readonly idleMs: number
  /** Time between two looks at what changes by itself (`sync`), and at the times above. */
  readonly tickMs: number
}

export const SOCKET_LIMITS: SocketLimits = {
  connections: 128,
  subscriptions: 16,
  messageBytes: 2 * 1024 * 1024,
  callsInProgress: 8,
  bufferBytes: 1024 * 1024,
  slowMs: 30_000,
  pingMs: 15_000,
  idleMs: 300_000,
  tickMs: 250
}

/** Why the node ends a connection: close codes of RFC 6455, and two of our own. */
export const CLOSE_CODES = {
  stopping: 1001,
  binary: 1003,
  failed: 1011,
  crowded: 1013,
  idle: 4000,
  slow: 4001
} as const
/** `dead`: no answer to a ping; `left`: the other side ended it, or the connection broke. */
export type CloseReason = keyof typeof CLOSE_CODES | 'dead' | 'left'
