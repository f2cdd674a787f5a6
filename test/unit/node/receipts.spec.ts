import { deepEqual, equal, ok } from 'node:assert/strict'
import { DeliveryType, ReceiptsRequestType } from '../../../src/codec/receipt.ts'
import type { Delivery } from '../../../src/codec/receipt.ts'
import type { Network, Response } from '../../../src/net/types.ts'
import { REQUEST_LIMITS } from '../../../src/net/limits.ts'
import type { ChainNode } from '../../../src/node/chain/chain-node.ts'
import { Receipts } from '../../../src/node/receipts.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { importedFrom } from '../../support/imported-state.ts'
import { FakeNetwork, peer } from '../../support/node-fakes.ts'
import type { MemoryState } from '../../support/state.ts'
import { commit } from '../../../src/state/commit.ts'
import { toHex, u64be } from '../../../src/primitives/bytes.ts'
import { CONSTANTS } from '../../support/state.ts'

const refuseWork = (): never => {
  throw new RangeError('serving does not ask')
}

/** What serves the receipts of a chain with this state. */
function server(chain: LaneChain, state: MemoryState, certified = true): Receipts {
  const certificate = certified ? chain.certificate() : undefined
  const node = { tree: { final: { header: chain.header(), state } }, certificate } as unknown as ChainNode
  return new Receipts({
    network: { request: refuseWork } as unknown as Network,
    constants: { ...CONSTANTS, shards: 2 },
    chains: new Map([
      [chain.chain, node],
      [COORD, node]
    ]),
    failed: refuseWork
  })
}

const asking = (source: ChainId, destination: ChainId, from: number): Uint8Array =>
  ReceiptsRequestType.serialize({ source, destination, from })

describe('serving receipts', () => {
  function scene(payments = 3): readonly [LaneChain, LaneChain] {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    // Enough of other values for several chunks.
    const filler = new Map(Array.from({ length: 600 }, (_, key) => [toHex(u64be(key)), u64be(key)]))
    a.state.apply(commit(a.state, filler))
    for (let block = 0; block < payments; block++) {
      a.run({ transactions: [a.pay(a.parties[0]!, b.parties[0]!.address, 5n)] })
    }
    return [a, b]
  }
  const served = (receipts: Receipts, from = 0): Delivery => {
    const { result, frames } = receipts.serve(asking(shardId(0), shardId(1), from))
    equal(result, 'ok')
    equal(frames.length, 1)
    return DeliveryType.deserialize(frames[0]!)
  }

  it('R3, R4: whoever holds the state proves what the destination lacks, from its cursor on', () => {
    const [a, b] = scene()
    for (const from of [0, 1, 2]) {
      const delivery = served(server(a, a.state), from)
      const judged = b.judge(delivery)
      ok(judged.ok)
      deepEqual(
        judged.value.receipts.map(({ sequence }) => sequence),
        [0, 1, 2].slice(from)
      )
    }
  })

  it('R3: a state that came as the chunks of a snapshot serves the same receipts, and they are applied', () => {
    const [a, b] = scene()
    for (const bits of [0, 2]) {
      const imported = importedFrom(a.state, bits)
      deepEqual(imported.root, a.state.root)
      deepEqual(served(server(a, imported)), served(server(a, a.state)))
    }
    const judged = b.judge(served(server(a, importedFrom(a.state, 1))))
    ok(judged.ok)
    equal(b.run({ deliveries: [judged.value] }).received.length, 3)
  })

  it('R4: garbage for a request is invalid; one byte less or more of it too', () => {
    const [a] = scene()
    const receipts = server(a, a.state)
    const good = asking(shardId(0), shardId(1), 0)
    ok(good.length <= REQUEST_LIMITS.receipts.requestBytes)
    for (const bytes of [new Uint8Array(0), good.subarray(1), Uint8Array.of(...good, 0)]) {
      equal(receipts.serve(bytes).result, 'invalid')
    }
  })

  it('R4: a source that is not followed, no shard, its own destination or without finality is lacking', () => {
    const [a] = scene()
    const of = (source: ChainId, destination: ChainId, from = 0) =>
      server(a, a.state).serve(asking(source, destination, from)).result
    equal(of(shardId(0), shardId(1)), 'ok')
    equal(of(shardId(1), shardId(0)), 'lacks')
    equal(of(COORD, shardId(1)), 'lacks')
    equal(of(shardId(0), shardId(0)), 'lacks')
    equal(of(shardId(0), shardId(1), 3), 'lacks', 'nothing at or behind the last one')
    equal(of(shardId(0), shardId(1), 2), 'ok')
    equal(server(a, a.state, false).serve(asking(shardId(0), shardId(1), 0)).result, 'lacks')
  })

  it('R4: an answer is cut to its bound of bytes, with at least one entry, and goes on where it ended', () => {
    const [a, b] = laneChains(2) as [LaneChain, LaneChain]
    const memo = new Uint8Array(256)
    for (let block = 0; block < 5; block++) {
      const transactions = Array.from({ length: 60 }, (_, ahead) =>
        a.pay(a.parties[0]!, b.parties[0]!.address, 5n, ahead, memo)
      )
      a.params = { ...a.params, laneReceiptsMax: 4_096 }
      a.run({ transactions })
    }
    const receipts = server(a, a.state)
    let at = 0
    for (let asked = 0; at < 300; asked++) {
      ok(asked < 300, 'every answer brings something')
      const delivery = served(receipts, at)
      ok(DeliveryType.serialize(delivery).length <= REQUEST_LIMITS.receipts.frameBytes)
      for (const { entry } of delivery.entries) {
        equal(entry.receipts[0]?.sequence, at)
        at += entry.receipts.length
      }
    }
    equal(at, 300)
  })
})

