/** The vectors of accounts, transactions, headers, votes and certificates: what exists as bytes of its own. */
import { bech32 } from '@scure/base'
import { blockHash, HeaderType } from '../../src/codec/block.ts'
import type { Header } from '../../src/codec/block.ts'
import { CertificateType, signedBytes, VoteType } from '../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../src/codec/statement.ts'
import {
  MAX_MEMO_BYTES,
  MAX_PAYLOAD_BYTES,
  transactionId,
  transactionSignedBytes
} from '../../src/codec/transaction.ts'
import { TransactionType, TransferType, wireHash } from '../../src/codec/transaction.ts'
import type { Transaction } from '../../src/codec/transaction.ts'
import { addressOfKey, decodeAddress, encodeAddress, homeShard } from '../../src/crypto/address.ts'
import { DOMAINS } from '../../src/crypto/domains.ts'
import { concat, toHex, ZERO_HASH } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { toPlain } from './plain.ts'
import type { Plain } from './plain.ts'
import { badOffsets, cut, empty, extended, overwrite, refusals, u32le, unsafeCount } from './refusals.ts'
import * as samples from './samples.ts'

const SHARD_COUNTS = [1, 2, 3, 4, 7, 1024]

const homeShards = (address: Uint8Array): Plain =>
  Object.fromEntries(SHARD_COUNTS.map((shards) => [String(shards), homeShard(address, shards)]))

/** The same address with the checksum of bech32, which bech32m replaced. */
const olderText = (address: Uint8Array): string => bech32.encode('icn', bech32.toWords(address))

/** CRY-4 … CRY-7. */
export function addresses(): Plain {
  const accepted = ['sender', 'receiver', 'user0', 'user1', 'validator a'].map((label) => {
    const { seed, publicKey } = samples.keyOf(label)
    const address = addressOfKey(publicKey)
    const text = encodeAddress(address)
    return {
      name: label,
      seed: toHex(seed),
      publicKey: toHex(publicKey),
      keyType: 0,
      address: toHex(address),
      text,
      homeShards: homeShards(address)
    }
  })
  const later = samples.keyOf('later key type').publicKey
  const other = addressOfKey(later, 1)
  const foreign = {
    name: 'key type 1',
    publicKey: toHex(later),
    keyType: 1,
    address: toHex(other),
    text: encodeAddress(other),
    homeShards: homeShards(other)
  }
  const text = encodeAddress(addressOfKey(samples.SENDER.publicKey))
  const swapped = text.endsWith('q') ? 'p' : 'q'
  const refused = [
    { name: 'last character changed', text: text.slice(0, -1) + swapped },
    { name: 'upper case', text: text.toUpperCase() },
    { name: 'mixed case', text: `${text.slice(0, 8)}${text.slice(8).toUpperCase()}` },
    { name: 'another prefix', text: `icx${text.slice(3)}` },
    { name: 'no separator', text: text.replace('1', '') },
    { name: 'one character short', text: text.slice(0, -1) },
    { name: '20 bytes', text: encodeAddress(addressOfKey(samples.SENDER.publicKey).subarray(0, 20)) },
    {
      name: '22 bytes',
      text: encodeAddress(concat(addressOfKey(samples.SENDER.publicKey), Uint8Array.of(0)))
    },
    { name: 'bech32, not bech32m', text: olderText(addressOfKey(samples.SENDER.publicKey)) },
    { name: 'empty', text: '' }
  ].map((entry) => ({ ...entry, rule: 'CRY-6' }))
  for (const entry of refused)
    if (decodeAddress(entry.text) !== undefined) throw new Error(`accepted: ${entry.name}`)
  const tags = Object.values(DOMAINS).map((tag) => ({
    name: Buffer.from(tag).toString().replace(/\0+$/, ''),
    tag: toHex(tag)
  }))
  return {
    rules: ['CRY-4', 'CRY-5', 'CRY-6', 'CRY-7'],
    domains: tags,
    accepted: [...accepted, foreign],
    refused
  }
}

