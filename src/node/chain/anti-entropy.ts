/**
 * `consensus/1` (C19, C20): peers state what they hold and each gives what the other lacks. This path is the one that
 * delivery rests on; gossip only makes it fast. Frames were size- and rate-limited by the network layer.
 */
import { concat } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import {
  ANSWER_BYTES_MAX,
  ANSWER_ITEMS_MAX,
  CertifiedHeaderType,
  ConsensusStatusType,
  FRAME_BOUNDARY,
  FRAME_CERTIFICATE,
  FRAME_STATUS,
  FRAME_VOTE
} from '../../codec/messages.ts'
import type { ConsensusStatus } from '../../codec/messages.ts'
import { decode } from '../../codec/ssz.ts'
import { CertificateType, VoteType } from '../../codec/statement.ts'
import { answerStatus, describeInstance } from '../../consensus/status.ts'
import type { Instance } from '../../consensus/instance.ts'
import type { Network, Peer, PeerView } from '../../net/types.ts'
import type { ChainStore } from '../../store/chain-store.ts'
import type { GossipJudges } from './gossip-judges.ts'

export interface AntiEntropyComponents {
  readonly network: Network
  readonly store: ChainStore
  readonly judges: GossipJudges
  readonly instance: () => Instance
  /** The peer states this final height: no proof, only a hint. True when sync looks into it (SYN-1). */
  readonly onClaim: (peer: Peer, finalHeight: number) => boolean
  /** The peer's status shows more than is held here: pull from it. */
  readonly onBehind: (peer: Peer) => void
  /** SYN-8: consensus is paused and takes nothing. */
  readonly isPaused: () => boolean
}

/** C20: boundary headers given to a peer of an older epoch. */
const BOUNDARIES_MAX = 16
/** Finality of a block or two is on its way by gossip; more than this is worth a range request. */
export const LAG_TOLERATED = 2
/** Peers of each kind that one broadcast states to. */
const VALIDATORS_ASKED = 8
const OTHERS_ASKED = 4

export class AntiEntropy {
  readonly #c: AntiEntropyComponents
  readonly #chain: ChainId
  #turn = 0

  constructor(components: AntiEntropyComponents, chain: ChainId) {
    this.#c = components
    this.#chain = chain
  }

  /**
   * To so many validators, whose votes are what is missed, and so many others, in turns: with everybody at once, a large
   * network that is stuck would drown in its own questions.
   */
  broadcast(): void {
    const peers = this.#c.network.peers(this.#chain)
    const isValidator = ({ status }: PeerView): boolean => status.role === 1
    const validators = peers.filter(isValidator)
    const others = peers.filter((peer) => !isValidator(peer))
    this.#turn += 1
    const asked = [
      ...inTurn(validators, this.#turn, VALIDATORS_ASKED),
      ...inTurn(others, this.#turn, OTHERS_ASKED)
    ]
    for (const { peer } of asked) this.sendStatus(peer, false)
  }

  sendStatus(peer: Peer, reply: boolean): void {
    const status = ConsensusStatusType.serialize(describeInstance(this.#c.instance(), reply))
    this.#c.network.sendConsensus(peer, concat(Uint8Array.of(FRAME_STATUS), status))
  }

  /** One frame whose kind byte is known to be one of ours. Content that does not verify is the sender's fault. */
  async receive(peer: Peer, kind: number, bytes: Uint8Array): Promise<void> {
    if (kind === FRAME_STATUS) return this.#onStatus(peer, bytes)
    if (this.#c.isPaused()) return
    if (kind === FRAME_VOTE) {
      const vote = decode(VoteType, bytes)
      if (!vote.ok) return this.#blame(peer, vote.detail)
      const verdict = await this.#c.judges.judgeVote(vote.value, peer)
      return verdict.action === 'reject' ? this.#blame(peer, `vote: ${verdict.rule}`) : undefined
    }
    const certificate =
      kind === FRAME_CERTIFICATE ? decode(CertificateType, bytes) : boundaryCertificate(bytes)
    if (!certificate.ok) return this.#blame(peer, certificate.detail)
    const verdict = await this.#c.judges.judgeCertificate(certificate.value, peer, false)
    if (verdict.action === 'reject') this.#blame(peer, `certificate: ${verdict.rule}`)
  }

  #onStatus(peer: Peer, bytes: Uint8Array): void {
    const decoded = decode(ConsensusStatusType, bytes)
    if (!decoded.ok) return this.#blame(peer, decoded.detail)
    const theirs = decoded.value
    const { config, final } = this.#c.instance()
    if (this.#c.onClaim(peer, theirs.finalHeight) && this.#c.isPaused()) return
    if (theirs.epoch > config.epoch || theirs.finalHeight > final.height + LAG_TOLERATED)
      this.#c.onBehind(peer)
    if (theirs.epoch < config.epoch) this.#giveBoundaries(peer, theirs.epoch)
    else if (theirs.epoch === config.epoch) this.#giveAnswer(peer, theirs)
    if (theirs.reply === 0) this.sendStatus(peer, true)
  }

  #giveBoundaries(peer: Peer, epoch: number): void {
    let sent = 0
    for (let e = epoch; e < this.#c.instance().config.epoch && sent < BOUNDARIES_MAX; e++) {
      const boundary = this.#c.store.boundary(e)
      if (boundary === undefined) continue
      const frame = concat(Uint8Array.of(FRAME_BOUNDARY), CertifiedHeaderType.serialize(boundary))
      if (!this.#c.network.sendConsensus(peer, frame)) return
      sent++
    }
  }

  #giveAnswer(peer: Peer, theirs: ConsensusStatus): void {
    const { certificates, votes } = answerStatus(this.#c.instance(), theirs)
    const frames = [
      ...certificates.map((certificate) =>
        concat(Uint8Array.of(FRAME_CERTIFICATE), CertificateType.serialize(certificate))
      ),
      ...votes.map((vote) => concat(Uint8Array.of(FRAME_VOTE), VoteType.serialize(vote)))
    ]
    let bytes = 0
    for (const frame of frames.slice(0, ANSWER_ITEMS_MAX)) {
      bytes += frame.length
      if (bytes > ANSWER_BYTES_MAX || !this.#c.network.sendConsensus(peer, frame)) return
    }
  }

  #blame(peer: Peer, why: string): void {
    this.#c.network.report(peer, 'invalid', `consensus/1: ${why}`)
  }
}

function boundaryCertificate(bytes: Uint8Array) {
  const decoded = decode(CertifiedHeaderType, bytes)
  return decoded.ok ? { ok: true as const, value: decoded.value.certificate } : decoded
}

/** At most `count`, beginning behind those of the turn before. */
function inTurn<T>(all: readonly T[], turn: number, count: number): T[] {
  if (all.length <= count) return [...all]
  const from = (turn * count) % all.length
  return [...all, ...all].slice(from, from + count)
}
