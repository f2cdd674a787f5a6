import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import {
  ANSWER_BYTES_MAX,
  ANSWER_ITEMS_MAX,
  CertifiedHeaderType,
  ConsensusStatusType,
  FRAME_BOUNDARY,
  FRAME_CERTIFICATE,
  FRAME_STATUS,
  FRAME_VOTE,
  STATUS_VIEWS
} from '../../../../src/codec/messages.ts'
import { CertificateType, VoteType } from '../../../../src/codec/statement.ts'
import { AntiEntropy } from '../../../../src/node/chain/anti-entropy.ts'
import type { AntiEntropyComponents } from '../../../../src/node/chain/anti-entropy.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import { NOTARISE, NULLIFY, Stage, aBlock } from '../../../support/consensus.ts'
import { FakeNetwork, peer } from '../../../support/node-fakes.ts'

const FROM = peer('from')

function aNode(
  stage: Stage,
  verdict: { action: string; rule: string } = { action: 'accept', rule: 'valid' }
) {
  const network = new FakeNetwork()
  network.connected = [FROM, peer('other')]
  const judged: string[] = []
  const judges = {
    judgeVote: async () => {
      judged.push('vote')
      return verdict
    },
    judgeCertificate: async (_: unknown, __: unknown, byGossip: boolean) => {
      judged.push(`certificate ${byGossip}`)
      return verdict
    }
  }
  const quiet = { onBehind: () => undefined, onClaim: () => false, isPaused: () => false }
  const parts = { network, store: {}, judges, instance: () => stage.instance, ...quiet }
  return { network, judged, antiEntropy: new AntiEntropy(parts as unknown as AntiEntropyComponents, COORD) }
}

const fresh = ConsensusStatusType.serialize({
  chain: COORD,
  epoch: 0,
  view: 1,
  finalHeight: 0,
  finalView: 0,
  notarised: BitArray.fromBitLen(STATUS_VIEWS),
  nullified: BitArray.fromBitLen(STATUS_VIEWS),
  reply: 1
})

describe('C19: answers of a node', () => {
  it('C19: certificates by rising view, then own votes', async () => {
    const stage = new Stage({ self: 3 })
    stage.nullified(1)
    stage.notarised(2, stage.block({ view: 2 }))
    const { network, antiEntropy } = aNode(stage)
    await antiEntropy.receive(FROM, FRAME_STATUS, fresh)
    const sent = network.frames.map(({ frame }) =>
      frame[0] === FRAME_CERTIFICATE
        ? `certificate ${CertificateType.deserialize(frame.subarray(1)).view}`
        : `vote ${VoteType.deserialize(frame.subarray(1)).view}`
    )
    assert.deepEqual(sent, ['certificate 1', 'certificate 2', 'vote 2'])
  })

  it('C19: 64 items at most', async () => {
    const stage = new Stage({ self: null })
    for (let view = 1; view <= 80; view++) stage.nullified(view)
    const { network, antiEntropy } = aNode(stage)
    await antiEntropy.receive(FROM, FRAME_STATUS, fresh)
    assert.equal(network.frames.length, ANSWER_ITEMS_MAX)
    assert.equal(CertificateType.deserialize(network.frames.at(-1)!.frame.subarray(1)).view, 64)
  })

  it('C19: 256 KiB at most', async () => {
    const stage = new Stage({ n: 400, self: null })
    for (let view = 1; view <= 30; view++) stage.nullified(view)
    const { network, antiEntropy } = aNode(stage)
    await antiEntropy.receive(FROM, FRAME_STATUS, fresh)
    const each = network.frames[0]!.frame.length
    assert.equal(network.frames.length, Math.floor(ANSWER_BYTES_MAX / each))
    assert.ok(network.frames.length < 30)
  })

  it('C19: the own status goes to every peer of the chain', () => {
    const { network, antiEntropy } = aNode(new Stage())
    antiEntropy.broadcast()
    assert.deepEqual(
      network.frames.map(({ to }) => to),
      [FROM, 'other']
    )
    assert.ok(network.frames.every(({ frame }) => frame[0] === FRAME_STATUS))
  })
})

describe('C31: frames of consensus/1 are judged as gossip is', () => {
  const stage = new Stage()
  const vote = VoteType.serialize(stage.vote(1, NULLIFY, 1))
  const certificate = CertificateType.serialize(stage.certificate(NOTARISE, 1, new Uint8Array(32).fill(1)))
  const boundary = CertifiedHeaderType.serialize({
    header: aBlock({}).header,
    certificate: stage.certificate(NOTARISE, 1)
  })
  const rows: [string, number, Uint8Array, string][] = [
    ['a vote', FRAME_VOTE, vote, 'vote'],
    ['a certificate', FRAME_CERTIFICATE, certificate, 'certificate false'],
    ['a boundary’s certificate', FRAME_BOUNDARY, boundary, 'certificate false']
  ]
  for (const [what, kind, bytes, judged] of rows) {
    it(`C31: ${what} that is rejected is the sender’s fault, one that is ignored is not`, async () => {
      for (const [action, reports] of [
        ['accept', 0],
        ['ignore', 0],
        ['reject', 1]
      ] as const) {
        const node = aNode(stage, { action, rule: 'some-rule' })
        await node.antiEntropy.receive(FROM, kind, bytes)
        assert.deepEqual([node.judged, node.network.reports.length], [[judged], reports])
        if (reports > 0) assert.match(node.network.reports[0]!, /^from invalid consensus\/1: .*some-rule/)
      }
    })

    it(`C31: bytes that are not ${what} are the sender’s fault`, async () => {
      const node = aNode(stage)
      await node.antiEntropy.receive(FROM, kind, bytes.subarray(1))
      assert.deepEqual([node.judged, node.network.reports.length], [[], 1])
    })
  }
})