function transactionCase(name: string, tx: Transaction): Plain {
  const bytes = TransactionType.serialize(tx)
  const content = samples.transactionContent(tx)
  const address = addressOfKey(tx.sender, tx.keyType)
  return {
    name,
    bytes: toHex(bytes),
    fields: toPlain(tx),
    signedBytes: toHex(transactionSignedBytes(samples.NETWORK, content)),
    id: toHex(transactionId(samples.NETWORK, content)),
    wireHash: toHex(wireHash(bytes)),
    root: toHex(TransactionType.hashTreeRoot(tx)),
    senderAddress: encodeAddress(address),
    homeShards: homeShards(address)
  }
}

/** Offset of `validUntil`, and of the payload's offset, in a transaction. */
const VALID_UNTIL_AT = 44
const PAYLOAD_OFFSET_AT = 54
const TRANSACTION_FIXED = 139

export function transactions(): Plain {
  const memo = new Uint8Array(MAX_MEMO_BYTES).fill(0x6d)
  const accepted: Plain[] = [
    transactionCase('transfer', samples.transaction()),
    transactionCase(
      'both tokens, longest memo, split fee',
      samples.transaction({
        payload: TransferType.serialize(samples.transfer({ industrial: 1n, memo })),
        feeSelector: 2
      })
    ),
    transactionCase(
      'empty payload, coordination chain, unknown action',
      samples.transaction({
        chain: COORD,
        action: 65_535,
        payload: new Uint8Array(0)
      })
    ),
    transactionCase(
      'largest values',
      samples.transaction({
        nonce: 2n ** 64n - 1n,
        validUntil: Number.MAX_SAFE_INTEGER,
        maxMana: 2n ** 64n - 1n,
        fee: 2n ** 64n - 1n,
        feeSelector: 255,
        version: 255
      })
    ),
    transactionCase(
      'longest payload',
      samples.transaction({ payload: new Uint8Array(MAX_PAYLOAD_BYTES).fill(7) })
    )
  ]
  const bytes = TransactionType.serialize(samples.transaction())
  const long = concat(bytes, new Uint8Array(MAX_PAYLOAD_BYTES + 1 - (bytes.length - TRANSACTION_FIXED)))
  const refused = refusals(TransactionType, [
    empty,
    { name: 'fixed part cut', rule: 'ENC-9', bytes: bytes.subarray(0, TRANSACTION_FIXED - 1) },
    { name: 'payload of 16385 bytes', rule: 'ENC-6', bytes: long },
    ...badOffsets(bytes, 'payload', PAYLOAD_OFFSET_AT, TRANSACTION_FIXED),
    ...unsafeCount(bytes, 'validUntil', VALID_UNTIL_AT)
  ])
  const transfer = samples.transfer()
  const wire = TransferType.serialize(transfer)
  const tooLong = concat(wire, new Uint8Array(MAX_MEMO_BYTES + 1 - transfer.memo.length))
  const refusedTransfers = refusals(TransferType, [
    empty,
    { name: 'fixed part cut', rule: 'ENC-9', bytes: wire.subarray(0, 40) },
    { name: 'memo of 257 bytes', rule: 'ENC-6', bytes: tooLong },
    ...badOffsets(wire, 'memo', 37, 41)
  ])
  return {
    rules: ['ENC-3', 'ENC-6', 'ENC-9', 'ENC-10'],
    network: toHex(samples.NETWORK),
    accepted,
    transfers: [{ bytes: toHex(wire), fields: toPlain(transfer) }],
    refused,
    refusedTransfers
  }
}

export function headers(): Plain {
  const of = (name: string, header: Header): Plain => {
    return {
      name,
      bytes: toHex(HeaderType.serialize(header)),
      fields: toPlain(header),
      hash: toHex(blockHash(header))
    }
  }
  const highest = Number.MAX_SAFE_INTEGER
  const accepted = [
    of('shard block', samples.header()),
    of('first coordination block', samples.coordHeader()),
    of('all zero', HeaderType.defaultValue()),
    of(
      'largest values',
      samples.header({
        epoch: highest,
        height: highest,
        view: highest,
        timeMs: highest,
        coordHeight: highest,
        rewardConsumer: 2n ** 64n - 1n,
        transactionCount: 2 ** 32 - 1
      })
    )
  ]
  const bytes = HeaderType.serialize(samples.header())
  const counts = { epoch: 35, height: 43, view: 51, timeMs: 59, coordHeight: 99 }
  const refused = refusals(HeaderType, [
    empty,
    cut(bytes),
    extended(bytes),
    ...Object.entries(counts).flatMap(([field, at]) => unsafeCount(bytes, field, at))
  ])
  return { rules: ['ENC-3', 'ENC-9', 'ENC-11'], accepted, refused }
}

