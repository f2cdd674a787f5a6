import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { NO_COORD_REFERENCE, buildBlock } from '../../../src/chain/build.ts'
import { judgeBlock } from '../../../src/chain/judge.ts'
import type { Judgement } from '../../../src/chain/judge.ts'
import {
  BodyType,
  attendanceRoot,
  blockHash,
  bodyHash,
  deliveriesRoot,
  transactionsRoot
} from '../../../src/codec/block.ts'
import type { Block, Body, Header } from '../../../src/codec/block.ts'
import { DeliveryType } from '../../../src/codec/receipt.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../../src/codec/statement.ts'
import type { Certificate } from '../../../src/codec/statement.ts'
import { ZERO_HASH } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { committeeOf } from '../../../src/sharding/committee.ts'
import { laneChains } from '../../support/lanes.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { membersOf } from '../../support/genesis.ts'
import { COIN, NETWORK, PARAMS, START_MS, aTransfer, genesisState, party } from '../../support/state.ts'
import type { MemoryState } from '../../support/state.ts'

const SHARD = shardId(0)
const hashOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const COORD_HASH = hashOf(0xc0)
const REFERENCE = { height: 7, hash: COORD_HASH }
const [alice, bob] = [party(1), party(2)]
const members = membersOf([1, 2, 3, 4])
const schedule = { leader: (view: number) => (view - 1) % members.length }
const proposerOf = (view: number): Uint8Array => members[schedule.leader(view)]!.key

/** A block in view 5 on a parent in view 3 at height 9, and what it is judged against. Epoch 2. */
interface Scene {
  readonly block: Block
  readonly against: Judgement
}

const parentOf = (chain: ChainId, fields: Partial<Header> = {}): Header => {
  const state = genesisState([{ address: alice.address, consumer: 10n * COIN, industrial: 10n * COIN }])
  const { block } = buildBlock({
    ...common(chain, state),
    parent: { header: { height: 8, timeMs: START_MS, coordHeight: 0 } as Header, hash: hashOf(8) },
    view: 3,
    parentCertificate: undefined,
    nowMs: START_MS,
    coord: chain === COORD ? NO_COORD_REFERENCE : { ...REFERENCE, height: 6 },
    deliveries: [],
    candidates: []
  })
  return { ...block.header, ...fields }
}

function common(chain: ChainId, state: MemoryState) {
  return {
    network: NETWORK,
    chain,
    epoch: 2,
    shards: 1,
    params: PARAMS,
    state,
    schedule,
    ancestors: [],
    proposer: proposerOf(3),
    committee: committeeOf(chain, members, false)
  }
}

const certificateOver = (header: Header, fields: Partial<Certificate> = {}): Certificate => ({
  chain: header.chain,
  epoch: header.epoch,
  view: header.view,
  kind: NOTARISE,
  hash: blockHash(header),
  signers: BitArray.fromBoolArray([true, true, true, false]),
  signatures: [1, 2, 3].map(() => new Uint8Array(64)),
  ...fields
})

function scene(init: {
  readonly chain?: ChainId
  readonly parent?: Partial<Header>
  readonly isBase?: boolean
  readonly certificate?: Partial<Certificate> | null
  readonly epoch?: number
  readonly evidence?: Judgement['evidence']
}): Scene {
  const chain = init.chain ?? SHARD
  const state = genesisState([{ address: alice.address, consumer: 10n * COIN, industrial: 10n * COIN }])
  const header = parentOf(chain, init.parent)
  const parent = { header, hash: blockHash(header) }
  const coord = chain === COORD ? NO_COORD_REFERENCE : REFERENCE
  const candidates = chain === COORD ? [] : [aTransfer(alice, { to: bob.address, consumer: COIN })]
  const built = buildBlock({
    ...common(chain, state),
    epoch: init.epoch ?? 2,
    parent,
    view: 5,
    parentCertificate: init.certificate === null ? undefined : certificateOver(header, init.certificate),
    nowMs: 0,
    coord,
    proposer: proposerOf(5),
    deliveries: [],
    evidence: init.evidence ?? [],
    candidates
  })
  const against: Judgement = {
    network: NETWORK,
    epoch: init.epoch ?? 2,
    shards: 1,
    params: PARAMS,
    committee: committeeOf(chain, members, false),
    schedule,
    parent: { ...parent, isBase: init.isBase ?? false },
    view: state,
    coordHash: coord.hash,
    parentCertificateValid: init.certificate !== null,
    lateVotesValid: true,
    attendance: [],
    deliveries: [],
    evidence: init.evidence ?? [],
    transactions: built.transactions
  }
  return { block: built.block, against }
}

