/** Strangers that lead: proposals that no leader makes (GOS-10), and blocks that break a rule of C7. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { signTransfer, signerOfSeed, transferCost } from '../../src/client/transfer.ts'
import type { Block } from '../../src/codec/block.ts'
import type { Proposal } from '../../src/codec/proposal.ts'
import { NULLIFY } from '../../src/codec/statement.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { COORD, chainName, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { describeAttacks } from '../support/arena.ts'
import type { Arena, Attack } from '../support/arena.ts'
import { aBlock, aProposal, aVote, proposalBytes, someHash, withBody, withHeader } from '../support/forge.ts'
import { refusingRules } from '../support/gossip-rules.ts'

const SHARD = shardId(0)

function proposing(
  title: string,
  rule: string,
  forge: (arena: Arena) => Proposal | Promise<Proposal>,
  verdict: 'reject' | 'ignore' = 'reject'
): Attack {
  return {
    title: `C31 block ${rule}: ${title}`,
    counted: ['icn_gossip_verdict_total', { kind: 'block', verdict, rule }],
    fault: verdict === 'reject',
    act: async (arena, hostile) => hostile.publish(COORD, 'block', proposalBytes(await forge(arena)))
  }
}

/** A view that somebody honest leads. */
const foreignView = (arena: Arena): number =>
  arena.viewOf(COORD, arena.self(COORD), arena.instance(COORD).view, false)
const ownView = (arena: Arena, from: number): number => arena.viewOf(COORD, arena.self(COORD), from)

const PROPOSALS: readonly Attack[] = [
  {
    title: 'C31 block not-canonical: garbage',
    counted: ['icn_gossip_verdict_total', { kind: 'block', verdict: 'reject', rule: 'not-canonical' }],
    fault: true,
    act: async (_arena, hostile) => hostile.publish(COORD, 'block', randomBytes(2_000))
  },
  {
    title: 'GOS-2 block oversize',
    counted: ['icn_gossip_verdict_total', { kind: 'block', verdict: 'reject', rule: 'oversize' }],
    fault: true,
    act: async (_arena, hostile) => hostile.publish(COORD, 'block', randomBytes(4 * 1024 * 1024 - 60 * 1024))
  },
  proposing('for another chain', 'wrong-chain', (arena) =>
    aProposal(arena, withHeader(aBlock(arena, COORD), { chain: SHARD }))
  ),
  proposing('for another network', 'wrong-chain', (arena) =>
    aProposal(arena, withHeader(aBlock(arena, COORD), { network: someHash() }))
  ),
  proposing('the vote nullifies', 'inconsistent-views', (arena) =>
    aProposal(arena, aBlock(arena, COORD), { kind: NULLIFY })
  ),
  proposing('the block is of a later view than the vote', 'inconsistent-views', (arena) => {
    const block = aBlock(arena, COORD)
    return aProposal(arena, withHeader(block, { view: ownView(arena, block.header.view + 1) }), {
      view: block.header.view
    })
  }),
  proposing('the view is another leader’s', 'not-the-leader', (arena) => {
    const view = foreignView(arena)
    return aProposal(arena, withHeader(aBlock(arena, COORD), { view }))
  }),
  proposing('in the name of the leader', 'bad-signature', (arena) => {
    const view = foreignView(arena)
    const { schedule, committee } = arena.instance(COORD).config
    const signer = schedule.leader(view)
    const proposer = committee.members[signer]!.key
    return aProposal(arena, withHeader(aBlock(arena, COORD), { view, proposer }), { signer })
  }),
  proposing('the proposer in the header is another', 'wrong-proposer', (arena) =>
    aProposal(arena, withHeader(aBlock(arena, COORD), { proposer: someHash() }))
  ),
  proposing('the body is another', 'wrong-body', (arena) => ({
    ...aProposal(arena, aBlock(arena, COORD)),
    body: new Uint8Array(randomBytes(90))
  })),
  proposing('the vote names another block', 'vote-for-another', (arena) => {
    const block = aBlock(arena, COORD)
    return { ...aProposal(arena, block), vote: aVote(arena, COORD, { view: block.header.view }) }
  }),
  proposing('the transactions are others', 'wrong-transactions-root', (arena) =>
    aProposal(arena, withHeader(aBlock(arena, COORD), { transactionsRoot: someHash() }))
  ),
  proposing(
    'a view that is over',
    'late',
    (arena) => {
      const { view } = arena.instance(COORD)
      const past = ownView(arena, Math.max(1, view - 20))
      if (past >= view - 1) throw new Error('it did not lead yet')
      return aProposal(arena, withHeader(aBlock(arena, COORD), { view: past }))
    },
    'ignore'
  ),
  proposing(
    'a view far ahead',
    'we-lag',
    (arena) => {
      const view = ownView(arena, arena.instance(COORD).view + 9)
      return aProposal(arena, withHeader(aBlock(arena, COORD), { view }))
    },
    'ignore'
  ),
  proposing(
    'an epoch that is over',
    'older-epoch',
    async (arena) => {
      const epoch = await arena.swarm.until(() => arena.instance(COORD).config.epoch, { timeoutMs: 20_000 })
      return aProposal(arena, withHeader(aBlock(arena, COORD), { epoch: epoch - 1 }))
    },
    'ignore'
  )
]

