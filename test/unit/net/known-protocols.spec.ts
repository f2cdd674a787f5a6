import assert from 'node:assert/strict'
import type { Peer as Stored, PeerData, PeerId } from '@libp2p/interface'
import { RENEW_MS, rememberProtocols } from '../../../src/net/known-protocols.ts'

const id = (name: string): PeerId => ({ toString: () => name }) as unknown as PeerId

/** A peer store that counts what is written. */
function setUp() {
  const events = new EventTarget()
  const protocols = new Map<string, string[]>()
  const writes: string[] = []
  const gone = new Set<string>()
  const clock = { nowMs: 0 }
  const store = (peer: PeerId, all: readonly string[]): Stored => {
    writes.push(String(peer))
    protocols.set(String(peer), [...all])
    return { id: peer, protocols: [...all] } as unknown as Stored
  }
  const peerStore = {
    merge: async (peer: PeerId, data: PeerData) =>
      Promise.resolve(store(peer, [...(protocols.get(String(peer)) ?? []), ...(data.protocols ?? [])])),
    patch: async (peer: PeerId, data: PeerData) =>
      Promise.resolve(store(peer, data.protocols ?? protocols.get(String(peer)) ?? []))
  }
  const host = {
    peerStore,
    addEventListener: (name: string, listener: (event: Event) => void) =>
      events.addEventListener(name, listener),
    getConnections: (peer: PeerId) => (gone.has(String(peer)) ? [] : [{}])
  }
  rememberProtocols(host as unknown as Parameters<typeof rememberProtocols>[0], () => clock.nowMs)
  const disconnect = (name: string): void => {
    gone.add(name)
    events.dispatchEvent(new CustomEvent('peer:disconnect', { detail: id(name) }))
  }
  return { peerStore, writes, disconnect, connect: (name: string) => gone.delete(name), clock }
}

describe('net: known protocols', () => {
  it('a protocol of a peer is written once, whoever opens streams of it', async () => {
    const { peerStore, writes } = setUp()
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    const again = await peerStore.merge(id('a'), { protocols: ['/ping'] })
    assert.deepEqual(again.protocols, ['/ping'])
    assert.equal(writes.length, 1)
    await peerStore.merge(id('a'), { protocols: ['/status'] })
    await peerStore.merge(id('b'), { protocols: ['/ping'] })
    assert.deepEqual(writes, ['a', 'a', 'b'])
  })

  it('what a peer lists itself takes the place of what was known', async () => {
    const { peerStore, writes } = setUp()
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    await peerStore.patch(id('a'), { protocols: ['/status'] })
    await peerStore.merge(id('a'), { protocols: ['/status'] })
    assert.equal(writes.length, 2)
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    assert.equal(writes.length, 3)
  })

  it('other data is always written', async () => {
    const { peerStore, writes } = setUp()
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    await peerStore.merge(id('a'), { protocols: ['/ping'], tags: { near: { value: 1 } } })
    await peerStore.merge(id('a'), { protocols: ['/ping', '/status'] })
    assert.equal(writes.length, 3)
  })

  it('of peers that are not connected nothing is remembered', async () => {
    const { peerStore, writes, disconnect } = setUp()
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    disconnect('a')
    await peerStore.patch(id('a'), { protocols: ['/ping'] })
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    assert.equal(writes.length, 3)
  })

  it('of who hangs up while it is written nothing is remembered', async () => {
    const { peerStore, writes, disconnect, connect } = setUp()
    const written = peerStore.merge(id('a'), { protocols: ['/ping'] })
    disconnect('a')
    await written
    connect('a')
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    assert.equal(writes.length, 2)
  })

  it('a record is written again before it expires, however long its peer stays', async () => {
    const { peerStore, writes, clock } = setUp()
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    clock.nowMs = RENEW_MS - 1
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    assert.equal(writes.length, 1)
    clock.nowMs = RENEW_MS
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    await peerStore.merge(id('a'), { protocols: ['/ping'] })
    assert.equal(writes.length, 2)
  })
})
