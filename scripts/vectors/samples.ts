/** The keys and objects of the vectors: every byte follows from a label. */
import { BitArray } from '@chainsafe/ssz'
import {
  BLOCK_VERSION,
  bodyHash,
  BodyType,
  EMPTY_DELIVERIES_ROOT,
  transactionsRoot
} from '../../src/codec/block.ts'
import { AttendanceType, attendanceRoot, blockHash } from '../../src/codec/block.ts'
import { EvidenceType } from '../../src/codec/evidence.ts'
import type { Evidence } from '../../src/codec/evidence.ts'
import type { Attendance, Body, Header } from '../../src/codec/block.ts'
import { signedBytes } from '../../src/codec/statement.ts'
import type { Certificate, StatementKind, Vote } from '../../src/codec/statement.ts'
import { ACTION_TRANSFER, TRANSACTION_VERSION, TransactionContentType } from '../../src/codec/transaction.ts'
import {
  TransactionType,
  transactionSignedBytes,
  TransferType,
  wireHash
} from '../../src/codec/transaction.ts'
import type { Transaction, TransactionContent, Transfer } from '../../src/codec/transaction.ts'
import { bindingBytes, cooperativeBytes, peerRecordBytes } from '../../src/codec/peer-record.ts'
import type { SignedPeerRecord } from '../../src/codec/peer-record.ts'
import { addressOfKey, homeShard } from '../../src/crypto/address.ts'
import { publicKeyFromSeed, signWithSeed } from '../../src/crypto/ed25519.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { compare, utf8, ZERO_HASH } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'

export const digest = (label: string): Uint8Array => sha256(utf8(`icn vectors: ${label}`))
export const NETWORK = digest('network')
export const SHARDS = 4

export interface SampleKey {
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
}

export function keyOf(label: string): SampleKey {
  const seed = digest(`key ${label}`)
  return { seed, publicKey: publicKeyFromSeed(seed) }
}

/** Committee of four, in key order, as a statement's signer index counts them. */
export const COMMITTEE: readonly SampleKey[] = ['a', 'b', 'c', 'd']
  .map((label) => keyOf(`validator ${label}`))
  .toSorted((x, y) => Buffer.compare(x.publicKey, y.publicKey))

export const SENDER = keyOf('sender')
export const RECEIVER = keyOf('receiver')

export function transfer(changes: Partial<Transfer> = {}): Transfer {
  const to = addressOfKey(RECEIVER.publicKey)
  return { to, consumer: 1_500_000n, industrial: 0n, memo: utf8('for the seeds'), ...changes }
}

export function content(changes: Partial<TransactionContent> = {}): TransactionContent {
  return {
    version: TRANSACTION_VERSION,
    chain: homeShard(addressOfKey(SENDER.publicKey), SHARDS),
    keyType: 0,
    sender: SENDER.publicKey,
    nonce: 7n,
    validUntil: 1_000,
    action: ACTION_TRANSFER,
    payload: TransferType.serialize(transfer()),
    maxMana: 12n,
    fee: 5_000n,
    feeSelector: 0,
    ...changes
  }
}

export function transaction(changes: Partial<TransactionContent> = {}): Transaction {
  const signed = content(changes)
  return { ...signed, signature: signWithSeed(transactionSignedBytes(NETWORK, signed), SENDER.seed) }
}

export const wireHashOf = (wire: Uint8Array): Uint8Array => wireHash(wire)

export const transactionContent = (tx: Transaction): TransactionContent => TransactionContentType.clone(tx)

export interface StatementInput {
  readonly chain: ChainId
  readonly epoch: number
  readonly view: number
  readonly kind: StatementKind
  readonly hash: Uint8Array
}

export function statement(changes: Partial<StatementInput> = {}): StatementInput {
  return { chain: 1 as ChainId, epoch: 3, view: 41, kind: 1, hash: digest('block'), ...changes }
}

const keyAt = (index: number): SampleKey => {
  const key = COMMITTEE[index]
  if (key === undefined) throw new RangeError(`no member ${index}`)
  return key
}

export function vote(input: StatementInput, signer: number): Vote {
  const unsigned = { ...input, signer, signature: new Uint8Array(64) }
  return { ...unsigned, signature: signWithSeed(signedBytes(NETWORK, unsigned), keyAt(signer).seed) }
}

