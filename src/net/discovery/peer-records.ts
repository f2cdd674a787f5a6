/**
 * Making and judging peer records (DIS-1 … DIS-4). A record is judged by facts that are equal for all nodes: its form,
 * its network, its signatures. What a cooperative claim proves depends on the registry as of now, so a claim that
 * proves nothing counts as none and costs nobody anything.
 */
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import type { PeerId } from '@libp2p/interface'
import {
  SignedPeerRecordType,
  bindingBytes,
  cooperativeBytes,
  peerRecordBytes
} from '../../codec/peer-record.ts'
import type { PeerRecord, SignedPeerRecord } from '../../codec/peer-record.ts'
import { decode } from '../../codec/ssz.ts'
import { verify } from '../../crypto/ed25519.ts'
import type { Signer } from '../../crypto/ports.ts'
import { equal } from '../../primitives/bytes.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import type { Peer } from '../types.ts'

/** A record may be so much newer than the reader's clock. Beyond it, nothing newer could ever replace it. */
export const RECORD_AHEAD_MS = 600_000

export type RecordRefusal =
  /** It is no canonical record. */
  | 'record-malformed'
  /** Chains out of order, or one twice. */
  | 'record-chains'
  /** Made for another network. */
  | 'record-network'
  /** Not signed by the key behind the peer id. */
  | 'record-signature'
  /** The validator it names did not sign. */
  | 'record-binding'

export interface JudgedRecord {
  readonly peer: Peer
  readonly record: PeerRecord
  /** As it travels. */
  readonly bytes: Uint8Array
}

/** Refusals are proofs: whoever made or passed on such a record is at fault. */
export function judgeRecord(network: Uint8Array, bytes: Uint8Array): Verdict<JudgedRecord, RecordRefusal> {
  const signed = decode(SignedPeerRecordType, bytes)
  if (!signed.ok) return refuse('record-malformed', signed.detail)
  return judgeSigned(network, signed.value, bytes)
}

export function judgeSigned(
  network: Uint8Array,
  { record, signature }: SignedPeerRecord,
  bytes: Uint8Array
): Verdict<JudgedRecord, RecordRefusal> {
  if (!equal(record.network, network)) return refuse('record-network', 'another network id')
  const ordered = record.chains.every(
    ({ chain }, at) => at === 0 || (record.chains[at - 1]?.chain ?? chain) < chain
  )
  if (!ordered) return refuse('record-chains', 'chains are not in order')
  if (!verify(signature, peerRecordBytes(record), record.peer)) {
    return refuse('record-signature', 'the peer key did not sign it')
  }
  for (const { key, signature: word } of record.validator) {
    if (!verify(word, bindingBytes(network, record.peer, record.sequence), key)) {
      return refuse('record-binding', 'the validator key did not sign it')
    }
  }
  return accept({ peer: peerOfPublicKey(record.peer), record, bytes })
}

/** Who stands behind a validator key, as of now: 0 when it is listed without a cooperative, undefined when not listed. */
export type Registry = (validator: Uint8Array) => number | undefined

/**
 * The cooperative that a record proves, or 0: its validator's own, or one of whose keys the claim is signed by.
 * @returns what counts; a claim that is out of time, of an unlisted key or wrongly signed counts as none.
 */
export function provenCooperative(record: PeerRecord, registry: Registry, nowMs: number): number {
  for (const { key } of record.validator) {
    const own = registry(key)
    if (own !== undefined && own !== 0) return own
  }
  for (const claim of record.cooperative) {
    if (claim.cooperative === 0 || claim.untilMs < nowMs) continue
    if (registry(claim.key) !== claim.cooperative) continue
    if (verify(claim.signature, cooperativeBytes(record.network, record.peer, claim), claim.key))
      return claim.cooperative
  }
  return 0
}

export function signRecord(record: PeerRecord, signer: Pick<Signer, 'sign'>): Uint8Array {
  return SignedPeerRecordType.serialize({ record, signature: signer.sign(peerRecordBytes(record)) })
}

export const peerIdOfPublicKey = (key: Uint8Array): PeerId => peerIdFromPublicKey(publicKeyFromRaw(key))

export const peerOfPublicKey = (key: Uint8Array): Peer => peerIdOfPublicKey(key).toString() as Peer

/** @returns undefined for a peer whose key is not an Ed25519 one: such peers have no record. */
export const publicKeyOfPeer = (id: PeerId): Uint8Array | undefined =>
  id.publicKey?.type === 'Ed25519' ? id.publicKey.raw : undefined
