/**
 * Services of the host that an operator can switch on (all off by default). None of them is needed by anything here:
 * they help a node behind a router to be reached.
 */
import { autoNAT } from '@libp2p/autonat'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { mdns } from '@libp2p/mdns'
import { uPnPNAT } from '@libp2p/upnp-nat'

export interface HostSwitches {
  /** Finds peers on the local network. */
  readonly mdns?: boolean
  /** Can be reached through others, and lets others be reached through it. */
  readonly relay?: boolean
  /** Asks peers whether its addresses can be reached, and answers such questions. */
  readonly autonat?: boolean
  /** Asks the router to let peers in. */
  readonly upnp?: boolean
}

const RELAYED_AT_ONCE = 16
const LOCAL_SEARCH_MS = 20_000

export const switchedTransports = ({ relay }: HostSwitches = {}) =>
  relay === true ? [circuitRelayTransport()] : []

export const switchedDiscovery = ({ mdns: local }: HostSwitches = {}) =>
  local === true ? [mdns({ interval: LOCAL_SEARCH_MS })] : []

export const switchedServices = ({ relay, autonat, upnp }: HostSwitches = {}) => ({
  ...(relay === true
    ? { relay: circuitRelayServer({ reservations: { maxReservations: RELAYED_AT_ONCE } }) }
    : {}),
  ...(autonat === true ? { autonat: autoNAT() } : {}),
  ...(upnp === true ? { upnp: uPnPNAT() } : {})
})
