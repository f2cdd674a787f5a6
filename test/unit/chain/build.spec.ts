import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { buildBlock } from '../../../src/chain/build.ts'
import type { BuildInput } from '../../../src/chain/build.ts'
import { judgeBlock } from '../../../src/chain/judge.ts'
import type { BlockCode, Judgement } from '../../../src/chain/judge.ts'
import { receiveBlock } from '../../../src/chain/receive.ts'
import { blockHash, bodyHash } from '../../../src/codec/block.ts'
import type { Block, Header } from '../../../src/codec/block.ts'
import type { Certificate } from '../../../src/codec/statement.ts'
import { ZERO_HASH, u64be } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { sha256Of } from '../../../src/crypto/hash.ts'
import type { Params } from '../../../src/params/params.ts'
import { committeeOf } from '../../../src/sharding/committee.ts'
import type { CheckedTransaction } from '../../../src/state/types.ts'
import { FINALISE, NOTARISE, aBlock } from '../../support/consensus.ts'
import { membersOf } from '../../support/genesis.ts'
import { COIN, NETWORK, PARAMS, START_MS, aTransfer, genesisState, party } from '../../support/state.ts'

const SHARD = shardId(0)
const { members } = committeeOf(SHARD, membersOf([0, 1, 2, 3]), false)
const schedule = { leader: (view: number) => (view - 1) % 4 }
const [alice, bob] = [party(1), party(2)]
const state = () =>
  genesisState([
    { address: alice.address, consumer: 100n * COIN, industrial: 0n },
    { address: bob.address, consumer: 100n * COIN, industrial: 0n }
  ])
const transfers = [0n, 1n].map((nonce) => aTransfer(alice, { to: bob.address, consumer: 5n }, { nonce }))
const params: Params = { ...PARAMS, epochLength: 20, minBlockIntervalMs: 1_000 }
/** Reference of the parent, and of the block: another, later one. */
const REFERENCE = { height: 70, hash: sha256Of(u64be(70)) }

interface Scene {
  readonly input: BuildInput
  readonly against: Judgement
}

interface SceneInit {
  readonly chain?: ChainId
  /** Fields of the parent's header. */
  readonly parent?: Partial<Header>
  readonly params?: Partial<Params>
  readonly transactions?: readonly CheckedTransaction[]
}

/** Epoch 3, parent at height 5 and view 2, block in view 3. */
function aScene(init: SceneInit = {}): Scene {
  const { chain = SHARD, transactions = transfers } = init
  const view = state()
  const own = { ...params, ...init.params }
  const parentBlock = aBlock({
    network: NETWORK,
    chain,
    epoch: 3,
    height: 5,
    view: 2,
    timeMs: START_MS,
    coordHeight: chain === COORD ? 0 : 66,
    ...init.parent
  })
  const parent = { header: parentBlock.header, hash: parentBlock.hash }
  const isBase = parent.header.height === 0 || parent.header.epoch < 3
  const certificate: Certificate = {
    chain,
    epoch: parent.header.epoch,
    view: parent.header.view,
    kind: isBase ? FINALISE : NOTARISE,
    hash: parent.hash,
    signers: BitArray.fromBoolArray([true, true, true, false]),
    signatures: [1, 2, 3].map((byte) => new Uint8Array(64).fill(byte))
  }
  const coord = chain === COORD ? { height: 0, hash: ZERO_HASH } : REFERENCE
  const input: BuildInput = {
    network: NETWORK,
    chain,
    epoch: 3,
    view: 3,
    shards: 1,
    params: own,
    committee: committeeOf(chain, members, false),
    schedule,
    parent,
    ancestors: [],
    state: view,
    parentCertificate: certificate,
    nowMs: START_MS + 2_000,
    coord,
    proposer: members[2]!.key,
    deliveries: [],
    candidates: transactions
  }
  return {
    input,
    against: {
      network: NETWORK,
      epoch: 3,
      shards: 1,
      params: own,
      committee: committeeOf(chain, members, false),
      deliveries: [],
      evidence: [],
      schedule,
      parent: { ...parent, isBase },
      view,
      coordHash: coord.hash,
      parentCertificateValid: true,
      lateVotesValid: true,
      attendance: [],
      transactions
    }
  }
}

/** With other header fields; the hash follows. */
function withHeader(block: Block, fields: Partial<Header>): Block {
  const header = { ...block.header, ...fields }
  return { ...block, header, hash: blockHash(header) }
}

const codeOf = (block: Block, against: Judgement): BlockCode | 'valid' => {
  const verdict = judgeBlock(block, against)
  return verdict.ok ? 'valid' : verdict.code
}

const scene = aScene()
const built = buildBlock(scene.input)
const { block } = built

