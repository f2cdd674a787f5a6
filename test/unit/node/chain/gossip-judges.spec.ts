import assert from 'node:assert/strict'
import { CertificateType, VoteType } from '../../../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../../../src/codec/statement.ts'
import { ZERO_HASH, u64be } from '../../../../src/primitives/bytes.ts'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { sha256Of } from '../../../../src/crypto/hash.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../../support/consensus.ts'
import { Signers } from '../../../support/node-fakes.ts'

import { EPOCH, FROM, aNode, finalAtTwenty, hash, says } from '../../../support/gossip-node.ts'
import type { Node } from '../../../support/gossip-node.ts'

describe('C31: vote', () => {
  const flipped = (vote: Vote): Vote => ({ ...vote, signature: vote.signature.map((byte) => byte ^ 1) })
  const rows: [string, (node: Node) => Vote, string, number?][] = [
    ['a member’s vote', ({ signers }) => signers.vote(1, NOTARISE, 1, hash, EPOCH), 'accept valid'],
    [
      'another chain',
      ({ signers }) => ({ ...signers.vote(1, NULLIFY, 1, undefined, EPOCH), chain: shardId(0) }),
      'reject wrong-chain'
    ],
    [
      'an epoch that is over',
      ({ signers }) => signers.vote(1, NULLIFY, 1, undefined, 2),
      'ignore older-epoch'
    ],
    ['the next epoch', ({ signers }) => signers.vote(1, NULLIFY, 1, undefined, 4), 'accept valid'],
    ['an epoch after the next', ({ signers }) => signers.vote(1, NULLIFY, 1, undefined, 5), 'ignore we-lag'],
    [
      'kind 0',
      ({ signers }) => ({ ...signers.vote(1, NOTARISE, 1, hash, EPOCH), kind: 0 }),
      'reject unknown-kind'
    ],
    [
      'kind 4',
      ({ signers }) => ({ ...signers.vote(1, NOTARISE, 1, hash, EPOCH), kind: 4 }),
      'reject unknown-kind'
    ],
    [
      'nullify with a hash',
      ({ signers }) => signers.vote(1, NULLIFY, 1, hash, EPOCH),
      'reject nullify-with-hash'
    ],
    [
      'no member',
      ({ signers }) => ({ ...signers.vote(1, NOTARISE, 1, hash, EPOCH), signer: 4 }),
      'reject not-a-member'
    ],
    ['view 0', ({ signers }) => signers.vote(1, NULLIFY, 0, undefined, EPOCH), 'ignore late'],
    ['64 views ahead', ({ signers }) => signers.vote(1, NULLIFY, 65, undefined, EPOCH), 'accept valid'],
    ['65 views ahead', ({ signers }) => signers.vote(1, NULLIFY, 66, undefined, EPOCH), 'ignore we-lag'],
    [
      '64 views into the next epoch',
      ({ signers }) => signers.vote(1, NULLIFY, 65, ZERO_HASH, 4),
      'accept valid'
    ],
    [
      '65 views into the next epoch',
      ({ signers }) => signers.vote(1, NULLIFY, 66, ZERO_HASH, 4),
      'ignore we-lag'
    ],
    [
      'a bad signature',
      ({ signers }) => flipped(signers.vote(1, NULLIFY, 1, undefined, EPOCH)),
      'reject bad-signature'
    ],
    [
      'another member’s signature',
      ({ signers }) => ({ ...signers.vote(2, NULLIFY, 1, undefined, EPOCH), signer: 1 }),
      'reject bad-signature'
    ]
  ]
  for (const [what, make, expected] of rows) {
    it(`C31, GOS-8: ${what}: ${expected}`, async () => {
      const node = aNode(5)
      const vote = make(node)
      assert.equal(await says(node.judges.vote(VoteType.serialize(vote), FROM)), expected)
      assert.equal(node.taken.votes.length, expected.startsWith('accept') ? 1 : 0)
      assert.equal(node.taken.pulls, expected.endsWith('we-lag') ? 1 : 0)
    })
  }

  it('C31, GOS-8: bytes that are no vote: reject not-canonical', async () => {
    const { judges, signers } = aNode()
    const bytes = VoteType.serialize(signers.vote(1, NULLIFY, 1, undefined, EPOCH))
    for (const wrong of [bytes.subarray(1), new Uint8Array(0), Uint8Array.of(...bytes, 0)]) {
      assert.equal(await says(judges.vote(wrong, FROM)), 'reject not-canonical')
    }
  })

  it('C31, GOS-8: an epoch whose committee is not known yet: ignore we-lag, pull', async () => {
    const { judges, signers, taken } = aNode(3)
    assert.equal(
      await says(judges.judgeVote(signers.vote(1, NULLIFY, 1, undefined, 4), FROM)),
      'ignore we-lag'
    )
    assert.equal(taken.pulls, 1)
  })

  it('C31, GOS-8: 8 views below the last final one counts for attendance, 9 below is late', async () => {
    const { judges, signers } = finalAtTwenty(aNode())
    assert.equal(
      await says(judges.judgeVote(signers.vote(1, NULLIFY, 12, undefined, EPOCH), FROM)),
      'accept valid'
    )
    assert.equal(
      await says(judges.judgeVote(signers.vote(1, NULLIFY, 11, undefined, EPOCH), FROM)),
      'ignore late'
    )
  })

  it('C24, C31, GOS-8: votes of the next epoch are judged by its own views and contradict none of this one', async () => {
    const { judges, signers } = finalAtTwenty(aNode())
    await judges.judgeVote(signers.vote(1, NOTARISE, 21, hash, EPOCH), FROM)
    for (const view of [1, 21]) {
      const vote = signers.vote(1, NOTARISE, view, sha256Of(u64be(2)), EPOCH + 1)
      assert.equal(await says(judges.judgeVote(vote, FROM)), 'accept valid')
    }
  })

  it('C31, GOS-8: a held vote is ignored without another verification', async () => {
    const { judges, signers, verifier, taken } = aNode()
    for (const [kind, named] of [
      [NOTARISE, hash],
      [NULLIFY, ZERO_HASH],
      [FINALISE, hash]
    ] as const) {
      const vote = signers.vote(1, kind, kind, named, EPOCH)
      assert.equal(await says(judges.judgeVote(vote, FROM)), 'accept valid')
      const before = verifier.jobs
      assert.equal(await says(judges.judgeVote(vote, FROM)), 'ignore already-held')
      assert.equal(verifier.jobs, before)
    }
    assert.equal(taken.votes.length, 3)
  })

  it('C30, C31, GOS-8: another hash of the kind in the view: ignored, and taken in as evidence', async () => {
    for (const kind of [NOTARISE, FINALISE] as const) {
      const { judges, signers, taken } = aNode()
      await judges.judgeVote(signers.vote(1, kind, 1, hash, EPOCH), FROM)
      const second = signers.vote(1, kind, 1, sha256Of(u64be(2)), EPOCH)
      assert.equal(await says(judges.judgeVote(second, FROM)), 'ignore conflicting')
      assert.equal(taken.votes.length, 2)
      assert.equal(await says(judges.judgeVote(signers.vote(2, kind, 1, hash, EPOCH), FROM)), 'accept valid')
    }
  })

  it('C31: nothing is said about the vote when the verifier fails: that is our own fault', async () => {
    const { judges, signers, verifier, taken } = aNode()
    verifier.failing = new Error('no worker')
    await assert.rejects(judges.judgeVote(signers.vote(1, NULLIFY, 1, undefined, EPOCH), FROM), /no worker/)
    assert.equal(taken.votes.length, 0)
  })
})

