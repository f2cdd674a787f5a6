/**
 * Hints across chains (R4): members of a source's committee announce what they made final of its lanes, to the nodes
 * that do not follow it. A hint only makes somebody ask earlier than the next coordination block would: what it says is
 * proven, nothing relies on its arrival, and where every node follows the source nobody listens and nothing is made.
 */
import { ZERO_HASH, equal } from '../primitives/bytes.ts'
import { COORD, chainsOf, isShard } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { announcementFault, laneHolds } from '../chain/announcement.ts'
import { ANNOUNCED_LANES_MAX, AnnouncedLaneType, AnnouncementType } from '../codec/announcement.ts'
import type { AnnouncedLane, Announcement } from '../codec/announcement.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { OFFSET_BYTES, decode } from '../codec/ssz.ts'
import type { Certificate } from '../codec/statement.ts'
import { VerifyPoolError } from '../crypto/errors.ts'
import { GOSSIP_BYTES_MAX } from '../net/limits.ts'
import type { GossipJudge, GossipVerdict, Network } from '../net/types.ts'
import { outLaneKey } from '../state/keys.ts'
import { proveKey } from '../state/proof.ts'
import type { GenesisConstants } from '../state/types.ts'
import type { EpochBook } from './chain/epoch-book.ts'
import { readInLane, readOutLane } from './chain/outbox.ts'
import type { Source } from './chain/outbox.ts'

export interface AnnouncementsComponents {
  readonly network: Pick<Network, 'listeners' | 'publish'>
  readonly constants: GenesisConstants
  readonly epochs: Pick<EpochBook, 'committee' | 'memberIndex'>
  /** The last final block of a followed chain. */
  readonly source: (chain: ChainId) => Source | undefined
  readonly certificateHolds: (certificate: Certificate) => Promise<boolean>
  /** Own key, of a validator. */
  readonly publicKey: Uint8Array | undefined
  /** A followed destination can ask the source for more. */
  readonly hinted: (source: ChainId, destination: ChainId) => void
  readonly failed: (error: unknown) => void
}

/** The proposer of a block and those behind it in the committee: one that is silent or unconnected costs no hint. */
const ANNOUNCERS = 3
/** Coordination blocks after which a header is old news: whoever it was meant for has asked since. */
export const ANNOUNCED_BEHIND_MAX = 64

const ignore = (rule: string): GossipVerdict => ({ action: 'ignore', rule })
const reject = (rule: string): GossipVerdict => ({ action: 'reject', rule })

export class Announcements {
  readonly #c: AnnouncementsComponents
  /** Sequence up to which each lane was announced, by this node or another: one number a lane. */
  readonly #known = new Map<string, number>()

  constructor(components: AnnouncementsComponents) {
    this.#c = components
  }

  /** GOS-14, for the topic of a source that is not followed here. */
  judge(source: ChainId): GossipJudge {
    return async (data) => this.#judge(data, source)
  }