const withHeader = ({ block }: Scene, fields: Partial<Header>): Block => {
  const header = { ...block.header, ...fields }
  return { ...block, header, hash: blockHash(header) }
}

/** Another body, with a header that commits to it. */
function withBody({ block }: Scene, fields: Partial<Body>): Block {
  const body = { ...block.body, ...fields }
  const bodyBytes = BodyType.serialize(body)
  const header = {
    ...block.header,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    attendanceRoot: attendanceRoot(body.attendance)
  }
  return { header, hash: blockHash(header), bodyBytes, body }
}

const codeOf = (block: Block, against: Judgement): string => {
  const verdict = judgeBlock(block, against)
  return verdict.ok ? 'valid' : verdict.code
}

/** As `codeOf`, of a block that was moved to another place: its state says otherwise then, which is judged last. */
const executedOf = (block: Block, against: Judgement): string => {
  const code = codeOf(block, against)
  return code === 'wrong-state-root' ? 'valid' : code
}

describe('validity of a block', () => {
  const usual = scene({})
  /** Without transactions: the state after it does not depend on proposer and time. */
  const empty = scene({ chain: COORD })

  it('C7: what a leader builds is valid, again and again', () => {
    const first = judgeBlock(usual.block, usual.against)
    ok(first.ok)
    deepEqual(first.value.changes.root, usual.block.header.stateRoot)
    equal(first.value.results.length, 1)
    equal(codeOf(usual.block, usual.against), 'valid')
  })

  it('C6, C7: each row of the table has its code', () => {
    const { header } = usual.block
    const rows: [Partial<Header>, string][] = [
      [{ version: 2 }, 'wrong-instance'],
      [{ network: hashOf(1) }, 'wrong-instance'],
      [{ chain: shardId(1) }, 'wrong-instance'],
      [{ epoch: 3 }, 'wrong-instance'],
      [{ parent: hashOf(1) }, 'wrong-parent'],
      [{ height: header.height + 1 }, 'wrong-height'],
      [{ height: header.height - 1 }, 'wrong-height'],
      [{ coordHeight: 5 }, 'wrong-reference'],
      [{ coordHash: hashOf(1) }, 'wrong-reference'],
      [{ transactionCount: 2 }, 'wrong-commitment'],
      [{ bodyBytes: header.bodyBytes + 1 }, 'wrong-commitment'],
      [{ bodyHash: hashOf(1) }, 'wrong-commitment'],
      [{ transactionsRoot: transactionsRoot([]) }, 'wrong-commitment'],
      [{ attendanceRoot: hashOf(1) }, 'wrong-commitment'],
      [{ deliveriesRoot: hashOf(1) }, 'wrong-commitment'],
      [{ receiptsOutRoot: hashOf(1) }, 'wrong-commitment'],
      [{ rewardConsumer: 1n }, 'wrong-reward'],
      [{ rewardIndustrial: 1n }, 'wrong-reward'],
      [{ stateRoot: hashOf(1) }, 'wrong-state-root']
    ]
    for (const [fields, code] of rows) equal(codeOf(withHeader(usual, fields), usual.against), code)
  })

  it('C7: the view is above the parent’s, and the proposer leads it', () => {
    const at = (view: number): string =>
      executedOf(withHeader(empty, { view, proposer: proposerOf(view) }), empty.against)
    deepEqual([at(2), at(3), at(4)], ['wrong-view', 'wrong-view', 'valid'])
    equal(codeOf(withHeader(empty, { proposer: proposerOf(6) }), empty.against), 'wrong-proposer')
  })

  it('C1, C7: the first block of an epoch counts its views from the base, whatever view that had', () => {
    const first = scene({ isBase: true, epoch: 3, certificate: { kind: FINALISE, view: 12 } })
    const at = (view: number): string =>
      executedOf(withHeader(first, { view, proposer: proposerOf(view) }), first.against)
    deepEqual([at(1), at(5)], ['valid', 'valid'])
  })

  it('C7: time is the parent’s and the interval at least, one millisecond without an interval', () => {
    const earliest = empty.against.parent.header.timeMs + PARAMS.minBlockIntervalMs
    equal(empty.block.header.timeMs, earliest)
    equal(codeOf(withHeader(empty, { timeMs: earliest - 1 }), empty.against), 'time-too-early')
    const eager = { ...empty.against, params: { ...PARAMS, minBlockIntervalMs: 0 } }
    const parentMs = empty.against.parent.header.timeMs
    equal(codeOf(withHeader(empty, { timeMs: parentMs }), eager), 'time-too-early')
    equal(codeOf(withHeader(empty, { timeMs: parentMs + 1 }), eager), 'valid')
  })

  it('C7: the reference may stay, and never goes back; coordination refers to nothing', () => {
    const staying = { ...usual.against, coordHash: COORD_HASH }
    equal(codeOf(withHeader(usual, { coordHeight: 6 }), staying), 'valid')
    equal(codeOf(empty.block, empty.against), 'valid')
    equal(codeOf(withHeader(empty, { coordHeight: 1 }), empty.against), 'wrong-reference')
    equal(codeOf(withHeader(empty, { coordHash: hashOf(1) }), empty.against), 'wrong-reference')
  })

  it('R6: on coordination a committee counts that is frozen below the block’s own height', () => {
    const [source] = laneChains(1) as [LaneChain]
    const header = { ...source.header(), epoch: 1 }
    const delivery = { header, certificate: [], entries: [], acknowledgement: [] }
    const bytes = DeliveryType.serialize(delivery)
    const carrying = withBody(empty, { deliveries: [bytes] })
    const block = withHeader(
      { ...empty, block: carrying },
      { deliveriesRoot: deliveriesRoot(carrying.body.deliveries) }
    )
    const detail = (epochLength: number): string => {
      const params = { ...PARAMS, epochLength, freezeDistance: 1 }
      const deliveries = [{ bytes, delivery, certificateValid: false }]
      const verdict = judgeBlock(block, { ...empty.against, params, deliveries })
      return verdict.ok ? 'ok' : verdict.detail
    }
    equal(block.header.height, 10)
    match(detail(10), /^delivery-certificate/)
    match(detail(11), /^delivery-epoch/)
  })

  it('C7: bytes and transactions are within the parameters, at the limit exactly', () => {
    const limited = (blockBytesMax: number, blockTransactionsMax: number): string =>
      codeOf(usual.block, {
        ...usual.against,
        params: { ...PARAMS, blockBytesMax, blockTransactionsMax }
      })
    const bytes = usual.block.bodyBytes.length
    deepEqual(
      [limited(bytes, 1), limited(bytes - 1, 1), limited(bytes, 0)],
      ['valid', 'over-limit', 'over-limit']
    )
  })

  it('C7: a transaction that may not be included makes the block invalid', () => {
    const again = aTransfer(alice, { to: bob.address, consumer: COIN }, { nonce: 1n })
    const block = withBody(usual, { transactions: [again.bytes] })
    const header = { ...block.header, transactionsRoot: transactionsRoot([again.wireHash]) }
    const against = { ...usual.against, transactions: [again] }
    equal(codeOf({ ...block, header, hash: blockHash(header) }, against), 'bad-transaction')
  })
})