describe('C31: certificate', () => {
  const rows: [string, (node: Node) => Certificate, string][] = [
    [
      'a quorum’s certificate',
      ({ signers }) => signers.certificate(NOTARISE, 1, hash, EPOCH),
      'accept valid'
    ],
    [
      'another chain',
      ({ signers }) => ({ ...signers.certificate(NULLIFY, 1, undefined, EPOCH), chain: shardId(0) }),
      'reject wrong-chain'
    ],
    [
      'an epoch that is over',
      ({ signers }) => signers.certificate(NULLIFY, 1, undefined, 2),
      'ignore older-epoch'
    ],
    ['the next epoch', ({ signers }) => signers.certificate(NULLIFY, 1, undefined, 4), 'accept valid'],
    [
      'an epoch after the next',
      ({ signers }) => signers.certificate(NULLIFY, 1, undefined, 5),
      'ignore we-lag'
    ],
    [
      'kind 4',
      ({ signers }) => ({ ...signers.certificate(NOTARISE, 1, hash, EPOCH), kind: 4 }),
      'reject unknown-kind'
    ],
    [
      'nullify with a hash',
      ({ signers }) => signers.certificate(NULLIFY, 1, hash, EPOCH),
      'reject nullify-with-hash'
    ],
    ['a wider bitmap', () => new Signers(5).certificate(NULLIFY, 1, undefined, EPOCH), 'reject wrong-width'],
    [
      'a signature missing',
      ({ signers }) => {
        const whole = signers.certificate(NULLIFY, 1, undefined, EPOCH)
        return { ...whole, signatures: whole.signatures.slice(1) }
      },
      'reject too-few-signers'
    ],
    [
      'one bad signature',
      ({ signers }) => {
        const whole = signers.certificate(NULLIFY, 1, undefined, EPOCH)
        return { ...whole, signatures: whole.signatures.with(2, new Uint8Array(64)) }
      },
      'reject bad-signature'
    ],
    [
      'signatures in another order',
      ({ signers }) => {
        const whole = signers.certificate(NULLIFY, 1, undefined, EPOCH)
        return { ...whole, signatures: [...whole.signatures].reverse() }
      },
      'reject bad-signature'
    ]
  ]
  for (const [what, make, expected] of rows) {
    it(`C31, GOS-9: ${what}: ${expected}`, async () => {
      const node = aNode(5)
      const bytes = CertificateType.serialize(make(node))
      assert.equal(await says(node.judges.certificate(bytes, FROM)), expected)
      assert.deepEqual(node.taken.certificates, expected.startsWith('accept') ? [true] : [])
      assert.equal(node.taken.pulls, expected.endsWith('we-lag') ? 1 : 0)
    })
  }

  it('C31, GOS-9: bytes that are no certificate: reject not-canonical', async () => {
    const { judges } = aNode()
    assert.equal(await says(judges.certificate(new Uint8Array(5), FROM)), 'reject not-canonical')
  })

  it('C31, GOS-9: a statement that is certified here is ignored, whichever members signed', async () => {
    const { judges, signers, verifier } = aNode()
    const first = signers.certificate(NOTARISE, 1, hash, EPOCH)
    assert.equal(await says(judges.judgeCertificate(first, FROM, true)), 'accept valid')
    const before = verifier.jobs
    assert.equal(await says(judges.judgeCertificate(first, FROM, true)), 'ignore already-held')
    assert.equal(verifier.jobs, before)
    const other = signers.certificate(NULLIFY, 1, undefined, EPOCH)
    assert.equal(await says(judges.judgeCertificate(other, FROM, true)), 'accept valid')
  })

  it('C31, GOS-9: not above the last final view: ignored; one above: accepted', async () => {
    const { judges, signers } = finalAtTwenty(aNode())
    const at = (view: number) =>
      judges.judgeCertificate(signers.certificate(NULLIFY, view, undefined, EPOCH), FROM, true)
    assert.equal(await says(at(20)), 'ignore already-held')
    assert.equal(await says(at(21)), 'accept valid')
  })

  it('C16: what did not come by gossip is known as such', async () => {
    const { judges, signers, taken } = aNode()
    await judges.judgeCertificate(signers.certificate(NULLIFY, 1, undefined, EPOCH), FROM, false)
    assert.deepEqual(taken.certificates, [false])
  })
})