describe('pulling receipts', () => {
  /** The destination follows itself only; what its peers answer is said by the test. */
  function puller(sources: readonly LaneChain[], to: LaneChain, answer: FakeNetwork['answer']) {
    const network = new FakeNetwork()
    network.connected = [peer('a'), peer('b')]
    network.answer = answer
    const held: Delivery[] = []
    const node = {
      chain: to.chain,
      tree: { head: () => ({ state: to.state }) },
      inbox: {
        unfollowed: sources.map(({ chain }) => chain),
        hold: (delivery: Delivery) => void held.push(delivery)
      },
      epochs: { committee: () => ({}) },
      executor: { certificateHolds: async () => true },
      driver: { instance: { config: { params: to.params } }, workAppeared: () => undefined }
    } as unknown as ChainNode
    const receipts = new Receipts({
      network,
      constants: { ...CONSTANTS, shards: 3 },
      chains: new Map([[to.chain, node]]),
      failed: (error) => {
        throw error
      }
    })
    return { network, held, receipts }
  }
  const settled = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
  const sent = (): readonly [LaneChain, LaneChain, LaneChain] => {
    const [a, b, c] = laneChains(3) as [LaneChain, LaneChain, LaneChain]
    for (let block = 0; block < 3; block++) {
      for (const source of [a, c]) {
        source.run({ transactions: [source.pay(source.parties[0]!, b.parties[0]!.address, 5n)] })
      }
    }
    return [a, b, c]
  }
  const answering = (delivery: Delivery): Response => ({
    result: 'ok',
    frames: [DeliveryType.serialize(delivery)]
  })

  it('R4: every lane asks from its cursor, and another peer the next time', async () => {
    const [a, b, c] = sent()
    b.run({ deliveries: b.deliveries(a, 1) })
    const lacks: Response = { result: 'lacks', frames: [] }
    const { network, receipts } = puller([a, c], b, () => lacks)
    for (let round = 0; round < 2; round++) {
      receipts.pull()
      receipts.pull()
      await settled()
    }
    const asked = network.requests.map(({ to, body }) => {
      const { source, from } = ReceiptsRequestType.deserialize(body)
      return [to, source, from]
    })
    deepEqual(asked, [
      ['a', a.chain, 1],
      ['a', c.chain, 0],
      ['b', a.chain, 1],
      ['b', c.chain, 0]
    ])
  })

  it('R4, R14: while the coordination chain stands still, each final block of the destination asks once', async () => {
    const [a, b] = sent()
    const { network, receipts } = puller([a], b, () => ({ result: 'lacks', frames: [] }))
    const asked = async (of: () => void): Promise<number> => {
      const before = network.requests.length
      of()
      await settled()
      return network.requests.length - before
    }
    equal(await asked(() => receipts.pull()), 1)
    equal(await asked(() => receipts.advanced(b.chain)), 0, 'coordination has just moved')
    equal(await asked(() => receipts.advanced(b.chain)), 1)
    equal(await asked(() => receipts.advanced(b.chain)), 1)
    equal(await asked(() => receipts.advanced(a.chain)), 0, 'not of ours')
    equal(await asked(() => receipts.pull()), 1)
    equal(await asked(() => receipts.pull()), 1, 'however often it moves')
    equal(await asked(() => receipts.advanced(b.chain)), 0)
  })

  it('R4: what was announced is asked of one peer after another until one has it, of three at most', async () => {
    const [a, b] = sent()
    const lacks: Response = { result: 'lacks', frames: [] }
    const asked = async (lacking: number): Promise<number> => {
      let left = lacking
      const { network, receipts } = puller([a], b, () => (left-- > 0 ? lacks : answering(a.assemble(b)!)))
      receipts.hinted(a.chain, b.chain)
      for (let turn = 0; turn < 5; turn++) await settled()
      return network.requests.length
    }
    deepEqual([await asked(0), await asked(1), await asked(2), await asked(9)], [1, 2, 3, 3])
  })

  it('R4: what is announced while a lane is asked for is asked for once more, not beside it', async () => {
    const [a, b, c] = sent()
    const { promise, resolve } = Promise.withResolvers<Response>()
    const { network, receipts } = puller([a], b, () =>
      network.requests.length === 1 ? promise : answering(a.assemble(b)!)
    )
    receipts.pull()
    for (let hint = 0; hint < 3; hint++) receipts.hinted(a.chain, b.chain)
    receipts.hinted(a.chain, c.chain)
    await settled()
    equal(network.requests.length, 1)
    resolve(answering(a.assemble(b)!))
    await settled()
    equal(network.requests.length, 2)
  })

  it('R4, R5: what is proven and begins at the cursor is held; anything else is not, and costs the peer', async () => {
    const [a, b, c] = sent()
    const whole = a.assemble(b)!
    const [first] = whole.entries
    const receipt = { ...first!.entry.receipts[0]!, consumer: 9n }
    const forged = { ...first!, entry: { ...first!.entry, receipts: [receipt] } }
    const cases: [title: string, response: Response, held: number, reports: number][] = [
      ['right', answering(whole), 1, 0],
      ['a part of it', answering({ ...whole, entries: [first!] }), 1, 0],
      ['behind a gap', answering({ ...whole, entries: whole.entries.slice(1) }), 0, 1],
      ['another amount', answering({ ...whole, entries: [forged] }), 0, 1],
      ['another source', answering(c.assemble(b)!), 0, 1],
      ['garbage', { result: 'ok', frames: [new Uint8Array(90)] }, 0, 1],
      ['no frame', { result: 'ok', frames: [] }, 0, 0],
      ['nothing', { result: 'lacks', frames: [] }, 0, 0]
    ]
    for (const [title, response, count, reports] of cases) {
      const { network, held, receipts } = puller([a], b, () => response)
      receipts.pull()
      await settled()
      deepEqual([held.length, network.reports.length], [count, reports], title)
    }
  })
})
