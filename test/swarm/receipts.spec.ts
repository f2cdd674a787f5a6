/** Value that crosses shards, on whole nodes over real libp2p: delivered once, proven, conserved. */
import assert from 'node:assert/strict'
import { homeShard } from '../../src/crypto/address.ts'
import { addressText } from '../../src/rpc/server.ts'
import { signTransfer, transferCost } from '../../src/client/transfer.ts'
import { publicKeyFromSeed } from '../../src/crypto/ed25519.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { equal } from '../../src/primitives/bytes.ts'
import { MAX_SUPPLY } from '../../src/params/supply.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { readInLane } from '../../src/node/chain/outbox.ts'
import { readTotals, totalSupply } from '../../src/state/supply.ts'

const SHARDS = 2
const homeOf = (name: string): ChainId => homeShard(devnetAddress(name), SHARDS)
const userOn = (shard: ChainId): string =>
  ['user0', 'user1', 'user2', 'user3', 'user4', 'user5'].find((name) => homeOf(name) === shard)!

describe('receipts between shards', function () {
  this.timeout(120_000)
  let swarm: Swarm

  before(async () => {
    swarm = await createSwarm({ nodes: 4, shards: SHARDS, transport: 'memory' })
    await swarm.start()
  })
  after(async () => swarm.stop())

  const state = (index: number, chain: ChainId) => swarm.node(index).chains!.get(chain)!.tree.final.state
  const balance = (index: number, name: string): bigint =>
    swarm.node(index).port!.account(devnetAddress(name), homeOf(name)).consumer

  it('R5, R7, R11: what leaves one shard arrives once on the other, and nothing is lost or made', async () => {
    const from = userOn(shardId(0))
    const to = userOn(shardId(1))
    const before = balance(0, to)
    for (let count = 0; count < 5; count++) await swarm.submitTransfer(0, { from, to, amount: 7n })
    await swarm.until(() => [0, 1, 2, 3].every((index) => balance(index, to) === before + 35n), {
      what: 'credited at every node',
      timeoutMs: 20_000
    })
    assert.equal(readInLane(state(0, shardId(1)), shardId(0))?.cursor, 5)
    const supply = totalSupply([0, 1].map((index) => readTotals(state(2, shardId(index)))))
    assert.deepEqual(supply, { consumer: MAX_SUPPLY, industrial: MAX_SUPPLY })
  })
})

describe('receipts of a shard that is not followed', function () {
  this.timeout(120_000)
  /** The validator that follows the destination only. */
  const PARTIAL = 3
  let swarm: Swarm

  before(async () => {
    swarm = await createSwarm({
      nodes: 4,
      shards: SHARDS,
      transport: 'memory',
      // Every fourth view of shard 0 ends by its timer.
      overrides: { deltaMaxMs: 300 },
      configure: (index) => (index === PARTIAL ? { shards: [shardId(1)] } : {})
    })
    await swarm.start()
  })
  after(async () => swarm.stop())

  async function acceptedAnnouncements(): Promise<number> {
    const text = await (await fetch(`http://${addressText(swarm.node(PARTIAL).rpcAddress!)}/metrics`)).text()
    const row = /^icn_gossip_verdict_total\{kind="receipt",verdict="accept",rule="valid"\} (\d+)$/m
    return Number(row.exec(text)?.[1] ?? 0)
  }

  it('R4: they are pulled from peers that follow it, and included when the own turn to lead comes', async () => {
    const { network, genesis } = swarm
    const [from, to] = [userOn(shardId(0)), userOn(shardId(1))]
    const partial = swarm.node(PARTIAL).chains!
    assert.equal(partial.get(shardId(0)), undefined)
    const key = publicKeyFromSeed(devnetSeed(`validator${PARTIAL}`))
    const shard = partial.get(shardId(1))!
    let looked = 0
    const hasIncluded = (): boolean => {
      for (; looked < shard.store.final.height; looked++) {
        const block = shard.store.block(looked + 1)!
        if (equal(block.header.proposer, key) && block.body.deliveries.length > 0) return true
      }
      return false
    }
    const { port } = swarm.node(0)
    const home = homeOf(from)
    const start = port!.account(devnetAddress(from), home).nextNonce
    let sent = 0n
    while (!hasIncluded() && sent < 400n) {
      const { bytes } = signTransfer({
        network,
        signer: devnetSeed(from),
        chain: home,
        nonce: start + sent,
        validUntil: port!.head(home).final.header.height + 60,
        to: devnetAddress(to),
        consumer: 1n,
        ...transferCost(genesis.params)
      })
      const answer = await port!.submit(bytes)
      assert(answer.ok, answer.ok ? '' : answer.code)
      sent += 1n
      const height = shard.store.final.height
      await swarm.until(() => shard.store.final.height > height, { what: 'another block', timeoutMs: 10_000 })
    }
    assert(hasIncluded() || sent < 400n, 'the validator never carried a receipt')
    const cursor = (): number =>
      readInLane(swarm.node(PARTIAL).chains!.get(shardId(1))!.tree.final.state, shardId(0))?.cursor ?? 0
    await swarm.until(() => cursor() === Number(sent), { what: 'all delivered', timeoutMs: 20_000 })
    assert((await acceptedAnnouncements()) > 0, 'R4, GOS-14: and was told by those that follow the source')
    const peers = swarm.node(PARTIAL).network!
    for (const { peer } of swarm.members) {
      const costly = peers.why(peer).filter(({ fact }) => fact === 'invalid')
      assert.deepEqual(costly, [], 'nobody is blamed')
    }
  })
})
