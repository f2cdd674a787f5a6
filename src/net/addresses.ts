/** Addresses as people write them, and what goes wrong with those that are listened on. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { NetError } from './errors.ts'

/** @throws NetError NET_ADDRESS_INVALID */
export function parseAddress(address: string): Multiaddr {
  try {
    return multiaddr(address)
  } catch (error) {
    throw new NetError({ code: 'NET_ADDRESS_INVALID', address }, undefined, { cause: error })
  }
}

/** The typed error behind what libp2p says when it cannot listen. */
export function listenError(error: unknown, listen: readonly string[]): unknown {
  if (!(error instanceof Error) || error.name !== 'UnsupportedListenAddressesError') return error
  const address = listen.join(', ')
  const code = error.message.includes('EADDRINUSE') ? 'NET_PORT_IN_USE' : 'NET_LISTEN_FAILED'
  return new NetError({ code, address }, undefined, { cause: error })
}
