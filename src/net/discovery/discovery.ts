/**
 * Finding and keeping peers (D13): the shell around the book and the decision whom to dial and whom to let go. One loop
 * looks every quarter of a second whether there is anything to decide.
 *
 *   operator, DHT, exchange, mDNS ──> book ──> decidePeering ──> dials, goodbyes
 *                                              │ missing
 *                                              └──> search ──> book
 */
import type { PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { ChainId } from '../../primitives/chain-id.ts'
import { COORD, isShard } from '../../primitives/chain-id.ts'
import type { Signer } from '../../crypto/ports.ts'
import { messageOf, monotonicMs } from '../context.ts'
import type { NetContext } from '../context.ts'
import type { HandshakeRefusal } from '../handshake.ts'
import { NET_LIMITS } from '../limits.ts'
import type { Session, Sessions } from '../sessions.ts'
import type { Peer, PeerFacts, RequestHandler, RequestProtocol, Response } from '../types.ts'
import { jitter } from './backoff.ts'
import type { Random } from './backoff.ts'
import { Dials } from './dials.ts'
import { Exchange, shuffle } from './exchange.ts'
import { DISCOVERY_LIMITS } from './limits.ts'
import { OwnRecord } from './own-record.ts'
import type { OwnFacts } from './own-record.ts'
import { PeerBook } from './peer-book.ts'
import type { KnownPeer } from './peer-book.ts'
import type { Registry } from './peer-records.ts'
import { readRows, rowsOf } from './peer-rows.ts'
import type { PeerRows } from './peer-rows.ts'
import { Proofs } from './proofs.ts'
import { ProvideTimes } from './provide-times.ts'
import { Search } from './search.ts'
import { decidePeering, peeringTargets, rankOf } from './selection.ts'
import type { Candidate, Linked, Peering, PeeringTargets } from './selection.ts'

/** What the node settles for its network. */
export interface DiscoveryOptions {
  /** Whom to dial and how many to keep. @default DISCOVERY_LIMITS */
  readonly targets?: Partial<PeeringTargets>
  /** What the own record says. @default what the status says, from height 0 */
  readonly facts?: () => OwnFacts
  /** Validator keys and their cooperatives, as of now. @default nobody is listed */
  readonly registry?: Registry
  /** The own cooperative; its peers are preferred. 0: none. */
  readonly cooperative?: () => number
  /** What being of the own cooperative adds to a score of 100 at most. @default 20; 0 switches the preference off */
  readonly cooperativeBonus?: number
  /** Where the book is kept across restarts. @default nowhere */
  readonly rows?: PeerRows
  /** Randomness of jitter and choice. @default Math.random */
  readonly random?: Random
  /** A full search although nothing is missing. @default 300 s */
  readonly searchMs?: number
  /** Time that a peer has before it may be surplus. @default DISCOVERY_LIMITS.newPeerMs */
  readonly newPeerMs?: number
  /** When its shards are announced in the DHT for the first time. @default DISCOVERY_LIMITS.provideFirstMs */
  readonly provideFirstMs?: number | undefined
}

export interface DiscoveryParts extends DiscoveryOptions {
  readonly context: NetContext
  readonly sessions: Sessions
  readonly signer: Signer
  readonly self: Peer
  readonly bootstrap: readonly Multiaddr[]
  readonly allowPrivate: boolean
  readonly followed: readonly ChainId[]
  readonly defaultFacts: () => OwnFacts
  readonly isBanned: (peer: Peer) => boolean
  readonly isCut: () => boolean
  /** Below zero for a peer that did something wrong. */
  readonly score: (peer: Peer) => number
  readonly request: (peer: Peer, protocol: RequestProtocol, body: Uint8Array) => Promise<Response>
  /** Says why and hangs up. */
  readonly letGo: (peer: Peer) => void
}

const SEARCH_MS = 300_000

export class Discovery {
  readonly book: PeerBook
  readonly exchange: Exchange
  readonly #parts: DiscoveryParts
  readonly #targets: PeeringTargets
  readonly #random: Random
  readonly #own: OwnRecord
  readonly #dials: Dials
  readonly #search: Search
  readonly #proofs: Proofs
  readonly #provideTimes: ProvideTimes
  #isStale = true
  #lookAgainMs = 0
  #searching = false
  #searchMs: number = NET_LIMITS.walkMinMs
  #nextSearchMs = 0
  #nextFullMs = 0
  #nextMetadataMs = 0
  #nextSaveMs = 0
  #hasChanged = false

  constructor(parts: DiscoveryParts) {
    this.#parts = parts
    const { context, sessions, self, allowPrivate } = parts
    this.#targets = peeringTargets(parts.targets)
    this.#random = parts.random ?? Math.random
    this.#provideTimes = new ProvideTimes(Date.now(), this.#random, parts.provideFirstMs)
    const random = this.#random
    this.book = new PeerBook({ self, allowPrivate, random })
    this.#proofs = new Proofs(parts.registry ?? (() => undefined))
    this.#own = new OwnRecord({
      network: context.networkId,
      signer: parts.signer,
      allowPrivate,
      facts: parts.facts ?? parts.defaultFacts,
      addresses: () => context.host.getMultiaddrs()
    })
    this.exchange = new Exchange({
      network: context.networkId,
      own: this.#own,
      book: this.book,
      allowPrivate,
      random,
      nowMs: Date.now,
      isBanned: parts.isBanned,
      request: parts.request,
      report: context.report,
      onRecord: () => this.#onNews()
    })
    this.#search = new Search({
      context,
      sessions,
      book: this.book,
      exchange: this.exchange,
      random,
      nowMs: Date.now
    })
    this.#dials = new Dials({
      context,
      sessions,
      book: this.book,
      bootstrap: parts.bootstrap,
      random,
      onEnd: () => this.#onNews()
    })
  }

  get handlers(): ReadonlyMap<RequestProtocol, RequestHandler> {
    return new Map<RequestProtocol, RequestHandler>([
      ['metadata', this.exchange.answerMetadata],
      ['peers', this.exchange.answerPeers]
    ])
  }

  /** Known peers of the last run are there before the first dial. */
  async load(): Promise<void> {
    const { context, rows } = this.#parts
    if (rows !== undefined) readRows(this.book, context.networkId, await rows.load())
    this.#dials.learnBootstrap()
  }

  start(): void {
    const timer = setInterval(() => this.#tick(), DISCOVERY_LIMITS.dialTickMs)
    this.#parts.context.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    this.#nextFullMs = Date.now() + this.#fullMs
    this.#nextSaveMs = Date.now() + DISCOVERY_LIMITS.bookMs
    this.#tick()
  }

  async save(): Promise<void> {
    await this.#parts.rows?.save(rowsOf(this.book, Date.now()))
  }

  /** Dials at once whatever waits: after a healed cut. */
  retryNow(): void {
    this.book.hurry()
    this.#dials.hurry()
    this.#searchMs = NET_LIMITS.walkMinMs
    this.#nextSearchMs = 0
    this.#isStale = true
  }

  /** Leaves a peer alone. */
  pausePeer(peer: Peer, ms: number): void {
    this.#dials.pause(peer, Date.now() + ms)
  }

  /** Somebody refused us, or we them. Whoever is full has room later: the longer it was full, the later. */
  onRefused(peer: Peer, reason: HandshakeRefusal): void {
    if (reason === 'too-many-peers') return this.#dials.pause(peer, this.book.full(peer, Date.now()))
    const isBusy = reason === 'no-handshake'
    if (isBusy) this.book.failed(peer, Date.now())
    this.pausePeer(peer, isBusy ? NET_LIMITS.busyPauseMs : NET_LIMITS.refusedPauseMs)
  }

  onUp(session: Session): void {
    this.book.met(session.peer, multiaddr(session.address), session.direction, Date.now())
    this.#dials.onUp(session.peer)
    if (session.direction === 'outbound') void this.exchange.askMetadata(session.peer)
    // Who is new may know others.
    this.#searchMs = NET_LIMITS.walkMinMs
    this.#searchSoon()
    this.#onNews()
  }

  onDown(peer: Peer): void {
    this.exchange.forget(peer)
    this.book.pause(peer, Date.now() + jitter(NET_LIMITS.redialMinMs, this.#random))
    this.#searchSoon()
    this.#onNews()
  }

  /** Whether a dial is one of ours: of the dials, or of a search that goes on. */
  mayDial(peer: Peer): boolean {
    return this.#dials.isDialling(peer) || this.#search.isActive
  }

  /** Somebody on the local network. */
  onLocalPeer(id: PeerId, addresses: readonly Multiaddr[]): void {
    if (this.book.learn('mdns', id.toString() as Peer, addresses, Date.now()) !== undefined) this.#onNews()
  }

  /** What a peer proves of itself; undefined while it has not said anything. */
  factsOf(peer: Peer): PeerFacts | undefined {
    const signed = this.book.get(peer)?.signed
    return signed === undefined ? undefined : this.#proofs.factsOf(signed, Date.now())
  }

  get #fullMs(): number {
    return this.#parts.searchMs ?? SEARCH_MS
  }

  #onNews(): void {
    this.#isStale = true
    this.#hasChanged = true
  }

  #searchSoon(): void {
    this.#nextSearchMs = Math.min(this.#nextSearchMs, Date.now() + NET_LIMITS.walkMinMs)
  }

  #tick(): void {
    const { isCut, context, sessions } = this.#parts
    if (isCut() || context.signal.aborted) return
    const now = Date.now()
    if (this.#isStale || now >= this.#lookAgainMs) this.#decide(now)
    this.#dials.tick(now, sessions.size < this.#targets.minPeers)
    this.#tellOwnRecord(now)
    if (sessions.size > 0 && this.#provideTimes.isDue(now)) void this.#provide(now)
    if (now >= this.#nextSaveMs && this.#hasChanged) void this.#saveNow(now)
  }

  #decide(now: number): void {
    const { context, sessions, followed, letGo } = this.#parts
    this.#isStale = false
    this.#lookAgainMs = now + DISCOVERY_LIMITS.lookAgainMs
    this.book.expire(now, (peer) => sessions.get(peer) !== undefined)
    context.metrics.peersKnown(this.book.size)
    const peering = decidePeering(followed, this.#linked(now), this.#candidates(now), this.#targets)
    for (const peer of peering.close) letGo(peer)
    if (this.#dials.want(peering.dial) || this.#isWaiting(now)) this.#lookAgainMs = now
    this.#searchIfDue(peering, now)
  }

  /** Somebody becomes due before the next look, while somebody is missing. */
  #isWaiting(now: number): boolean {
    if (this.#parts.sessions.size >= this.#targets.minPeers) return false
    for (const { nextMs } of this.book.all())
      if (nextMs > now && nextMs < now + DISCOVERY_LIMITS.lookAgainMs) return true
    return false
  }

  #searchIfDue({ missing, isShort }: Peering, now: number): void {
    if (this.#parts.sessions.size === 0 || this.#searching) return
    const inNeed = isShort || missing.length > 0
    if (now >= this.#nextFullMs) this.#dials.dialBootstrap()
    else if (!inNeed || this.#dials.isBusyWith > 0) return
    else if (now < this.#nextSearchMs) {
      this.#lookAgainMs = Math.min(this.#lookAgainMs, this.#nextSearchMs)
      return
    }
    void this.#searchRound(missing)
  }

  async #searchRound(missing: readonly ChainId[]): Promise<void> {
    this.#searching = true
    this.#nextFullMs = Date.now() + this.#fullMs
    try {
      const found = await this.#search.round(missing)
      if (found === 0 && missing.some((chain) => isShard(chain))) this.#provideTimes.hurry()
      this.#searchMs = found > 0 ? NET_LIMITS.walkMinMs : Math.min(NET_LIMITS.walkMaxMs, 2 * this.#searchMs)
    } finally {
      this.#searching = false
      this.#nextSearchMs = Date.now() + jitter(this.#searchMs, this.#random)
      this.#onNews()
    }
  }

  #linked(now: number): Linked[] {
    return this.#parts.sessions.all().map(({ peer, direction, status, sinceMs }) => {
      const known = this.book.get(peer)
      const standing = this.#standing(known, now)
      return {
        peer,
        direction,
        chains: new Set(status.chains.map(({ chain }) => chain)),
        rank: standing.rank + Math.min(0, Math.round(this.#parts.score(peer))),
        isWanted: known?.isBootstrap === true || standing.isValidator,
        isOwnCooperative: standing.isOwnCooperative,
        isNew: monotonicMs() - sinceMs < (this.#parts.newPeerMs ?? DISCOVERY_LIMITS.newPeerMs)
      }
    })
  }

  #candidates(now: number): Candidate[] {
    const { context, sessions, isBanned } = this.#parts
    const isValidator = this.#own.sequence > 0 && (this.#parts.facts ?? this.#parts.defaultFacts)().role === 1
    const candidates: Candidate[] = []
    for (const known of this.book.all()) {
      const isUnderWay = this.#dials.isDialling(known.peer)
      if (
        !isUnderWay &&
        (known.nextMs > now || known.addresses.length === 0 || this.#dials.isBusy(known.peer))
      )
        continue
      if (sessions.get(known.peer) !== undefined || isBanned(known.peer)) continue
      if (known.peer === context.host.peerId.toString()) continue
      const standing = this.#standing(known, now)
      candidates.push({
        peer: known.peer,
        chains: chainsOf(known),
        rank: standing.rank,
        isWanted: isValidator && standing.isValidator,
        isOwnCooperative: standing.isOwnCooperative,
        isUnderWay
      })
    }
    return shuffle(candidates, this.#random)
  }

  /** How good a peer is for us: its score, and more when it is of the own cooperative. */
  #standing(known: KnownPeer | undefined, now: number) {
    const { cooperative = () => 0, cooperativeBonus = 20 } = this.#parts
    const facts = known?.signed === undefined ? undefined : this.#proofs.factsOf(known.signed, now)
    const own = cooperativeBonus === 0 ? 0 : cooperative()
    const isOwnCooperative = own !== 0 && facts?.cooperative === own
    const score = known === undefined ? 50 : this.book.score(known, now)
    return {
      rank: rankOf(score, isOwnCooperative, cooperativeBonus),
      isOwnCooperative,
      isValidator: facts?.isValidator === true
    }
  }

  /** Whoever was not told the newest record is asked for its own at the same time. */
  #tellOwnRecord(now: number): void {
    const isNew = this.#own.look(now)
    if (!isNew && now < this.#nextMetadataMs) return
    this.#nextMetadataMs = now + DISCOVERY_LIMITS.metadataMs
    for (const { peer, direction } of this.#parts.sessions.all())
      if (isNew || direction === 'outbound') void this.exchange.askMetadata(peer)
  }

  async #provide(now: number): Promise<void> {
    const shards = this.#parts.followed.filter((chain) => isShard(chain))
    this.#provideTimes.begun(now)
    const isDone = shards.length === 0 || (await this.#search.provide(shards))
    this.#provideTimes.ended(Date.now(), isDone)
  }

  async #saveNow(now: number): Promise<void> {
    this.#hasChanged = false
    this.#nextSaveMs = now + DISCOVERY_LIMITS.bookMs
    try {
      await this.save()
    } catch (error) {
      this.#parts.context.log('peer book not saved', { reason: messageOf(error) })
    }
  }
}

/** What a peer follows: by its own word, else the shards for which the DHT named it. */
function chainsOf({ signed, hinted }: KnownPeer): ReadonlySet<ChainId> | undefined {
  if (signed !== undefined) return new Set(signed.record.chains.map(({ chain }) => chain))
  return hinted.size > 0 ? new Set([COORD, ...hinted]) : undefined
}
