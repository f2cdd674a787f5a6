/**
 * libp2p writes down the protocol of every stream that is opened, in either direction: it reads the peer's record, decodes
 * all addresses and keys in it, encodes it again and stores what was there before. Here what is known of a peer that is
 * connected to support is written once, and again now and then: a record that nobody writes for six hours expires, and
 * when its peer disconnects libp2p tells nobody of it whose record there is not, so that gossip would keep it for ever.
 */
import type { Libp2p, Peer as Stored, PeerData, PeerId } from '@libp2p/interface'

interface Known {
  readonly protocols: Set<string>
  readonly stored: Stored
  readonly writtenMs: number
}

/** Far below what the library keeps a record for, and far above the time between two streams. */
export const RENEW_MS = 30 * 60_000

export function rememberProtocols(
  host: Pick<Libp2p, 'peerStore' | 'addEventListener' | 'getConnections'>,
  nowMs: () => number = () => performance.now()
): void {
  const { peerStore } = host
  const merge = peerStore.merge.bind(peerStore)
  const patch = peerStore.patch.bind(peerStore)
  /** Bounded by the connections: whoever has hung up while it was written is not remembered. */
  const known = new Map<string, Known>()
  const remember = (id: PeerId, stored: Stored): Stored => {
    if (host.getConnections(id).length > 0)
      known.set(id.toString(), { protocols: new Set(stored.protocols), stored, writtenMs: nowMs() })
    return stored
  }
  peerStore.merge = async (id, data, options) => {
    const one = onlyProtocol(data)
    if (one === undefined) return merge(id, data, options)
    const before = known.get(id.toString())
    if (before?.protocols.has(one) === true && nowMs() - before.writtenMs < RENEW_MS) return before.stored
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
