/** The vectors of roots, Merkle proofs, signatures at the edge, and one canonical string for every type. */
import { concatGindices, Tree } from '@chainsafe/persistent-merkle-tree'
import {
  AttendanceType,
  BodyType,
  EMPTY_DELIVERIES_ROOT,
  HeaderType,
  MAX_BLOCK_TRANSACTIONS
} from '../../src/codec/block.ts'
import {
  attendanceRoot,
  blockHash,
  bodyHash,
  MAX_LATE_VOTES,
  transactionsRoot
} from '../../src/codec/block.ts'
import { EvidenceType } from '../../src/codec/evidence.ts'
import { BlocksByHashType, MAX_REQUEST_HASHES } from '../../src/codec/messages.ts'
import { SignedPeerRecordType } from '../../src/codec/peer-record.ts'
import { ProposalType } from '../../src/codec/proposal.ts'
import { Bytes32, ListCompositeType } from '../../src/codec/ssz.ts'
import type { Type } from '../../src/codec/ssz.ts'

import { rootFromBranch } from '../../src/crypto/merkle.ts'
import { equal, toHex } from '../../src/primitives/bytes.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { toPlain } from './plain.ts'
import type { Plain } from './plain.ts'
import { badOffsets, refusals } from './refusals.ts'
import * as samples from './samples.ts'
import { containerTypes } from './types.ts'

const wireHashes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => samples.digest(`wire hash ${i}`))

export function roots(): Plain {
  const lists = [0, 1, 2, 3, 4, 5, 33, 100].map((count) => {
    const hashes = wireHashes(count)
    return { wireHashes: hashes.map(toHex), transactionsRoot: toHex(transactionsRoot(hashes)) }
  })
  const held = [samples.body(0), samples.body(3), BodyType.defaultValue()].map((body) => {
    const bytes = BodyType.serialize(body)
    return {
      bytes: toHex(bytes),
      bodyHash: toHex(bodyHash(bytes)),
      attendanceRoot: toHex(attendanceRoot(body.attendance)),
      wireHashes: body.transactions.map((wire) => toHex(samples.wireHashOf(wire))),
      transactionsRoot: toHex(transactionsRoot(body.transactions.map(samples.wireHashOf))),
      deliveriesRoot: toHex(EMPTY_DELIVERIES_ROOT)
    }
  })
  return { rules: ['ENC-13', 'ENC-14'], transactionLists: lists, bodies: held }
}

interface Proof {
  readonly leaf: Uint8Array
  readonly gindex: bigint
  readonly branch: readonly Uint8Array[]
  readonly root: Uint8Array
}

const plainProof = ({ leaf, gindex, branch, root }: Proof): { readonly [name: string]: Plain } => {
  if (!equal(rootFromBranch(leaf, gindex, branch), root)) throw new Error('a proof does not lead to its root')
  return { leaf: toHex(leaf), gindex: gindex.toString(), branch: branch.map(toHex), root: toHex(root) }
}

const WireHashes = new ListCompositeType(Bytes32, MAX_BLOCK_TRANSACTIONS)

export function proofs(): Plain {
  const body = samples.body(3)
  const header = samples.header()
  const root = blockHash(header)
  const headerTree = new Tree(HeaderType.value_toTree(header))
  const gindexOf = (field: string): bigint => HeaderType.getPathInfo([field]).gindex
  const fields = Object.keys(header).map((field) => {
    const gindex = gindexOf(field)
    const leaf = headerTree.getNode(gindex).root
    const proof = plainProof({ leaf, gindex, branch: headerTree.getSingleProof(gindex), root })
    return { name: `header field ${field}`, type: 'Header', field, ...proof }
  })
  const hashes = body.transactions.map(samples.wireHashOf)
  const list = new Tree(WireHashes.value_toTree(hashes))
  const rootIndex = gindexOf('transactionsRoot')
  const above = headerTree.getSingleProof(rootIndex)
  const transactions = hashes.map((leaf, index) => {
    const inList = WireHashes.getPathInfo([index]).gindex
    const gindex = concatGindices([rootIndex, inList])
    const proof = plainProof({ leaf, gindex, branch: [...list.getSingleProof(inList), ...above], root })
    return { name: `transaction ${index} of the block`, index, ...proof }
  })
  const lengthIndex = concatGindices([rootIndex, 3n])
  const length = {
    name: 'number of transactions of the block',
    length: hashes.length,
    ...plainProof({
      leaf: list.getNode(3n).root,
      gindex: lengthIndex,
      branch: [...list.getSingleProof(3n), ...above],
      root
    })
  }
  return {
    rules: ['ENC-14', 'ENC-15', 'ENC-16'],
    header: toHex(HeaderType.serialize(header)),
    fields,
    transactions,
    length,
    refused: refusedProofs({
      leaf: header.stateRoot,
      gindex: gindexOf('stateRoot'),
      branch: headerTree.getSingleProof(gindexOf('stateRoot')),
      root
    })
  }
}

