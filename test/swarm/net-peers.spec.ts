import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { NetError } from '../../src/net/errors.ts'
import { NET_LIMITS } from '../../src/net/limits.ts'
import { GOSSIP_KINDS } from '../../src/net/types.ts'
import { eventually, never } from '../support/eventually.ts'
import { addressOf, CHAINS, Cleanup, createTestNode, isUp, rawConnect, statusOf } from '../support/net.ts'
import type { TestNode } from '../support/net.ts'

const fullyConnected = (nodes: readonly TestNode[]): boolean =>
  nodes.every((one) => nodes.every((other) => one === other || isUp(one, other)))

describe('swarm: peers', function () {
  this.timeout(30_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  it('D13: five nodes that know one address become a full mesh, and every topic reaches everybody', async () => {
    const first = await cleanup.node({ name: 'a' })
    const bootstrap = [addressOf(first)]
    const others = await Promise.all(['b', 'c', 'd', 'e'].map((name) => cleanup.node({ name, bootstrap })))
    const nodes = [first, ...others]
    await eventually('all connected', () => fullyConnected(nodes), 10_000)
    for (const chain of CHAINS) {
      for (const kind of GOSSIP_KINDS) {
        await eventually('meshes', () => nodes.every((node) => node.net.meshPeers(chain, kind).length >= 2))
        const data = Uint8Array.of(chain & 255, GOSSIP_KINDS.indexOf(kind), 1)
        assert.ok((await nodes[4]!.net.publish(chain, kind, data)) >= 2)
        await eventually(`${kind} at all`, () =>
          nodes
            .slice(0, 4)
            .every((node) =>
              node.received.some((each) => each.kind === kind && each.chain === chain && each.data[2] === 1)
            )
        )
      }
    }
    for (const node of nodes) {
      assert.ok(node.net.peers().every(({ peer, score }) => score === 0 && node.net.gossipScore(peer) >= 0))
    }
  })

  it('D13: without --allow-private no loopback address that others tell is dialled; the own bootstrap is', async () => {
    const first = await cleanup.node({ name: 'a', allowPrivate: false })
    const bootstrap = [addressOf(first)]
    const [b, c] = await Promise.all([
      cleanup.node({ name: 'b', bootstrap, allowPrivate: false }),
      cleanup.node({ name: 'c', bootstrap, allowPrivate: false })
    ])
    await eventually('both at the bootstrap', () => first.net.peers().length === 2, 10_000)
    await never('b and c know each other', () => b.net.peers().length > 1 || c.net.peers().length > 1, 3_000)
  })

  it('D13: a ping is sent while as many as the timeout has intervals are unanswered: no connection ends for that', async () => {
    const node = await cleanup.node({ name: 'a' })
    const connection = await rawConnect(await cleanup.rawHost('raw'), node)
    const { pingTimeoutMs, pingIntervalMs } = NET_LIMITS
    const open = Math.floor(pingTimeoutMs / pingIntervalMs) + 1
    const pings = Array.from({ length: open }, () => connection.newStream('/ipfs/ping/1.0.0'))
    for (const { status } of await Promise.all(pings)) assert.equal(status, 'open')
    // The other side takes them all: each answers.
    for (const stream of await Promise.all(pings)) {
      const pong = new Promise((resolve) => stream.addEventListener('message', resolve, { once: true }))
      stream.send(new Uint8Array(32))
      await pong
    }
  })

  it('REQ-3: only peers whose handshake is complete are listed, with their status and agent', async () => {
    const one = await cleanup.node({ name: 'a', localStatus: () => statusOf(undefined, { role: 1 }) })
    const stranger = await cleanup.rawHost('stranger')
    await stranger.dial((await import('@multiformats/multiaddr')).multiaddr(addressOf(one)))
    const other = await cleanup.node({ name: 'b', bootstrap: [addressOf(one)] })
    await eventually('both up', () => isUp(one, other) && isUp(other, one))
    const view = other.net.peers()[0]!
    assert.equal(view.direction, 'outbound')
    assert.equal(view.status.role, 1)
    await eventually('agent', () => other.net.peers()[0]?.agent === 'icn')
    assert.deepEqual(
      one.net.peers().map(({ peer }) => peer),
      [other.net.self]
    )
    assert.equal(other.net.peers(CHAINS[0]).length, 1)
    await eventually('the stranger is sent away', () => one.count('handshake:no-handshake') === 1, 9_000)
    assert.ok(isUp(one, other))
  })

  it('REQ-2 REQ-4 REQ-5: another network is refused with its reason, not dialled again, and disturbs nobody', async () => {
    const first = await cleanup.node({ name: 'a' })
    const second = await cleanup.node({ name: 'b', bootstrap: [addressOf(first)] })
    await eventually('up', () => isUp(first, second) && isUp(second, first))
    const alien = await cleanup.node({
      name: 'x',
      networkId: new Uint8Array(32).fill(8),
      bootstrap: [addressOf(first)]
    })
    await eventually(
      'refused at both',
      () => first.count('handshake:wrong-network') > 0 && alien.count('handshake:wrong-network') > 0
    )
    await eventually(
      'told',
      () => first.count('handshake:told-wrong-network') + alien.count('handshake:told-wrong-network') > 0
    )
    assert.equal(alien.net.peers().length, 0)
    assert.deepEqual(first.downs, [])
    assert.ok(isUp(first, second))
    assert.deepEqual(alien.ups, [])
  })

  it('REQ-4: a peer without a required feature is refused by whichever side requires it', async () => {
    const first = await cleanup.node({
      name: 'a',
      localStatus: () => statusOf(undefined, { features: 3n, required: 2n })
    })
    const lacking = await cleanup.node({ name: 'b', bootstrap: [addressOf(first)] })
    const knowing = await cleanup.node({
      name: 'c',
      bootstrap: [addressOf(first)],
      localStatus: () => statusOf(undefined, { features: 2n + 4n })
    })
    await eventually('refused', () => first.count('handshake:missing-features') > 0)
    await eventually('welcome', () => isUp(first, knowing))
    assert.equal(lacking.net.peers().filter(({ peer }) => peer === first.net.self).length, 0)
  })

  it('REQ-5: a full node refuses one more peer and says so; who is in stays in', async () => {
    const full = await cleanup.node({
      name: 'a',
      discovery: { targets: { minPeers: 1, targetPeers: 1, maxPeers: 1 } }
    })
    const first = await cleanup.node({
      name: 'b',
      bootstrap: [addressOf(full)],
      discovery: { targets: { minPeers: 1 } }
    })
    await eventually('up', () => isUp(full, first))
    const second = await cleanup.node({
      name: 'c',
      bootstrap: [addressOf(full)],
      discovery: { targets: { minPeers: 1 } }
    })
    await eventually('refused', () => full.count('handshake:too-many-peers') > 0)
    await eventually(
      'told',
      () => second.count('handshake:too-many-peers') + second.count('handshake:told-too-many-peers') > 0
    )
    assert.deepEqual(
      full.net.peers().map(({ peer }) => peer),
      [first.net.self]
    )
  })

  it('D13: a bootstrap node that starts late is found all the same', async () => {
    const late = await createTestNode({ name: 'late' })
    await late.net.start()
    const address = addressOf(late)
    await late.net.stop()
    const early = await cleanup.node({ name: 'early', bootstrap: [address] })
    const port = Number(/tcp\/(\d+)/.exec(address)![1])
    const again = await cleanup.node({ name: 'late', listen: [`/ip4/127.0.0.1/tcp/${port}`] })
    await eventually('found', () => isUp(early, again), 10_000)
  })

  it('a cut node loses everybody and is back after it healed', async () => {
    const first = await cleanup.node({ name: 'a' })
    const second = await cleanup.node({ name: 'b', bootstrap: [addressOf(first)] })
    await eventually('up', () => isUp(first, second) && isUp(second, first))
    second.net.cut()
    await eventually('down', () => first.net.peers().length === 0 && second.net.peers().length === 0)
    assert.deepEqual(first.downs, [second.net.self])
    await assert.rejects(first.net.dial(addressOf(second)))
    second.net.heal()
    await eventually('up again', () => isUp(first, second) && isUp(second, first))
    await eventually('mesh again', () => first.net.meshPeers(CHAINS[0]!, 'vote').length === 1, 15_000)
  })

  it('NET_PORT_IN_USE: a taken port is a typed error and leaves nothing running', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const node = await createTestNode({ name: 'a', listen: [`/ip4/127.0.0.1/tcp/${port}`] })
    await assert.rejects(
      node.net.start(),
      (error) => error instanceof NetError && error.code === 'NET_PORT_IN_USE'
    )
    server.close()
    await node.net.stop()
  })

  it('NET_ADDRESS_INVALID, NET_LISTEN_FAILED: an address that is none, or not ours, is a typed error', async () => {
    const none = await createTestNode({ name: 'a', bootstrap: ['nonsense'] })
    await assert.rejects(
      none.net.start(),
      (error) => error instanceof NetError && error.code === 'NET_ADDRESS_INVALID'
    )
    const foreign = await createTestNode({ name: 'a', listen: ['/ip4/192.0.2.1/tcp/0'] })
    await assert.rejects(
      foreign.net.start(),
      (error) => error instanceof NetError && error.code === 'NET_LISTEN_FAILED'
    )
  })

  it('stop twice, start again: the same network works anew', async () => {
    const node = await cleanup.node({ name: 'a' })
    await Promise.all([node.net.stop(), node.net.stop()])
    assert.deepEqual(node.net.addresses(), [])
    assert.equal(await node.net.publish(CHAINS[0]!, 'vote', Uint8Array.of(1)), 0)
    await node.net.start()
    const other = await cleanup.node({ name: 'b', bootstrap: [addressOf(node)] })
    await eventually('up', () => isUp(node, other))
  })

  it('REQ-3: a listener that throws is our own fault and keeps nobody out', async () => {
    const first = await cleanup.node({
      name: 'a',
      prepare: (net) =>
        net.listen({
          peerUp: () => {
            throw new Error('broken listener')
          },
          peerDown: () => undefined,
          consensusFrame: () => undefined
        })
    })
    const second = await cleanup.node({ name: 'b', bootstrap: [addressOf(first)] })
    await eventually('up', () => isUp(first, second) && isUp(second, first))
    assert.equal(first.count('fact:our-fault'), 1)
    assert.equal(first.net.peers()[0]!.score, 0)
  })

  it('the same over the memory transport', async () => {
    const first = await cleanup.node({ name: 'a', transport: 'memory', listen: ['/memory/net-peers-a'] })
    const second = await cleanup.node({
      name: 'b',
      transport: 'memory',
      listen: ['/memory/net-peers-b'],
      bootstrap: ['/memory/net-peers-a']
    })
    await eventually('up', () => isUp(first, second) && isUp(second, first))
  })
})
