/**
 * Score parameters of gossipsub, computed from what each kind of topic is expected to carry (D11). They move peers
 * in and out of meshes only; disconnecting is the ledger's decision (D14).
 *
 * An honest peer is never below zero: nothing but rejected messages and broken mesh rules subtracts. Deliveries that
 * are missing (P3) cost nothing, since a quiet chain is not a fault, and neither does sharing an address (P6).
 */
import { createPeerScoreParams, createTopicScoreParams } from '@libp2p/gossipsub/score'
import type { PeerScoreParams, PeerScoreThresholds, TopicScoreParams } from '@libp2p/gossipsub/score'
import type { GossipKind } from './types.ts'

/** Messages that a topic carries in a second when the chain is busy. */
const EXPECTED_PER_S: Readonly<Record<GossipKind, number>> = { tx: 50, block: 2, vote: 40, certificate: 4 }

const DECAY_MS = 1_000
/** A first delivery counts twice when verdicts come asynchronously. */
const COUNTED_TWICE = 2
/** What a peer can earn in one topic by delivering first. */
const EARNED_MAX = 5
/** Counters fall to a hundredth in so many decay intervals. */
const decay = (intervals: number): number => 0.01 ** (1 / intervals)

function topicScores(kind: GossipKind, weight: number): TopicScoreParams {
  const cap = EXPECTED_PER_S[kind] * COUNTED_TWICE
  return createTopicScoreParams({
    topicWeight: weight,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: DECAY_MS,
    timeInMeshCap: 100,
    firstMessageDeliveriesWeight: EARNED_MAX / cap,
    firstMessageDeliveriesDecay: decay(60),
    firstMessageDeliveriesCap: cap,
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    /** Squared: the first reject hurts, the second leaves all meshes, the fourth silences. */
    invalidMessageDeliveriesWeight: -20 / weight,
    invalidMessageDeliveriesDecay: decay(60)
  })
}

export function gossipScores(topics: ReadonlyMap<string, GossipKind>): PeerScoreParams {
  const weight = 1 / Math.max(1, topics.size)
  const entries = [...topics].map(([topic, kind]) => [topic, topicScores(kind, weight)] as const)
  return createPeerScoreParams({
    topics: Object.fromEntries(entries),
    topicScoreCap: 50,
    IPColocationFactorWeight: 0,
    appSpecificWeight: 0,
    behaviourPenaltyWeight: -10,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: decay(60),
    decayInterval: DECAY_MS,
    decayToZero: 0.01,
    retainScore: 600_000
  })
}

export const GOSSIP_THRESHOLDS: PeerScoreThresholds = {
  gossipThreshold: -40,
  publishThreshold: -80,
  graylistThreshold: -160,
  acceptPXThreshold: 10,
  opportunisticGraftThreshold: 1
}
