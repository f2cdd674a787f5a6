import assert from 'node:assert/strict'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { StatusType } from '../../src/codec/messages.ts'
import { writeFrames } from '../../src/net/frames.ts'
import { STATUS_PROTOCOL } from '../../src/net/topics.ts'
import { concat, u32be } from '../../src/primitives/bytes.ts'
import { eventually } from '../support/eventually.ts'
import { addressOf, Cleanup, isUp, statusOf } from '../support/net.ts'
import type { TestNode } from '../support/net.ts'

const status = async (connection: Connection, bytes: Uint8Array): Promise<void> =>
  writeFrames(await connection.newStream(STATUS_PROTOCOL), [bytes])

/** What a stranger does on its fresh connection. */
const STRANGERS: readonly [title: string, act: (connection: Connection) => Promise<void>][] = [
  [
    'a node of another genesis',
    (connection) => status(connection, StatusType.serialize(statusOf(new Uint8Array(32).fill(9))))
  ],
  ['garbage for a status', (connection) => status(connection, new Uint8Array(300).fill(0xfe))],
  [
    'a status that ends in the middle',
    async (connection) => {
      const stream = await connection.newStream(STATUS_PROTOCOL)
      stream.send(concat(u32be(100), Uint8Array.of(1)))
      await stream.close()
    }
  ],
  [
    'a status above its bound',
    async (connection) => {
      const stream = await connection.newStream(STATUS_PROTOCOL)
      stream.send(u32be(0x7fff_ffff))
    }
  ],
  ['one that hangs up at once', async (connection) => connection.abort(new Error('bye'))],
  ['one that never speaks', () => Promise.resolve()]
]

describe('swarm: isolation', function () {
  this.timeout(30_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  it('REQ-3 REQ-4 D14: hostile handshakes, all at once, disturb no other connection', async () => {
    const node = await cleanup.node({
      name: 'node',
      prepare: (net) => net.serve('bodies', (body) => ({ result: 'ok', frames: [body] }))
    })
    const bootstrap = [addressOf(node)]
    const honest: TestNode[] = []
    for (const name of ['a', 'b', 'c']) honest.push(await cleanup.node({ name, bootstrap }))
    await eventually('up', () => honest.every((each) => isUp(each, node) && isUp(node, each)))

    const raws = await Promise.all(STRANGERS.map(async ([title]) => cleanup.rawHost(title)))
    await Promise.all(
      STRANGERS.map(async ([, act], index) => act(await raws[index]!.dial(multiaddr(addressOf(node)))))
    )
    for (const each of honest) {
      const { result } = await each.net.request(node.net.self, 'bodies', Uint8Array.of(1))
      assert.equal(result, 'ok')
    }
    // Their own DHT may dial again; each connection ends in its turn.
    for (const reason of ['wrong-network', 'garbage', 'no-handshake']) {
      await eventually(
        () => `${reason} ${JSON.stringify([...node.counts])}`,
        () => node.count(`handshake:${reason}`) > 0,
        10_000
      )
    }
    assert.deepEqual(node.downs, [])
    for (const each of honest) {
      assert.deepEqual(each.downs, [])
      assert.equal(node.net.standing(each.net.self).score, 0)
    }
    const strangers = raws.map((raw) => raw.peerId.toString())
    assert.ok(node.ups.every((peer) => !strangers.includes(peer)))
  })
})
