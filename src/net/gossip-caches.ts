/**
 * Sizes of everything that gossipsub keeps by remote input, as gauges. The library's own maps have leaked before:
 * whoever sees one grow while the number of peers stands still has found the next leak.
 */
import type { NetContext } from './context.ts'
import { NET_LIMITS } from './limits.ts'

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
type Inside = Readonly<Record<(typeof BY_PEER)[number], Sized>> &
  Readonly<Record<(typeof BY_TOPIC)[number], ReadonlyMap<string, Sized>>> & {
    readonly score: { readonly peerStats: Sized; readonly peerIPs: Sized; readonly scoreCache: Sized }
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

/** Reads them as often as the watchdog looks, until the network stops. */
export function watchGossipCaches({ host, metrics, signal }: NetContext): void {
  const look = (): void => {
    for (const [cache, entries] of gossipCaches(host.services.pubsub)) metrics.gossipCache(cache, entries)
  }
  const timer = setInterval(look, NET_LIMITS.watchdogMs)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
