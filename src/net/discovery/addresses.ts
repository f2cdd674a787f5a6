/**
 * Which addresses that others tell may be dialled and passed on (DIS-8). An address that the operator wrote down
 * himself is never asked about here.
 */
import { BlockList, isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { RECORD_ADDRESS_BYTES_MAX } from '../../codec/peer-record.ts'

/** `nowhere`: nobody can be reached there, whatever the network: unspecified, multicast, reserved, documentation. */
export type AddressScope = 'public' | 'private' | 'nowhere'

const list = (...subnets: readonly (readonly [string, number])[]): BlockList => {
  const blocks = new BlockList()
  for (const [net, prefix] of subnets) blocks.addSubnet(net, prefix, isIP(net) === 6 ? 'ipv6' : 'ipv4')
  return blocks
}

const PRIVATE = list(
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // Behind a provider's translator.
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local.
  ['169.254.0.0', 16],
  ['::1', 128],
  ['fe80::', 10],
  ['fc00::', 7],
  // Site-local, given up and still routed inside houses.
  ['fec0::', 10]
)
const NOWHERE = list(
  ['0.0.0.0', 8],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['100::', 64],
  ['2001:db8::', 32],
  ['ff00::', 8]
)
/** Addresses that wrap an IPv4 one in their last 32 bits. */
const WRAPPED = list(['::', 96], ['::ffff:0:0', 96], ['::ffff:0:0:0', 96], ['64:ff9b::', 96])

export function scopeOf(address: Multiaddr): AddressScope {
  const first = address.getComponents()[0]
  const host = first?.value ?? ''
  switch (first?.name) {
    case 'ip4':
    case 'ip6':
      return scopeOfIp(host)
    case 'dns':
    case 'dns4':
    case 'dns6':
    case 'dnsaddr':
      return /(?:^|\.)(?:localhost|local|internal|lan|home\.arpa)\.?$/i.test(host) || !host.includes('.')
        ? 'private'
        : 'public'
    // Within this process.
    case 'memory':
      return 'private'
    case undefined:
    default:
      return 'nowhere'
  }
}

function scopeOfIp(host: string): AddressScope {
  const version = isIP(host)
  if (version === 0) return 'nowhere'
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (NOWHERE.check(host, family)) return 'nowhere'
  if (PRIVATE.check(host, family)) return 'private'
  if (version === 6 && WRAPPED.check(host, 'ipv6')) return 'nowhere'
  return 'public'
}

/** Whether an address that somebody else told is used and told further. */
export const mayUse = (address: Multiaddr, allowPrivate: boolean): boolean => {
  const scope = scopeOf(address)
  return scope === 'public' || (scope === 'private' && allowPrivate)
}

/** @returns undefined for bytes that are no multiaddr, too long ones, and addresses without a place to dial. */
export function readAddress(bytes: Uint8Array): Multiaddr | undefined {
  if (bytes.length === 0 || bytes.length > RECORD_ADDRESS_BYTES_MAX) return undefined
  try {
    const address = multiaddr(bytes)
    // Some names that bytes can carry have no text form; such an address could not be logged or stored.
    address.toString()
    return address
  } catch {
    return undefined
  }
}

/** The same without the peer id at its end. */
export function withoutPeer(address: Multiaddr): Multiaddr {
  const components = address.getComponents()
  return components.at(-1)?.name === 'p2p' ? address.decapsulateCode(421) : address
}

/** The host of an address, to compare where a peer came from with where it says it is. */
export const hostOf = (address: Multiaddr): string | undefined => address.getComponents()[0]?.value
