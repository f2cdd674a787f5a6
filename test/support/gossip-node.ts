/** Gossip judges of one chain over an instance in epoch 3, with a committee that really signs. */
import assert from 'node:assert/strict'
import {
  BodyType,
  EMPTY_DELIVERIES_ROOT,
  blockHash,
  bodyHash,
  transactionsRoot
} from '../../src/codec/block.ts'
import type { Block, Header } from '../../src/codec/block.ts'
import { wireHash } from '../../src/codec/transaction.ts'
import type { Vote } from '../../src/codec/statement.ts'
import { createInstance } from '../../src/consensus/instance.ts'
import { step } from '../../src/consensus/step.ts'
import type { Input } from '../../src/consensus/types.ts'
import { GossipJudges } from '../../src/node/chain/gossip-judges.ts'
import { Executor } from '../../src/node/chain/executor.ts'
import type { ExecutorComponents } from '../../src/node/chain/executor.ts'
import { VerifiedCache } from '../../src/mempool/verified-cache.ts'
import { ZERO_HASH, u64be } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { sha256Of } from '../../src/crypto/hash.ts'
import { FINALISE, NETWORK, PARAMS, WALL_MS } from './consensus.ts'
import { CountingVerifier, Signers, peer } from './node-fakes.ts'
import { CONSTANTS } from './state.ts'

export const EPOCH = 3
export const FROM = peer('from')
export const hash = sha256Of(u64be(1))

/** A node in epoch 3; the committees of epochs 2 to `known` are known to it. */
export function aNode(known = 4, signers = new Signers()) {
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

export type Node = ReturnType<typeof aNode>

export const says = async (verdict: Promise<{ action: string; rule: string }>): Promise<string> => {
  const { action, rule } = await verdict
  return `${action} ${rule}`
}

/** Final at view 20, in view 21. */
export function finalAtTwenty(node: Node): Node {
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

export function aBlockOf(
  { instance, signers, leader }: Node,
  fields: Partial<Header> = {},
  transactions: Uint8Array[] = []
): Block {
  const body = {
    attendance: { parentCertificate: [], lateVotes: [] },
    deliveries: [],
    transactions,
    evidence: [],
    reveal: []
  }
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
