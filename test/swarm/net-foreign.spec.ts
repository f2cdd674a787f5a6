/** A libp2p of another major line, made by nobody who knows ours: identify, ping, and what happens to what we do not speak. */
import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { identify } from 'identify-2'
import { createLibp2p } from 'libp2p-2'
import { noise } from 'noise-2'
import { ping } from 'ping-2'
import { tcp } from 'tcp-2'
import { yamux } from 'yamux-2'
import { STATUS_PROTOCOL, protocolOf } from '../../src/net/topics.ts'
import { eventually } from '../support/eventually.ts'
import { Cleanup, NETWORK, addressOf } from '../support/net.ts'

function createForeign() {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    nodeInfo: { name: 'foreign', version: '2' },
    services: { identify: identify(), ping: ping() }
  })
}

/** In its own version of addresses, which has no constructor here. */
const addressFor = (foreign: Foreign, text: string) =>
  foreign.getMultiaddrs()[0]!.decapsulate('/ip4').encapsulate(text)

interface Identified {
  readonly agentVersion?: string
  readonly protocols: readonly string[]
}
/** Both sides identify each connection by themselves. */
const once = (host: {
  addEventListener(name: 'peer:identify', listener: (event: CustomEvent<Identified>) => void): void
}): Promise<Identified> =>
  new Promise((resolve) => host.addEventListener('peer:identify', ({ detail }) => resolve(detail)))

type Foreign = Awaited<ReturnType<typeof createForeign>>

describe('swarm: a foreign implementation', function () {
  this.timeout(20_000)
  const cleanup = new Cleanup()
  let foreign: Foreign
  beforeEach(async () => {
    foreign = await createForeign()
  })
  afterEach(async () => {
    await foreign.stop()
    await cleanup.all()
  })

  it('D12: libp2p 2 dials us: identify names our protocols and agent, ping answers', async () => {
    const node = await cleanup.node({ name: 'ours', agent: 'icn/test' })
    const identified = once(foreign)
    const connection = await foreign.dial(addressFor(foreign, addressOf(node)))
    const found = await identified
    assert.equal(found.agentVersion, 'icn/test')
    for (const protocol of [STATUS_PROTOCOL, protocolOf(NETWORK, 'consensus'), '/ipfs/ping/1.0.0']) {
      assert(found.protocols.includes(protocol), `${protocol} in ${found.protocols.join(' ')}`)
    }
    const tookMs = await foreign.services.ping.ping(connection.remotePeer)
    assert(tookMs >= 0 && tookMs < 5_000)
    assert.deepEqual(node.net.peers(), [], 'who did not shake hands is no peer')
  })

  it('D12: a raw host of our line dials libp2p 2: identify and ping the other way', async () => {
    const host = await cleanup.rawHost('raw')
    const identified = once(host)
    const connection = await host.dial(multiaddr(foreign.getMultiaddrs()[0]!.toString()))
    const found = await identified
    assert.equal(found.agentVersion?.startsWith('foreign/2'), true, found.agentVersion)
    assert(found.protocols.includes('/ipfs/id/1.0.0'))
    assert((await host.services.ping.ping(connection.remotePeer)) >= 0)
  })

  it('D12: a protocol that nobody speaks is refused politely: its stream ends with a reason, the connection stays', async () => {
    const node = await cleanup.node({ name: 'ours' })
    const connection = await foreign.dial(addressFor(foreign, addressOf(node)))
    for (const unknown of ['/nobody/1', protocolOf(new Uint8Array(32), 'bodies'), '/meshsub/0.0.1']) {
      await assert.rejects(connection.newStream(unknown), { name: 'UnsupportedProtocolError' })
    }
    assert.equal(connection.status, 'open')
    assert((await foreign.services.ping.ping(connection.remotePeer)) >= 0)
    assert.deepEqual(
      [...node.counts.keys()].filter((name) => name.startsWith('fact')),
      []
    )
  })

  it('REQ-3: it is asked for its status, has none, and is let go without a fault', async () => {
    const node = await cleanup.node({ name: 'ours' })
    const connection = await foreign.dial(addressFor(foreign, addressOf(node)))
    await eventually('it is let go', () => connection.status !== 'open', 12_000)
    assert.deepEqual(node.net.why(foreign.peerId.toString() as never), [])
    assert.deepEqual(
      [...node.counts.keys()].filter((name) => name.startsWith('fact')),
      []
    )
  })
})
