/** Nodes that follow some shards (D2, `--shards`): what they subscribe to, serve, keep, refuse and hand on. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { pino } from 'pino'
import { Client } from '../../src/client/client.ts'
import type { RefusalFacts } from '../../src/client/types.ts'
import { RpcRefusal } from '../../src/client/refusal.ts'
import { identityOf, signTransfer, signerOfSeed, transferCost } from '../../src/client/transfer.ts'
import { FRAME_WANT, FinalRangeType } from '../../src/codec/messages.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { finalHeight } from '../support/swarm.ts'

const [FIRST, SECOND] = [shardId(0), shardId(1)]
/** Beside four validators of everything. */
const [PARTIAL, BARE] = [4, 5]

describe('shard subsets', function () {
  this.timeout(120_000)
  let swarm: Swarm

  before(async () => {
    swarm = await createSwarm({
      nodes: 6,
      validators: 4,
      shards: 2,
      transport: 'memory',
      configure: (index) =>
        index === PARTIAL ? { shards: [FIRST] } : index === BARE ? { shards: 'none' } : {}
    })
    await swarm.start()
    await swarm.until(() => swarm.running.every(({ network }) => network!.peers().length === 5), {
      what: 'all met',
      timeoutMs: 30_000
    })
  })
  after(async () => swarm.stop())

  const followers = (of: number, chain: ChainId): string[] =>
    swarm
      .node(of)
      .network!.peers(chain)
      .map(({ peer }) => String(peer))
  const client = (of: number): Client => {
    const { host, port } = swarm.node(of).rpcAddress!
    return new Client({ url: `http://${host}:${port}` })
  }
  const costly = (of: number, peer: number) =>
    swarm
      .node(of)
      .network!.why(swarm.members[peer]!.peer)
      .filter(({ fact }) => fact === 'invalid' || fact === 'broken-promise')
  const database = (index: number, chain: ChainId): string =>
    dataPaths(swarm.members[index]!.data).chainDatabase(chain)

  /** Of an account whose home is that shard, to itself. */
  function transferOn(chain: ChainId): { readonly bytes: Uint8Array; readonly id: string } {
    const { network, genesis } = swarm
    const names = Array.from({ length: 10 }, (_, index) => `user${index}`)
    const name = names.find(
      (each) => identityOf(signerOfSeed(devnetSeed(each)).publicKey, 2).chain === chain
    )!
    const { port } = swarm.node(0)
    const { nextNonce } = port!.account(devnetAddress(name), chain)
    return signTransfer({
      network,
      signer: devnetSeed(name),
      chain,
      nonce: nextNonce,
      validUntil: port!.head(chain).final.header.height + 50,
      to: devnetAddress(name),
      consumer: 1n,
      ...transferCost(genesis.params)
    })
  }

  it('D2: a node keeps coordination and its shards alone, and others know it', async () => {
    await swarm.until(() => finalHeight(swarm.node(PARTIAL), FIRST) >= 3, { what: 'its shard goes on' })
    await swarm.reached(COORD, 3)
    const lists = [PARTIAL, BARE].map((index) => swarm.node(index).chains!.list.map(({ chain }) => chain))
    assert.deepEqual(lists, [[COORD, FIRST], [COORD]])
    assert.deepEqual(
      [FIRST, SECOND].map((chain) => existsSync(database(PARTIAL, chain))),
      [true, false]
    )
    const [partial, bare] = [PARTIAL, BARE].map((index) => String(swarm.members[index]!.peer))
    assert.ok(followers(0, FIRST).includes(partial!))
    assert.ok(!followers(0, SECOND).includes(partial!))
    assert.ok(!followers(0, FIRST).includes(bare!))
    assert.ok(followers(0, COORD).includes(bare!))
  })

  it('what is for another shard is not relayed, not answered with data, and costs nobody anything', async () => {
    const { network } = swarm.node(0)
    const { peer } = swarm.members[PARTIAL]!
    assert.deepEqual(swarm.node(PARTIAL).network!.meshPeers(SECOND, 'block'), [])
    assert.ok(!network!.meshPeers(SECOND, 'block').includes(peer))
    const frame = Uint8Array.of(FRAME_WANT, SECOND & 0xff, SECOND >> 8, 1, 2, 3)
    assert.ok(network!.sendConsensus(peer, frame))
    const body = FinalRangeType.serialize({ chain: SECOND, from: 1, limit: 4 })
    assert.equal((await network!.request(peer, 'certificates', body)).result, 'lacks')
    const own = FinalRangeType.serialize({ chain: FIRST, from: 1, limit: 1 })
    assert.equal((await network!.request(peer, 'certificates', own)).result, 'ok')
    assert.deepEqual([...costly(PARTIAL, 0), ...costly(0, PARTIAL)], [])
  })

  it('D10: a transaction for a chain that is not followed is handed to a peer that follows it', async () => {
    for (const [at, chain] of [
      [PARTIAL, SECOND],
      [BARE, FIRST]
    ] as const) {
      const { bytes, id } = transferOn(chain)
      const { relayed } = await client(at).submit(bytes)
      assert.equal(relayed, true)
      await swarm.finalised(chain, id)
    }
  })

  it('D10: without such a peer it is refused with CHAIN_UNREACHABLE', async () => {
    const { bytes } = transferOn(FIRST)
    swarm.partition([[0, 1, 2, 3, PARTIAL]])
    try {
      await swarm.until(() => swarm.node(BARE).network!.peers().length === 0, { what: 'alone' })
      const answer = await swarm.node(BARE).port!.submit(bytes)
      assert.equal(answer.ok ? 'taken' : answer.code, 'CHAIN_UNREACHABLE')
    } finally {
      swarm.heal()
    }
    await swarm.until(() => swarm.node(BARE).network!.peers().length === 5, {
      what: 'back',
      timeoutMs: 30_000
    })
  })

  it('questions about a chain that is not followed are refused with peers that follow it', async () => {
    for (const at of [PARTIAL, BARE]) {
      const failure: unknown = await client(at)
        .call('chain_head', { chain: 1 })
        .then(
          () => undefined,
          (error: unknown) => error
        )
      assert.ok(failure instanceof RpcRefusal)
      assert.equal(failure.code, 'CHAIN_NOT_FOLLOWED')
      const { peers } = failure.detail as RefusalFacts & {
        readonly peers: readonly { readonly peer: string }[]
      }
      const validators = swarm.members.slice(0, 4).map(({ peer }) => String(peer))
      assert.ok(peers.length > 0)
      assert.ok(peers.every((each) => validators.includes(typeof each === 'string' ? each : each.peer)))
    }
  })

  it('a shard that is added at a restart is synchronised from its first block', async () => {
    await swarm.restart(PARTIAL, { shards: [FIRST, SECOND] })
    const target = finalHeight(swarm.node(0), SECOND)
    await swarm.reached(SECOND, target, { timeoutMs: 60_000 })
    const [added, other] = [PARTIAL, 0].map((index) => swarm.node(index).chains!.get(SECOND)!.store)
    assert.deepEqual(added!.hashAt(1), other!.hashAt(1))
    assert.equal(added!.earliest, 0)
    await swarm.until(() => followers(0, SECOND).includes(String(swarm.members[PARTIAL]!.peer)), {
      what: 'others know',
      timeoutMs: 30_000
    })
  })

  it('a shard that is left out stays on disk and goes on from there when it is followed again', async () => {
    const before = finalHeight(swarm.node(PARTIAL), FIRST)
    await swarm.restart(PARTIAL, { shards: [SECOND] })
    assert.equal(swarm.node(PARTIAL).chains!.get(FIRST), undefined)
    await swarm.reached(SECOND, finalHeight(swarm.node(0), SECOND) + 2, { timeoutMs: 30_000 })
    assert.ok(existsSync(database(PARTIAL, FIRST)))
    await swarm.restart(PARTIAL, { shards: 'all' })
    assert.ok(finalHeight(swarm.node(PARTIAL), FIRST) >= before)
    await swarm.reached(FIRST, finalHeight(swarm.node(0), FIRST) + 2, { timeoutMs: 60_000 })
    assert.deepEqual(
      swarm.members.flatMap(({ failures }) => failures),
      []
    )
  })
})

