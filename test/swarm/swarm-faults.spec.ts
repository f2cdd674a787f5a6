/** What a swarm of `icn/testing` can do to its nodes, and a swarm that goes on from a made history. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkDirectories } from '../../src/check/index.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { must } from '../../src/primitives/errors.ts'
import { createDevnet, createSwarm, makeHistory } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { QUICK_PARAMS } from '../../src/testing/swarm-options.ts'
import { finalHeight } from '../support/swarm.ts'

const SHARD = shardId(0)
const failures = (swarm: Swarm): unknown[] => swarm.members.flatMap((member) => member.failures)

describe('swarm: faults', function () {
  this.timeout(60_000)
  let swarm: Swarm

  afterEach(async () => swarm.stop())

  for (const storage of ['directory', 'memory'] as const) {
    it(`D4: all validators die at once (${storage}); nothing final is lost and no key contradicts itself`, async () => {
      swarm = await createSwarm({ transport: 'memory', storage })
      await swarm.start()
      await swarm.reached(SHARD, 4)
      const before = swarm.running.map((node) => finalHeight(node, SHARD))
      const hash = must(swarm.node(0).chains, 'it runs').get(SHARD)!.store.hashAt(4)
      for (const { index } of swarm.members) await swarm.crash(index)
      assert.equal(swarm.running.length, 0)
      await swarm.start()
      for (const [index, height] of before.entries()) assert(finalHeight(swarm.node(index), SHARD) >= height)
      await swarm.reached(SHARD, Math.max(...before) + 3, { timeoutMs: 30_000 })
      for (const { chains, validator } of swarm.running) {
        assert.deepEqual(chains!.get(SHARD)!.store.hashAt(4), hash)
        assert.equal(validator!.state, 'active')
      }
      assert.deepEqual(failures(swarm), [])
      if (storage === 'memory') return
      for (const { index } of swarm.members) await swarm.stopNode(index)
      const report = await checkDirectories(swarm.members.map(({ data }) => data))
      assert.deepEqual(report.findings, [])
    })
  }

  it('a crashed node writes nothing more, says no goodbye, and is gone for the others', async () => {
    swarm = await createSwarm({ transport: 'memory' })
    await swarm.start()
    await swarm.until(() => swarm.node(0).network!.peers().length === 3, { what: 'all met' })
    const { chains } = swarm.node(3)
    const { peer } = swarm.members[3]!
    await swarm.crash(3)
    const height = must(chains, 'it ran').coord.store.final.height
    await swarm.until(
      () =>
        swarm
          .node(0)
          .network!.peers()
          .every((view) => view.peer !== peer),
      { what: 'noticed' }
    )
    await swarm.reached(COORD, height + 3)
    assert.equal(chains!.coord.store.final.height, height)
  })

  it('C18: a partition of two and two makes nothing final on either side; healed, all go on together', async () => {
    swarm = await createSwarm({ transport: 'memory' })
    await swarm.start()
    await swarm.reached(COORD, 2)
    swarm.partition([
      [0, 1],
      [2, 3]
    ])
    const connected = (index: number): string[] =>
      swarm
        .node(index)
        .network!.peers()
        .map(({ peer }) => peer)
    await swarm.until(() => [0, 1, 2, 3].every((index) => connected(index).length === 1), {
      what: 'two and two'
    })
    // A vote that was on its way at the cut may still count.
    const settled = Math.max(...swarm.running.map((node) => finalHeight(node, COORD)))
    const views = swarm.running.map(({ chains }) => chains!.coord.driver.instance.timers.resendMs)
    await swarm.until(
      () =>
        swarm.running.every(
          ({ chains }, index) => chains!.coord.driver.instance.timers.resendMs > views[index]!
        ),
      { what: 'both sides are stuck', timeoutMs: 20_000 }
    )
    assert(swarm.running.every((node) => finalHeight(node, COORD) <= settled + 1))
    await swarm.restart(3)
    assert.deepEqual(
      connected(3).filter((peer) => peer !== swarm.members[2]!.peer),
      [],
      'a restart is no way across'
    )
    swarm.heal()
    await swarm.reached(COORD, settled + 4, { timeoutMs: 30_000 })
    assert.deepEqual(failures(swarm), [])
  })

  it('three of four on one side go on; the one that was alone catches up', async () => {
    swarm = await createSwarm({ transport: 'memory' })
    await swarm.start()
    swarm.partition([[0, 1, 2]])
    await swarm.until(() => [0, 1, 2].every((index) => finalHeight(swarm.node(index), COORD) >= 12), {
      what: 'three go on, across an epoch',
      timeoutMs: 30_000
    })
    assert.equal(swarm.node(3).network!.peers().length, 0)
    swarm.heal()
    await swarm.reached(COORD, 14, { timeoutMs: 30_000 })
  })

  it('a restart takes new settings', async () => {
    swarm = await createSwarm({ nodes: 2, validators: 1, shards: 2, transport: 'memory' })
    await swarm.start()
    assert.equal(swarm.node(1).chains!.list.length, 3)
    await swarm.restart(1, { shards: 'none' })
    assert.deepEqual(
      swarm.node(1).chains!.list.map(({ chain }) => chain),
      [COORD]
    )
  })

  it('what does not come true is a failure that names it', async () => {
    swarm = await createSwarm({ nodes: 1, transport: 'memory' })
    await swarm.start()
    await assert.rejects(
      swarm.reached(COORD, 1_000_000, { timeoutMs: 50 }),
      /not within 50 ms: height 1000000 of/
    )
  })
})

describe('swarm: from a made history', function () {
  this.timeout(120_000)

  it('its validators go on, a follower has it from its copy, and another synchronises with it', async () => {
    const out = mkdtempSync(join(tmpdir(), 'icn-history-'))
    const { maxCoordLag } = { maxCoordLag: 64 }
    const history = await makeHistory({
      out,
      preset: 'minimal',
      shards: 2,
      blocks: 60,
      transfers: 3,
      epochs: 3,
      overrides: { ...QUICK_PARAMS, maxCoordLag }
    })
    const swarm = await createSwarm({ history, nodes: 6, holders: 5, transport: 'memory' })
    try {
      await swarm.start()
      for (const chain of [COORD, shardId(0), shardId(1)])
        await swarm.reached(chain, 63, { timeoutMs: 60_000 })
      for (const [chain, { height, hash }] of history.tips)
        for (const { chains } of swarm.running)
          assert.deepEqual(chains!.get(chain)!.store.hashAt(height), hash)
      assert.deepEqual(failures(swarm), [])
      for (const { index } of swarm.members) await swarm.stopNode(index)
      const report = await checkDirectories(swarm.members.map(({ data }) => data))
      assert.deepEqual(report.findings, [])
    } finally {
      await swarm.stop()
      rmSync(out, { recursive: true, force: true })
    }
  })
})

describe('createDevnet', function () {
  this.timeout(60_000)

  it('one call gives a chain, accounts and a client that submits and awaits final', async () => {
    const devnet = await createDevnet()
    try {
      const [from, to] = devnet.accounts
      const startedMs = performance.now()
      const transaction = await devnet.transfer({ from: from!.name, to: to!.name, amount: 5n })
      assert.equal(transaction.status, 'final')
      assert(performance.now() - startedMs < 1_000, 'block interval 0: nothing waits for a block time')
      const { consumer } = await devnet.client.call('account_get', { address: to!.address })
      assert.equal(consumer, '1000000005')
    } finally {
      await devnet.stop()
    }
  })

  it('four validators and two shards are as easy', async () => {
    const devnet = await createDevnet({ nodes: 4, shards: 2 })
    try {
      for (const { name, chain } of devnet.accounts.slice(0, 4)) {
        const to = devnet.accounts.find((other) => other.chain === chain && other.name !== name)
        const { status } = await devnet.transfer({ from: name, to: to!.name })
        assert.equal(status, 'final')
      }
    } finally {
      await devnet.stop()
    }
  })
})
