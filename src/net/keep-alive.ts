/**
 * The DHT marks those whose ids are nearest to its own, and libp2p dials who is marked at once when a connection ends,
 * whoever ended it and why, also with no retries configured: those that refused us or that we let go (REQ-5, DIS-12), as
 * often as they hang up. Whom to dial is for discovery alone to say (DIS-14), so the mark is not written.
 */
import { KEEP_ALIVE } from '@libp2p/interface'
import type { Libp2p } from '@libp2p/interface'

/** `closest-peers.ts` of @libp2p/kad-dht; `reconnect-queue.ts` of libp2p reads it. A relay's mark is another. */
const MARK = `${KEEP_ALIVE}-kad-dht`

export function reconnectNobody({ peerStore }: Pick<Libp2p, 'peerStore'>): void {
  const merge = peerStore.merge.bind(peerStore)
  peerStore.merge = async (id, data, options) => {
    const tags = new Map(data.tags instanceof Map ? data.tags : Object.entries(data.tags ?? {}))
    return merge(id, tags.delete(MARK) ? { ...data, tags } : data, options)
  }
}
