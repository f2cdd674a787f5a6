import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { blockHash } from '../../../src/codec/block.ts'
import {
  INVALID_PARENT,
  NULLIFY_AND_FINALISE,
  TWO_FINALISE,
  TWO_NOTARISE,
  EvidenceType,
  offenceId
} from '../../../src/codec/evidence.ts'
import type { Evidence } from '../../../src/codec/evidence.ts'
import type { Certificate, Vote } from '../../../src/codec/statement.ts'
import {
  decodeEvidence,
  evidenceOfProposal,
  evidenceOfVotes,
  isGuilty,
  judgeEvidence,
  signersOfBoth
} from '../../../src/consensus/evidence.ts'
import { attendanceRoot } from '../../../src/codec/block.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { keyedCrypto } from '../../../src/testing/sim/crypto.ts'
import { FINALISE, NETWORK, NOTARISE, NULLIFY, aBlock } from '../../support/consensus.ts'
import { Signers } from '../../support/node-fakes.ts'

const signers = new Signers(4)
const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const keyOf = (signer: number): Uint8Array => signers.committee.members[signer]!.key
const committeeOf = (chain: ChainId, epoch: number) =>
  chain === COORD && epoch <= 3 ? signers.committee : undefined

const pair = (first: Vote, second: Vote, key = keyOf(first.signer)): Evidence =>
  evidenceOfVotes(NETWORK, key, first, second)

/** What everybody finds: the offence, or why it proves nothing. */
async function verdict(evidence: Evidence): Promise<string> {
  const judged = judgeEvidence(evidence, NETWORK, committeeOf)
  if (!judged.ok) return judged.code
  const { holds, fails, offence } = judged.value
  const results = await keyedCrypto.verifier.verify([...holds, ...fails])
  if (!isGuilty(judged.value, results)) return 'proves nothing'
  assert.deepEqual(offence.publicKey, evidence.publicKey)
  return `kind ${offence.kind} of ${offence.chain}/${offence.epoch}/${offence.view}`
}

describe('C30: two votes as evidence', () => {
  const rows: [string, Vote, Vote, number][] = [
    ['two notarise', signers.vote(1, NOTARISE, 9, a), signers.vote(1, NOTARISE, 9, b), TWO_NOTARISE],
    ['two finalise', signers.vote(1, FINALISE, 9, b), signers.vote(1, FINALISE, 9, a), TWO_FINALISE],
    [
      'nullify and finalise',
      signers.vote(1, FINALISE, 9, a),
      signers.vote(1, NULLIFY, 9),
      NULLIFY_AND_FINALISE
    ]
  ]
  for (const [what, first, second, kind] of rows) {
    it(`C30: ${what}, in whichever order they came, prove one offence`, async () => {
      assert.equal(await verdict(pair(first, second)), `kind ${kind} of ${COORD}/0/9`)
      assert.deepEqual(pair(second, first), pair(first, second))
    })
  }

  const nothing: [string, Vote, Vote, string][] = [
    [
      'the same vote',
      signers.vote(1, NOTARISE, 9, a),
      signers.vote(1, NOTARISE, 9, a),
      'evidence-consistent'
    ],
    [
      'notarise and nullify',
      signers.vote(1, NOTARISE, 9, a),
      signers.vote(1, NULLIFY, 9),
      'evidence-consistent'
    ],
    [
      'notarise and finalise',
      signers.vote(1, NOTARISE, 9, a),
      signers.vote(1, FINALISE, 9, b),
      'evidence-consistent'
    ],
    ['two nullify', signers.vote(1, NULLIFY, 9, a), signers.vote(1, NULLIFY, 9, b), 'evidence-consistent'],
    ['two views', signers.vote(1, NOTARISE, 9, a), signers.vote(1, NOTARISE, 10, b), 'evidence-consistent'],
    [
      'two epochs',
      signers.vote(1, NOTARISE, 9, a, 1),
      signers.vote(1, NOTARISE, 9, b, 2),
      'evidence-consistent'
    ],
    ['two signers', signers.vote(1, NOTARISE, 9, a), signers.vote(2, NOTARISE, 9, b), 'evidence-consistent'],
    [
      'an unknown epoch',
      signers.vote(1, NOTARISE, 9, a, 4),
      signers.vote(1, NOTARISE, 9, b, 4),
      'evidence-epoch'
    ],
    [
      'a nullify with a hash',
      signers.vote(1, NULLIFY, 9, a),
      signers.vote(1, FINALISE, 9, b),
      'evidence-malformed'
    ]
  ]
  for (const [what, first, second, code] of nothing) {
    it(`C30: ${what}: ${code}`, async () => assert.equal(await verdict(pair(first, second)), code))
  }

  it('C30: of another network, by another key, in another order, or of no form: nothing', async () => {
    const good = pair(signers.vote(1, NOTARISE, 9, a), signers.vote(1, NOTARISE, 9, b))
    const [first, second] = good.votes
    assert.equal(await verdict({ ...good, network: a }), 'evidence-network')
    assert.equal(await verdict({ ...good, publicKey: keyOf(2) }), 'evidence-signer')
    assert.equal(await verdict({ ...good, votes: [second!, first!] }), 'evidence-consistent')
    assert.equal(await verdict({ ...good, votes: [first!] }), 'evidence-malformed')
    assert.equal(await verdict({ ...good, votes: [] }), 'evidence-malformed')
    assert.equal(decodeEvidence(Uint8Array.of(1)).ok, false)
    assert.deepEqual(decodeEvidence(EvidenceType.serialize(good)), { ok: true, value: good })
  })

  it('C30: one signature that is not the key’s, and it proves nothing', async () => {
    const forged = {
      ...signers.vote(1, NOTARISE, 9, b),
      signature: signers.vote(2, NOTARISE, 9, b).signature
    }
    assert.equal(await verdict(pair(signers.vote(1, NOTARISE, 9, a), forged)), 'proves nothing')
  })

  it('C30: an offence is about key, chain, epoch, view and kind, and about nothing else', () => {
    const offence = { publicKey: a, chain: COORD, epoch: 1, view: 2, kind: TWO_NOTARISE } as const
    const others = [
      { ...offence, publicKey: b },
      { ...offence, chain: 0 as ChainId },
      { ...offence, epoch: 2 },
      { ...offence, view: 1 },
      { ...offence, kind: TWO_FINALISE } as const
    ]
    const ids = [offence, ...others].map((one) => toHex(offenceId(one)))
    assert.equal(new Set(ids).size, 6)
    assert.equal(ids[0], toHex(offenceId({ ...offence })))
  })
})

