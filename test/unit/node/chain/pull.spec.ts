import assert from 'node:assert/strict'
import {
  BlockEnvelopeType,
  BlocksByHashType,
  FinalRangeType,
  MAX_RANGE_BLOCKS
} from '../../../../src/codec/messages.ts'
import type { Block } from '../../../../src/codec/block.ts'
import { CertificateType } from '../../../../src/codec/statement.ts'
import type { Certificate } from '../../../../src/codec/statement.ts'
import { createInstance } from '../../../../src/consensus/instance.ts'
import { VerifyPoolError } from '../../../../src/crypto/errors.ts'
import { Pull } from '../../../../src/node/chain/pull.ts'
import type { PullComponents } from '../../../../src/node/chain/pull.ts'
import { serveBlocks, serveRange } from '../../../../src/node/chain/serve.ts'
import { ChainStore } from '../../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import { toHex, u64be } from '../../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../../src/primitives/chain-id.ts'
import { sha256Of } from '../../../../src/crypto/hash.ts'
import type { Response } from '../../../../src/net/types.ts'
import { FINALISE, NETWORK, NOTARISE, Stage, configOf } from '../../../support/consensus.ts'
import { FakeNetwork, peer, settled } from '../../../support/node-fakes.ts'
import { aGenesis, aHistory } from '../../store/builders.ts'

const stage = new Stage({ self: null })
const chain: Block[] = []
for (let view = 1; view <= 3; view++) {
  const on = chain.at(-1)
  chain.push(stage.block(on === undefined ? { view } : { view, on }))
}
const [first, second, third] = chain as [Block, Block, Block]
const frame = ({ header, bodyBytes }: Block): Uint8Array =>
  BlockEnvelopeType.serialize({ header, body: bodyBytes })
const proof = (block: Block, fields: Partial<Certificate> = {}): Uint8Array =>
  CertificateType.serialize({ ...stage.certificate(FINALISE, block.header.view, block.hash), ...fields })
const ok = (...frames: Uint8Array[]): Response => ({ result: 'ok', frames })

function aPull() {
  const network = new FakeNetwork()
  network.connected = ['a', 'b', 'c', 'd'].map(peer)
  const instance = createInstance(configOf({ self: null }), 0)
  const blocks: Block[] = []
  const certificates: Certificate[] = []
  const executor = { holds: true, failing: undefined as Error | undefined }
  const parts = {
    network,
    executor: {
      certificateHolds: async () => {
        if (executor.failing !== undefined) throw executor.failing
        return executor.holds
      }
    },
    instance: () => instance,
    mayPull: () => true,
    onBlock: (block: Block) => void blocks.push(block),
    onCertificate: (certificate: Certificate) => void certificates.push(certificate)
  }
  const pull = new Pull(parts as unknown as PullComponents, COORD)
  return { pull, network, instance, blocks, certificates, executor }
}

describe('C18: pulling one block', () => {
  it('C18: the block that was asked for is handed on, from the first peer that has it', async () => {
    const { pull, network, blocks } = aPull()
    network.answer = (to) => (to === 'a' ? { result: 'lacks', frames: [] } : ok(frame(first)))
    pull.fetch(first.hash)
    await settled()
    assert.deepEqual(
      blocks.map(({ hash }) => hash),
      [first.hash]
    )
    const asked = BlocksByHashType.deserialize(network.requests[0]!.body)
    assert.deepEqual([asked.chain, asked.hashes.map(toHex)], [COORD, [toHex(first.hash)]])
    assert.deepEqual(network.reports, [])
  })

  it('C18: another block is the peer’s fault, and the next one is asked', async () => {
    const { pull, network, blocks } = aPull()
    let answers = 0
    network.answer = () => (answers++ === 0 ? ok(frame(second)) : ok(frame(first)))
    pull.fetch(first.hash)
    await settled()
    assert.equal(network.reports.length, 1)
    assert.match(network.reports[0]!, /invalid bodies: not the block/)
    assert.deepEqual(
      blocks.map(({ hash }) => hash),
      [first.hash]
    )
  })

  it('C18: so is what is no block, or a body that the header does not name', async () => {
    const wrongBody = BlockEnvelopeType.serialize({ header: first.header, body: Uint8Array.of(1) })
    for (const bytes of [new Uint8Array(3), wrongBody]) {
      const { pull, network, blocks } = aPull()
      network.answer = () => ok(bytes)
      pull.fetch(first.hash)
      await settled()
      assert.equal(network.reports.length, 3)
      assert.deepEqual(blocks, [])
    }
  })

  it('C18: three peers at most for one request, in turn, and none twice at a time', async () => {
    const { pull, network } = aPull()
    pull.fetch(first.hash)
    pull.fetch(first.hash)
    await settled()
    assert.equal(network.requests.length, 3)
    assert.equal(new Set(network.requests.map(({ to }) => to)).size, 3)
    pull.fetch(first.hash)
    await settled()
    assert.equal(network.requests.length, 6)
    assert.notEqual(network.requests[3]!.to, network.requests[0]!.to)
  })

  it('C18: nobody is blamed for lacking it, and nothing is asked after the stop', async () => {
    const { pull, network } = aPull()
    pull.fetch(first.hash)
    await settled()
    assert.deepEqual(network.reports, [])
    pull.stop()
    pull.fetch(second.hash)
    pull.catchUp()
    await settled()
    assert.equal(network.requests.length, 3)
  })
})

