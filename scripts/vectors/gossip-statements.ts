/** Votes and certificates with the rule that decides on them (GOS-8, GOS-9). */
import { BitArray } from '@chainsafe/ssz'
import { CertificateType, FINALISE, NOTARISE, NULLIFY, VoteType } from '../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../src/codec/statement.ts'
import { ZERO_HASH } from '../../src/primitives/bytes.ts'
import { CHAIN, EPOCH, OTHER, rows } from './gossip-case.ts'
import type { Case } from './gossip-case.ts'
import * as samples from './samples.ts'

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 1)

export interface Said {
  readonly view?: number
  readonly kind?: 1 | 2 | 3
  readonly hash?: Uint8Array
  readonly epoch?: number
  readonly signer?: number
}

export function voteOf({ view = 1, kind = NOTARISE, hash, epoch = EPOCH, signer = 1 }: Said = {}): Vote {
  const named = hash ?? (kind === NULLIFY ? ZERO_HASH : samples.digest('block'))
  return samples.vote({ chain: CHAIN, epoch, view, kind, hash: named }, signer)
}
const voteBytes = (said: Said = {}, changes: Partial<Vote> = {}): Uint8Array =>
  VoteType.serialize({ ...voteOf(said), ...changes })

export function votes(): Case[] {
  const good = voteBytes()
  const second = voteBytes({ hash: samples.digest('another block') })
  return rows('vote', [
    ['a vote of a member', 'accept', 'valid', good],
    ['of the next epoch', 'accept', 'valid', voteBytes({ epoch: 4, kind: NULLIFY })],
    ['no bytes', 'reject', 'not-canonical', new Uint8Array(0)],
    ['one byte short', 'reject', 'not-canonical', good.subarray(1)],
    ['one byte more', 'reject', 'not-canonical', Uint8Array.of(...good, 0)],
    ['another chain', 'reject', 'wrong-chain', voteBytes({}, { chain: OTHER })],
    ['an epoch that is over', 'ignore', 'older-epoch', voteBytes({ epoch: 2 })],
    ['an epoch after the next', 'ignore', 'we-lag', voteBytes({ epoch: 5 })],
    [
      'an epoch whose committee is not known',
      'ignore',
      'we-lag',
      voteBytes({ epoch: 4 }),
      { knownEpochs: [2, 3] }
    ],
    ['kind 0', 'reject', 'unknown-kind', voteBytes({}, { kind: 0 })],
    ['kind 4', 'reject', 'unknown-kind', voteBytes({}, { kind: 4 })],
    [
      'a nullify with a hash',
      'reject',
      'nullify-with-hash',
      voteBytes({ kind: NULLIFY, hash: samples.digest('block') })
    ],
    ['signer 4 of 4', 'reject', 'not-a-member', voteBytes({}, { signer: 4 })],
    [
      '8 views below the last final one',
      'accept',
      'valid',
      voteBytes({ kind: NULLIFY, view: 12 }),
      { finalView: 20 }
    ],
    [
      '9 views below the last final one',
      'ignore',
      'late',
      voteBytes({ kind: NULLIFY, view: 11 }),
      { finalView: 20 }
    ],
    ['64 views ahead', 'accept', 'valid', voteBytes({ kind: NULLIFY, view: 65 })],
    ['65 views ahead', 'ignore', 'we-lag', voteBytes({ kind: NULLIFY, view: 66 })],
    ['view 65 of the next epoch', 'accept', 'valid', voteBytes({ kind: NULLIFY, view: 65, epoch: 4 })],
    ['view 66 of the next epoch', 'ignore', 'we-lag', voteBytes({ kind: NULLIFY, view: 66, epoch: 4 })],
    ['the same again', 'ignore', 'already-held', good, { before: [good] }],
    [
      'a changed signature',
      'reject',
      'bad-signature',
      voteBytes({}, { signature: flipped(voteOf().signature) })
    ],
    ['the signature of another member', 'reject', 'bad-signature', voteBytes({ signer: 2 }, { signer: 1 })],
    ['another hash in one view', 'ignore', 'conflicting', second, { before: [good] }],
    [
      'another hash of another kind',
      'accept',
      'valid',
      voteBytes({ kind: FINALISE, hash: samples.digest('another block') }),
      { before: [good] }
    ]
  ])
}

function certificateOf({ view = 1, kind = NOTARISE, hash, epoch = EPOCH }: Said = {}): Certificate {
  const named = hash ?? (kind === NULLIFY ? ZERO_HASH : samples.digest('block'))
  return samples.certificate({ chain: CHAIN, epoch, view, kind, hash: named }, [0, 1, 3])
}
const certificateBytes = (said: Said = {}, changes: Partial<Certificate> = {}): Uint8Array =>
  CertificateType.serialize({ ...certificateOf(said), ...changes })

export function certificates(): Case[] {
  const good = certificateBytes()
  const { signatures } = certificateOf()
  const bits = (...set: number[]): BitArray => BitArray.fromBoolArray(set.map((bit) => bit === 1))
  const later = { finalView: 20 }
  return rows('certificate', [
    ['of a quorum', 'accept', 'valid', good],
    ['of the next epoch', 'accept', 'valid', certificateBytes({ epoch: 4, kind: NULLIFY })],
    ['no bytes', 'reject', 'not-canonical', new Uint8Array(0)],
    ['one byte more', 'reject', 'not-canonical', Uint8Array.of(...good, 0)],
    ['another chain', 'reject', 'wrong-chain', certificateBytes({}, { chain: OTHER })],
    ['an epoch that is over', 'ignore', 'older-epoch', certificateBytes({ epoch: 2 })],
    ['an epoch after the next', 'ignore', 'we-lag', certificateBytes({ epoch: 5 })],
    ['kind 4', 'reject', 'unknown-kind', certificateBytes({}, { kind: 4 })],
    [
      'a nullify with a hash',
      'reject',
      'nullify-with-hash',
      certificateBytes({ kind: NULLIFY, hash: samples.digest('block') })
    ],
    ['a bitmap of five', 'reject', 'wrong-width', certificateBytes({}, { signers: bits(1, 1, 0, 1, 0) })],
    [
      'two signers',
      'reject',
      'too-few-signers',
      certificateBytes({}, { signers: bits(1, 1, 0, 0), signatures: signatures.slice(0, 2) })
    ],
    [
      'three bits and two signatures',
      'reject',
      'too-few-signers',
      certificateBytes({}, { signatures: signatures.slice(0, 2) })
    ],
    ['the same again', 'ignore', 'already-held', good, { before: [good] }],
    [
      'of the last final view',
      'ignore',
      'already-held',
      certificateBytes({ kind: NULLIFY, view: 20 }),
      later
    ],
    ['one view above it', 'accept', 'valid', certificateBytes({ kind: NULLIFY, view: 21 }), later],
    [
      'one changed signature',
      'reject',
      'bad-signature',
      certificateBytes({}, { signatures: signatures.with(1, new Uint8Array(64)) })
    ],
    [
      'signatures in another order',
      'reject',
      'bad-signature',
      certificateBytes({}, { signatures: signatures.toReversed() })
    ]
  ])
}
