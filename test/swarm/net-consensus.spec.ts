import assert from 'node:assert/strict'
import { NET_LIMITS } from '../../src/net/limits.ts'
import { protocolOf } from '../../src/net/topics.ts'
import type { Peer } from '../../src/net/types.ts'
import { concat, u32be } from '../../src/primitives/bytes.ts'
import { eventually } from '../support/eventually.ts'
import { addressOf, Cleanup, isUp, NETWORK, rawConnect } from '../support/net.ts'
import type { TestNode } from '../support/net.ts'

const PROTOCOL = protocolOf(NETWORK, 'consensus')

describe('swarm: consensus/1', function () {
  this.timeout(30_000)
  const cleanup = new Cleanup()
  afterEach(() => cleanup.all())

  async function pair(): Promise<[TestNode, TestNode]> {
    const one = await cleanup.node({ name: 'a' })
    const two = await cleanup.node({ name: 'b', bootstrap: [addressOf(one)] })
    await eventually('up', () => isUp(one, two) && isUp(two, one))
    return [one, two]
  }

  it('C19 REQ-6: frames go both ways, in order, from the moment a peer is up', async () => {
    const [one, two] = await pair()
    for (let i = 0; i < 500; i++) {
      assert.ok(one.net.sendConsensus(two.net.self, Uint8Array.of(3, i & 255)))
      assert.ok(two.net.sendConsensus(one.net.self, Uint8Array.of(2, i & 255)))
    }
    await eventually('all', () => one.frames.length === 500 && two.frames.length === 500)
    assert.deepEqual(
      two.frames.map(({ frame }) => frame[1]),
      Array.from({ length: 500 }, (_, i) => i & 255)
    )
    assert.ok(one.frames.every(({ peer, frame }) => peer === two.net.self && frame[0] === 2))
  })

  it('REQ-6: a frame of the largest size passes; one byte more, or a stranger, is refused here', async () => {
    const [one, two] = await pair()
    assert.ok(one.net.sendConsensus(two.net.self, new Uint8Array(NET_LIMITS.consensusFrameBytes).fill(5)))
    await eventually('arrived', () => two.frames[0]?.frame.length === NET_LIMITS.consensusFrameBytes)
    assert.equal(
      one.net.sendConsensus(two.net.self, new Uint8Array(NET_LIMITS.consensusFrameBytes + 1)),
      false
    )
    assert.equal(one.net.sendConsensus('nobody' as Peer, Uint8Array.of(1)), false)
  })

  it('REQ-6: streams are opened anew after a cut', async () => {
    const [one, two] = await pair()
    two.net.cut()
    await eventually('down', () => one.net.peers().length === 0)
    assert.equal(one.net.sendConsensus(two.net.self, Uint8Array.of(1)), false)
    two.net.heal()
    await eventually('up', () => isUp(one, two) && isUp(two, one))
    assert.ok(one.net.sendConsensus(two.net.self, Uint8Array.of(1, 1)))
    assert.ok(two.net.sendConsensus(one.net.self, Uint8Array.of(1, 2)))
    await eventually('frames', () => one.frames.length === 1 && two.frames.length === 1)
  })

  it('REQ-6: a peer that does not read fills its queue and no more', async () => {
    const node = await cleanup.node({ name: 'a' })
    const raw = await cleanup.rawHost('raw')
    await raw.handle(PROTOCOL, (stream) => stream.pause())
    await rawConnect(raw, node)
    const peer = raw.peerId.toString() as Peer
    await eventually('up', () => node.net.peers().length === 1)
    const frame = new Uint8Array(1 << 20)
    let sent = 0
    await eventually('full', () => {
      if (!node.net.sendConsensus(peer, frame)) return true
      sent += 1
      return false
    })
    assert.ok(sent >= NET_LIMITS.consensusQueueBytes / frame.length)
    assert.ok(sent < 64, `${sent} MiB taken`)
  })

  const garbage: [title: string, bytes: Uint8Array, reason: string, fact: string][] = [
    ['an oversized frame', u32be(NET_LIMITS.consensusFrameBytes + 1), 'oversize', 'invalid'],
    ['random bytes', new Uint8Array(64).fill(0xee), 'oversize', 'invalid'],
    ['an empty frame', u32be(0), 'garbage', 'invalid'],
    ['a cut frame', concat(u32be(10), Uint8Array.of(1, 2)), 'cut', 'broken-promise']
  ]
  for (const [title, bytes, reason, fact] of garbage) {
    it(`REQ-8: ${title} is refused as ${reason}, counted, and disturbs no other peer`, async () => {
      const [one, two] = await pair()
      const raw = await cleanup.rawHost('raw')
      const connection = await rawConnect(raw, one)
      const stream = await connection.newStream(PROTOCOL)
      stream.send(bytes)
      await stream.close().catch(() => undefined)
      await eventually('counted', () => one.count(`refused:consensus:${reason}`) === 1)
      assert.equal(one.count(`fact:${fact}`), 1)
      assert.equal(one.frames.length, 0)
      if (fact === 'invalid') await eventually('disconnected', () => one.net.peers().length === 1)
      assert.ok(one.net.sendConsensus(two.net.self, Uint8Array.of(1)))
      await eventually('still served', () => two.frames.length === 1)
    })
  }
})
