import assert from 'node:assert/strict'
import { KEEP_ALIVE } from '@libp2p/interface'
import type { PeerData, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { createHost } from '../../../src/net/host.ts'
import type { Host } from '../../../src/net/host.ts'
import { reconnectNobody } from '../../../src/net/keep-alive.ts'
import { peerKeyFromSeed } from '../../../src/net/peer-key.ts'
import { NETWORK, seedOf } from '../../support/net.ts'

/** Of the DHT: who writes the marks, every few seconds when those that are near have changed. */
interface Tagger {
  onPeerPing(event: { readonly detail: PeerId }): void
  updatePeerTags(): Promise<void>
}
const taggerOf = (host: Host): Tagger =>
  (host.services.dht as unknown as { routingTable: { closestPeerTagger: Tagger } }).routingTable
    .closestPeerTagger

const MARK = `${KEEP_ALIVE}-kad-dht`

describe('net: keep-alive', () => {
  let host: Host
  beforeEach(async () => {
    const privateKey = await peerKeyFromSeed(seedOf('keeper'))
    const common = { networkId: NETWORK, topics: new Map(), gater: {}, agent: 'icn' }
    host = await createHost({ ...common, privateKey, listen: [], transport: 'memory' })
    await host.start()
  })
  afterEach(() => host.stop())

  it('REQ-5 DIS-14: whoever is near in the DHT is not marked to be dialled again as soon as the connection ends', async () => {
    const near = peerIdFromPrivateKey(await peerKeyFromSeed(seedOf('near')))
    const tagger = taggerOf(host)
    tagger.onPeerPing({ detail: near })
    // It counts as near once its id is hashed.
    let marks: string[] = []
    while (marks.length === 0) {
      await tagger.updatePeerTags()
      marks = await tagsOf(host, near)
    }
    assert.deepEqual(marks, ['kad-close'])
  })

  it('other marks are written, a relay’s too, in either form', async () => {
    const written: unknown[] = []
    const peerStore = { merge: async (_: PeerId, { tags }: PeerData) => Promise.resolve(written.push(tags)) }
    reconnectNobody({ peerStore } as unknown as Parameters<typeof reconnectNobody>[0])
    const one = { value: 1 }
    const merge = peerStore.merge as unknown as (id: string, data: PeerData) => Promise<unknown>
    await merge('a', { tags: { [MARK]: one, [`${KEEP_ALIVE}-circuit-relay`]: one } })
    await merge('a', {
      tags: new Map([
        [MARK, one],
        ['near', one]
      ])
    })
    await merge('a', { protocols: ['/ping'] })
    assert.deepEqual(written, [
      new Map([[`${KEEP_ALIVE}-circuit-relay`, one]]),
      new Map([['near', one]]),
      undefined
    ])
  })
})

async function tagsOf(host: Host, peer: PeerId): Promise<string[]> {
  return (await host.peerStore.has(peer)) ? [...(await host.peerStore.get(peer)).tags.keys()] : []
}
