import assert from 'node:assert/strict'
import { PeerScore } from '@libp2p/gossipsub/score'
import type { TopicScoreParams } from '@libp2p/gossipsub/score'
import type { Logger } from '@libp2p/interface'
import {
  EARNED_MAX,
  GOSSIP_THRESHOLDS,
  QUIET_TRAFFIC,
  expectedPerS,
  gossipScores
} from '../../../src/net/gossip-scores.ts'
import type { Traffic } from '../../../src/net/gossip-scores.ts'
import { FOLLOWED_KINDS } from '../../../src/net/types.ts'
import type { GossipKind } from '../../../src/net/types.ts'
import { fc } from '../../support/fast-check.ts'

const nothing = (): void => undefined
const silent: Logger = Object.assign(nothing, {
  error: nothing,
  trace: nothing,
  enabled: false,
  newScope: () => silent
})

const topics = (chains: number): Map<string, GossipKind> =>
  new Map(
    Array.from({ length: chains }, (_, chain) => chain).flatMap((chain) =>
      FOLLOWED_KINDS.map((kind) => [`${chain}/${kind}`, kind] as const)
    )
  )

/** A minute's deliveries and rejects of one peer, decayed each second, as gossipsub counts them. */
function counters(topic: TopicScoreParams, perS: number, rejects: number) {
  let first = 0
  for (let second = 0; second < 600; second++) {
    first = Math.min(topic.firstMessageDeliveriesCap, first * topic.firstMessageDeliveriesDecay + 2 * perS)
  }
  return {
    inMesh: true,
    graftTime: 0,
    meshTime: 600_000,
    firstMessageDeliveries: first,
    meshMessageDeliveries: 0,
    meshMessageDeliveriesActive: true,
    meshFailurePenalty: 5,
    invalidMessageDeliveries: rejects
  }
}

interface Behaviour {
  readonly share?: number
  readonly rejects?: number
  readonly broken?: number
}
function score(traffic: Traffic, chains: number, { share = 1 / 3, rejects = 0, broken = 0 }: Behaviour = {}) {
  const params = gossipScores(topics(chains), traffic)
  const perS = expectedPerS(traffic)
  const names = Object.entries(params.topics)
  const stats = names.map(([name, topic], index) => {
    const kind = name.split('/')[1] as GossipKind
    return [name, counters(topic, perS[kind] * share, index === 0 ? rejects : 0)] as const
  })
  const book = new PeerScore(params, null, { forComponent: () => silent }, { scoreCacheValidityMs: 0 })
  book.peerStats.set('peer', {
    connected: true,
    expire: 0,
    topics: Object.fromEntries(stats),
    knownIPs: new Set(['127.0.0.1']),
    behaviourPenalty: broken
  })
  book.peerIPs.set('127.0.0.1', new Set(Array.from({ length: 50 }, (_, i) => `peer ${i}`)))
  return book.score('peer')
}

const traffics = fc.record({
  members: fc.integer({ min: 1, max: 1_024 }),
  blockIntervalMs: fc.integer({ min: 0, max: 600_000 }),
  blockTransactionsMax: fc.integer({ min: 1, max: 16_384 })
})
const chainCounts = fc.integer({ min: 1, max: 65 })

describe('gossip scores', () => {
  it('GOS-12: rates follow from members, interval and size of blocks', () => {
    assert.deepEqual(expectedPerS(QUIET_TRAFFIC), { tx: 400, block: 1, vote: 8, certificate: 2, receipt: 1 })
    const seed = { members: 100, blockIntervalMs: 15_000, blockTransactionsMax: 1_500 }
    assert.deepEqual(expectedPerS(seed), {
      tx: 100,
      block: 1 / 15,
      vote: 200 / 15,
      certificate: 2 / 15,
      receipt: 1 / 15
    })
    assert.equal(expectedPerS({ ...QUIET_TRAFFIC, blockIntervalMs: 0 }).block, 50)
  })

  it('GOS-12: whatever the traffic, an honest peer is never below zero: silent, quiet, busy, from a shared address', () => {
    fc.assert(
      fc.property(
        traffics,
        chainCounts,
        fc.double({ min: 0, max: 2, noNaN: true }),
        (traffic, chains, share) => {
          const honest = score(traffic, chains, { share, broken: Math.max(6, 4 * chains) })
          assert(honest >= 0 && honest <= EARNED_MAX + 1e-9, `score ${honest}`)
        }
      )
    )
  })

  it('GOS-12: its share of a busy topic and of a slow one earns the same', () => {
    const fast = score({ members: 4, blockIntervalMs: 50, blockTransactionsMax: 64 }, 3)
    const slow = score({ members: 4, blockIntervalMs: 15_000, blockTransactionsMax: 64 }, 3)
    assert(fast > 0.8 * EARNED_MAX && slow > 0.8 * EARNED_MAX, `${fast} and ${slow}`)
  })

  it('GOS-12: one reject outweighs all that was earned, two lose gossip, three all', () => {
    fc.assert(
      fc.property(traffics, chainCounts, (traffic, chains) => {
        const of = (rejects: number): number => score(traffic, chains, { rejects })
        assert(of(1) < 0, `one: ${of(1)}`)
        assert(of(2) < GOSSIP_THRESHOLDS.gossipThreshold, `two: ${of(2)}`)
        assert(of(3) < GOSSIP_THRESHOLDS.graylistThreshold, `three: ${of(3)}`)
      })
    )
  })

  it('GOS-12: broken promises beyond one for each topic cost, others do not', () => {
    const chains = 5
    assert(score(QUIET_TRAFFIC, chains, { broken: 20 }) > 0)
    assert(score(QUIET_TRAFFIC, chains, { broken: 23 }) < 0)
  })
})
