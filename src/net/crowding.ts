/**
 * How many connections one machine may have with this node (D14): of one address, and of one peer. Addresses are counted
 * as /32 of IPv4 and /64 of IPv6, which is what one customer has. With `--allow-private`, private addresses are not
 * counted: machines of a devnet share one.
 */
import type { Multiaddr } from '@multiformats/multiaddr'
import { toHex } from '../primitives/bytes.ts'
import { scopeOf } from './discovery/addresses.ts'
import { NET_LIMITS } from './limits.ts'

/** What is counted of a connection. */
export interface Counted {
  readonly direction: 'inbound' | 'outbound'
  readonly remoteAddr: Multiaddr
  readonly remotePeer: { toString(): string }
}

/** Binary form: one byte of protocol, then the host. */
const HOST_BYTES = { ip4: 1 + 4, ip6: 1 + 8 } as const

/** @returns what is counted together; undefined for what has no host address. */
export function machineOf(address: Multiaddr): string | undefined {
  const name = address.getComponents()[0]?.name
  if (name !== 'ip4' && name !== 'ip6') return undefined
  return toHex(address.bytes.subarray(0, HOST_BYTES[name]))
}

/** Whether one more inbound connection of that address is too many. */
export function isCrowdedAddress(
  connections: readonly Counted[],
  address: Multiaddr,
  allowPrivate: boolean
): boolean {
  const machine = machineOf(address)
  if (machine === undefined || (allowPrivate && scopeOf(address) === 'private')) return false
  const open = connections.filter(
    ({ direction, remoteAddr }) => direction === 'inbound' && machineOf(remoteAddr) === machine
  )
  return open.length >= NET_LIMITS.connectionsPerAddress
}

/** Whether one more connection of that peer is too many. Two at once are usual: both dialled. */
export function isCrowdedPeer(connections: readonly Counted[], peer: string): boolean {
  const open = connections.filter(({ remotePeer }) => remotePeer.toString() === peer)
  return open.length >= NET_LIMITS.connectionsPerPeer
}
