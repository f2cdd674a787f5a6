import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import {
  SignedPeerRecordType,
  bindingBytes,
  cooperativeBytes,
  peerRecordBytes
} from '../../../../src/codec/peer-record.ts'
import type { PeerRecord } from '../../../../src/codec/peer-record.ts'
import { createSigningFunction, publicKeyFromSeed } from '../../../../src/crypto/ed25519.ts'
import { equal } from '../../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../../src/primitives/chain-id.ts'
import { OwnRecord } from '../../../../src/net/discovery/own-record.ts'
import {
  judgeRecord,
  peerOfPublicKey,
  provenCooperative
} from '../../../../src/net/discovery/peer-records.ts'
import { DISCOVERY_LIMITS } from '../../../../src/net/discovery/limits.ts'
import { NETWORK, seedOf } from '../../../support/net.ts'

const signerOf = (name: string) => ({
  publicKey: publicKeyFromSeed(seedOf(name)),
  sign: createSigningFunction(seedOf(name))
})
const node = signerOf('node')
const validator = signerOf('validator')
const other = signerOf('other')

const recordOf = (extra: Partial<PeerRecord> = {}): PeerRecord => ({
  network: NETWORK,
  peer: node.publicKey,
  sequence: 1_000,
  role: 0,
  features: 1n,
  chains: [
    { chain: shardId(0), earliest: 5 },
    { chain: COORD, earliest: 0 }
  ],
  addresses: [multiaddr('/ip4/8.8.8.8/tcp/1').bytes],
  validator: [],
  cooperative: [],
  ...extra
})
const signed = (record: PeerRecord, signer = node): Uint8Array =>
  SignedPeerRecordType.serialize({ record, signature: signer.sign(peerRecordBytes(record)) })
const verdictOf = (bytes: Uint8Array): string => {
  const verdict = judgeRecord(NETWORK, bytes)
  return verdict.ok ? 'ok' : verdict.code
}

describe('peer records', () => {
  it('DIS-1: a record of the peer key is taken and names its peer', () => {
    const verdict = judgeRecord(NETWORK, signed(recordOf()))
    assert.ok(verdict.ok)
    assert.equal(verdict.value.peer, peerOfPublicKey(node.publicKey))
    assert.equal(verdict.value.record.sequence, 1_000)
  })

  it('DIS-1: record-signature, record-network, record-malformed, record-chains: each refusal has its reason', () => {
    assert.equal(verdictOf(signed(recordOf(), other)), 'record-signature')
    const bytes = signed(recordOf())
    assert.notEqual(verdictOf(bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1)), 'ok')
    assert.equal(verdictOf(signed(recordOf({ network: new Uint8Array(32) }))), 'record-network')
    assert.equal(verdictOf(bytes.subarray(1)), 'record-malformed')
    const [first, second] = recordOf().chains
    assert.equal(verdictOf(signed(recordOf({ chains: [second!, first!] }))), 'record-chains')
    assert.equal(verdictOf(signed(recordOf({ chains: [first!, first!] }))), 'record-chains')
  })

  it('DIS-3: record-binding: a validator’s word covers this peer and this record, nothing else will do', () => {
    const word = (peer: Uint8Array, sequence: number) => validator.sign(bindingBytes(NETWORK, peer, sequence))
    const bound = (signature: Uint8Array) =>
      verdictOf(signed(recordOf({ validator: [{ key: validator.publicKey, signature }] })))
    assert.equal(bound(word(node.publicKey, 1_000)), 'ok')
    assert.equal(bound(word(node.publicKey, 999)), 'record-binding')
    assert.equal(bound(word(other.publicKey, 1_000)), 'record-binding')
  })

  it('DIS-4: a cooperative counts when its validator is bound, or when one of its keys vouched in time; else none', () => {
    const registry = (key: Uint8Array): number | undefined =>
      equal(key, validator.publicKey) ? 7 : undefined
    const claim = (extra: { cooperative?: number; untilMs?: number; key?: Uint8Array } = {}) => {
      const of = { cooperative: 7, untilMs: 5_000, key: validator.publicKey, ...extra }
      const signature = validator.sign(cooperativeBytes(NETWORK, node.publicKey, of))
      return recordOf({ cooperative: [{ ...of, signature }] })
    }
    const bound = recordOf({ validator: [{ key: validator.publicKey, signature: new Uint8Array(64) }] })
    assert.equal(provenCooperative(bound, registry, 0), 7)
    assert.equal(provenCooperative(claim(), registry, 5_000), 7)
    assert.equal(provenCooperative(claim(), registry, 5_001), 0)
    assert.equal(provenCooperative(claim({ cooperative: 8 }), registry, 0), 0)
    assert.equal(
      provenCooperative(claim({ cooperative: 0 }), () => 0, 0),
      0
    )
    assert.equal(provenCooperative(claim({ key: other.publicKey }), registry, 0), 0)
    assert.equal(
      provenCooperative(claim({ key: other.publicKey }), () => 7, 0),
      0
    )
    assert.equal(provenCooperative(recordOf(), registry, 0), 0)
    assert.equal(verdictOf(signed(claim({ untilMs: 0 }))), 'ok')
  })

  it('DIS-2: the own record is made anew when it changes, at last after a while, and its sequence only rises', () => {
    let addresses = [multiaddr('/ip4/10.0.0.1/tcp/1'), multiaddr('/ip4/8.8.8.8/tcp/1')]
    let earliest = 0
    const own = new OwnRecord({
      network: NETWORK,
      signer: node,
      allowPrivate: false,
      facts: () => ({ role: 0, features: 0n, chains: [{ chain: COORD, earliest }] }),
      addresses: () => addresses
    })
    assert.equal(own.refresh(1_000), true)
    assert.equal(own.sequence, 1_000)
    const first = judgeRecord(NETWORK, own.bytes)
    assert.ok(first.ok)
    assert.equal(first.value.record.addresses.length, 1, 'private addresses are not told')
    assert.equal(own.refresh(1_001), false)
    earliest = 9
    assert.equal(own.refresh(1_000 + DISCOVERY_LIMITS.metadataMs - 1), false, 'what is held waits')
    assert.equal(own.refresh(1_000 + DISCOVERY_LIMITS.metadataMs), true)
    addresses = [multiaddr('/ip4/8.8.4.4/tcp/1')]
    // A clock that was set back does not make it older.
    assert.equal(own.refresh(500), true)
    assert.equal(own.sequence, 1_001 + DISCOVERY_LIMITS.metadataMs)
    assert.equal(own.refresh(own.sequence + DISCOVERY_LIMITS.recordMs - 1), false)
    assert.equal(own.refresh(own.sequence + DISCOVERY_LIMITS.recordMs), true)
  })
})
