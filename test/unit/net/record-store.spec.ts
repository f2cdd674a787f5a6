import assert from 'node:assert/strict'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { DISCOVERY_LIMITS } from '../../../src/net/discovery/limits.ts'
import { namespaceCid, namespaceOf, providerKeyPart } from '../../../src/net/discovery/namespaces.ts'
import { RecordStore } from '../../../src/net/record-store.ts'

const NETWORK = new Uint8Array(32).fill(7)
const OURS = [0, 1].map((index) => providerKeyPart(NETWORK, shardId(index)))
type Key = Parameters<RecordStore['put']>[0]
/** What the store uses of a key. */
const key = (text: string): Key =>
  ({ toString: () => text, uint8Array: () => Buffer.from(text) }) as unknown as Key
const provider = (namespace: string, peer: string): Key => key(`/dht/provider/${namespace}/${peer}`)
const VALUE = Uint8Array.of(1)

describe('RecordStore', () => {
  it('DIS-15: the namespace of a shard is the SHA-256 of its name; the datastore names it in base 32', () => {
    assert.equal(namespaceOf(NETWORK, shardId(3)), '/icn/0707070707070707/shard/3')
    const { multihash } = namespaceCid(NETWORK, shardId(0))
    assert.equal(multihash.code, 0x12)
    assert.equal(
      Buffer.from(multihash.digest).toString('hex'),
      '7f44645c41acb376bd8c8c1c8307daae5a85e71bfc0e1f74710ea844e577acf1'
    )
    assert.equal(OURS[0], 'ciqh6rdelra2zm3wxwgiyheda7nk4wuf44n7ydq7oryq5kce4v32z4i')
  })

  it('REQ-9 DIS-16: without namespaces no provider record enters the store; other records do', async () => {
    const store = new RecordStore()
    await assert.rejects(store.put(provider(OURS[0]!, 'peer'), VALUE), RangeError)
    await store.put(key('/peers/abc'), VALUE)
    assert.deepEqual(await store.get(key('/peers/abc')), VALUE)
    assert.equal(store.providers, 0)
  })

  it('DIS-16: a record of a shard of this network is kept once for each peer, of anything else never', async () => {
    const store = new RecordStore(undefined, OURS)
    await store.put(provider(OURS[0]!, 'peer'), VALUE)
    await store.put(provider(OURS[0]!, 'peer'), VALUE)
    await store.put(provider(OURS[1]!, 'peer'), VALUE)
    assert.equal(store.providers, 2)
    await assert.rejects(store.put(provider(providerKeyPart(NETWORK, shardId(2)), 'peer'), VALUE), RangeError)
    await store.delete(provider(OURS[0]!, 'peer'))
    await store.delete(provider(OURS[0]!, 'peer'))
    assert.equal(store.providers, 1)
  })

  it('DIS-16: a namespace holds so many and not one more; a kept one is renewed all the same', async () => {
    const store = new RecordStore(undefined, OURS)
    const most = DISCOVERY_LIMITS.providersPerShard
    for (let peer = 0; peer < most; peer++) await store.put(provider(OURS[0]!, `p${peer}`), VALUE)
    await assert.rejects(store.put(provider(OURS[0]!, 'late'), VALUE), RangeError)
    await store.put(provider(OURS[0]!, 'p0'), VALUE)
    await store.put(provider(OURS[1]!, 'late'), VALUE)
    await store.delete(provider(OURS[0]!, 'p1'))
    await store.put(provider(OURS[0]!, 'late'), VALUE)
    assert.equal(store.providers, most + 1)
  })
})
