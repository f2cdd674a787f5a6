/** Value that crosses shards, on whole nodes over real libp2p: delivered once, proven, acknowledged, conserved. */
import assert from 'node:assert/strict'
import { homeShard } from '../../src/crypto/address.ts'
import { devnetAddress } from '../../src/params/devnet-keys.ts'
import { MAX_SUPPLY } from '../../src/params/supply.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { readInLane, readOutLane } from '../../src/node/chain/outbox.ts'
import { readTotals, totalSupply } from '../../src/state/supply.ts'

const SHARDS = 2
const homeOf = (name: string): ChainId => homeShard(devnetAddress(name), SHARDS)
const userOn = (shard: ChainId): string =>
  ['user0', 'user1', 'user2', 'user3', 'user4', 'user5'].find((name) => homeOf(name) === shard)!

describe('receipts between shards', function () {
  this.timeout(60_000)
  let swarm: Swarm

  before(async () => {
    swarm = await createSwarm({ nodes: 4, shards: SHARDS, transport: 'memory' })
    await swarm.start()
  })
  after(async () => swarm.stop())

  const state = (index: number, chain: ChainId) => swarm.node(index).chains!.get(chain)!.tree.final.state
  const balance = (index: number, name: string): bigint =>
    swarm.node(index).port!.account(devnetAddress(name), homeOf(name)).consumer

  it('R5, R7, R10: what leaves one shard arrives once on the other, and the source learns of it', async () => {
    const from = userOn(shardId(0))
    const to = userOn(shardId(1))
    const before = balance(0, to)
    for (let count = 0; count < 5; count++) await swarm.submitTransfer(0, { from, to, amount: 7n })
    await swarm.until(() => [0, 1, 2, 3].every((index) => balance(index, to) === before + 35n), {
      what: 'credited at every node',
      timeoutMs: 20_000
    })
    assert.equal(readInLane(state(0, shardId(1)), shardId(0))?.cursor, 5)
    await swarm.until(() => readOutLane(state(0, shardId(0)), shardId(1))?.acknowledged === 5, {
      what: 'the source has the acknowledgement',
      timeoutMs: 30_000
    })
    const supply = totalSupply([0, 1].map((index) => readTotals(state(2, shardId(index)))))
    assert.deepEqual(supply, { consumer: MAX_SUPPLY, industrial: MAX_SUPPLY })
  })
})
