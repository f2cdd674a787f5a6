import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import {
  AttendanceType,
  BodyType,
  MAX_BLOCK_TRANSACTIONS,
  MAX_DELIVERIES,
  MAX_LATE_VOTES
} from '../../../src/codec/block.ts'
import { BlocksByHashType, BUNDLE_TRANSACTIONS_MAX, BundleType } from '../../../src/codec/messages.ts'
import {
  ConsensusStatusType,
  MAX_CHAINS,
  MAX_REQUEST_HASHES,
  STATUS_VIEWS,
  StatusType
} from '../../../src/codec/messages.ts'
import { MAX_JUSTIFYING_NULLIFICATIONS, ProposalType } from '../../../src/codec/proposal.ts'
import { decode } from '../../../src/codec/ssz.ts'
import type { Type } from '../../../src/codec/ssz.ts'
import { CertificateType, MAX_COMMITTEE, VoteType } from '../../../src/codec/statement.ts'
import {
  MAX_MEMO_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_TRANSACTION_BYTES,
  TransactionType,
  TransferType
} from '../../../src/codec/transaction.ts'
import { COORD, MAX_SHARDS } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'

const isAccepted = <T>(type: Type<T>, value: T): boolean => decode(type, type.serialize(value)).ok
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
const bytes = (count: number): Uint8Array => new Uint8Array(count)

interface Limit {
  readonly rule: string
  readonly what: string
  readonly max: number
  readonly accepts: (count: number) => boolean
}

/** `build` gives a value with that many elements, bytes or bits at the place that is limited. */
function limit<T>(
  rule: string,
  what: string,
  max: number,
  type: Type<T>,
  build: (count: number) => Partial<T>
): Limit {
  const accepts = (count: number): boolean =>
    isAccepted(type, Object.assign(type.defaultValue() as object, build(count)) as T)
  return { rule, what, max, accepts }
}

const vote = VoteType.defaultValue()
const certificate = CertificateType.defaultValue()
const chainStatus = { chain: COORD, epoch: 0, finalHeight: 0, finalHash: bytes(32) }

const LIMITS: readonly Limit[] = [
  limit('ENC-6', 'payload bytes', MAX_PAYLOAD_BYTES, TransactionType, (n) => ({ payload: bytes(n) })),
  limit('ENC-6', 'memo bytes', MAX_MEMO_BYTES, TransferType, (n) => ({ memo: bytes(n) })),
  limit('ENC-6', 'bytes of a transaction in a body', MAX_TRANSACTION_BYTES, BodyType, (n) => ({
    transactions: [bytes(n)]
  })),
  limit('ENC-7', 'transactions in a body', MAX_BLOCK_TRANSACTIONS, BodyType, (n) => ({
    transactions: times(n, bytes(1))
  })),
  limit('ENC-7', 'deliveries in a body', MAX_DELIVERIES, BodyType, (n) => ({
    deliveries: times(n, bytes(1))
  })),
  limit('ENC-7', 'late votes', MAX_LATE_VOTES, AttendanceType, (n) => ({ lateVotes: times(n, vote) })),
  limit('ENC-7', 'parent certificates', 1, AttendanceType, (n) => ({
    parentCertificate: times(n, certificate)
  })),
  limit('ENC-8', 'signer bits', MAX_COMMITTEE, CertificateType, (n) => ({ signers: BitArray.fromBitLen(n) })),
  limit('ENC-7', 'signatures', MAX_COMMITTEE, CertificateType, (n) => ({ signatures: times(n, bytes(64)) })),
  limit('ENC-7', 'justifying nullifications', MAX_JUSTIFYING_NULLIFICATIONS, ProposalType, (n) => ({
    nullifications: times(n, certificate)
  })),
  limit('ENC-7', 'transactions in a bundle', BUNDLE_TRANSACTIONS_MAX, BundleType, (n) => ({
    transactions: times(n, bytes(1))
  })),
  limit('ENC-7', 'requested hashes', MAX_REQUEST_HASHES, BlocksByHashType, (n) => ({
    hashes: times(n, bytes(32))
  })),
  limit('ENC-7', 'chains in a status', MAX_CHAINS, StatusType, (n) => ({ chains: times(n, chainStatus) })),
  limit('ENC-8', 'views in a consensus status', STATUS_VIEWS, ConsensusStatusType, (n) => ({
    notarised: BitArray.fromBitLen(n)
  }))
]

describe('Limits of the encoding', () => {
  for (const { rule, what, max, accepts } of LIMITS) {
    it(`${rule}: accepts ${max} ${what} and refuses ${max + 1}`, () => {
      assert.equal(accepts(max), true)
      assert.equal(accepts(max + 1), false)
    })
  }

  it('ENC-12: the longest transaction that decodes fits the limit of its place', () => {
    assert.ok(TransactionType.maxSize <= MAX_TRANSACTION_BYTES)
  })

  it('ENC-4: shards are encoded as their number and the coordination chain as 65535', () => {
    for (const chain of [0, 1, MAX_SHARDS - 1, COORD] as ChainId[]) {
      assert.deepEqual([...VoteType.serialize({ ...vote, chain }).subarray(0, 2)], [chain & 255, chain >> 8])
    }
    assert.equal(COORD, 65_535)
  })
})
