/**
 * libp2p writes down the protocol of every stream that is opened, in either direction: it reads the peer's record, decodes
 * all addresses and keys in it, encodes it again and stores what was there before. Here what is known of a peer that is
 * connected to support is written once.
 */
import type { Libp2p, Peer as Stored, PeerData, PeerId } from '@libp2p/interface'

interface Known {
  readonly protocols: Set<string>
  stored: Stored
}

export function rememberProtocols(host: Pick<Libp2p, 'peerStore' | 'addEventListener'>): void {
  const { peerStore } = host
  const merge = peerStore.merge.bind(peerStore)
  const patch = peerStore.patch.bind(peerStore)
  /** Bounded by the connections. */
  const known = new Map<string, Known>()
  const remember = (id: PeerId, stored: Stored): Stored => {
    known.set(id.toString(), { protocols: new Set(stored.protocols), stored })
    return stored
  }
  peerStore.merge = async (id, data, options) => {
    const one = onlyProtocol(data)
    if (one === undefined) return merge(id, data, options)
    const before = known.get(id.toString())
    if (before?.protocols.has(one) === true) return before.stored
    return remember(id, await merge(id, data, options))
  }
  peerStore.patch = async (id, data, options) => {
    const stored = await patch(id, data, options)
    // What the peer itself lists, in place of what was known.
    if (data.protocols !== undefined && known.has(id.toString())) remember(id, stored)
    return stored
  }
  host.addEventListener('peer:disconnect', ({ detail }) => known.delete(detail.toString()))
}

/** Data that says of a peer that it supports one protocol, and nothing else. */
function onlyProtocol(data: PeerData): string | undefined {
  const { protocols } = data
  if (protocols?.length !== 1) return undefined
  for (const name in data) if (name !== 'protocols') return undefined
  return protocols[0]
}