describe('building a block', () => {
  it('C7, C14: the judge finds the roots that the builder found', () => {
    const verdict = judgeBlock(block, scene.against)
    assert.ok(verdict.ok, verdict.ok ? '' : verdict.detail)
    assert.equal(block.header.transactionCount, 2)
    assert.deepEqual(verdict.value.changes.root, block.header.stateRoot)
    assert.deepEqual(verdict.value.results, built.execution.results)
  })

  it('C7: repeating the judgement gives the same answer', () => {
    assert.deepEqual(judgeBlock(block, scene.against), judgeBlock(block, scene.against))
  })

  it('C14: time is the greater of the clock and the least of C7', () => {
    assert.equal(block.header.timeMs, START_MS + 2_000)
    assert.equal(buildBlock({ ...scene.input, nowMs: 5 }).block.header.timeMs, START_MS + 1_000)
  })

  it('C6, C14: on coord there is no reference', () => {
    const own = aScene({ chain: COORD, transactions: [], params: { epochLength: 20 } })
    const made = buildBlock(own.input)
    assert.deepEqual([made.block.header.coordHeight, made.block.header.coordHash], [0, ZERO_HASH])
    assert.equal(codeOf(made.block, own.against), 'valid')
  })

  it('C14: a block of no candidates is empty and valid', () => {
    const made = buildBlock({ ...scene.input, candidates: [] })
    assert.equal(made.block.body.transactions.length, 0)
    assert.equal(codeOf(made.block, { ...scene.against, transactions: [] }), 'valid')
  })

  it('M13: as many candidates as the parameters admit, by count', () => {
    const made = buildBlock({ ...scene.input, params: { ...params, blockTransactionsMax: 1 } })
    assert.deepEqual(made.transactions, [transfers[0]])
  })

  it('M13: and by bytes, with the certificate counted', () => {
    const size = block.bodyBytes.length
    const tight = buildBlock({ ...scene.input, params: { ...params, blockBytesMax: size - 1 } })
    assert.equal(tight.transactions.length, 1)
    assert.ok(tight.block.bodyBytes.length < size)
    const room = buildBlock({ ...scene.input, params: { ...params, blockBytesMax: size + 64 } })
    assert.equal(room.transactions.length, 2)
  })
})

describe('C24: boundary blocks have no children', () => {
  it('C7, C24: nothing extends a boundary block within its epoch, on coord', () => {
    const own = aScene({ chain: COORD, transactions: [], parent: { height: 80 } })
    assert.equal(codeOf(buildBlock(own.input).block, own.against), 'wrong-parent')
    const before = aScene({ chain: COORD, transactions: [], parent: { height: 79 } })
    assert.equal(codeOf(buildBlock(before.input).block, before.against), 'valid')
  })

  it('C7, C24: nor on a shard', () => {
    const own = aScene({ parent: { coordHeight: 80 } })
    const late = { height: 81, hash: REFERENCE.hash }
    assert.equal(codeOf(buildBlock({ ...own.input, coord: late }).block, own.against), 'wrong-parent')
    const before = aScene({ parent: { coordHeight: 79 } })
    assert.equal(codeOf(buildBlock({ ...before.input, coord: late }).block, before.against), 'valid')
  })
})

describe('C7: the first row that applies is the answer', () => {
  const wrong: [BlockCode, Partial<Header>][] = [
    ['wrong-instance', { version: 9 }],
    ['wrong-parent', { parent: ZERO_HASH }],
    ['wrong-height', { height: 9 }],
    ['wrong-view', { view: 1 }],
    ['wrong-proposer', { proposer: ZERO_HASH }],
    ['time-too-early', { timeMs: 0 }],
    ['wrong-reference', { coordHash: ZERO_HASH }],
    ['wrong-commitment', { bodyHash: ZERO_HASH }],
    ['wrong-reward', { rewardConsumer: 1n }],
    ['wrong-state-root', { stateRoot: ZERO_HASH }]
  ]
  for (const [index, [code]] of wrong.entries()) {
    it(`C7: ${code} goes before all that follow`, () => {
      const fields: Partial<Header> = wrong.slice(index).reduce((all, [, one]) => ({ ...all, ...one }), {})
      assert.equal(codeOf(withHeader(block, fields), scene.against), code)
    })
  }
})

describe('D6: a block out of bytes', () => {
  it('D6: header and body that fit make the block', () => {
    const received = receiveBlock(block.header, block.bodyBytes)
    assert.ok(received.ok)
    assert.deepEqual([received.value.hash, received.value.body], [block.hash, block.body])
  })

  const refused = (fields: Partial<Header>, bytes: Uint8Array): string => {
    const received = receiveBlock({ ...block.header, ...fields }, bytes)
    return received.ok ? 'accepted' : received.code
  }
  it('D6: a body of another size or hash is wrong-body', () => {
    assert.equal(refused({ bodyBytes: block.bodyBytes.length + 1 }, block.bodyBytes), 'wrong-body')
    assert.equal(refused({ bodyHash: ZERO_HASH }, block.bodyBytes), 'wrong-body')
    assert.equal(refused({}, block.bodyBytes.subarray(1)), 'wrong-body')
  })

  it('D6: bytes that the header names but that are no body are not-canonical', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    assert.equal(refused({ bodyBytes: 3, bodyHash: bodyHash(bytes) }, bytes), 'not-canonical')
  })
})
