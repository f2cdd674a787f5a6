/** The network layer's counters, behind the port it declares. */
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import type { NetMetrics } from '../net/metrics.ts'

function declarePeerMetrics(registry: Registry) {
  const registers = [registry]
  return {
    dials: new Histogram({
      name: 'icn_dial_seconds',
      help: 'Dials of peers, by how they ended',
      labelNames: ['outcome'] as const,
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5],
      registers
    }),
    searches: new Counter({
      name: 'icn_peer_search_total',
      help: 'Rounds of looking for peers, by method and whether anybody answered',
      labelNames: ['method', 'outcome'] as const,
      registers
    }),
    peersKnown: new Gauge({
      name: 'icn_peers_known',
      help: 'Peers in the book, connected or not',
      registers
    }),
    peersLetGo: new Counter({
      name: 'icn_peers_let_go_total',
      help: 'Surplus peers that were let go',
      registers
    }),
    ledgerPeers: new Gauge({
      name: 'icn_ledger_peers',
      help: 'Peers of which facts are remembered',
      registers
    }),
    bannedPeers: new Gauge({
      name: 'icn_banned_peers',
      help: 'Bans in force',
      registers
    }),
    deafPeers: new Counter({
      name: 'icn_deaf_peer_total',
      help: 'Connections closed because their gossip streams never worked',
      registers
    }),
    peers: new Gauge({
      name: 'icn_peers',
      help: 'Connected peers that follow a chain',
      labelNames: ['chain', 'direction'] as const,
      registers
    })
  }
}

export function declareNetMetrics(registry: Registry) {
  const registers = [registry]
  return {
    gossipVerdicts: new Counter({
      name: 'icn_gossip_verdict_total',
      help: 'Verdicts on gossip messages, by the rule that decided',
      labelNames: ['kind', 'verdict', 'rule'] as const,
      registers
    }),
    gossipCaches: new Gauge({
      name: 'icn_gossip_cache_entries',
      help: 'What gossipsub keeps by remote input',
      labelNames: ['cache'] as const,
      registers
    }),
    gossipPublished: new Counter({
      name: 'icn_gossip_published_total',
      help: 'Own gossip messages, by whether any peer was sent it',
      labelNames: ['kind', 'reached'] as const,
      registers
    }),
    requests: new Counter({
      name: 'icn_request_total',
      help: 'Own requests to peers that ended',
      labelNames: ['protocol', 'outcome'] as const,
      registers
    }),
    served: new Counter({
      name: 'icn_request_served_total',
      help: 'Requests of peers that ended',
      labelNames: ['protocol', 'outcome'] as const,
      registers
    }),
    handshakes: new Counter({
      name: 'icn_handshake_total',
      help: 'Status exchanges, by outcome',
      labelNames: ['outcome'] as const,
      registers
    }),
    streamsRefused: new Counter({
      name: 'icn_stream_refused_total',
      help: 'Streams refused or broken',
      labelNames: ['protocol', 'reason'] as const,
      registers
    }),
    peerFacts: new Counter({
      name: 'icn_peer_fact_total',
      help: 'Facts written into the peer ledger',
      labelNames: ['fact'] as const,
      registers
    }),
    ...declarePeerMetrics(registry)
  }
}

type Declared = ReturnType<typeof declareNetMetrics>
interface QueueGauge {
  set(labels: { queue: string }, length: number): void
}

export const netMetrics = (metrics: Declared, queues: QueueGauge): NetMetrics => ({
  gossipVerdict: (kind, verdict, rule) => metrics.gossipVerdicts.inc({ kind, verdict, rule }),
  gossipPublished: (kind, recipients) =>
    metrics.gossipPublished.inc({ kind, reached: recipients > 0 ? 'some' : 'none' }),
  request: (protocol, outcome) => metrics.requests.inc({ protocol, outcome }),
  served: (protocol, outcome) => metrics.served.inc({ protocol, outcome }),
  handshake: (outcome) => metrics.handshakes.inc({ outcome }),
  streamRefused: (protocol, reason) => metrics.streamsRefused.inc({ protocol, reason }),
  peerFact: (fact) => metrics.peerFacts.inc({ fact }),
  ledgerPeers: (count) => metrics.ledgerPeers.set(count),
  gossipCache: (cache, entries) => metrics.gossipCaches.set({ cache }, entries),
  queue: (name, length) => queues.set({ queue: name }, length),
  dialled: (outcome, seconds) => metrics.dials.observe({ outcome }, seconds),
  searched: (method, outcome) => metrics.searches.inc({ method, outcome }),
  peersKnown: (count) => metrics.peersKnown.set(count),
  letGo: () => metrics.peersLetGo.inc(),
  deafPeer: () => metrics.deafPeers.inc()
})