describe('C23: pulling a range', () => {
  it('C23: the blocks, then the certificate; asked from the height above the last final one', async () => {
    const { pull, network, blocks, certificates } = aPull()
    network.connected = [peer('a')]
    network.answer = () => ok(frame(first), frame(second), proof(second))
    pull.catchUp()
    await settled()
    assert.deepEqual(
      blocks.map(({ hash }) => hash),
      [first.hash, second.hash]
    )
    assert.deepEqual(certificates[0]?.hash, second.hash)
    const asked = FinalRangeType.deserialize(network.requests[0]!.body)
    assert.deepEqual(asked, { chain: COORD, from: 1, limit: MAX_RANGE_BLOCKS })
    assert.equal(pull.active, true)
  })

  const wrong: [string, Uint8Array[], RegExp][] = [
    ['nothing at all', [], /blocks and a certificate/],
    ['a certificate without blocks', [proof(first)], /blocks and a certificate/],
    ['blocks that do not link to ours', [frame(second), proof(second)], /does not link/],
    ['blocks that do not link to each other', [frame(first), frame(third), proof(third)], /does not link/],
    [
      'a block of another epoch',
      [frame(stage.block({ view: 1, epoch: 1 })), proof(first)],
      /another instance/
    ],
    [
      'a block of another chain',
      [frame(stage.block({ view: 1, chain: shardId(0) })), proof(first)],
      /another instance/
    ],
    ['a certificate of another block', [frame(first), proof(second)], /not the finality/],
    ['a notarisation', [frame(first), proof(first, { kind: NOTARISE })], /not the finality/],
    ['a certificate of another epoch', [frame(first), proof(first, { epoch: 1 })], /not the finality/],
    [
      'a certificate of another chain',
      [frame(first), proof(first, { chain: shardId(0) })],
      /not the finality/
    ],
    ['no certificate at the end', [frame(first), frame(second)], /./],
    ['something that is no block', [Uint8Array.of(1), proof(first)], /./]
  ]
  for (const [what, frames, why] of wrong) {
    it(`C23: ${what}: blamed, nothing taken`, async () => {
      const { pull, network, blocks, certificates } = aPull()
      network.connected = [peer('a')]
      network.answer = () => ok(...frames)
      pull.catchUp()
      await settled()
      assert.equal(network.reports.length, 1)
      assert.match(network.reports[0]!, /^a invalid certificates: /)
      assert.match(network.reports[0]!, why)
      assert.deepEqual([blocks, certificates], [[], []])
      assert.equal(pull.active, false)
    })
  }

  it('C5, C23: a certificate that does not hold is blamed', async () => {
    const { pull, network, blocks, executor } = aPull()
    network.connected = [peer('a')]
    executor.holds = false
    network.answer = () => ok(frame(first), proof(first))
    pull.catchUp()
    await settled()
    assert.match(network.reports[0]!, /does not hold/)
    assert.deepEqual(blocks, [])
  })

  it('C23: trouble of our own verifier blames nobody and breaks nothing', async () => {
    const { pull, network, blocks, executor } = aPull()
    network.connected = [peer('a')]
    executor.failing = new VerifyPoolError({ code: 'CRYPTO_QUEUE_FULL', jobs: 1, bytes: 1 })
    network.answer = () => ok(frame(first), proof(first))
    pull.catchUp()
    await settled()
    assert.deepEqual([network.reports, blocks, pull.active], [[], [], false])
    executor.failing = undefined
    pull.catchUp()
    await settled()
    assert.equal(blocks.length, 1)
  })

  it('C23: an answer that is stale because finality moved meanwhile is not blamed', async () => {
    const { pull, network, instance } = aPull()
    network.connected = [peer('a')]
    network.answer = () => {
      instance.final = { ...instance.final, hash: second.hash, height: 2 }
      return ok(frame(first), proof(first))
    }
    pull.catchUp()
    await settled()
    assert.deepEqual(network.reports, [])
  })

  it('C23: goes on while ranges come, and asks others when one has none', async () => {
    const { pull, network, instance } = aPull()
    network.connected = [peer('a'), peer('b')]
    let given = 0
    network.answer = (to) => {
      if (to === 'a' || given > 0) return { result: 'lacks', frames: [] }
      given++
      return ok(frame(first), proof(first))
    }
    pull.catchUp()
    await settled()
    assert.equal(pull.active, true)
    instance.final = { ...instance.final, hash: first.hash, height: 1 }
    pull.progressed()
    await settled()
    assert.equal(pull.active, false)
    assert.equal(FinalRangeType.deserialize(network.requests.at(-1)!.body).from, 2)
    assert.deepEqual(network.reports, [])
  })

  it('C23: a peer that says it has more is asked first', async () => {
    const { pull, network } = aPull()
    pull.catchUp(peer('z'))
    await settled()
    assert.equal(network.requests[0]!.to, 'z')
    assert.equal(network.requests.length, 5)
  })

  it('GOS-6: far behind while a range of more than two blocks is taken in, and not after', async () => {
    for (const [blocks, isFar] of [
      [[first, second, third], true],
      [[first, second], false]
    ] as const) {
      const { pull, network } = aPull()
      network.answer = () => ok(...blocks.map(frame), proof(blocks.at(-1)!))
      assert.equal(pull.isFarBehind, false)
      pull.catchUp()
      await settled()
      assert.equal(pull.isFarBehind, isFar)
      pull.stop()
      await settled()
      assert.equal(pull.isFarBehind, false)
    }
  })

  it('GOS-6: far behind while the range ends more than two views below what is proven to be final', async () => {
    for (const [view, isFar] of [
      [4, true],
      [3, false]
    ] as const) {
      const { pull, network, instance } = aPull()
      network.answer = () => ok(frame(first), proof(first))
      instance.target = stage.certificate(FINALISE, view, third.hash)
      pull.catchUp()
      await settled()
      assert.equal(pull.isFarBehind, isFar, `target in view ${view}`)
      pull.stop()
      await settled()
    }
  })

  it('C27: a halted chain does not wait for the range for ever', async () => {
    const { pull, network } = aPull()
    network.connected = [peer('a')]
    network.answer = () => ok(frame(first), proof(first))
    pull.catchUp()
    await settled()
    network.answer = () => ({ result: 'lacks', frames: [] })
    pull.progressed(true)
    await settled()
    assert.equal(pull.active, false)
  })
})