function refusedProofs(good: Proof): Plain {
  const other = samples.digest('another node')
  const wrong: readonly (Proof & { readonly name: string })[] = [
    { ...good, name: 'another leaf', leaf: other },
    { ...good, name: 'another sibling', branch: good.branch.with(2, other) },
    { ...good, name: 'another root', root: other },
    { ...good, name: 'the neighbour’s index', gindex: good.gindex ^ 1n },
    { ...good, name: 'one sibling short', branch: good.branch.slice(1) },
    { ...good, name: 'one sibling more', branch: [...good.branch, other] },
    { ...good, name: 'a leaf of 31 bytes', leaf: good.leaf.subarray(1) },
    { ...good, name: 'index zero', gindex: 0n, branch: [] }
  ]
  return wrong.map(({ name, leaf, gindex, branch, root }) => {
    return {
      name,
      rule: 'ENC-15',
      leaf: toHex(leaf),
      gindex: gindex.toString(),
      branch: branch.map(toHex),
      root: toHex(root)
    }
  })
}

/** One canonical string for every container of the specification; the interesting ones filled, the others empty. */
export function objects(): Plain {
  const vote = samples.vote(samples.statement(), 0)
  const held = samples.certificate(samples.statement({ kind: 2 }), [1, 2, 3])
  const proposal = ProposalType.defaultValue()
  Object.assign(proposal, {
    header: samples.header(),
    body: BodyType.serialize(samples.body()),
    vote,
    nullifications: [held, held],
    coordination: [{ header: samples.coordHeader(), certificate: held }]
  })
  const filled = [
    full(ProposalType, proposal),
    full(BodyType, samples.body()),
    full(EvidenceType, samples.evidence()),
    full(EvidenceType, samples.proposalEvidence()),
    full(SignedPeerRecordType, samples.peerRecord()),
    full(BlocksByHashType, { chain: 2 as ChainId, hashes: wireHashes(MAX_REQUEST_HASHES) })
  ]
  const defaults = [...containerTypes().values()].map((type) => full(type, type.defaultValue()))
  return {
    rules: ['ENC-2', 'ENC-4', 'ENC-5', 'ENC-7', 'ENC-9', 'ENC-13'],
    accepted: [...filled, ...defaults],
    refused: refusedLists()
  }
}

function full<T>(type: Type<T>, value: T): Plain {
  const bytes = type.serialize(value)
  return {
    type: type.typeName,
    bytes: toHex(bytes),
    fields: toPlain(value),
    root: toHex(type.hashTreeRoot(value))
  }
}

/** Lists one above their limit, at every kind of list. */
function refusedLists(): Plain {
  const vote = samples.vote(samples.statement(), 0)
  const held = samples.certificate(samples.statement(), [0, 1, 2])
  const late = Array.from({ length: MAX_LATE_VOTES + 1 }, () => vote)
  const over = (name: string, value: Parameters<typeof AttendanceType.serialize>[0]) => {
    return { name, rule: 'ENC-7', bytes: AttendanceType.serialize(value) }
  }
  const body = BodyType.serialize(samples.body())
  const hashes = BlocksByHashType.serialize({
    chain: 2 as ChainId,
    hashes: wireHashes(MAX_REQUEST_HASHES + 1)
  })
  const lists = [
    refusals(AttendanceType, [
      over('33 late votes', { parentCertificate: [], lateVotes: late }),
      over('2 parent certificates', { parentCertificate: [held, held], lateVotes: [] })
    ]),
    refusals(BlocksByHashType, [{ name: '17 hashes', rule: 'ENC-7', bytes: hashes }]),
    refusals(BodyType, badOffsets(body, 'attendance', 0, 16))
  ]
  return lists.flat()
}
