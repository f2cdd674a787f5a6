import assert from 'node:assert/strict'
import { bodyHash } from '../../../../src/codec/block.ts'
import type { Block } from '../../../../src/codec/block.ts'
import { ProposalType } from '../../../../src/codec/proposal.ts'
import type { Proposal } from '../../../../src/codec/proposal.ts'
import type { Vote } from '../../../../src/codec/statement.ts'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { FINALISE, NOTARISE, WALL_MS } from '../../../support/consensus.ts'

import { FROM, aBlockOf, aNode, finalAtTwenty, hash, says } from '../../../support/gossip-node.ts'
import type { Node } from '../../../support/gossip-node.ts'

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

  it('C24, C31, GOS-10: proposals of the next epoch are judged by its own views', async () => {
    const node = finalAtTwenty(aNode())
    const next = proposalOf(node, aBlockOf(node, { view: 1, epoch: 4 }))
    assert.equal(await says(node.judges.block(ProposalType.serialize(next), FROM)), 'accept valid')
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
