/**
 * Services of the host that an operator can switch on (all off by default). None of them is needed by anything here:
 * they help a node behind a router to be reached. Each is loaded when it is switched on: unused they would hold memory.
 */
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

export async function switchedTransports({ relay }: HostSwitches = {}) {
  if (relay !== true) return []
  const { circuitRelayTransport } = await import('@libp2p/circuit-relay-v2')
  return [circuitRelayTransport()]
}

export async function switchedDiscovery({ mdns: local }: HostSwitches = {}) {
  if (local !== true) return []
  const { mdns } = await import('@libp2p/mdns')
  return [mdns({ interval: LOCAL_SEARCH_MS })]
}

export async function switchedServices({ relay, autonat, upnp }: HostSwitches = {}) {
  return {
    ...(relay === true ? { relay: await relayServer() } : {}),
    ...(autonat === true ? { autonat: (await import('@libp2p/autonat')).autoNAT() } : {}),
    ...(upnp === true ? { upnp: (await import('@libp2p/upnp-nat')).uPnPNAT() } : {})
  }
}

async function relayServer() {
  const { circuitRelayServer } = await import('@libp2p/circuit-relay-v2')
  return circuitRelayServer({ reservations: { maxReservations: RELAYED_AT_ONCE } })
}
