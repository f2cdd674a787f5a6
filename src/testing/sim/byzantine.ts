/**
 * Faulty members: an honest process behind a network that lies. Each kind does one thing that fewer than a third of a
 * committee may do without harm (C5, C9, C17, C19); its key signs whatever it likes, past guard and machine.
 */
import { BitArray } from '@chainsafe/ssz'
import { ZERO_HASH, equal, toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { blockHash } from '../../codec/block.ts'
import {
  BlockEnvelopeType,
  BlocksByHashType,
  FRAME_BOUNDARY,
  FRAME_CERTIFICATE,
  FRAME_VOTE
} from '../../codec/messages.ts'
import { ProposalType } from '../../codec/proposal.ts'
import type { Proposal } from '../../codec/proposal.ts'
import {
  CertificateType,
  FINALISE,
  NOTARISE,
  NULLIFY,
  VoteType,
  statementBytes
} from '../../codec/statement.ts'
import type { Vote } from '../../codec/statement.ts'
import type { Signer } from '../../crypto/ports.ts'
import type { GossipKind, GossipVerdict, Network, Peer } from '../../net/types.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { HeardBlocks, rivalOfParent, unnotarisedParent, withRoots } from './false-blocks.ts'
import { createExecute } from './liar-execution.ts'
import type { FalseBlock } from './liar-execution.ts'
import type { SimNode } from './node.ts'
import type { Port } from './port.ts'
import type { Prng } from './prng.ts'
import { leaderKey } from './seated.ts'

/**
 * equivocator: two proposals for its views, and contradicting votes, each to one half.
 * selective: everything it sends reaches only some.
 * withholder: gives no certificate to anybody.
 * forger: certificates that nobody signed, for a second proposal, to one victim.
 * skipper: proposes a rival of the block before its view, at once, as if that were never going to be notarised.
 * confider: gives its vote to one other member, and nobody any vote or certificate beside.
 * usurper: proposes a child of a block that nobody ever voted for.
 */
export const FAULTS = [
  'equivocator',
  'selective',
  'withholder',
  'forger',
  'skipper',
  'usurper',
  'confider'
] as const
/** smuggler: its process builds bad deliveries; the network does not lie for it. */
export type Fault = (typeof FAULTS)[number] | 'smuggler'

/** Whom a confider gives its votes to, of four members. */
export const confidantOf = (liar: number): number => (liar + 1) % 4

export interface FaultyInit {
  readonly fault: Fault
  readonly signer: Signer
  readonly networkId: Uint8Array
  readonly members: number
  readonly prng: Prng
  /** Whose process it is: it knows who leads, and what its blocks do. */
  readonly node: SimNode
  /** Least time between blocks. */
  readonly stepMs: number
  /** It did what its kind does, once. */
  readonly onFault: (fault: Fault) => void
}

const HALF_PPM = 500_000

export function faultyNetwork(port: Port, init: FaultyInit): Network {
  const honest: Network = {
    self: port.self,
    join: (chain, judges) => port.join(chain, judges),
    serve: (protocol, handler) => port.serve(protocol, handler),
    listen: (events) => port.listen(events),
    publish: async (chain, kind, data) => port.publish(chain, kind, data),
    listeners: (chain, kind) => port.listeners(chain, kind),
    sendConsensus: (peer, frame) => port.sendConsensus(peer, frame),
    request: async (peer, protocol, body) => port.request(peer, protocol, body),
    peers: (chain) => port.peers(chain),
    report: (peer, fact, why) => port.report(peer, fact, why)
  }
  switch (init.fault) {
    case 'equivocator':
      return { ...honest, publish: async (...message) => Promise.resolve(equivocate(port, init, ...message)) }
    case 'selective':
      return selective(port, init, honest)
    case 'withholder':
      return withholding(init, honest)
    case 'forger':
      return { ...honest, publish: async (...message) => Promise.resolve(forge(port, init, ...message)) }
    case 'skipper':
      return skipping(port, init, honest)
    case 'usurper':
      return usurping(port, init, honest)
    case 'confider':
      return confiding(port, init, honest)
    case 'smuggler':
      return honest
    default: {
      const none: never = init.fault
      return none
    }
  }
}

function selective(port: Port, { prng, onFault }: FaultyInit, honest: Network): Network {
  return {
    ...honest,
    publish: async (chain, kind, data) => {
      onFault('selective')
      return Promise.resolve(port.publishTo(chain, kind, data, () => prng.chance(HALF_PPM)))
    },
    sendConsensus: (peer, frame) => prng.chance(HALF_PPM) || honest.sendConsensus(peer, frame)
  }
}

function withholding({ onFault }: FaultyInit, honest: Network): Network {
  return {
    ...honest,
    publish: async (chain, kind, data) => {
      if (kind !== 'certificate') return honest.publish(chain, kind, data)
      onFault('withholder')
      return Promise.resolve(0)
    },
    sendConsensus: (peer, frame) =>
      frame[0] === FRAME_CERTIFICATE || frame[0] === FRAME_BOUNDARY || honest.sendConsensus(peer, frame),
    serve: (protocol, handler) =>
      honest.serve(protocol, protocol === 'certificates' ? () => ({ result: 'lacks', frames: [] }) : handler)
  }
}

function confiding(port: Port, { onFault }: FaultyInit, honest: Network): Network {
  const confidant = confidantOf(port.index)
  return {
    ...honest,
    publish: async (chain, kind, data) => {
      if (kind === 'block' || kind === 'tx') return honest.publish(chain, kind, data)
      if (kind === 'certificate' || VoteType.deserialize(data).kind !== NOTARISE) return Promise.resolve(0)
      onFault('confider')
      return Promise.resolve(port.publishTo(chain, kind, data, (index) => index === confidant))
    },
    sendConsensus: (peer, frame) =>
      frame[0] === FRAME_VOTE || frame[0] === FRAME_CERTIFICATE || honest.sendConsensus(peer, frame)
  }
}

function equivocate(
  port: Port,
  init: FaultyInit,
  ...[chain, kind, data]: [ChainId, GossipKind, Uint8Array]
): number {
  const other = kind === 'block' ? secondProposal(init, data) : kind === 'vote' ? secondVote(init, data) : []
  const [second] = other
  if (second === undefined) return port.publishTo(chain, kind, data, () => true)
  init.onFault('equivocator')
  const first = halves(init)
  return (
    port.publishTo(chain, kind, data, (index) => first.has(index)) +
    port.publishTo(chain, kind, second, (index) => !first.has(index))
  )
}

function halves({ prng, members }: FaultyInit): ReadonlySet<number> {
  const order = prng.shuffled(Array.from({ length: members }, (_, index) => index))
  return new Set(order.slice(0, Math.floor(members / 2)))
}

function forge(
  port: Port,
  init: FaultyInit,
  ...[chain, kind, data]: [ChainId, GossipKind, Uint8Array]
): number {
  const [second] = kind === 'block' ? secondProposal(init, data) : []
  if (second === undefined) return port.publishTo(chain, kind, data, () => true)
  init.onFault('forger')
  const victim = init.prng.below(init.members)
  const isVictim = (index: number): boolean => index === victim
  const { vote } = ProposalType.deserialize(second)
  const sent = port.publishTo(chain, kind, data, (index) => !isVictim(index))
  port.publishTo(chain, kind, second, isVictim)
  for (const of of [NOTARISE, FINALISE]) {
    port.publishTo(chain, 'certificate', forged(init, { ...vote, kind: of }), isVictim)
  }
  return sent
}

/** Blocks heard that a skipper remembers. */
const HEARD_MAX = 64

/** Frames without the votes for blocks that the liar's own process proposed and it replaced: they would give it away. */
function withoutVotesFor(replaced: ReadonlySet<Hex>, honest: Network): Network['sendConsensus'] {
  return (peer, frame) => {
    const isVote = frame[0] === FRAME_VOTE
    if (isVote && replaced.has(toHex(VoteType.deserialize(frame.subarray(1)).hash))) return true
    return honest.sendConsensus(peer, frame)
  }
}

function skipping(port: Port, init: FaultyInit, honest: Network): Network {
  const heard = new HeardBlocks(HEARD_MAX)
  const replaced = new Set<Hex>()
  /** Views in which it has proposed. */
  const lied = new Set<string>()
  const lie = async (data: Uint8Array): Promise<void> => {
    const before = ProposalType.deserialize(data)
    const { chain, epoch, view } = before.vote
    heard.note(before)
    const leader = leaderKey(init.node, chain, epoch, view + 1)
    const isNext = leader !== undefined && equal(leader, init.signer.publicKey)
    if (!isNext || view !== before.header.view || lied.has(placeOf(before, view + 1))) return
    lied.add(placeOf(before, view + 1))
    init.onFault('skipper')
    const header = { ...before.header, view: view + 1, proposer: leader }
    const vote = { ...before.vote, view: view + 1, signer: port.index }
    const block = withRoots({ header, body: before.body }, executeOf(init))
    const rival = proposed(init, { ...before, nullifications: [], vote }, block)
    port.publishTo(chain, 'block', rival, () => true)
  }
  return {
    ...honest,
    sendConsensus: withoutVotesFor(replaced, honest),
    join: (chain, { block, ...judges }) => {
      const joined = async (data: Uint8Array, from: Peer): Promise<GossipVerdict> => {
        const verdict = await must(block, 'a follower judges blocks')(data, from)
        if (verdict.action === 'accept') await lie(data)
        return verdict
      }
      honest.join(chain, block === undefined ? judges : { ...judges, block: joined })
    },
    publish: async (chain, kind, data) => {
      if (kind !== 'block') return honest.publish(chain, kind, data)
      const own = ProposalType.deserialize(data)
      heard.note(own)
      const parent = heard.get(own.header.parent)
      const hasLied = lied.has(placeOf(own, own.vote.view))
      const rival = parent === undefined ? undefined : rivalOfParent(own, parent, executeOf(init))
      if (rival === undefined && !hasLied) return honest.publish(chain, kind, data)
      replaced.add(toHex(own.vote.hash))
      if (rival === undefined || hasLied) return Promise.resolve(0)
      init.onFault('skipper')
      return Promise.resolve(port.publishTo(chain, kind, proposed(init, own, rival), () => true))
    }
  }
}

const placeOf = ({ vote }: Proposal, view: number): string => `${vote.chain}/${vote.epoch}/${view}`

function usurping(port: Port, init: FaultyInit, honest: Network): Network {
  const made = new HeardBlocks(HEARD_MAX)
  const replaced = new Set<Hex>()
  return {
    ...honest,
    sendConsensus: withoutVotesFor(replaced, honest),
    serve: (protocol, handler) =>
      honest.serve(protocol, (body, from) => {
        const hash = protocol === 'bodies' ? BlocksByHashType.deserialize(body).hashes[0] : undefined
        const block = hash === undefined ? undefined : made.get(hash)
        if (block === undefined) return handler(body, from)
        return {
          result: 'ok',
          frames: [BlockEnvelopeType.serialize({ header: block.header, body: block.body })]
        }
      }),
    publish: async (chain, kind, data) => {
      const own = kind === 'block' ? ProposalType.deserialize(data) : undefined
      const blocks = own === undefined ? undefined : usurp(init, own)
      if (own === undefined || blocks === undefined) return honest.publish(chain, kind, data)
      init.onFault('usurper')
      made.note(blocks.parent)
      replaced.add(toHex(own.vote.hash))
      return Promise.resolve(port.publishTo(chain, kind, proposed(init, own, blocks.child), () => true))
    }
  }
}

function usurp(init: FaultyInit, own: Proposal): ReturnType<typeof unnotarisedParent> {
  const { chain, epoch, view } = own.header
  const leader = view > 1 && own.vote.view === view ? leaderKey(init.node, chain, epoch, view - 1) : undefined
  if (leader === undefined) return undefined
  return unnotarisedParent(own, leader, {
    stepMs: init.stepMs,
    certify: (hash) => CertificateType.deserialize(forged(init, { ...own.vote, view: view - 1, hash })),
    execute: executeOf(init)
  })
}

const executeOf = ({ node }: FaultyInit) => createExecute(() => node.chains)

/** The own proposal with another block in it, signed. */
const proposed = (init: FaultyInit, own: Proposal, { header, body }: FalseBlock): Uint8Array =>
  ProposalType.serialize({
    ...own,
    header,
    body,
    vote: resigned(init, { ...own.vote, hash: blockHash(header) })
  })

/** A block of its own view that differs by a millisecond; another member's block cannot be varied. */
function secondProposal(init: FaultyInit, data: Uint8Array): [] | [Uint8Array] {
  const proposal = ProposalType.deserialize(data)
  if (proposal.vote.view !== proposal.header.view) return []
  const header = { ...proposal.header, timeMs: proposal.header.timeMs + 1 }
  const vote = resigned(init, { ...proposal.vote, hash: blockHash(header) })
  const second: Proposal = { ...proposal, header, vote }
  return [ProposalType.serialize(second)]
}

/** What contradicts a vote: nullify instead of another, an unknown block instead of nullify. */
function secondVote(init: FaultyInit, data: Uint8Array): [Uint8Array] {
  const vote = VoteType.deserialize(data)
  const other =
    vote.kind === NULLIFY
      ? { ...vote, kind: FINALISE, hash: init.prng.bytes(32) }
      : { ...vote, kind: NULLIFY, hash: ZERO_HASH }
  return [VoteType.serialize(resigned(init, other))]
}

function resigned({ networkId, signer }: FaultyInit, vote: Vote): Vote {
  const { chain, epoch, view, kind, hash } = vote
  const signature = signer.sign(statementBytes({ network: networkId, chain, epoch, view, kind, hash }))
  return { ...vote, signature }
}

function forged(init: FaultyInit, vote: Vote): Uint8Array {
  const signers = BitArray.fromBitLen(init.members)
  const signatures: Uint8Array[] = []
  for (let index = 0; index < init.members; index++) {
    signers.set(index, true)
    signatures.push(index === vote.signer ? resigned(init, vote).signature : init.prng.bytes(64))
  }
  const { chain, epoch, view, kind, hash } = vote
  return CertificateType.serialize({ chain, epoch, view, kind, hash, signers, signatures })
}
