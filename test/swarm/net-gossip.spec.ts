import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { RPC } from '@libp2p/gossipsub/message'
import type { NetContext } from '../../src/net/context.ts'
import { watchGossipCaches } from '../../src/net/gossip-caches.ts'
import { GOSSIP_BYTES_MAX, NET_LIMITS } from '../../src/net/limits.ts'
import { silentMetrics } from '../../src/net/metrics.ts'
import { topicOf } from '../../src/net/topics.ts'
import { GOSSIP_KINDS } from '../../src/net/types.ts'
import type { GossipVerdict } from '../../src/net/types.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { eventually } from '../support/eventually.ts'
import { addressOf, Cleanup, isUp, NETWORK, rawConnect } from '../support/net.ts'
import type { NodeSetup, TestNode } from '../support/net.ts'

describe('swarm: gossip', function () {
  this.timeout(30_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  /** Two nodes in each other's meshes; the first judges as told. */
  async function pair(verdict: NonNullable<NodeSetup['verdict']>): Promise<[TestNode, TestNode]> {
    const judge = await cleanup.node({ name: 'judge', verdict })
    const other = await cleanup.node({ name: 'other', bootstrap: [addressOf(judge)] })
    await eventually('up', () => isUp(judge, other) && isUp(other, judge))
    await eventually('meshes', () =>
      [judge, other].every((node) =>
        (['tx', 'block', 'vote', 'certificate'] as const).every(
          (kind) => node.net.meshPeers(COORD, kind).length === 1
        )
      )
    )
    return [judge, other]
  }

  it('GOS-1 GOS-4: each verdict is counted by kind and rule; accept and ignore cost the peer nothing', async () => {
    const [judge, other] = await pair(({ data }) =>
      data[0] === 1 ? { action: 'accept', rule: 'ok' } : { action: 'ignore', rule: 'held' }
    )
    assert.equal(await other.net.publish(COORD, 'vote', Uint8Array.of(1)), 1)
    assert.equal(await other.net.publish(COORD, 'vote', Uint8Array.of(2)), 1)
    await eventually(
      'both',
      () => judge.count('gossip:vote:accept:ok') === 1 && judge.count('gossip:vote:ignore:held') === 1
    )
    assert.equal(judge.net.peers()[0]!.score, 0)
    assert.deepEqual(judge.net.why(other.net.self), [])
  })

  it('GOS-5 D14: a rejected message is a fact about the relayer: disconnected, at the second one banned', async () => {
    const [judge, other] = await pair(() => ({ action: 'reject', rule: 'bad-signature' }))
    await other.net.publish(COORD, 'vote', Uint8Array.of(1))
    await eventually('disconnected', () => judge.downs.length === 1)
    assert.equal(judge.count('gossip:vote:reject:bad-signature'), 1)
    assert.equal(judge.net.why(other.net.self)[0]!.why, 'gossip vote: bad-signature')
    await eventually('noticed', () => other.downs.length === 1)
    await eventually('back', () => isUp(other, judge) && other.net.meshPeers(COORD, 'vote').length === 1)
    await other.net.publish(COORD, 'vote', Uint8Array.of(2))
    await eventually('gone', () => judge.downs.length === 2)
    await other.net.dial(addressOf(judge)).catch(() => undefined)
    await eventually('kept out', () => other.net.peers().length === 0)
    assert.equal(judge.net.peers().length, 0)
  })

  it('GOS-6: a judge that throws is our fault: ignored, and nobody pays', async () => {
    const [judge, other] = await pair(({ data }) => {
      if (data[0] === 1) throw new Error('broken judge')
      return Promise.reject(new Error('broken later'))
    })
    await other.net.publish(COORD, 'block', Uint8Array.of(1))
    await other.net.publish(COORD, 'block', Uint8Array.of(2))
    await eventually('ignored', () => judge.count('gossip:block:ignore:our-fault') === 2)
    assert.equal(judge.count('fact:our-fault'), 2)
    assert.equal(judge.net.peers()[0]!.score, 0)
  })

  it('GOS-6: a verdict later than two seconds is ignored, and delays no other message', async () => {
    const [judge, other] = await pair(({ data }) =>
      data[0] === 1 ? new Promise<GossipVerdict>(() => undefined) : { action: 'accept', rule: 'ok' }
    )
    await other.net.publish(COORD, 'vote', Uint8Array.of(1))
    await other.net.publish(COORD, 'vote', Uint8Array.of(2))
    await eventually('the second', () => judge.count('gossip:vote:accept:ok') === 1, 1_000)
    await eventually('late', () => judge.count('gossip:vote:ignore:late') === 1, 3_000)
  })

  it('GOS-6: a full lane of bundles ignores more of them, while votes pass at once', async () => {
    const gate = Promise.withResolvers<GossipVerdict>()
    const [judge, other] = await pair(({ kind }) =>
      kind === 'tx' ? gate.promise : { action: 'accept', rule: 'ok' }
    )
    const flood = NET_LIMITS.txLaneMessages + NET_LIMITS.txLaneJudging + 5
    for (let i = 0; i < flood; i++)
      await other.net.publish(COORD, 'tx', new Uint8Array(new Uint32Array([i, 1]).buffer))
    await other.net.publish(COORD, 'vote', Uint8Array.of(1))
    await eventually('the vote', () => judge.count('gossip:vote:accept:ok') === 1, 1_500)
    gate.resolve({ action: 'accept', rule: 'ok' })
    await eventually('busy', () => judge.count('gossip:tx:ignore:busy') >= 5)
    assert.equal(judge.net.peers()[0]!.score, 0)
  })

  it('GOS-2: what is larger than its kind allows is not published by us and rejected from others', async () => {
    const node = await cleanup.node({ name: 'judge' })
    for (const kind of GOSSIP_KINDS) {
      await assert.rejects(node.net.publish(COORD, kind, new Uint8Array(GOSSIP_BYTES_MAX[kind] + 1)), {
        code: 'NET_MESSAGE_TOO_LARGE'
      })
    }
    const raw = await cleanup.rawHost('raw')
    await rawConnect(raw, node)
    const topic = topicOf(NETWORK, COORD, 'vote')
    raw.services.pubsub.subscribe(topic)
    await eventually('subscribed', () => raw.services.pubsub.getSubscribers(topic).length === 1)
    await raw.services.pubsub.publish(topic, new Uint8Array(GOSSIP_BYTES_MAX.vote))
    await raw.services.pubsub.publish(topic, new Uint8Array(GOSSIP_BYTES_MAX.vote + 1))
    await eventually('rejected', () => node.count('gossip:vote:reject:oversize') === 1)
    assert.equal(node.count('gossip:vote:accept:ok'), 1)
    assert.equal(node.received.length, 1)
  })

  it('GOS-1: who announces hears nothing of the topic; what is sent there all the same costs, and is not kept', async () => {
    const node = await cleanup.node({ name: 'judge', announced: ['receipt'] })
    const raw = await cleanup.rawHost('raw')
    const connection = await rawConnect(raw, node)
    await eventually('raw is up', () => node.net.peers().length === 1)
    const topic = topicOf(NETWORK, COORD, 'receipt')
    raw.services.pubsub.subscribe(topic)
    await eventually('told', () => node.net.listeners(COORD, 'receipt') === 1)
    const heard: Uint8Array[] = []
    raw.services.pubsub.addEventListener('message', ({ detail }) => heard.push(detail.data))
    // Its own stream to the stranger may still be on its way.
    let said = 0
    await eventually('heard', () => {
      void node.net.publish(COORD, 'receipt', Uint8Array.of(1, said++ & 255))
      return heard.length > 0
    })
    const [peer] = node.net.peers().map((each) => each.peer)
    assert.equal(node.net.gossipScore(peer!), 0)
    const stream = await connection.newStream(raw.services.pubsub.protocols[0]!)
    const rpc = RPC.encode({ subscriptions: [], messages: [{ topic, data: Uint8Array.of(2) }] })
    stream.send(Uint8Array.of(rpc.length, ...rpc))
    await eventually('charged', () => node.net.gossipScore(peer!) < 0)
    assert.equal(node.received.length, 0)
  })

  it('GOS-3: the same content again, or nobody to hear it, reaches 0 and throws nothing', async () => {
    const lonely = await cleanup.node({ name: 'lonely' })
    assert.equal(await lonely.net.publish(COORD, 'vote', Uint8Array.of(9)), 0)
    const [judge, other] = await pair(() => ({ action: 'accept', rule: 'ok' }))
    assert.equal(await other.net.publish(COORD, 'vote', Uint8Array.of(1)), 1)
    assert.equal(await other.net.publish(COORD, 'vote', Uint8Array.of(1)), 0)
    assert.equal(await other.net.publish(COORD, 'certificate', Uint8Array.of(1)), 1)
    await eventually('both', () => judge.received.length === 2)
  })

  it('GOS-3: content is known again as a duplicate for 30 s, and then forgotten with who delivered it', async () => {
    const host = await cleanup.rawHost('raw')
    const { fastMsgIdCache: seen, score } = host.services.pubsub as unknown as {
      readonly fastMsgIdCache: { put(key: string, id: string): void; get(key: string): string | undefined }
      readonly score: {
        readonly deliveryRecords: { ensureRecord(id: string): unknown; getRecord(id: string): unknown }
      }
    }
    const stopping = new AbortController()
    mock.timers.enable({ apis: ['Date', 'setInterval'], now: Date.now() })
    try {
      watchGossipCaches({ host, metrics: silentMetrics, signal: stopping.signal } as NetContext)
      seen.put('content', 'id')
      score.deliveryRecords.ensureRecord('id')
      mock.timers.tick(30_000)
      assert.equal(seen.get('content'), 'id')
      assert.notEqual(score.deliveryRecords.getRecord('id'), undefined)
      mock.timers.tick(NET_LIMITS.watchdogMs)
      assert.equal(seen.get('content'), undefined)
      assert.equal(score.deliveryRecords.getRecord('id'), undefined)
    } finally {
      stopping.abort()
      mock.timers.reset()
    }
  })

  it('a block of the largest size arrives, and a container above the limit is cured by a new connection', async () => {
    const [judge, other] = await pair(() => ({ action: 'accept', rule: 'ok' }))
    await other.net.publish(COORD, 'block', new Uint8Array(GOSSIP_BYTES_MAX.block))
    await eventually('arrived', () => judge.count('gossip:block:accept:ok') === 1)
    const raw = await cleanup.rawHost('raw')
    const connection = await rawConnect(raw, judge)
    await eventually('raw is up', () => judge.net.peers().length === 2)
    await eventually('gossip streams', () => raw.services.pubsub.getPeers().length === 1)
    const stream = await connection.newStream(raw.services.pubsub.protocols[0]!)
    // The length, as a varint, of a container one byte above the limit.
    stream.send(Uint8Array.of(0x81, 0x80, 0x80, 0x02))
    await eventually('hung up', () => judge.count('deaf') === 1, 25_000)
    assert.ok(isUp(judge, other))
  })
})
