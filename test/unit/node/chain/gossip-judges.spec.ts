import assert from 'node:assert/strict'
import {
  BodyType,
  EMPTY_DELIVERIES_ROOT,
  blockHash,
  bodyHash,
  transactionsRoot
} from '../../../../src/codec/block.ts'
import type { Block, Header } from '../../../../src/codec/block.ts'
import { ProposalType } from '../../../../src/codec/proposal.ts'
import type { Proposal } from '../../../../src/codec/proposal.ts'
import { CertificateType, VoteType } from '../../../../src/codec/statement.ts'
import { wireHash } from '../../../../src/codec/transaction.ts'
import type { Certificate, Vote } from '../../../../src/codec/statement.ts'
import { createInstance } from '../../../../src/consensus/instance.ts'
import { step } from '../../../../src/consensus/step.ts'
import type { Input } from '../../../../src/consensus/types.ts'
import { GossipJudges } from '../../../../src/node/chain/gossip-judges.ts'
import { Executor } from '../../../../src/node/chain/executor.ts'
import type { ExecutorComponents } from '../../../../src/node/chain/executor.ts'
import { VerifiedCache } from '../../../../src/mempool/verified-cache.ts'
import { ZERO_HASH, u64be } from '../../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../../src/primitives/chain-id.ts'
import { sha256Of } from '../../../../src/crypto/hash.ts'
import { FINALISE, NETWORK, NOTARISE, NULLIFY, PARAMS, WALL_MS } from '../../../support/consensus.ts'
import { CountingVerifier, Signers, peer } from '../../../support/node-fakes.ts'
import { CONSTANTS } from '../../../support/state.ts'

const EPOCH = 3
const FROM = peer('from')
const hash = sha256Of(u64be(1))

/** A node in epoch 3; the committees of epochs 2 to `known` are known to it. */
function aNode(known = 4, signers = new Signers()) {
  const book = signers.book(...[2, 3, 4, 5].filter((epoch) => epoch <= known))
  const instance = createInstance(
    {
      network: NETWORK,
      chain: COORD,
      epoch: EPOCH,
      params: PARAMS,
      committee: signers.committee,
      schedule: book.schedule(COORD, EPOCH),
      self: undefined,
      base: { hash: sha256Of(u64be(0)), height: 24, view: 0, timeMs: WALL_MS }
    },
    0
  )
  const verifier = new CountingVerifier()
  const executor = new Executor(
    {
      verifier,
      epochs: book,
      verified: new VerifiedCache(16)
    } as Partial<ExecutorComponents> as ExecutorComponents,
    { ...CONSTANTS, network: NETWORK }
  )
  const taken = { votes: [] as Vote[], certificates: [] as boolean[], blocks: [] as Block[], pulls: 0 }
  const feed = (input: Input): unknown =>
    step(instance, input, { monoMs: 0, wallMs: WALL_MS, coordHeight: 0, work: false })
  const judges = new GossipJudges(
    {
      verifier,
      epochs: book,
      executor,
      instance: () => instance,
      pull: () => void taken.pulls++,
      onVote: (vote) => {
        taken.votes.push(vote)
        feed({ type: 'vote', vote })
      },
      onCertificate: (certificate, byGossip) => {
        taken.certificates.push(byGossip)
        feed({ type: 'certificate', certificate, byGossip })
      },
      onProposal: ({ vote }, block) => {
        taken.blocks.push(block)
        feed({ type: 'block', block, proposedIn: vote.view })
        feed({ type: 'vote', vote })
      }
    },
    { network: NETWORK, chain: COORD }
  )
  const leader = (view: number, epoch = EPOCH): number => book.schedule(COORD, epoch).leader(view)
  return { judges, instance, verifier, taken, signers, leader, feed }
}

type Node = ReturnType<typeof aNode>

const says = async (verdict: Promise<{ action: string; rule: string }>): Promise<string> => {
  const { action, rule } = await verdict
  return `${action} ${rule}`
}

/** Final at view 20, in view 21. */
function finalAtTwenty(node: Node): Node {
  const { feed, signers, instance, leader } = node
  const block = aBlockOf(node, { view: 20, proposer: signers.committee.members[leader(20)]!.key })
  feed({ type: 'block', block })
  feed({ type: 'verdict', hash: [...instance.blocks.keys()][0]!, valid: true, reason: '' })
  feed({
    type: 'certificate',
    certificate: signers.certificate(FINALISE, 20, block.hash, EPOCH),
    byGossip: true
  })
  assert.deepEqual([instance.final.view, instance.view], [20, 21])
  return node
}