  /** A followed chain has a new final block. */
  finalised(header: Header): void {
    const { chain, receiptsOutRoot } = header
    if (!isShard(chain) || equal(receiptsOutRoot, ZERO_HASH)) return
    // While this node catches up it has nothing to tell.
    if (this.#isOld(header)) return
    if (!this.#isAnnouncer(header) || this.#c.network.listeners(chain, 'receipt') === 0) return
    const source = this.#c.source(chain)
    const announcement = source && assembleAnnouncement(source, this.#c.constants.shards)
    if (announcement === undefined || !this.#isNews(announcement)) return
    this.#remember(announcement)
    const { network, failed } = this.#c
    network.publish(chain, 'receipt', AnnouncementType.serialize(announcement)).catch(failed)
  }

  async #judge(data: Uint8Array, source: ChainId): Promise<GossipVerdict> {
    const { constants, epochs } = this.#c
    const read = decode(AnnouncementType, data)
    if (!read.ok) return reject('not-canonical')
    const announcement = read.value
    const fault = announcementFault(announcement, { ...constants, source })
    if (fault !== undefined) return reject(fault)
    const { header, certificate, lanes } = announcement
    if (this.#isOld(header)) return ignore('late')
    if (!this.#isNews(announcement)) return ignore('already-held')
    if (epochs.committee(source, header.epoch) === undefined) return ignore('we-lag')
    const holds = await this.#holds(certificate)
    if (holds === undefined) return ignore('our-fault')
    if (!holds) return reject('bad-certificate')
    if (!lanes.every((lane) => laneHolds(announcement, lane))) return reject('bad-proof')
    // Another one may have been believed while this one's signatures were verified.
    const fresh = lanes.filter((lane) => this.#isFresh(source, lane))
    if (fresh.length === 0) return ignore('already-held')
    this.#remember(announcement)
    for (const { destination } of fresh) {
      if (this.#c.source(destination) !== undefined) this.#c.hinted(source, destination)
    }
    return { action: 'accept', rule: 'valid' }
  }

  #isNews({ header, lanes }: Announcement): boolean {
    return lanes.some((lane) => this.#isFresh(header.chain, lane))
  }

  /** Above what was announced before, and above what a destination that is followed here has applied. */
  #isFresh(source: ChainId, { destination, lane }: AnnouncedLane): boolean {
    if (lane.next <= (this.#known.get(`${source}/${destination}`) ?? 0)) return false
    const followed = this.#c.source(destination)
    return followed === undefined || lane.next > (readInLane(followed.state, source)?.cursor ?? 0)
  }

  /** Only of lanes that are proven, so there are no more of them than lanes of the network. */
  #remember({ header, lanes }: Announcement): void {
    for (const { destination, lane } of lanes) {
      const key = `${header.chain}/${destination}`
      this.#known.set(key, Math.max(lane.next, this.#known.get(key) ?? 0))
    }
  }

  /** undefined: our own verifier is busy or restarting. */
  async #holds(certificate: Certificate): Promise<boolean | undefined> {
    try {
      return await this.#c.certificateHolds(certificate)
    } catch (error) {
      if (error instanceof VerifyPoolError) return undefined
      throw error
    }
  }

  #isOld({ coordHeight }: Header): boolean {
    const { header } = must(this.#c.source(COORD), 'coordination is always followed')
    return coordHeight + ANNOUNCED_BEHIND_MAX < header.height
  }

  #isAnnouncer({ chain, epoch, proposer }: Header): boolean {
    const { publicKey, epochs } = this.#c
    const own = publicKey && epochs.memberIndex(chain, epoch, publicKey)
    const first = epochs.memberIndex(chain, epoch, proposer)
    const members = epochs.committee(chain, epoch)?.members.length
    if (own === undefined || first === undefined || members === undefined) return false
    return (own - first + members) % members < ANNOUNCERS
  }
}

/**
 * Lanes with anything that was not acknowledged: by state and header alone, so that equal nodes say equal bytes and
 * gossip carries them once.
 *
 * @returns undefined if there are none, or the certificate at hand is not this block's own
 */
export function assembleAnnouncement(
  { header, certificate, state }: Source,
  shards: number
): Announcement | undefined {
  if (certificate === undefined || !equal(certificate.hash, blockHash(header))) return undefined
  const destinations = chainsOf(shards)
  const turn = header.height % destinations.length
  const lanes: AnnouncedLane[] = []
  let bytes = AnnouncementType.value_serializedSize({ header, certificate, lanes })
  for (const destination of [...destinations.slice(turn), ...destinations.slice(0, turn)]) {
    const lane = readOutLane(state, destination)
    if (lane === undefined || lane.next === lane.acknowledged) continue
    const announced = { destination, lane, proof: proveKey(state, outLaneKey(destination)) }
    bytes += OFFSET_BYTES + AnnouncedLaneType.value_serializedSize(announced)
    if (lanes.length === ANNOUNCED_LANES_MAX || bytes > GOSSIP_BYTES_MAX.receipt) break
    lanes.push(announced)
  }
  if (lanes.length === 0) return undefined
  return { header, certificate, lanes: lanes.sort((a, b) => a.destination - b.destination) }
}
