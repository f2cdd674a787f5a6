import assert from 'node:assert/strict'
import { switchedDiscovery, switchedServices, switchedTransports } from '../../src/net/host-switches.ts'
import type { PeerRow } from '../../src/net/discovery/peer-rows.ts'
import { COORD, chainName, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { eventually, never } from '../support/eventually.ts'
import { Cleanup, addressOf, createTestNode, isUp, statusOf } from '../support/net.ts'
import type { NodeSetup, TestNode } from '../support/net.ts'

const NODES = 30
const SHARDS = 3
const WANTED = 6
const AT_ONCE = 5

/** Two of three shards, so that no shard is everybody's. */
const followedBy = (index: number): ChainId[] =>
  [index % SHARDS, (index + 1) % SHARDS].sort((a, b) => a - b).map(shardId)

const following = (chains: readonly ChainId[]): Partial<NodeSetup> => ({
  chains,
  shards: SHARDS,
  localStatus: () =>
    statusOf(undefined, {
      chains: [...chains, COORD].map((chain) => ({
        chain,
        epoch: 0,
        finalHeight: 0,
        finalHash: new Uint8Array(32)
      }))
    })
})

describe('swarm: discovery', function () {
  this.timeout(120_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  it('D13 DIS-10 DIS-14: 30 nodes that know one address have six peers in each chain they follow', async () => {
    const start = (index: number, bootstrap: readonly string[]): Promise<TestNode> =>
      cleanup.node({
        name: `node-${index}`,
        bootstrap,
        ...following(followedBy(index))
      })
    const first = await start(0, [])
    const bootstrap = [addressOf(first)]
    const nodes = [first]
    // All at once would be a test of how fast one processor shakes hands.
    while (nodes.length < NODES) {
      const next = Array.from({ length: Math.min(AT_ONCE, NODES - nodes.length) }, (_, index) =>
        start(nodes.length + index, bootstrap)
      )
      const started = await Promise.all(next)
      await eventually('in', () => started.every(({ net }) => net.peers().length > 0), 30_000)
      nodes.push(...started)
    }
    const lacking = (): string[] =>
      nodes.flatMap(({ net }, index) =>
        [COORD, ...followedBy(index)]
          .filter((chain) => net.peers(chain).length < WANTED)
          .map((chain) => `${index}/${chainName(chain)}`)
      )
    await eventually('six peers each', () => lacking().length === 0, 60_000)
    for (const { net } of nodes) assert.ok(net.peers().every(({ score }) => score === 0))
  })

  it('DIS-9: a peer book that cannot be saved leaves no part of the node running', async () => {
    const first = await cleanup.node({ name: 'a' })
    const second = await createTestNode({
      name: 'b',
      bootstrap: [addressOf(first)],
      discovery: {
        rows: { load: async () => [], save: async () => Promise.reject(new RangeError('no space left')) }
      }
    })
    await second.net.start()
    await eventually('up', () => isUp(first, second) && isUp(second, first))
    await assert.rejects(second.net.stop(), /no space left/)
    await eventually('gone', () => first.net.peers().length === 0)
  })

  it('DIS-9: a node that was stopped finds its peers again without any bootstrap', async () => {
    const first = await cleanup.node({ name: 'a' })
    let rows: readonly PeerRow[] = []
    const discovery: NodeSetup['discovery'] = {
      rows: {
        load: async () => rows,
        save: async (saved) => {
          rows = saved
        }
      }
    }
    const second = await cleanup.node({ name: 'b', bootstrap: [addressOf(first)], discovery })
    await eventually('up', () => isUp(first, second) && isUp(second, first))
    await second.net.stop()
    assert.equal(rows.length, 1)
    await eventually('gone', () => first.net.peers().length === 0)
    const again = await cleanup.node({ name: 'b', discovery })
    await eventually('again', () => isUp(again, first))
  })

  it('DIS-3: peers know what the other follows and holds, after the handshake and after a change', async () => {
    let earliest = 3
    let role = 0
    const first = await cleanup.node({
      name: 'a',
      discovery: { facts: () => ({ role, features: 0n, chains: [{ chain: COORD, earliest }] }) }
    })
    const second = await cleanup.node({ name: 'b', bootstrap: [addressOf(first)] })
    const heard = () => second.net.peers()[0]?.facts
    await eventually('facts of a', () => heard()?.held[0]?.earliest === 3)
    await eventually('facts of b', () => first.net.peers()[0]?.facts?.held.length === 2)
    earliest = 8
    role = 1
    await eventually('the change', () => heard()?.held[0]?.earliest === 8)
    assert.deepEqual(second.net.why(first.net.self), [])
  })

  it('DIS-15 DIS-16: the peers of a shard are found by its namespace through one that follows no shard', async () => {
    const meeting = await cleanup.node({ name: 'meeting', ...following([]) })
    const bootstrap = [addressOf(meeting)]
    const [a, b] = await Promise.all(
      ['a', 'b'].map((name) => cleanup.node({ name, bootstrap, ...following([shardId(1)]) }))
    )
    await eventually('found', () => isUp(a!, b!) && isUp(b!, a!), 20_000)
  })

  it('DIS-12: surplus is let go with a goodbye and not dialled again at once; who is wanted stays', async () => {
    const targets = { minPeers: 1, targetPeers: 2, maxPeers: 9, perChain: 0, cooperative: 0 }
    const hub = await cleanup.node({ name: 'hub', discovery: { targets, newPeerMs: 0 } })
    const bootstrap = [addressOf(hub)]
    const spokes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => cleanup.node({ name, bootstrap, discovery: { targets } }))
    )
    await eventually('two left', () => hub.downs.length >= 2 && hub.net.peers().length === 2)
    await eventually('told', () => {
      const told = spokes.map((spoke) => spoke.count('handshake:told-too-many-peers'))
      return told.reduce((sum, each) => sum + each, 0) >= 2
    })
    await never('back at once', () => hub.net.peers().length > 2, 2_000)
    assert.ok(spokes.every((spoke) => hub.net.why(spoke.net.self).length === 0))
  })

  it('DIS-14: without need a node searches at its interval, and with a long one not at all', async () => {
    const first = await cleanup.node({ name: 'a' })
    const targets = { minPeers: 1, perChain: 0, outboundPercent: 0, cooperative: 0 }
    const start = (name: string, searchMs: number): Promise<TestNode> =>
      cleanup.node({ name, bootstrap: [addressOf(first)], discovery: { targets, searchMs } })
    const [often, seldom] = await Promise.all([start('b', 300), start('c', 300_000)])
    const rounds = ({ counts }: TestNode): number =>
      [...counts].reduce((sum, [name, count]) => sum + (name.startsWith('searched:exchange') ? count : 0), 0)
    await eventually('searches', () => rounds(often) >= 2, 15_000)
    assert.equal(rounds(seldom), 0)
  })

  it('DIS-17: each switch changes the services of the host, and none is on by itself', async () => {
    const protocolsOf = async (switches: NonNullable<NodeSetup['switches']>): Promise<string[]> => {
      const node = await cleanup.node({ name: `switched ${Object.keys(switches).join()}`, switches })
      const asker = await cleanup.node({ name: 'asker', bootstrap: [addressOf(node)] })
      await eventually('up', () => isUp(asker, node))
      const protocols = node.net.protocols()
      await asker.net.stop()
      await node.net.stop()
      return [...protocols]
    }
    const plain = await protocolsOf({})
    const RELAY = '/libp2p/circuit/relay/0.2.0/hop'
    const AUTONAT = '/libp2p/autonat/1.0.0'
    assert.ok(!plain.includes(RELAY) && !plain.includes(AUTONAT))
    assert.ok((await protocolsOf({ relay: true })).includes(RELAY))
    assert.ok((await protocolsOf({ autonat: true })).includes(AUTONAT))
    assert.deepEqual(
      (await Promise.all([switchedDiscovery(), switchedDiscovery({ mdns: true })])).map(
        ({ length }) => length
      ),
      [0, 1]
    )
    assert.deepEqual(
      (await Promise.all([switchedTransports(), switchedTransports({ relay: true })])).map(
        ({ length }) => length
      ),
      [0, 1]
    )
    assert.deepEqual(Object.keys(await switchedServices()), [])
    assert.deepEqual(Object.keys(await switchedServices({ upnp: true })), ['upnp'])
  })

  it('D13: port 0 listens on a free port, which peers are told', async () => {
    const first = await cleanup.node({ name: 'a', listen: ['/ip4/127.0.0.1/tcp/0'] })
    assert.match(addressOf(first), /^\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/p2p\//)
    const second = await cleanup.node({ name: 'b', bootstrap: [addressOf(first).replace(/\/p2p\/.*/, '')] })
    await eventually('reached without a peer id', () => isUp(second, first))
    assert.equal(first.net.addresses().length, 1)
  })
})