export function votes(): Plain {
  const of = (name: string, vote: Vote, publicKey: Uint8Array): Plain => {
    const signed = signedBytes(samples.NETWORK, vote)
    return {
      name,
      bytes: toHex(VoteType.serialize(vote)),
      fields: toPlain(vote),
      publicKey: toHex(publicKey),
      signedBytes: toHex(signed)
    }
  }
  const accepted = samples.COMMITTEE.flatMap(({ publicKey }, signer) => [
    of(`notarise by ${signer}`, samples.vote(samples.statement(), signer), publicKey),
    of(
      `nullify by ${signer}`,
      samples.vote(samples.statement({ kind: 2, hash: ZERO_HASH, chain: COORD }), signer),
      publicKey
    ),
    of(`finalise by ${signer}`, samples.vote(samples.statement({ kind: 3 }), signer), publicKey)
  ])
  const bytes = VoteType.serialize(samples.vote(samples.statement(), 0))
  const refused = refusals(VoteType, [
    empty,
    cut(bytes),
    extended(bytes),
    ...unsafeCount(bytes, 'epoch', 2),
    ...unsafeCount(bytes, 'view', 10)
  ])
  return { rules: ['ENC-3', 'ENC-9', 'ENC-11'], network: toHex(samples.NETWORK), accepted, refused }
}

/** Where the variable part of a certificate begins. */
const CERTIFICATE_FIXED = 59

export function certificates(): Plain {
  const of = (name: string, held: Certificate): Plain => {
    const bytes = CertificateType.serialize(held)
    const signed = signedBytes(samples.NETWORK, held)
    return {
      name,
      bytes: toHex(bytes),
      fields: toPlain(held),
      signedBytes: toHex(signed),
      root: toHex(CertificateType.hashTreeRoot(held))
    }
  }
  const three = samples.certificate(samples.statement(), [0, 2, 3])
  const nullified = samples.certificate(samples.statement({ kind: 2, hash: ZERO_HASH }), [0, 1, 2])
  const accepted = [
    of('three of four', three),
    of('nullification', nullified),
    of('four of four', samples.certificate(samples.statement({ kind: 3 }), [0, 1, 2, 3])),
    of('no members', CertificateType.defaultValue())
  ]
  const bytes = CertificateType.serialize(three)
  const head = overwrite(bytes.subarray(0, CERTIFICATE_FIXED), 55, u32le(CERTIFICATE_FIXED + 129))
  const signatures = bytes.subarray(CERTIFICATE_FIXED + 1)
  /** 1,025 bits: 128 full bytes, one more bit, and the delimiter. */
  const wide = concat(head, new Uint8Array(128), Uint8Array.of(2), signatures)
  const refused = refusals(CertificateType, [
    empty,
    cut(bytes, 'ENC-7'),
    extended(bytes),
    {
      name: 'bitmap without delimiter',
      rule: 'ENC-8',
      bytes: overwrite(bytes, CERTIFICATE_FIXED, Uint8Array.of(0))
    },
    { name: 'bitmap of no bytes', rule: 'ENC-8', bytes: overwrite(bytes, 55, u32le(CERTIFICATE_FIXED)) },
    { name: 'bitmap of 1025 bits', rule: 'ENC-8', bytes: wide },
    ...badOffsets(bytes, 'signers', 51, CERTIFICATE_FIXED),
    {
      name: 'signatures: offset before the bitmap',
      rule: 'ENC-10',
      bytes: overwrite(bytes, 55, u32le(CERTIFICATE_FIXED - 1))
    },
    {
      name: 'signatures: offset past the end',
      rule: 'ENC-10',
      bytes: overwrite(bytes, 55, u32le(bytes.length + 1))
    },
    ...unsafeCount(bytes, 'epoch', 2),
    ...unsafeCount(bytes, 'view', 10)
  ])
  return {
    rules: ['ENC-3', 'ENC-7', 'ENC-8', 'ENC-10'],
    network: toHex(samples.NETWORK),
    committee: samples.COMMITTEE.map(({ publicKey }) => toHex(publicKey)),
    accepted,
    refused
  }
}
