/** What the network counts. The node puts prom-client behind it; the layer itself knows no metrics library. */
import type { DialOutcome } from './discovery/dial-outcome.ts'
import type { LaneName } from './lanes.ts'
import type { GossipKind, GossipVerdict, PeerFact, RequestProtocol } from './types.ts'

export interface NetMetrics {
  /** icn_gossip_verdict_total{kind,verdict,rule}. Rules are names from the rule tables, hence few. */
  gossipVerdict(kind: GossipKind, verdict: GossipVerdict['action'], rule: string): void
  /** One own message left for so many peers. */
  gossipPublished(kind: GossipKind, recipients: number): void
  /** icn_request_total{protocol,outcome}: a request of ours ended. */
  request(protocol: RequestProtocol, outcome: string): void
  /** A request of a peer ended. */
  served(protocol: RequestProtocol, outcome: string): void
  /** A status exchange ended: ok, wrong-network, missing-features, garbage, timeout, …. */
  handshake(outcome: string): void
  /** A stream of a protocol was refused or broken, and why. */
  streamRefused(protocol: string, reason: string): void
  /** A fact went into the peer ledger. */
  peerFact(fact: PeerFact): void
  /** icn_ledger_peers. */
  ledgerPeers(count: number): void
  /** icn_queue_length{queue}. */
  queue(name: `lane-${LaneName}` | 'consensus-out' | 'requests', length: number): void
  /** icn_gossip_cache_entries{cache}: what gossipsub keeps by remote input. */
  gossipCache(cache: string, entries: number): void
  /** icn_dial_seconds{outcome}: a dial ended. */
  dialled(outcome: DialOutcome, seconds: number): void
  /** icn_peer_search_total{method,outcome}: one method of looking for peers ended. */
  searched(method: 'namespace' | 'walk' | 'exchange', outcome: 'answered' | 'nothing' | 'failed'): void
  /** icn_peers_known. */
  peersKnown(count: number): void
  /** A surplus peer was let go. */
  letGo(): void
  /** A connected peer without working gossip streams was hung up on. */
  deafPeer(): void
}

const nothing = (): void => undefined
export const silentMetrics: NetMetrics = {
  gossipVerdict: nothing,
  gossipPublished: nothing,
  request: nothing,
  served: nothing,
  handshake: nothing,
  streamRefused: nothing,
  peerFact: nothing,
  ledgerPeers: nothing,
  queue: nothing,
  gossipCache: nothing,
  dialled: nothing,
  searched: nothing,
  peersKnown: nothing,
  letGo: nothing,
  deafPeer: nothing
}
