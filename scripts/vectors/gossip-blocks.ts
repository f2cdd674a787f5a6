/** Proposals with the rule that decides on them (GOS-10). */
import {
  BodyType,
  EMPTY_DELIVERIES_ROOT,
  attendanceRoot,
  blockHash,
  bodyHash,
  transactionsRoot
} from '../../src/codec/block.ts'
import type { Body, Header } from '../../src/codec/block.ts'
import { ProposalType } from '../../src/codec/proposal.ts'
import type { Proposal } from '../../src/codec/proposal.ts'
import { FINALISE } from '../../src/codec/statement.ts'
import type { Vote } from '../../src/codec/statement.ts'
import { TransactionType, wireHash } from '../../src/codec/transaction.ts'
import { ZERO_HASH } from '../../src/primitives/bytes.ts'
import { CHAIN, EPOCH, OTHER, leaderOf, rows } from './gossip-case.ts'
import type { Case } from './gossip-case.ts'
import { voteOf } from './gossip-statements.ts'
import * as samples from './samples.ts'

/** @param fields of the header; the rest follows from view, epoch and body */
function proposalOf(
  fields: Partial<Header> = {},
  changes: Partial<Vote> = {},
  bodyBytes = BodyType.serialize(emptyBody())
): Proposal {
  const view = fields.view ?? 1
  const epoch = fields.epoch ?? EPOCH
  const proposer = samples.COMMITTEE[leaderOf(Math.max(1, view), epoch)]?.publicKey ?? ZERO_HASH
  const header = samples.header({
    chain: CHAIN,
    epoch,
    view,
    transactionsRoot: transactionsRoot([]),
    transactionCount: 0,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: EMPTY_DELIVERIES_ROOT,
    attendanceRoot: attendanceRoot(emptyBody().attendance),
    proposer,
    ...fields
  })
  const of = { view: changes.view ?? view, epoch: changes.epoch ?? epoch }
  const signer = changes.signer ?? leaderOf(Math.max(1, of.view), of.epoch)
  const hash = changes.hash ?? blockHash(header)
  const vote = { ...voteOf({ ...of, hash, signer }), ...changes }
  return { header, body: bodyBytes, vote, notarisation: [], nullifications: [], coordination: [] }
}
function emptyBody(): Body {
  return {
    attendance: { parentCertificate: [], lateVotes: [] },
    deliveries: [],
    transactions: [],
    evidence: [],
    reveal: []
  }
}
const blockBytes = (...parts: Parameters<typeof proposalOf>): Uint8Array =>
  ProposalType.serialize(proposalOf(...parts))

const wire = TransactionType.serialize(samples.transaction())
const full = BodyType.serialize({ ...emptyBody(), transactions: [wire] })

function blocksByShape(): Case[] {
  const good = blockBytes()
  return rows('block', [
    ['of the leader', 'accept', 'valid', good],
    [
      'with a transaction',
      'accept',
      'valid',
      blockBytes({ transactionsRoot: transactionsRoot([wireHash(wire)]), transactionCount: 1 }, {}, full)
    ],
    ['with a time far ahead', 'accept', 'valid', blockBytes({ timeMs: 4_000_000_000_000 })],
    ['no bytes', 'reject', 'not-canonical', new Uint8Array(0)],
    ['one byte more', 'reject', 'not-canonical', Uint8Array.of(...good, 0)],
    ['another chain in the header', 'reject', 'wrong-chain', blockBytes({ chain: OTHER })],
    ['another chain in the vote', 'reject', 'wrong-chain', blockBytes({}, { chain: OTHER })],
    ['another network', 'reject', 'wrong-chain', blockBytes({ network: samples.digest('another network') })],
    ['an epoch that is over', 'ignore', 'older-epoch', blockBytes({ epoch: 2 })],
    ['an epoch after the next', 'ignore', 'we-lag', blockBytes({ epoch: 5 })],
    ['a vote to finalise', 'reject', 'inconsistent-views', blockBytes({}, { kind: FINALISE })],
    ['a vote of another epoch', 'reject', 'inconsistent-views', blockBytes({}, { epoch: 4 })],
    ['a vote below the header', 'reject', 'inconsistent-views', blockBytes({ view: 3 }, { view: 2 })],
    ['header view 0', 'reject', 'inconsistent-views', blockBytes({ view: 0 }, { view: 1 })],
    [
      'a member that does not lead',
      'reject',
      'not-the-leader',
      blockBytes({}, { signer: (leaderOf(1) + 1) % 4 })
    ],
    [
      'a proposer that does not lead',
      'reject',
      'wrong-proposer',
      blockBytes({ proposer: samples.digest('nobody') })
    ]
  ])
}

function blocksByContent(): Case[] {
  const good = blockBytes()
  const later = { finalView: 20 }
  return rows('block', [
    ['another body', 'reject', 'wrong-body', blockBytes({ bodyHash: samples.digest('another body') })],
    ['a body that is none', 'reject', 'not-canonical', blockBytes({}, {}, Uint8Array.of(1, 2, 3))],
    [
      'a vote for another block',
      'reject',
      'vote-for-another',
      blockBytes({}, { hash: samples.digest('another block') })
    ],
    ['another transactions root', 'reject', 'wrong-transactions-root', blockBytes({}, {}, full)],
    ['the view before the current one', 'accept', 'valid', blockBytes({ view: 20 }), later],
    ['two views before the current one', 'ignore', 'late', blockBytes({ view: 19 }), later],
    ['8 views ahead', 'accept', 'valid', blockBytes({ view: 9 })],
    ['9 views ahead', 'ignore', 'we-lag', blockBytes({ view: 10 })],
    ['view 9 of the next epoch', 'accept', 'valid', blockBytes({ view: 9, epoch: 4 })],
    ['view 10 of the next epoch', 'ignore', 'we-lag', blockBytes({ view: 10, epoch: 4 })],
    ['the same again', 'ignore', 'already-held', good, { before: [good] }],
    ['a changed signature', 'reject', 'bad-signature', blockBytes({}, { signature: new Uint8Array(64) })],
    [
      'a second block of one view',
      'ignore',
      'second-proposal',
      blockBytes({ stateRoot: ZERO_HASH }),
      { before: [good] }
    ]
  ])
}

export const blocks = (): Case[] => [...blocksByShape(), ...blocksByContent()]
