import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mock } from 'node:test'
import { limitTable } from '../../../src/net/limits.ts'
import { LIMIT_PAIRS } from '../../support/limit-pairs.ts'
import { repositoryPath } from '../../support/repository.ts'

/** Pairs that need streams, peers or a node: where they are. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  statusTimeoutMs: 'test/swarm/net-peers.spec.ts',
  consensusQueueBytes: 'test/swarm/net-consensus.spec.ts',
  answerBytesPerS: 'test/unit/net/ask-stream.spec.ts',
  requestIdleMs: 'test/unit/net/ask-stream.spec.ts',
  lastWordsMs: 'test/unit/net/ask-stream.spec.ts',
  silentPeerMs: 'test/unit/net/watchdog.spec.ts',
  pingIntervalMs: 'test/unit/net/pings.spec.ts',
  pingTimeoutMs: 'test/unit/net/pings.spec.ts',
  connectionsPerAddress: 'test/unit/net/crowding.spec.ts',
  connectionsPerPeer: 'test/unit/net/crowding.spec.ts',
  maxPeers: 'test/swarm/net-peers.spec.ts',
  laneSliceMs: 'test/unit/net/lane.spec.ts',
  judgeTimeoutMs: 'test/swarm/net-gossip.spec.ts',
  'gossip.tx.bytes': 'test/swarm/net-gossip.spec.ts',
  'gossip.block.bytes': 'test/swarm/net-gossip.spec.ts',
  'gossip.vote.bytes': 'test/swarm/net-gossip.spec.ts',
  'gossip.certificate.bytes': 'test/swarm/net-gossip.spec.ts',
  'gossip.receipt.bytes': 'test/swarm/net-gossip.spec.ts',
  gossipRpcBytes: 'test/swarm/net-gossip.spec.ts',
  'discovery.providersPerShard': 'test/unit/net/record-store.spec.ts',
  peersKnown: 'test/unit/net/discovery/peer-book.spec.ts',
  'discovery.providers': 'test/unit/net/record-store.spec.ts'
}

/** Rhythms, pauses and aims of our own: nobody can be at them or past them. */
const RHYTHMS: ReadonlySet<string> = new Set([
  'statusRefreshMs',
  'readyTimeoutMs',
  'refusedPauseMs',
  'busyPauseMs',
  'offencePauseMs',
  'gossipPaceBytes',
  'gossipPaceMs',
  'dialTimeoutMs',
  'redialMinMs',
  'redialMaxMs',
  'walkMinMs',
  'walkMaxMs',
  'watchdogMs'
])

/** Kept inside libp2p, which is given the number. */
const OF_LIBP2P: ReadonlySet<string> = new Set([
  'gossipOutboundBytes',
  'inboundConnectionsPerS',
  'inboundPending'
])

/** Buckets of `consensus/1`: the code is the token bucket, whose pairs are in token-bucket.spec.ts. */
const BUCKETS: ReadonlySet<string> = new Set([
  'consensusItemsPerS',
  'consensusItemsBurst',
  'consensusBytesPerS',
  'consensusBytesBurst'
])

/** Without a pair so far: this list may only become shorter. */
const WITHOUT: ReadonlySet<string> = new Set(['consensusQueueFrames'])

/** Discovery's own aims and rhythms. */
const isOfDiscovery = (name: string): boolean => name.startsWith('discovery.')

describe('limits', () => {
  afterEach(() => mock.timers.reset())

  for (const [name, pair] of LIMIT_PAIRS) {
    it(`LIM-1: ${name}: at it, and one past it`, async () => pair())
  }

  it('LIM-1: every limit of the table has a pair here, or a test elsewhere, or is none', () => {
    const without = [...limitTable().keys()].filter(
      (name) =>
        !LIMIT_PAIRS.has(name) &&
        !Object.hasOwn(ELSEWHERE, name) &&
        ![RHYTHMS, OF_LIBP2P, BUCKETS, WITHOUT].some((names) => names.has(name)) &&
        !isOfDiscovery(name)
    )
    assert.deepEqual(without, [])
    for (const path of Object.values(ELSEWHERE)) assert.ok(existsSync(repositoryPath(path)), path)
  })

  it('LIM-1: what is listed is a limit', () => {
    const table = limitTable()
    const listed = [
      ...LIMIT_PAIRS.keys(),
      ...Object.keys(ELSEWHERE),
      ...RHYTHMS,
      ...OF_LIBP2P,
      ...BUCKETS,
      ...WITHOUT
    ]
    assert.deepEqual(
      listed.filter((name) => !table.has(name)),
      []
    )
  })
})
