/**
 * Sizes of everything that gossipsub keeps by remote input, as gauges. The library's own maps have leaked before:
 * whoever sees one grow while the number of peers stands still has found the next leak. And for how long it keeps what
 * follows the traffic: of 200 transfers a second and their votes that is most of what is alive and not the ledger's.
 */
import type { NetContext } from './context.ts'
import { GOSSIP_SEEN_MS, NET_LIMITS } from './limits.ts'

/** For how long the library keeps who delivered a message, by a constant of its own. */
const DELIVERIES_MS = 120_000

/** Maps by peer, or by topic with peers inside; keys of messages expire with time. */
const BY_PEER = [
  'peers',
  'streamsInbound',
  'streamsOutbound',
  'outbound',
  'control',
  'gossip',
  'peerhave',
  'iasked',
  'iwantCounts',
  'idontwantCounts',
  'idontwants',
  'acceptFromWhitelist',
  'peerTopicBytes'
] as const
const BY_TOPIC = ['topics', 'mesh', 'fanout', 'backoff'] as const

interface Sized {
  readonly size: number
}
interface Deliveries {
  readonly records: Map<string, unknown>
  readonly queue: {
    peekFront(): { readonly msgId: string; readonly expire: number } | undefined
    shift(): unknown
  }
}
type Inside = Readonly<Record<(typeof BY_PEER)[number], Sized>> &
  Readonly<Record<(typeof BY_TOPIC)[number], ReadonlyMap<string, Sized>>> & {
    readonly score: {
      readonly peerStats: Sized
      readonly peerIPs: Sized
      readonly scoreCache: Sized
      readonly deliveryRecords: Deliveries
    }
    readonly gossipTracer: { readonly promises: Sized; readonly requestMsByMsg: Sized }
    readonly seenCache: Sized
    readonly mcache: { readonly size: number }
  }

const inner = (topics: ReadonlyMap<string, Sized>): number =>
  [...topics.values()].reduce((sum, { size }) => sum + size, 0)

/** Entries by cache. Those of messages are kept apart by their name: they follow the traffic, not the peers. */
export function gossipCaches(pubsub: unknown): ReadonlyMap<string, number> {
  const inside = pubsub as Inside
  const { score, gossipTracer, seenCache, mcache } = inside
  return new Map([
    ...BY_PEER.map((name) => [name, inside[name].size] as const),
    ...BY_TOPIC.map((name) => [name, inner(inside[name])] as const),
    ['scores', score.peerStats.size] as const,
    ['scoreAddresses', score.peerIPs.size] as const,
    ['scoreCache', score.scoreCache.size] as const,
    ['promises', gossipTracer.promises.size] as const,
    ['messagesSeen', seenCache.size] as const,
    ['messagesKept', mcache.size] as const
  ])
}

/** Who delivered what is forgotten with the message itself: nobody is credited with a copy that comes later. */
function forgetDeliveries(pubsub: unknown): void {
  const { records, queue } = (pubsub as Inside).score.deliveryRecords
  const untilMs = Date.now() + DELIVERIES_MS - GOSSIP_SEEN_MS
  for (
    let first = queue.peekFront();
    first !== undefined && first.expire < untilMs;
    first = queue.peekFront()
  ) {
    records.delete(first.msgId)
    queue.shift()
  }
}

/** Reads them as often as the watchdog looks, until the network stops. */
export function watchGossipCaches({ host, metrics, signal }: NetContext): void {
  const look = (): void => {
    forgetDeliveries(host.services.pubsub)
    for (const [cache, entries] of gossipCaches(host.services.pubsub)) metrics.gossipCache(cache, entries)
  }
  const timer = setInterval(look, NET_LIMITS.watchdogMs)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
