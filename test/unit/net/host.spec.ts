import assert from 'node:assert/strict'
import { createHost, GOSSIP_HEARTBEAT_MS } from '../../../src/net/host.ts'
import { peerKeyFromSeed } from '../../../src/net/peer-key.ts'
import { NETWORK, seedOf } from '../../support/net.ts'

describe('host', () => {
  it('gossip looks after its meshes once a second, or as often as it is told to', async () => {
    const privateKey = await peerKeyFromSeed(seedOf('host'))
    const intervalOf = async (heartbeatMs: number | undefined): Promise<number> => {
      const { services } = await createHost({
        privateKey,
        heartbeatMs,
        networkId: NETWORK,
        listen: [],
        topics: new Map(),
        gater: {},
        agent: 'test'
      })
      return (services.pubsub as unknown as { opts: { heartbeatInterval: number } }).opts.heartbeatInterval
    }
    assert.equal(GOSSIP_HEARTBEAT_MS, 1_000)
    assert.deepEqual([await intervalOf(undefined), await intervalOf(3_000)], [1_000, 3_000])
  })
})