describe('attendance of a block', () => {
  const verdictOn = (init: Parameters<typeof scene>[0]): string => {
    const { block, against } = scene(init)
    return codeOf(block, against)
  }

  it('C25: the parent’s notarisation or finality of its own view', () => {
    equal(verdictOn({}), 'valid')
    equal(verdictOn({ certificate: { kind: FINALISE } }), 'valid')
    for (const certificate of [
      { kind: NULLIFY, hash: ZERO_HASH },
      { view: 4 },
      { epoch: 1 },
      { chain: COORD },
      { hash: hashOf(1) }
    ]) {
      equal(verdictOn({ certificate }), 'wrong-attendance')
    }
  })

  it('C25: the base’s finality, of whichever view, and no notarisation', () => {
    const base = { isBase: true, epoch: 3 }
    equal(verdictOn({ ...base, certificate: { kind: FINALISE, view: 3 } }), 'valid')
    equal(verdictOn({ ...base, certificate: { kind: FINALISE, view: 40 } }), 'valid')
    equal(verdictOn({ ...base, certificate: { kind: NOTARISE, view: 3 } }), 'wrong-attendance')
    equal(verdictOn({ ...base, certificate: { kind: FINALISE, epoch: 3 } }), 'wrong-attendance')
  })

  it('C25: none for a child of genesis, and one for every other block', () => {
    const genesis = { parent: { height: 0, epoch: 2 }, isBase: true }
    equal(verdictOn({ ...genesis, certificate: null }), 'valid')
    equal(verdictOn({ ...genesis, certificate: { kind: FINALISE } }), 'wrong-attendance')
    equal(verdictOn({ certificate: null }), 'wrong-attendance')
  })

  it('C5, C25: a certificate whose signatures do not hold is none', () => {
    const { block, against } = scene({})
    equal(codeOf(block, { ...against, parentCertificateValid: false }), 'wrong-attendance')
  })

  it('C28: a late vote is for an ancestor, by a member that is not recorded, with a signature that holds', () => {
    const usual = scene({})
    const { chain, epoch, view } = usual.against.parent.header
    const { hash } = usual.against.parent
    const vote = { chain, epoch, view, kind: NOTARISE, hash, signer: 3, signature: new Uint8Array(64) }
    const { attendance } = usual.block.body
    const late = (fields: Partial<typeof vote>): Block =>
      withBody(usual, { attendance: { ...attendance, lateVotes: [{ ...vote, ...fields }] } })
    const against = { ...usual.against, attendance: [{ hash, epoch, view, recorded: new Set<number>() }] }
    equal(executedOf(late({}), against), 'valid')
    equal(codeOf(late({}), usual.against), 'wrong-attendance')
    equal(codeOf(late({ signer: 2 }), against), 'wrong-attendance')
    equal(codeOf(late({ signer: 4 }), against), 'wrong-attendance')
    equal(codeOf(late({}), { ...against, lateVotesValid: false }), 'wrong-attendance')
  })

  it('C6: the roots of deliveries are those of the body', () => {
    const usual = scene({})
    const block = withBody(usual, { deliveries: [new Uint8Array([1])] })
    equal(codeOf(block, usual.against), 'wrong-commitment')
  })

  it('C30: a block records the offences that its evidence proves; one that proves nothing or is known makes it invalid', () => {
    const offence = { publicKey: hashOf(1), chain: SHARD, epoch: 2, view: 7, kind: 1 } as const
    const read = { bytes: new Uint8Array([1, 2]), offence }
    const own = scene({ chain: COORD, evidence: [read] })
    deepEqual(own.block.body.evidence, [read.bytes])
    equal(codeOf(own.block, own.against), 'valid')
    equal(codeOf(own.block, { ...own.against, evidence: [] }), 'wrong-state-root')
    equal(codeOf(own.block, { ...own.against, evidence: [{ ...read, offence: undefined }] }), 'bad-evidence')
    equal(codeOf(own.block, { ...own.against, evidence: [read, read] }), 'bad-evidence')
    const early = { ...read, offence: { ...offence, epoch: 3 } }
    equal(codeOf(own.block, { ...own.against, evidence: [early] }), 'bad-evidence')
    deepEqual(scene({ evidence: [read] }).block.body.evidence, [])
    const shard = scene({})
    equal(codeOf(shard.block, { ...shard.against, evidence: [read] }), 'bad-evidence')
  })

  it('C29, REG-14: a reveal is the preimage that the state asks of the proposer, and of coord alone', () => {
    for (const chain of [SHARD, COORD]) {
      const own = scene({ chain })
      const block = withBody(own, { reveal: [hashOf(9)] })
      equal(codeOf(block, own.against), 'wrong-reveal')
    }
  })
})