describe('D12: serving blocks and ranges', () => {
  const genesis = aGenesis(COORD)

  async function aStore(length: number, certified: (height: number) => boolean) {
    const store = await ChainStore.create(
      new MemoryDisk().open(),
      { network: NETWORK, chain: COORD },
      genesis
    )
    const history = aHistory(genesis, length, certified)
    let batch: typeof history = []
    for (const block of history) {
      batch.push(block)
      if (block.certificate === undefined) continue
      await store.commitFinal(batch)
      batch = []
    }
    return { store, history }
  }
  const heights = ({ frames }: Response): number[] =>
    frames.slice(0, -1).map((bytes) => BlockEnvelopeType.deserialize(bytes).header.height)

  it('D12: a range ends at the highest certified height within the limit, with that certificate last', async () => {
    const { store, history } = await aStore(6, (height) => height % 2 === 0)
    const answer = await serveRange(store, { chain: COORD, from: 1, limit: 5 })
    assert.deepEqual(heights(answer), [1, 2, 3, 4])
    assert.deepEqual(CertificateType.deserialize(answer.frames.at(-1)!).hash, history[3]!.block.hash)
    assert.deepEqual(heights(await serveRange(store, { chain: COORD, from: 3, limit: 64 })), [3, 4, 5, 6])
  })

  it('D12: where no height within the limit is certified it goes up to the first that is', async () => {
    const { store } = await aStore(6, (height) => height === 6)
    assert.deepEqual(
      heights(await serveRange(store, { chain: COORD, from: 1, limit: 2 })),
      [1, 2, 3, 4, 5, 6]
    )
  })

  it('D12: never more than 64 blocks, whatever is asked', async () => {
    const { store } = await aStore(70, () => true)
    assert.equal(
      heights(await serveRange(store, { chain: COORD, from: 1, limit: 65_535 })).length,
      MAX_RANGE_BLOCKS
    )
  })

  it('D12: genesis, what is above the final block, and an empty limit are lacked', async () => {
    const { store } = await aStore(2, () => true)
    for (const [from, limit] of [
      [0, 5],
      [3, 5],
      [2 ** 40, 5],
      [1, 0]
    ] as const) {
      assert.deepEqual(await serveRange(store, { chain: COORD, from, limit }), {
        result: 'lacks',
        frames: []
      })
    }
    assert.deepEqual(heights(await serveRange(store, { chain: COORD, from: 2, limit: 1 })), [2])
  })

  it('D12: blocks by hash, unfinal ones included; what is not here is left out', async () => {
    const { store, history } = await aStore(2, () => true)
    const own = new Stage({ self: null })
    own.take(first)
    const hashes = [first.hash, sha256Of(u64be(9)), history[1]!.block.hash]
    const answer = serveBlocks(store, own.instance, { chain: COORD, hashes })
    assert.equal(answer.result, 'ok')
    assert.deepEqual(
      answer.frames.map((bytes) => BlockEnvelopeType.deserialize(bytes).header.parent),
      [first.header.parent, history[1]!.block.header.parent]
    )
    assert.equal(serveBlocks(store, own.instance, { chain: COORD, hashes: [hashes[1]!] }).result, 'lacks')
  })
})