/** Sends two proposals for the stranger's next view; the views go on and the two votes are kept. */
const SECOND_PROPOSAL: Attack = {
  title:
    'C31 block second-proposal, C17, C30: two valid blocks for one view are evidence, and the view is given up',
  counted: ['icn_gossip_verdict_total', { kind: 'block', verdict: 'ignore', rule: 'second-proposal' }],
  fault: false,
  act: async (arena, hostile) => {
    const first = aBlock(arena, COORD)
    const second = withHeader(first, { timeMs: first.header.timeMs + 1 })
    for (const block of [first, second]) {
      await hostile.publish(COORD, 'block', proposalBytes(aProposal(arena, block)))
      const key = toHex(block.hash)
      await arena.swarm.until(() => arena.instance(COORD).blocks.has(key), { timeoutMs: 500 })
    }
  },
  after: async (arena) => {
    const found = await arena.swarm.until(
      () => arena.evidence.find(({ votes }) => votes[1]?.view === arena.evidence.at(-1)!.votes[1]?.view),
      { what: 'evidence', timeoutMs: 1_000 }
    )
    await arena.swarm.until(() => arena.instance(COORD).view > found.votes[1]!.view, {
      what: 'the next view'
    })
    assert.deepEqual(found.publicKey, arena.key.publicKey)
  }
}

/** More than an instance holds blocks: if each were kept, no honest block would find room again. */
const FLOOD = 300
const MANY_PROPOSALS: Attack = {
  title: 'GOS-11: hundreds of blocks for one view leave room for honest ones',
  counted: ['icn_gossip_verdict_total', { kind: 'block', verdict: 'ignore', rule: 'second-proposal' }],
  fault: false,
  act: async (arena, hostile) => {
    const first = aBlock(arena, COORD)
    for (let i = 0; i < FLOOD; i++) {
      const block = withHeader(first, { timeMs: first.header.timeMs + i })
      await hostile.publish(COORD, 'block', proposalBytes(aProposal(arena, block)))
    }
  },
  after: async (arena) => arena.progress(3)
}

const ALREADY_HELD: Attack = {
  title: 'C31 block already-held: the same proposal with another justification',
  counted: ['icn_gossip_verdict_total', { kind: 'block', verdict: 'ignore', rule: 'already-held' }],
  fault: false,
  act: async (arena, hostile) => {
    const block = aBlock(arena, COORD)
    const proposal = aProposal(arena, block)
    await hostile.publish(COORD, 'block', proposalBytes(proposal))
    const { view } = block.header
    await arena.swarm.until(() => arena.instance(COORD).views.get(view)?.leaderHashes.length === 1, {
      timeoutMs: 500
    })
    const notarisation = [...block.body.attendance.parentCertificate]
    await hostile.publish(COORD, 'block', proposalBytes({ ...proposal, notarisation }))
  }
}

/** A block that only execution or the committee's view of its parent can refuse: it is accepted, judged and counted. */
function breaking(
  code: string,
  title: string,
  forge: (arena: Arena) => Block,
  chain: ChainId = COORD
): Attack {
  return {
    title: `C7 ${code}: ${title}`,
    counted: ['icn_blocks_invalid_total', { chain: chainName(chain), code }],
    fault: false,
    act: async (arena, hostile) => {
      const proposal = aProposal(arena, forge(arena))
      await hostile.publish(chain, 'block', proposalBytes(proposal))
    }
  }
}

const onCoord = (arena: Arena): Block => aBlock(arena, COORD)
const onShard = (arena: Arena): Block => aBlock(arena, SHARD)

interface TransferChanges {
  readonly nonce?: bigint
  readonly chain?: ChainId
  readonly signedBy?: Uint8Array
}

/** A transfer as a leader may put it into a block, valid but for the changes. */
function aTransfer(arena: Arena, { nonce, chain = SHARD, signedBy }: TransferChanges = {}): Uint8Array {
  const own = signerOfSeed(devnetSeed('user5'))
  const signer = signedBy === undefined ? own : { ...signerOfSeed(signedBy), publicKey: own.publicKey }
  return signTransfer({
    network: arena.network,
    signer,
    chain,
    nonce: nonce ?? arena.target.port!.account(devnetAddress('user5'), SHARD).nonce,
    validUntil: arena.target.port!.head(SHARD).final.header.height + 50,
    to: devnetAddress('user6'),
    consumer: 1n,
    ...transferCost(arena.swarm.genesis.params)
  }).bytes
}

const withTransactions = (arena: Arena, ...transactions: Uint8Array[]): Block =>
  withBody(onShard(arena), { transactions })

