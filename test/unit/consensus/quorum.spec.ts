import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { allValid, certificateJobs, voteJob } from '../../../src/consensus/certificate-check.ts'
import type { Certificate, StatementKind } from '../../../src/codec/statement.ts'
import { signedBytes } from '../../../src/codec/statement.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { faultsOf, quorumOf } from '../../../src/sharding/quorum.ts'
import { FINALISE, NETWORK, NOTARISE, NULLIFY, Stage, fakeSignature } from '../../support/consensus.ts'

describe('C1: an instance', () => {
  it('C1: f is ⌊(n − 1) / 3⌋ and the quorum n − f', () => {
    const table = [1, 2, 3, 4, 5, 6, 7, 10, 1024].map((n) => [n, faultsOf(n), quorumOf(n)])
    assert.deepEqual(table, [
      [1, 0, 1],
      [2, 0, 2],
      [3, 0, 3],
      [4, 1, 3],
      [5, 1, 4],
      [6, 1, 5],
      [7, 2, 5],
      [10, 3, 7],
      [1024, 341, 683]
    ])
  })

  it('C1: begins in view 1 on its base, which counts as final at view 0', () => {
    const { instance, config } = new Stage({ baseHeight: 24, epoch: 3 })
    assert.equal(instance.view, 1)
    assert.deepEqual(instance.final, config.base)
    assert.equal(instance.final.view, 0)
  })

  const own = new Stage({ epoch: 3, baseHeight: 24 })
  const block = own.block({ view: 1, timeMs: own.config.base.timeMs + 100 })
  const strangers = {
    'a vote of another epoch': () =>
      own.feed({ type: 'vote', vote: { ...own.vote(1, NULLIFY, 1), epoch: 2 } }),
    'a vote of another chain': () =>
      own.feed({ type: 'vote', vote: { ...own.vote(1, NULLIFY, 1), chain: shardId(0) } }),
    'a certificate of another epoch': () =>
      own.feed({
        type: 'certificate',
        certificate: { ...own.certificate(NULLIFY, 1), epoch: 4 },
        byGossip: true
      }),
    'a certificate of another chain': () =>
      own.feed({
        type: 'certificate',
        certificate: { ...own.certificate(NULLIFY, 1), chain: shardId(0) },
        byGossip: true
      }),
    'a block of another epoch': () => own.take({ ...block, header: { ...block.header, epoch: 2 } }),
    'a block of another chain': () => own.take({ ...block, header: { ...block.header, chain: shardId(1) } }),
    'a built block of another epoch': () =>
      own.feed({ type: 'built', view: 1, block: { ...block, header: { ...block.header, epoch: 2 } } })
  }
  for (const [what, feed] of Object.entries(strangers)) {
    it(`C1: has no part in ${what}`, () => {
      assert.deepEqual(feed(), [])
      assert.deepEqual([own.view, own.instance.blocks.size], [1, 0])
      assert.equal(own.instance.views.get(1)?.nullification, undefined)
      assert.equal(own.instance.views.get(1)?.nullify.size ?? 0, 0)
    })
  }
})

describe('C5: certificates from votes', () => {
  for (const n of [1, 4, 7]) {
    for (const [name, kind] of [
      ['notarise', NOTARISE],
      ['nullify', NULLIFY],
      ['finalise', FINALISE]
    ] as const) {
      it(`C5: ${quorumOf(n)} of ${n} votes to ${name} make a certificate, one less does not`, () => {
        const stage = new Stage({ n, self: null })
        const hash = kind === NULLIFY ? new Uint8Array(32) : stage.block({ view: 1 }).hash
        const signers = Array.from({ length: n }, (_, index) => n - 1 - index)
        const before = stage.votes(signers.slice(0, stage.quorum - 1), kind, 1, hash)
        assert.deepEqual(stage.ofType('publish', before), [])
        const after = stage.votes(signers.slice(stage.quorum - 1), kind, 1, hash)
        const { certificate } = stage.single('publish', after)
        assert.deepEqual(
          [certificate.chain, certificate.epoch, certificate.view, certificate.kind],
          [COORD, 0, 1, kind]
        )
        assert.deepEqual(certificate.hash, hash)
        assert.equal(certificate.signers.bitLen, n)
        const counted = signers.slice(0, stage.quorum).sort((a, b) => a - b)
        assert.deepEqual(certificate.signers.getTrueBitIndexes(), counted)
        assert.deepEqual(certificate.signatures, counted.map(fakeSignature))
      })
    }
  }

  it('C5: the same vote twice counts once', () => {
    const stage = new Stage({ self: null })
    stage.votes([1, 2, 2, 1, 2], NULLIFY, 1)
    assert.equal(stage.view, 1)
    stage.votes([3], NULLIFY, 1)
    assert.equal(stage.view, 2)
  })

  it('C5: votes for different hashes, views or kinds do not add up', () => {
    const stage = new Stage({ self: null })
    const [a, b] = [stage.block({ view: 1 }), stage.block({ view: 1, timeMs: 5 })]
    stage.votes([0, 1], NOTARISE, 1, a.hash)
    stage.votes([2, 3], NOTARISE, 1, b.hash)
    stage.votes([0, 1], NULLIFY, 1)
    stage.votes([0, 1], NULLIFY, 2)
    stage.votes([2, 3], FINALISE, 1, a.hash)
    assert.deepEqual(stage.ofType('publish'), [])
    assert.equal(stage.view, 1)
  })

  it('C5: one equivocator cannot make votes for more than 64 hashes of a view be held, nor stop the honest ones', () => {
    const stage = new Stage({ self: null })
    const block = stage.block({ view: 1 })
    stage.votes([1], NOTARISE, 1, block.hash)
    for (let i = 0; i < 100; i++) stage.votes([2], NOTARISE, 1, stage.block({ view: 1, timeMs: i }).hash)
    assert.equal(stage.instance.views.get(1)?.notarise.size, 64)
    stage.votes([0, 3], NOTARISE, 1, block.hash)
    assert.ok(stage.instance.views.get(1)?.notarisation)
  })
})