describe('C30: a proposal with a parent certificate that is none', () => {
  /** A block of member 1 in view 9 of epoch 2, with this parent certificate and a late vote. */
  function proposal(certificate: Certificate, by = 1) {
    const attendance = { parentCertificate: [certificate], lateVotes: [signers.vote(2, NOTARISE, 7, b, 2)] }
    const fields = {
      network: NETWORK,
      epoch: 2,
      view: 9,
      proposer: keyOf(1),
      attendanceRoot: attendanceRoot(attendance)
    }
    const plain = aBlock(fields)
    const block = { ...plain, body: { ...plain.body, attendance } }
    const vote = signers.vote(by, NOTARISE, 9, blockHash(block.header), 2)
    return { ...evidenceOfProposal(NETWORK, block, vote)!, publicKey: keyOf(by) }
  }
  const good = signers.certificate(NOTARISE, 8, a, 2)
  const proven = `kind ${INVALID_PARENT} of ${COORD}/2/9`

  it('C30, C5: too few signers, a wrong bitmap, a bad signature, another chain or a later epoch prove it', async () => {
    const short = { ...good, signatures: good.signatures.slice(1) }
    const forged = { ...good, signatures: [good.signatures[1]!, ...good.signatures.slice(1)] }
    for (const certificate of [
      short,
      forged,
      { ...good, kind: 4 },
      { ...good, chain: 0 as ChainId },
      { ...good, epoch: 3 }
    ]) {
      assert.equal(await verdict(proposal(certificate)), proven)
    }
  })

  it('C30: a certificate that holds accuses nobody, of whatever it is', async () => {
    for (const certificate of [good, signers.certificate(FINALISE, 3, b, 1)])
      assert.equal(await verdict(proposal(certificate)), 'proves nothing')
  })

  it('C30: only the proposer’s own notarise vote for that very header counts', async () => {
    const bad = { ...good, signatures: good.signatures.slice(1) }
    const own = proposal(bad)
    assert.equal(await verdict(proposal(bad, 2)), 'evidence-proposal')
    const [vote] = own.votes
    const [signed] = own.proposal
    assert.equal(
      await verdict({ ...own, votes: [signers.vote(1, FINALISE, 9, vote!.hash, 2)] }),
      'evidence-proposal'
    )
    assert.equal(await verdict({ ...own, votes: [signers.vote(1, NOTARISE, 9, a, 2)] }), 'evidence-proposal')
    assert.equal(
      await verdict({ ...own, votes: [signers.vote(1, NOTARISE, 9, vote!.hash, 1)] }),
      'evidence-proposal'
    )
    const otherCertificate = { ...signed!, parentCertificate: { ...bad, view: 7 } }
    assert.equal(await verdict({ ...own, proposal: [otherCertificate] }), 'evidence-proposal')
    const otherVotes = { ...signed!, lateVotesRoot: a }
    assert.equal(await verdict({ ...own, proposal: [otherVotes] }), 'evidence-proposal')
    const forged = { ...vote!, signature: new Uint8Array(64) }
    assert.equal(await verdict({ ...own, votes: [forged] }), 'proves nothing')
    assert.equal(await verdict({ ...own, votes: [vote!, vote!] }), 'evidence-malformed')
  })

  it('C30: a block without a parent certificate is no evidence', () => {
    assert.equal(evidenceOfProposal(NETWORK, aBlock({}), signers.vote(1, NOTARISE, 9, a)), undefined)
  })
})

describe('C27, C30: two certificates that contradict each other', () => {
  it('C27: whoever signed both is proven guilty; who signed one is not', async () => {
    const first = signers.certificate(FINALISE, 9, a)
    const swapped = signers.certificate(FINALISE, 9, b)
    const accused = signersOfBoth(NETWORK, signers.committee, first, swapped)
    assert.equal(accused.length, 3)
    for (const evidence of accused)
      assert.equal(await verdict(evidence), `kind ${TWO_FINALISE} of ${COORD}/0/9`)
    const last = { ...swapped, signers: BitArray.fromBoolArray([false, true, true, true]) }
    const signatures = [1, 2, 3].map((signer) => signers.vote(signer, FINALISE, 9, b).signature)
    assert.equal(signersOfBoth(NETWORK, signers.committee, first, { ...last, signatures }).length, 2)
  })

  it('C27: certificates of two views, of one block, or of notarise and finalise accuse nobody', () => {
    const first = signers.certificate(FINALISE, 9, a)
    for (const second of [
      first,
      signers.certificate(FINALISE, 10, b),
      signers.certificate(NOTARISE, 9, b),
      signers.certificate(FINALISE, 9, b, 1)
    ]) {
      assert.deepEqual(signersOfBoth(NETWORK, signers.committee, first, second), [])
    }
  })
})