export function certificate(input: StatementInput, signers: readonly number[]): Certificate {
  return {
    ...input,
    signers: BitArray.fromBoolArray(COMMITTEE.map((_, index) => signers.includes(index))),
    signatures: signers.map((signer) => vote(input, signer).signature)
  }
}

export function attendance(): Attendance {
  const parent = statement({ view: 40, hash: digest('parent') })
  const older = statement({ view: 39, hash: digest('grandparent') })
  return { parentCertificate: [certificate(parent, [0, 1, 3])], lateVotes: [vote(parent, 2), vote(older, 2)] }
}

/** Two notarise votes of member 0 in one view. */
export function evidence(): Evidence {
  const votes = ['one block', 'another block'].map((of) => vote(statement({ hash: digest(of) }), 0))
  votes.sort((a, b) => compare(a.hash, b.hash))
  return { network: NETWORK, publicKey: keyAt(0).publicKey, votes, proposal: [] }
}

/** A leader's vote for its own block with a certificate of two signers of four. */
export function proposalEvidence(): Evidence {
  const parentCertificate = certificate(statement({ view: 40, hash: digest('parent') }), [0, 1])
  const attended = { parentCertificate: [parentCertificate], lateVotes: attendance().lateVotes }
  const own = header({ proposer: keyAt(0).publicKey, attendanceRoot: attendanceRoot(attended) })
  const { chain, epoch, view } = own
  const lateVotesRoot = AttendanceType.fields.lateVotes.hashTreeRoot(attended.lateVotes)
  return {
    network: NETWORK,
    publicKey: keyAt(0).publicKey,
    votes: [vote(statement({ chain, epoch, view, hash: blockHash(own) }), 0)],
    proposal: [{ header: own, parentCertificate, lateVotesRoot }]
  }
}

const evidenceBytes = (): Uint8Array => EvidenceType.serialize(evidence())

export const transactions = (count: number): Transaction[] =>
  Array.from({ length: count }, (_, i) => transaction({ nonce: BigInt(i) }))

export function body(count = 3): Body {
  const wire = transactions(count).map((tx) => TransactionType.serialize(tx))
  return {
    attendance: attendance(),
    deliveries: [],
    transactions: wire,
    evidence: [evidenceBytes()],
    reveal: [sha256(utf8('reveal'))]
  }
}

/** A header that fits `body(3)` on shard 1. */
export function header(changes: Partial<Header> = {}): Header {
  const held = body()
  const bodyBytes = BodyType.serialize(held)
  return {
    version: BLOCK_VERSION,
    network: NETWORK,
    chain: 1 as ChainId,
    epoch: 3,
    height: 57,
    view: 41,
    timeMs: 1_790_000_000_123,
    parent: digest('parent'),
    coordHeight: 62,
    coordHash: digest('coordination block'),
    transactionsRoot: transactionsRoot(held.transactions.map(wireHash)),
    transactionCount: held.transactions.length,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: EMPTY_DELIVERIES_ROOT,
    receiptsOutRoot: ZERO_HASH,
    attendanceRoot: attendanceRoot(held.attendance),
    stateRoot: digest('state'),
    rewardConsumer: 0n,
    rewardIndustrial: 0n,
    proposer: keyAt(1).publicKey,
    ...changes
  }
}

/** A first block of the coordination chain: no reference. */
export const coordHeader = (): Header =>
  header({ chain: COORD, epoch: 0, height: 1, view: 1, coordHeight: 0, coordHash: ZERO_HASH })

/** A validator's node that says everything that can be said. */
export function peerRecord(): SignedPeerRecord {
  const { seed, publicKey: peer } = keyOf('peer')
  const { seed: validator, publicKey: key } = keyOf('validator a')
  const claim = { cooperative: 1, untilMs: 1_800_000_000_000 }
  const sequence = 1_767_225_600_000
  const record = {
    network: NETWORK,
    peer,
    sequence,
    role: 1,
    features: 1n,
    chains: [
      { chain: 2 as ChainId, earliest: 1_024 },
      { chain: COORD, earliest: 0 }
    ],
    // /ip4/192.0.2.1/tcp/9090
    addresses: [Uint8Array.of(0x04, 192, 0, 2, 1, 0x06, 0x23, 0x82)],
    validator: [{ key, signature: signWithSeed(bindingBytes(NETWORK, peer, sequence), validator) }],
    cooperative: [
      { ...claim, key, signature: signWithSeed(cooperativeBytes(NETWORK, peer, claim), validator) }
    ]
  }
  return { record, signature: signWithSeed(peerRecordBytes(record), seed) }
}
