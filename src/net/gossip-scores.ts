/**
 * Score parameters of gossipsub, computed from what each kind of topic is expected to carry (D11, GOS-12). They move
 * peers in and out of meshes only; disconnecting is the ledger's decision (D14).
 *
 * An honest peer is never below zero: nothing but rejected messages and broken mesh rules subtracts. Deliveries that
 * are missing (P3) cost nothing, since a quiet chain is not a fault, and neither does sharing an address (P6).
 */
import { createPeerScoreParams, createTopicScoreParams } from '@libp2p/gossipsub/score'
import type { PeerScoreParams, PeerScoreThresholds, TopicScoreParams } from '@libp2p/gossipsub/score'
import type { GossipKind } from './types.ts'

/** What a chain's traffic follows from: the genesis says all of it. */
export interface Traffic {
  /** Members of a committee: each votes twice in a view. */
  readonly members: number
  readonly blockIntervalMs: number
  readonly blockTransactionsMax: number
}

/** A network that said nothing about itself, in tests: four members and a block a second. */
export const QUIET_TRAFFIC: Traffic = { members: 4, blockIntervalMs: 1_000, blockTransactionsMax: 10_000 }

/** Nodes with an interval of zero go as fast as they can, which is not faster than this. */
const FASTEST_BLOCK_MS = 20
/** Bundles that one node sends in a second at most: it flushes every 10 ms (M4). */
const BUNDLES_PER_NODE = 100
/** A notarisation or nullification, and a finalisation. */
const CERTIFICATES_PER_VIEW = 2

/** Messages that a topic carries in a second when its chain is busy. */
export function expectedPerS(traffic: Traffic): Readonly<Record<GossipKind, number>> {
  const views = 1_000 / Math.max(FASTEST_BLOCK_MS, traffic.blockIntervalMs)
  return {
    // A bundle has at least one transaction, and the blocks take no more of them.
    tx: Math.min(traffic.members * BUNDLES_PER_NODE, traffic.blockTransactionsMax * views),
    block: views,
    vote: 2 * traffic.members * views,
    certificate: CERTIFICATES_PER_VIEW * views,
    receipt: views
  }
}

const DECAY_MS = 1_000
/** A first delivery counts twice when verdicts come asynchronously. */
const COUNTED_TWICE = 2
/** Peers of a mesh that share the first deliveries of a topic. */
const MESH_PEERS = 3
/** What a peer can earn in one topic: by being in its mesh, and by delivering first. */
const MESH_EARNED_MAX = 1
const FIRST_EARNED_MAX = 5
export const EARNED_MAX = MESH_EARNED_MAX + FIRST_EARNED_MAX
/** What one rejected message costs, in whichever topic: more than ever was earned. */
export const REJECTED_COST = 20
/** Deliveries are remembered for a minute, or for so many messages of a slow topic, though not above the longest. */
const MEMORY_S = 60
const MEMORY_MESSAGES = 20
const MEMORY_LONGEST_S = 600
const MESH_TIME_CAP = 100

/** Counters fall to a hundredth in so many seconds. */
const decay = (seconds: number): number => 0.01 ** (DECAY_MS / 1_000 / seconds)

export function topicScores(perS: number, weight: number): TopicScoreParams {
  const memoryS = Math.min(MEMORY_LONGEST_S, Math.max(MEMORY_S, MEMORY_MESSAGES / perS))
  const kept = decay(memoryS)
  /** Where the counter of a peer settles that delivers its part of a mesh's messages first. */
  const cap = Math.max(1, ((perS * COUNTED_TWICE) / MESH_PEERS) * (1 / (1 - kept)))
  return createTopicScoreParams({
    topicWeight: weight,
    timeInMeshWeight: MESH_EARNED_MAX / MESH_TIME_CAP,
    timeInMeshQuantum: DECAY_MS,
    timeInMeshCap: MESH_TIME_CAP,
    firstMessageDeliveriesWeight: FIRST_EARNED_MAX / cap,
    firstMessageDeliveriesDecay: kept,
    firstMessageDeliveriesCap: cap,
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    /** Squared: the first reject leaves all meshes, the second gets no gossip, the third silences. */
    invalidMessageDeliveriesWeight: -REJECTED_COST / weight,
    invalidMessageDeliveriesDecay: decay(MEMORY_S)
  })
}

export function gossipScores(
  topics: ReadonlyMap<string, GossipKind>,
  traffic: Traffic = QUIET_TRAFFIC
): PeerScoreParams {
  const perS = expectedPerS(traffic)
  const weight = 1 / Math.max(1, topics.size)
  const entries = [...topics].map(([topic, kind]) => [topic, topicScores(perS[kind], weight)] as const)
  return createPeerScoreParams({
    topics: Object.fromEntries(entries),
    topicScoreCap: EARNED_MAX,
    IPColocationFactorWeight: 0,
    appSpecificWeight: 0,
    behaviourPenaltyWeight: -10,
    /** A slow peer breaks a promise to send now and then: one for each topic is borne, and never fewer than six. */
    behaviourPenaltyThreshold: Math.max(6, topics.size),
    behaviourPenaltyDecay: decay(MEMORY_S),
    decayInterval: DECAY_MS,
    decayToZero: 0.01,
    retainScore: 600_000
  })
}

/** In rejected messages, squared: two, two, three. */
export const GOSSIP_THRESHOLDS: PeerScoreThresholds = {
  gossipThreshold: -2 * REJECTED_COST,
  publishThreshold: -4 * REJECTED_COST,
  graylistThreshold: -8 * REJECTED_COST,
  acceptPXThreshold: EARNED_MAX,
  opportunisticGraftThreshold: 1
}
