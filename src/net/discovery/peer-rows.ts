/** The peer book on disk: those peers that were met, best first (DIS-9). docs/storage.md names the row. */
import { base58 } from '@scure/base'
import { multiaddr } from '@multiformats/multiaddr'
import { SignedPeerRecordType } from '../../codec/peer-record.ts'
import { StoredPeerType } from '../../codec/stored-peer.ts'
import type { StoredPeer } from '../../codec/stored-peer.ts'
import { decode } from '../../codec/ssz.ts'
import type { Peer } from '../types.ts'
import { readAddress } from './addresses.ts'
import type { KnownPeer, PeerBook } from './peer-book.ts'
import { judgeSigned } from './peer-records.ts'

/** Peer id in its binary form, and what is known of the peer. */
export type PeerRow = readonly [id: Uint8Array, row: Uint8Array]

/** Where the book is kept. */
export interface PeerRows {
  load(): Promise<readonly PeerRow[]>
  save(rows: readonly PeerRow[]): Promise<void>
}

export const idOfPeer = (peer: Peer): Uint8Array => base58.decode(peer)

export function rowsOf(book: PeerBook, nowMs: number): PeerRow[] {
  return [...book.all()]
    .filter(({ metMs, addresses }) => metMs !== undefined && addresses.length > 0)
    .toSorted((a, b) => book.score(b, nowMs) - book.score(a, nowMs) || (b.metMs ?? 0) - (a.metMs ?? 0))
    .map((known) => [idOfPeer(known.peer), StoredPeerType.serialize(storedOf(known))])
}

function storedOf({ addresses, signed, metMs, seenMs }: KnownPeer): StoredPeer {
  return {
    addresses: addresses.map((each) => multiaddr(each).bytes),
    signed: signed === undefined ? [] : [SignedPeerRecordType.deserialize(signed.bytes)],
    metMs: metMs ?? 0,
    seenMs
  }
}

/** @returns how many were taken; what does not decode or is not the peer's own is passed over: a book is no treasure. */
export function readRows(book: PeerBook, network: Uint8Array, rows: readonly PeerRow[]): number {
  let taken = 0
  for (const [id, row] of rows) {
    const stored = decode(StoredPeerType, row)
    if (!stored.ok) continue
    const { addresses, metMs, seenMs } = stored.value
    const peer = base58.encode(id) as Peer
    const readable = addresses.map((bytes) => readAddress(bytes)).filter((address) => address !== undefined)
    if (!book.restore(peer, readable, metMs, seenMs)) continue
    taken += 1
    for (const signed of stored.value.signed) {
      const judged = judgeSigned(network, signed, SignedPeerRecordType.serialize(signed))
      if (judged.ok && judged.value.peer === peer) book.learnRecord('stored', judged.value, seenMs)
    }
  }
  return taken
}