function aBlockOf(
  { instance, signers, leader }: Node,
  fields: Partial<Header> = {},
  transactions: Uint8Array[] = []
): Block {
  const body = { attendance: { parentCertificate: [], lateVotes: [] }, deliveries: [], transactions }
  const bodyBytes = BodyType.serialize(body)
  const view = fields.view ?? 1
  const header: Header = {
    version: 1,
    network: NETWORK,
    chain: COORD,
    epoch: EPOCH,
    height: instance.final.height + 1,
    view,
    timeMs: WALL_MS,
    parent: instance.final.hash,
    coordHeight: 0,
    coordHash: ZERO_HASH,
    transactionsRoot: transactionsRoot(transactions.map((bytes) => wireHash(bytes))),
    transactionCount: transactions.length,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: EMPTY_DELIVERIES_ROOT,
    receiptsOutRoot: ZERO_HASH,
    attendanceRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    rewardConsumer: 0n,
    rewardIndustrial: 0n,
    proposer: signers.committee.members[leader(Math.max(1, view), fields.epoch ?? EPOCH)]!.key,
    ...fields
  }
  return { header, hash: blockHash(header), bodyBytes, body }
}

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

describe('C31: block', () => {
  function proposalOf(node: Node, block: Block, vote: Partial<Vote> = {}): Proposal {
    const { header } = block
    const view = vote.view ?? header.view
    const epoch = vote.epoch ?? header.epoch
    const signer = vote.signer ?? node.leader(view, epoch)
    const signed = node.signers.vote(signer, NOTARISE, view, vote.hash ?? block.hash, epoch)
    return {
      header,
      body: block.bodyBytes,
      vote: { ...signed, ...vote },
      notarisation: [],
      nullifications: [],
      coordination: []
    }
  }
  const rows: [string, (node: Node) => Proposal, string][] = [
    ['the leader’s proposal', (node) => proposalOf(node, aBlockOf(node)), 'accept valid'],
    ['with an unknown parent', (node) => proposalOf(node, aBlockOf(node, { parent: hash })), 'accept valid'],
    [
      'with a time far ahead',
      (node) => proposalOf(node, aBlockOf(node, { timeMs: WALL_MS + 1e8 })),
      'accept valid'
    ],
    [
      'another chain in the header',
      (node) => proposalOf(node, aBlockOf(node, { chain: shardId(0) })),
      'reject wrong-chain'
    ],
    ['another network', (node) => proposalOf(node, aBlockOf(node, { network: hash })), 'reject wrong-chain'],
    [
      'another chain in the vote',
      (node) => proposalOf(node, aBlockOf(node), { chain: shardId(0) }),
      'reject wrong-chain'
    ],
    ['an epoch that is over', (node) => proposalOf(node, aBlockOf(node, { epoch: 2 })), 'ignore older-epoch'],
    ['an epoch after the next', (node) => proposalOf(node, aBlockOf(node, { epoch: 5 })), 'ignore we-lag'],
    ['the next epoch', (node) => proposalOf(node, aBlockOf(node, { epoch: 4 })), 'accept valid'],
    [
      'a vote that is no notarise',
      (node) => proposalOf(node, aBlockOf(node), { kind: FINALISE }),
      'reject inconsistent-views'
    ],
    [
      'a vote of another epoch',
      (node) => proposalOf(node, aBlockOf(node), { epoch: 4 }),
      'reject inconsistent-views'
    ],
    [
      'a vote below the header’s view',
      (node) => proposalOf(node, aBlockOf(node, { view: 3 }), { view: 2 }),
      'reject inconsistent-views'
    ],
    [
      'header view 0',
      (node) => proposalOf(node, aBlockOf(node, { view: 0 }), { view: 1 }),
      'reject inconsistent-views'
    ],
    [
      'a member that does not lead',
      (node) => proposalOf(node, aBlockOf(node), { signer: (node.leader(1) + 1) % 4 }),
      'reject not-the-leader'
    ],
    [
      'a proposer that does not lead',
      (node) => proposalOf(node, aBlockOf(node, { proposer: hash })),
      'reject wrong-proposer'
    ],
    [
      'another body',
      (node) => ({ ...proposalOf(node, aBlockOf(node)), body: Uint8Array.of(1) }),
      'reject wrong-body'
    ],
    [
      'a body that is none',
      (node) => {
        const body = Uint8Array.of(1, 2, 3)
        const block = aBlockOf(node, { bodyBytes: 3, bodyHash: bodyHash(body) })
        return { ...proposalOf(node, block), body }
      },
      'reject not-canonical'
    ],
    [
      'a vote for another block',
      (node) => proposalOf(node, aBlockOf(node), { hash }),
      'reject vote-for-another'
    ],
    [
      'a wrong transactions root',
      (node) => proposalOf(node, aBlockOf(node, { transactionsRoot: hash }, [Uint8Array.of(1)])),
      'reject wrong-transactions-root'
    ],
    ['8 views ahead', (node) => proposalOf(node, aBlockOf(node, { view: 9 })), 'accept valid'],
    ['9 views ahead', (node) => proposalOf(node, aBlockOf(node, { view: 10 })), 'ignore we-lag'],
    [
      '8 views ahead in the next epoch',
      (node) => proposalOf(node, aBlockOf(node, { epoch: 4, view: 9 })),
      'accept valid'
    ],
    [
      '9 views ahead in the next epoch',
      (node) => proposalOf(node, aBlockOf(node, { epoch: 4, view: 10 })),
      'ignore we-lag'
    ],
    [
      'a bad signature',
      (node) => proposalOf(node, aBlockOf(node), { signature: new Uint8Array(64) }),
      'reject bad-signature'
    ]
  ]
  for (const [what, make, expected] of rows) {
    it(`C31, GOS-10: ${what}: ${expected}`, async () => {
      const node = aNode(5)
      const bytes = ProposalType.serialize(make(node))
      assert.equal(await says(node.judges.block(bytes, FROM)), expected)
      assert.equal(node.taken.blocks.length, expected.startsWith('accept') ? 1 : 0)
      assert.equal(node.taken.pulls, expected.endsWith('we-lag') ? 1 : 0)
    })
  }

  it('C31, GOS-10: bytes that are no proposal: reject not-canonical', async () => {
    assert.equal(await says(aNode().judges.block(new Uint8Array(9), FROM)), 'reject not-canonical')
  })

  it('C31, GOS-10: the view before the current one still counts, an earlier one is late', async () => {
    const node = finalAtTwenty(aNode())
    const at = async (view: number): Promise<string> =>
      says(node.judges.block(ProposalType.serialize(proposalOf(node, aBlockOf(node, { view }))), FROM))
    assert.equal(await at(20), 'accept valid')
    assert.equal(await at(19), 'ignore late')
  })

  it('C31, GOS-10: the same proposal again: ignored as held', async () => {
    const node = aNode()
    const bytes = ProposalType.serialize(proposalOf(node, aBlockOf(node)))
    assert.equal(await says(node.judges.block(bytes, FROM)), 'accept valid')
    assert.equal(await says(node.judges.block(bytes, FROM)), 'ignore already-held')
  })

  it('C31, GOS-10: a held vote without its block is no held proposal', async () => {
    const node = aNode()
    const proposal = proposalOf(node, aBlockOf(node))
    await node.judges.judgeVote(proposal.vote, FROM)
    assert.equal(await says(node.judges.block(ProposalType.serialize(proposal), FROM)), 'accept valid')
  })

  it('C30, C31, GOS-10: a second proposal of the view: ignored, its vote is evidence', async () => {
    const node = aNode()
    const [a, b] = [aBlockOf(node), aBlockOf(node, { timeMs: 5 })].map((block) =>
      proposalOf(node, block)
    ) as [Proposal, Proposal]
    await node.judges.block(ProposalType.serialize(a), FROM)
    assert.equal(await says(node.judges.block(ProposalType.serialize(b), FROM)), 'ignore second-proposal')
    assert.equal(node.instance.views.get(1)?.leaderHashes.length, 2)
  })

  it('GOS-11: of any number of proposals of one view two blocks are held', async () => {
    const node = aNode()
    for (let i = 0; i < 10; i++) {
      await node.judges.block(ProposalType.serialize(proposalOf(node, aBlockOf(node, { timeMs: i }))), FROM)
    }
    assert.equal(node.instance.blocks.size, 2)
  })
})
