/**
 * The requests `metadata` and `peers` (DIS-3, DIS-7): what each node says of itself, and records of others that it met.
 * Nothing here decides whom to dial.
 */
import { INVALID } from '../answers.ts'
import {
  MetadataRequestType,
  PEERS_ANSWER_MAX,
  PeersRequestType,
  SignedPeerRecordType
} from '../../codec/peer-record.ts'
import { decode } from '../../codec/ssz.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Peer, PeerFact, RequestProtocol, Response } from '../types.ts'
import { mayUse, readAddress } from './addresses.ts'
import type { Random } from './backoff.ts'
import type { OwnRecord } from './own-record.ts'
import type { KnownPeer, PeerBook } from './peer-book.ts'
import { RECORD_AHEAD_MS, judgeRecord, judgeSigned } from './peer-records.ts'
import type { JudgedRecord } from './peer-records.ts'

const MET_LATELY_MS = 24 * 3_600_000

export interface ExchangeParts {
  readonly network: Uint8Array
  readonly own: OwnRecord
  readonly book: PeerBook
  readonly allowPrivate: boolean
  readonly random: Random
  readonly nowMs: () => number
  readonly isBanned: (peer: Peer) => boolean
  readonly request: (peer: Peer, protocol: RequestProtocol, body: Uint8Array) => Promise<Response>
  readonly report: (peer: Peer, fact: PeerFact, why: string) => void
  /** A record that is news. */
  readonly onRecord: (peer: Peer) => void
}

export class Exchange {
  readonly #parts: ExchangeParts
  /** Which of our records a connected peer was told; bounded by the connections. */
  readonly #told = new Map<Peer, number>()

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  readonly answerMetadata = (body: Uint8Array, from: Peer): Response => {
    const { own } = this.#parts
    const request = decode(MetadataRequestType, body)
    if (!request.ok) return INVALID
    for (const signed of request.value.own) {
      const judged = judgeSigned(this.#parts.network, signed, SignedPeerRecordType.serialize(signed))
      if (!judged.ok || judged.value.peer !== from) return INVALID
      this.#take('self', judged.value)
    }
    return { result: 'ok', frames: own.sequence > request.value.known ? [own.bytes] : [] }
  }

  readonly answerPeers = (body: Uint8Array, from: Peer): Response => {
    const request = decode(PeersRequestType, body)
    if (!request.ok) return INVALID
    const { chain, limit } = request.value
    const nowMs = this.#parts.nowMs()
    const told = [...this.#parts.book.all()].filter(
      (known) => known.peer !== from && this.#mayTell(known, chain, nowMs)
    )
    const frames = shuffle(told, this.#parts.random)
      .slice(0, Math.min(limit, PEERS_ANSWER_MAX))
      .flatMap(({ signed }) => (signed === undefined ? [] : [signed.bytes]))
    return { result: 'ok', frames }
  }

  /** Tells the peer our record unless it has it, and asks for its own unless it is not newer. */
  async askMetadata(peer: Peer): Promise<void> {
    const { own, book, network, request } = this.#parts
    const { sequence, bytes } = own
    const tell = this.#told.get(peer) !== sequence && sequence > 0
    const body = MetadataRequestType.serialize({
      known: book.get(peer)?.signed?.record.sequence ?? 0,
      own: tell ? [SignedPeerRecordType.deserialize(bytes)] : []
    })
    const { result, frames } = await request(peer, 'metadata', body)
    if (result !== 'ok') return
    this.#told.set(peer, sequence)
    for (const frame of frames) {
      const judged = judgeRecord(network, frame)
      if (judged.ok && judged.value.peer === peer) this.#take('self', judged.value)
      else this.#parts.report(peer, 'invalid', `metadata: ${judged.ok ? 'of another peer' : judged.code}`)
    }
  }

  /** @returns how many records were news. */
  async askPeers(peer: Peer, chain: ChainId): Promise<number> {
    const { network, request, report } = this.#parts
    const body = PeersRequestType.serialize({ chain, limit: PEERS_ANSWER_MAX })
    const { frames } = await request(peer, 'peers', body)
    let news = 0
    for (const frame of frames) {
      const judged = judgeRecord(network, frame)
      if (!judged.ok) {
        report(peer, 'invalid', `peers: ${judged.code}`)
        break
      }
      if (this.#take(peer, judged.value)) news += 1
    }
    return news
  }

  forget(peer: Peer): void {
    this.#told.delete(peer)
  }

  #take(source: Peer | 'self', judged: JudgedRecord): boolean {
    const { book, nowMs, onRecord } = this.#parts
    // A clock that is wrong is no fault, but such a record could not be replaced by a right one.
    if (judged.record.sequence > nowMs() + RECORD_AHEAD_MS) return false
    const isNews = book.learnRecord(source, judged, nowMs())
    if (isNews) onRecord(judged.peer)
    return isNews
  }

  /** Of peers that were met lately, where they say they are, and only what everybody here may dial. */
  #mayTell({ peer, signed, isVerified, metMs }: KnownPeer, chain: ChainId, nowMs: number): boolean {
    if (signed === undefined || !isVerified || metMs === undefined || nowMs - metMs > MET_LATELY_MS)
      return false
    if (this.#parts.isBanned(peer) || !signed.record.chains.some((held) => held.chain === chain)) return false
    const addresses = signed.record.addresses.map((bytes) => readAddress(bytes))
    return (
      addresses.length > 0 &&
      addresses.every((address) => address !== undefined && mayUse(address, this.#parts.allowPrivate))
    )
  }
}

/** Fisher and Yates: whoever asks twice hears of others. */
export function shuffle<T>(list: readonly T[], random: Random): T[] {
  const out = [...list]
  for (let at = out.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const here = out[at]
    const there = out[other]
    if (here === undefined || there === undefined) continue
    out[at] = there
    out[other] = here
  }
  return out
}