describe('validators of shard subsets', function () {
  this.timeout(60_000)

  it('D2: a validator whose node leaves out a chain it has a seat in is told so at the start', async () => {
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
    const swarm = await createSwarm({
      nodes: 2,
      shards: 3,
      transport: 'memory',
      log,
      configure: (index) => (index === 0 ? { shards: [FIRST] } : {})
    })
    try {
      await swarm.start()
      const warned = lines.filter((line) => line.includes('does not vote'))
      assert.equal(warned.length, 1)
      assert.match(warned[0]!, /"node":0,.*"chains":\["1","2"\]/)
    } finally {
      await swarm.stop()
    }
  })
})

describe('retention in a network', function () {
  this.timeout(120_000)

  it('a pruned node says what it holds, answers lacks below, and a newcomer gets everything from an archive', async () => {
    const keep = 16
    const swarm = await createSwarm({
      nodes: 5,
      validators: 4,
      transport: 'memory',
      configure: (index) => (index === 1 ? { retention: keep } : {})
    })
    try {
      await swarm.start([0, 1, 2, 3])
      await swarm.reached(FIRST, 40, { timeoutMs: 60_000 })
      const store = swarm.node(1).chains!.get(FIRST)!.store
      await swarm.until(() => store.earliest > 16, { what: 'blocks are dropped', timeoutMs: 20_000 })
      const { peer } = swarm.members[1]!
      const ask = async (from: number): Promise<string> => {
        const body = FinalRangeType.serialize({ chain: FIRST, from, limit: 2 })
        return (await swarm.node(0).network!.request(peer, 'certificates', body)).result
      }
      assert.equal(await ask(1), 'lacks')
      assert.equal(await ask(store.final.height - 1), 'ok')
      await swarm.restart(4)
      await swarm.reached(FIRST, finalHeight(swarm.node(0), FIRST), { timeoutMs: 60_000 })
      assert.equal(swarm.node(4).chains!.get(FIRST)!.store.earliest, 0)
      assert.deepEqual(
        swarm.members.flatMap(({ failures }) => failures),
        []
      )
      await swarm.stopNode(1)
      await swarm.restart(1)
      await swarm.reached(FIRST, finalHeight(swarm.node(0), FIRST) + 2, { timeoutMs: 30_000 })
    } finally {
      await swarm.stop()
    }
  })
})