describe('C5: certificates from outside', () => {
  const stage = new Stage({ n: 4 })
  const { committee } = stage.config
  const hash = new Uint8Array(32).fill(3)
  const bits = (...set: boolean[]): BitArray => BitArray.fromBoolArray(set)
  const sign = (count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, index) => fakeSignature(index))
  const check = (fields: Partial<Certificate>): string => {
    const jobs = certificateJobs(NETWORK, committee, { ...stage.certificate(NOTARISE, 1, hash), ...fields })
    return jobs.ok ? `${jobs.value.length} jobs` : jobs.code
  }
  const rows: [string, Partial<Certificate>, string][] = [
    ['a quorum', {}, '3 jobs'],
    ['all members', { signers: bits(true, true, true, true), signatures: sign(4) }, '4 jobs'],
    [
      'one below the quorum',
      { signers: bits(true, true, false, false), signatures: sign(2) },
      'too-few-signers'
    ],
    ['nobody', { signers: bits(false, false, false, false), signatures: [] }, 'too-few-signers'],
    ['a signature more than bits', { signatures: sign(4) }, 'too-few-signers'],
    ['a signature less than bits', { signatures: sign(2) }, 'too-few-signers'],
    ['a bitmap one bit wider', { signers: bits(true, true, true, false, false) }, 'wrong-width'],
    ['a bitmap one bit narrower', { signers: bits(true, true, true) }, 'wrong-width'],
    ['kind 0', { kind: 0 }, 'unknown-kind'],
    ['kind 4', { kind: 4 }, 'unknown-kind'],
    ['nullify with a hash', { kind: NULLIFY }, 'nullify-with-hash'],
    ['nullify without a hash', { kind: NULLIFY, hash: new Uint8Array(32) }, '3 jobs'],
    ['finalise', { kind: FINALISE }, '3 jobs']
  ]
  for (const [what, fields, expected] of rows) {
    it(`C5: ${what} is ${expected.includes('jobs') ? 'well-formed' : `refused as ${expected}`}`, () => {
      assert.equal(check(fields), expected)
    })
  }

  it('C5: each set bit is checked with its own member’s key over the one statement, in rising order', () => {
    const certificate = {
      ...stage.certificate(FINALISE, 9, hash),
      signers: bits(false, true, true, true),
      signatures: [fakeSignature(8), fakeSignature(5), fakeSignature(6)]
    }
    const jobs = certificateJobs(NETWORK, committee, certificate)
    assert.ok(jobs.ok)
    assert.deepEqual(
      jobs.value.map(({ publicKey }) => toHex(publicKey)),
      [1, 2, 3].map((index) => toHex(committee.members[index]!.key))
    )
    assert.deepEqual(
      jobs.value.map(({ signature }) => signature),
      certificate.signatures
    )
    for (const { message } of jobs.value) assert.deepEqual(message, signedBytes(NETWORK, certificate))
  })

  it('C5: one bad signature makes the certificate worthless', () => {
    assert.equal(allValid([true, true, true]), true)
    assert.equal(allValid([true, true, false]), false)
    assert.equal(allValid([false, true, true]), false)
  })

  const votes: [string, number, number, Uint8Array, string][] = [
    ['the first member', 0, NOTARISE, hash, 'job'],
    ['the last member', 3, FINALISE, hash, 'job'],
    ['a signer behind the last member', 4, NOTARISE, hash, 'not-a-member'],
    ['a nullify', 1, NULLIFY, new Uint8Array(32), 'job'],
    ['a nullify with a hash', 1, NULLIFY, hash, 'nullify-with-hash'],
    ['kind 0', 1, 0, hash, 'unknown-kind'],
    ['kind 4', 1, 4, hash, 'unknown-kind']
  ]
  for (const [what, signer, kind, named, expected] of votes) {
    it(`C5: a vote of ${what} is ${expected === 'job' ? 'checked' : `refused as ${expected}`}`, () => {
      const vote = stage.vote(signer, kind as StatementKind, 2, named)
      const job = voteJob(NETWORK, committee, vote)
      assert.equal(job.ok ? 'job' : job.code, expected)
      if (!job.ok) return
      assert.deepEqual(job.value.publicKey, committee.members[signer]!.key)
      assert.deepEqual(job.value.message, signedBytes(NETWORK, vote))
      assert.deepEqual(job.value.signature, vote.signature)
    })
  }
})
