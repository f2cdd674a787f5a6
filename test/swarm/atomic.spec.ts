/** Atomic actions on whole nodes over libp2p: one that is committed everywhere, and one that a shard refuses. */
import assert from 'node:assert/strict'
import { cosign, multiTransferCost, signMultiTransfer, termsOf } from '../../src/client/multi-transfer.ts'
import { homeShard } from '../../src/crypto/address.ts'
import { publicKeyFromSeed } from '../../src/crypto/ed25519.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { MAX_SUPPLY } from '../../src/params/supply.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { readTotals, totalSupply } from '../../src/state/supply.ts'

const SHARDS = 2
const homeOf = (name: string): ChainId => homeShard(devnetAddress(name), SHARDS)
const userOn = (shard: ChainId): string =>
  ['user0', 'user1', 'user2', 'user3', 'user4', 'user5'].find((name) => homeOf(name) === shard)!

describe('atomic actions over shards', function () {
  this.timeout(120_000)
  const [alice, bob] = [userOn(shardId(0)), userOn(shardId(1))]
  let swarm: Swarm

  before(async () => {
    swarm = await createSwarm({ nodes: 4, shards: SHARDS, transport: 'memory' })
    await swarm.start()
  })
  after(async () => swarm.stop())

  const account = (index: number, name: string) =>
    swarm.node(index).port!.account(devnetAddress(name), homeOf(name))

  /** Alice gives consumer tokens for Bob's industrial ones; Bob agrees. @returns the id */
  async function swap(consumer: bigint, industrial: bigint): Promise<Uint8Array> {
    const port = swarm.node(0).port!
    const { network, genesis } = swarm
    const legs = [
      { from: devnetAddress(alice), to: devnetAddress(bob), consumer, industrial: 0n },
      { from: devnetAddress(bob), to: devnetAddress(alice), consumer: 0n, industrial }
    ]
    const chain = homeOf(alice)
    const sender = publicKeyFromSeed(devnetSeed(alice))
    const terms = {
      chain,
      sender,
      nonce: account(0, alice).nextNonce,
      validUntil: port.head(chain).final.header.height + 60,
      heights: 200,
      legs
    }
    const consent = cosign(network, termsOf(terms), account(0, bob).nextCosignature, devnetSeed(bob))
    const cost = multiTransferCost(genesis.params, sender, legs, SHARDS)
    const { bytes } = signMultiTransfer({
      network,
      signer: devnetSeed(alice),
      ...terms,
      cosignatures: [consent],
      ...cost
    })
    const answer = await port.submit(bytes)
    assert(answer.ok, answer.ok ? '' : answer.code)
    return answer.value.id
  }

  /** The outcome that every node gives, once the action has ended. */
  async function outcomeOf(id: Uint8Array): Promise<number> {
    const record = (index: number) => swarm.node(index).port!.atomic(id).record?.record
    await swarm.until(() => [0, 1, 2, 3].every((index) => (record(index)?.endedAt ?? 0) > 0), {
      what: 'the action has ended at every node',
      timeoutMs: 30_000
    })
    const outcomes = new Set([0, 1, 2, 3].map((index) => record(index)!.outcome))
    assert.equal(outcomes.size, 1)
    for (const index of [0, 1, 2, 3]) assert.deepEqual(swarm.node(index).port!.atomic(id).held, [])
    return [...outcomes][0]!
  }

  const wealth = () =>
    [alice, bob].map((name) => ({
      consumer: account(1, name).consumer,
      industrial: account(1, name).industrial
    })) as [{ consumer: bigint; industrial: bigint }, { consumer: bigint; industrial: bigint }]

  it('R13, ATO-6, ATO-8: a swap of two owners happens on both shards', async () => {
    const before = wealth()
    assert.equal(await outcomeOf(await swap(700n, 900n)), 1)
    const after = wealth()
    assert.equal(after[1].consumer - before[1].consumer, 700n)
    assert.equal(after[0].industrial - before[0].industrial, 900n)
    assert.equal(before[1].industrial - after[1].industrial, 900n)
  })

  it('R13, ATO-6, ATO-8: a swap that one owner cannot pay happens on neither', async () => {
    const before = wealth()
    assert.equal(await outcomeOf(await swap(700n, before[1].industrial + 1n)), 2)
    const after = wealth()
    assert.deepEqual(after[1], before[1])
    assert.equal(after[0].industrial, before[0].industrial)
    assert(before[0].consumer - after[0].consumer < 1_000_000n, 'fee and charge, and nothing else')
  })

  it('R11: nothing was made or lost, and nothing is held', () => {
    const totals = swarm.node(2).chains!.list.map(({ tree }) => readTotals(tree.final.state))
    const { consumer, industrial } = totalSupply(totals)
    assert.deepEqual({ consumer, industrial }, { consumer: MAX_SUPPLY, industrial: MAX_SUPPLY })
    assert(totals.every(({ escrowConsumer, escrowIndustrial }) => escrowConsumer + escrowIndustrial === 0n))
  })
})
