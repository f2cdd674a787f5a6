/** Why a dial ended as it did, for the metric: the true cause, not that something failed (SYSTEM D13). */

export const DIAL_OUTCOMES = [
  'connected',
  'refused',
  'timeout',
  'unreachable',
  'other-peer',
  'denied',
  'no-address',
  'handshake',
  'failed'
] as const
export type DialOutcome = (typeof DIAL_OUTCOMES)[number]

const BY_CODE: Readonly<Record<string, DialOutcome>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'handshake',
  EPIPE: 'handshake',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable'
}
const BY_NAME: Readonly<Record<string, DialOutcome>> = {
  TimeoutError: 'timeout',
  AbortError: 'timeout',
  UnexpectedPeerError: 'other-peer',
  InvalidCryptoExchangeError: 'handshake',
  EncryptionFailedError: 'handshake',
  MuxerUnavailableError: 'handshake',
  DialDeniedError: 'denied',
  NoValidAddressesError: 'no-address',
  TransportUnavailableError: 'no-address'
}

/** libp2p wraps what every address said; the first cause that says something is the answer. */
export function dialOutcome(error: unknown, depth = 0): DialOutcome {
  if (!(error instanceof Error) || depth > 4) return 'failed'
  const inner: readonly unknown[] = error instanceof AggregateError ? error.errors : [error.cause]
  for (const each of inner) {
    const outcome = dialOutcome(each, depth + 1)
    if (outcome !== 'failed') return outcome
  }
  const code = 'code' in error ? String(error.code) : ''
  const known = BY_CODE[code] ?? BY_NAME[error.name]
  if (known !== undefined) return known
  if (error.message.includes('ECONNREFUSED') || error.message.includes('No memory listener')) return 'refused'
  return 'failed'
}