const INVALID: readonly Attack[] = [
  breaking('wrong-instance', 'a version that is none', (arena) => withHeader(onCoord(arena), { version: 2 })),
  breaking('wrong-height', 'a height is left out', (arena) => {
    const block = onCoord(arena)
    return withHeader(block, { height: block.header.height + 1 })
  }),
  breaking('time-too-early', 'the time of its parent', (arena) => {
    const block = onCoord(arena)
    return withHeader(block, { timeMs: block.header.timeMs - 10_000 })
  }),
  breaking('wrong-reference', 'coord refers to itself', (arena) =>
    withHeader(onCoord(arena), { coordHeight: 1, coordHash: someHash() })
  ),
  breaking(
    'wrong-reference',
    'another hash than that of the final coordination block',
    (arena) => withHeader(onShard(arena), { coordHash: someHash() }),
    SHARD
  ),
  breaking(
    'wrong-reference',
    'the reference goes back',
    (arena) => {
      const block = onShard(arena)
      if (block.header.coordHeight < 1) throw new Error('nothing is referred to yet')
      return withHeader(block, { coordHeight: block.header.coordHeight - 1 })
    },
    SHARD
  ),
  breaking('over-limit', 'more bytes than a block may have', (arena) =>
    withBody(onCoord(arena), { deliveries: [new Uint8Array(70_000)] })
  ),
  breaking('wrong-commitment', 'another number of transactions', (arena) =>
    withHeader(onCoord(arena), { transactionCount: 1 })
  ),
  breaking('wrong-commitment', 'another attendance root', (arena) =>
    withHeader(onCoord(arena), { attendanceRoot: someHash() })
  ),
  breaking('wrong-reward', 'a reward', (arena) => withHeader(onCoord(arena), { rewardConsumer: 1n })),
  breaking('bad-delivery', 'what is no delivery', (arena) =>
    withBody(onCoord(arena), { deliveries: [Uint8Array.of(1)] })
  ),
  breaking('wrong-commitment', 'other receipts than it emits', (arena) =>
    withHeader(onCoord(arena), { receiptsOutRoot: someHash() })
  ),
  breaking('wrong-attendance', 'a late vote for no ancestor', (arena) => {
    const block = onCoord(arena)
    const attendance = { ...block.body.attendance, lateVotes: [aVote(arena, COORD)] }
    return withBody(block, { attendance })
  }),
  breaking('wrong-attendance', 'no certificate of the parent', (arena) =>
    withBody(onCoord(arena), { attendance: { parentCertificate: [], lateVotes: [] } })
  ),
  breaking('wrong-attendance', 'a certificate over another block', (arena) => {
    const block = onCoord(arena)
    const parentCertificate = block.body.attendance.parentCertificate.map((each) => ({
      ...each,
      hash: someHash()
    }))
    return withBody(block, { attendance: { parentCertificate, lateVotes: [] } })
  }),
  breaking('wrong-attendance', 'a certificate with one bad signature', (arena) => {
    const block = onCoord(arena)
    const parentCertificate = block.body.attendance.parentCertificate.map((each) => {
      const signatures = [...each.signatures]
      signatures[0] = new Uint8Array(randomBytes(64))
      return { ...each, signatures }
    })
    return withBody(block, { attendance: { parentCertificate, lateVotes: [] } })
  }),
  breaking('wrong-state-root', 'another root than its execution has', (arena) =>
    withHeader(onCoord(arena), { stateRoot: someHash() })
  ),
  breaking(
    'wrong-state-root',
    'the root from before its transfer',
    (arena) => withTransactions(arena, aTransfer(arena)),
    SHARD
  ),
  breaking(
    'bad-transaction',
    'a signature of another key',
    (arena) => withTransactions(arena, aTransfer(arena, { signedBy: randomBytes(32) })),
    SHARD
  ),
  breaking(
    'bad-transaction',
    'a nonce ahead of the account',
    (arena) => withTransactions(arena, aTransfer(arena, { nonce: 900n })),
    SHARD
  ),
  breaking(
    'bad-transaction',
    'the same transaction twice',
    (arena) => {
      const transfer = aTransfer(arena)
      return withTransactions(arena, transfer, transfer)
    },
    SHARD
  ),
  breaking(
    'bad-transaction',
    'a transaction of another chain',
    (arena) => withTransactions(arena, aTransfer(arena, { chain: COORD })),
    SHARD
  ),
  breaking(
    'bad-transaction',
    'garbage for a transaction',
    (arena) => withTransactions(arena, new Uint8Array(randomBytes(150))),
    SHARD
  )
]

describe('hostile peers: leaders', () => {
  describeAttacks('proposals', [...PROPOSALS, ALREADY_HELD, SECOND_PROPOSAL, MANY_PROPOSALS])
  describeAttacks('invalid blocks', INVALID)

  it('GOS-10: every rule that refuses has a row', () => {
    const rows = new Set(
      [...PROPOSALS, ALREADY_HELD, SECOND_PROPOSAL, MANY_PROPOSALS].map(
        ({ counted: [, labels] }) => labels['rule']
      )
    )
    assert.deepEqual(
      refusingRules('GOS-10').filter((rule) => !rows.has(rule)),
      []
    )
  })
})
