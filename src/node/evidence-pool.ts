/**
 * Evidence on its way into a coordination block (C30): found by the own instances or given by peers, verified before it
 * is kept, given on to peers, so that what a follower saw reaches a leader, and offered to the own blocks until the
 * state holds the offence. Being told of what is known already is nobody's fault; proving nothing is.
 */
import { concat, equal, fromHex, toHex } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { judgeOffence } from '../chain/evidence.ts'
import type { ReadEvidence } from '../chain/evidence.ts'
import { MAX_EVIDENCE_BYTES } from '../codec/block.ts'
import type { Block } from '../codec/block.ts'
import { EvidenceType, offenceId } from '../codec/evidence.ts'
import type { Evidence, Offence } from '../codec/evidence.ts'
import { FRAME_EVIDENCE } from '../codec/messages.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import { evidenceOfProposal, signersOfBoth } from '../consensus/evidence.ts'
import type { Instance } from '../consensus/instance.ts'
import { VerifyPoolError } from '../crypto/errors.ts'
import type { Verifier } from '../crypto/ports.ts'
import { TokenBucket } from '../net/token-bucket.ts'
import type { Network, Peer } from '../net/types.ts'
import type { StateView } from '../state/ports.ts'
import type { NodeStore } from '../store/node-store.ts'
import type { EpochBook } from './chain/epoch-book.ts'
import { accusationOf, isGuiltyBy } from './chain/read-evidence.ts'
import type { Clock } from './ports.ts'

export interface EvidencePoolComponents {
  readonly network: Network
  readonly clock: Clock
  readonly verifier: Verifier
  readonly nodeStore: Pick<NodeStore, 'evidence'>
  readonly epochs: EpochBook
  readonly networkId: Uint8Array
  /** The last final coordination block: its state, and the epoch of the next one. */
  readonly final: () => { readonly state: Pick<StateView, 'get'>; readonly epoch: number }
  /** A piece was taken in that no own instance has told of. */
  readonly onTaken: (evidence: Evidence) => void
  /** There may be something to include. */
  readonly onChanged: () => void
  readonly onFailed: (error: unknown) => void
}

/** Of one key: each costs a signature check here and a record in the state, and a few say it all. */
const OFFENCES_PER_KEY_MAX = 8
/** Frames of one peer that are looked into. */
const RATE = { perS: 4, burst: 64 } as const
const PEERS_MAX = 1_024
/** Pieces and bytes given to a peer at a time. */
const GIVEN_MAX = 16
const GIVEN_BYTES_MAX = 256 * 1024
/** A peer that was told, and is told again: it may have been too busy. */
const TELL_AGAIN_MS = 60_000
/** Told at once when something new is known; the others by anti-entropy. */
const TOLD_AT_ONCE = 8

/** Whom it came from; nobody: it was found here. */
interface Origin {
  readonly from?: Peer
  /** The operator heard of it already. */
  readonly isTold?: boolean
}

interface Item extends ReadEvidence {
  readonly offence: Offence
  readonly id: Uint8Array
  /** When each peer was told, on the own clock. */
  readonly told: Map<Peer, number>
}

export class EvidencePool {
  readonly #c: EvidencePoolComponents
  readonly #items = new Map<string, Item>()
  readonly #budgets = new Map<Peer, TokenBucket>()
  readonly #underWay = new Set<Promise<unknown>>()
  #changes = 0
  #stopped = false

  constructor(components: EvidencePoolComponents) {
    this.#c = components
    const useless: Uint8Array[] = []
    for (const [id, bytes] of components.nodeStore.evidence.list()) {
      const accused = this.#accuse(bytes)
      if (accused.ok) this.#add(bytes, accused.value.offence)
      else useless.push(fromHex(id))
    }
    // Of an epoch that is not known here any more: kept, they would take the place of others for ever.
    if (useless.length > 0) void this.#run(components.nodeStore.evidence.delete(useless))
  }

  get count(): number {
    return this.#items.size
  }

  /** Rises with every piece that comes or goes. */
  get changes(): number {
    return this.#changes
  }

  /** In order of their ids; a builder takes what may be in its block. */
  offers(): readonly ReadEvidence[] {
    return [...this.#items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
  }

  /** C14: whether a block on this state would carry any. */
  hasWork(state: Pick<StateView, 'get'>): boolean {
    if (this.#items.size === 0) return false
    const place = this.#place(state)
    return [...this.#items.values()].some(({ offence }) => judgeOffence(offence, place).ok)
  }

  /** The own instance saw both votes, and verified them. */
  found(evidence: Evidence): void {
    void this.#run(this.#take(EvidenceType.serialize(evidence), { isTold: true }))
  }

  /** A block that is invalid: perhaps because of the certificate that its leader signed it with. */
  foundInvalid(block: Block, instance: Instance): void {
    const vote = ownVote(block, instance)
    const evidence = vote && evidenceOfProposal(this.#c.networkId, block, vote)
    if (evidence !== undefined) void this.#run(this.#take(EvidenceType.serialize(evidence), {}))
  }

  /** C27: whoever signed both of two certificates that contradict each other. */
  foundCertificates([first, second]: readonly Certificate[]): void {
    if (first === undefined || second === undefined) return
    const committee = this.#c.epochs.committee(first.chain, first.epoch)
    for (const evidence of committee === undefined
      ? []
      : signersOfBoth(this.#c.networkId, committee, first, second))
      void this.#run(this.#take(EvidenceType.serialize(evidence), {}))
  }

  async receive(peer: Peer, bytes: Uint8Array): Promise<void> {
    if (this.#stopped) return
    if (bytes.length > MAX_EVIDENCE_BYTES) return this.#blame(peer, `${bytes.length} bytes`)
    if (!this.#mayAsk(peer)) return
    const wrong = await this.#run(this.#take(bytes, { from: peer }))
    if (wrong !== undefined) this.#blame(peer, wrong)
  }

  forget(peer: Peer): void {
    this.#budgets.delete(peer)
    for (const { told } of this.#items.values()) told.delete(peer)
  }

  /** What the peer was not told lately. */
  give(peer: Peer): void {
    const nowMs = this.#c.clock.monoMs()
    let bytes = 0
    let count = 0
    for (const item of this.#items.values()) {
      const at = item.told.get(peer)
      if (at !== undefined && nowMs - at < TELL_AGAIN_MS) continue
      bytes += item.bytes.length
      count += 1
      if (count > GIVEN_MAX || bytes > GIVEN_BYTES_MAX) return
      if (!this.#c.network.sendConsensus(peer, concat(Uint8Array.of(FRAME_EVIDENCE), item.bytes))) return
      this.#tell(item, peer)
    }
  }

  /** A coordination block became final: what it proves, and what nobody takes any more, goes. */
  settle(): void {
    if (this.#items.size === 0) return
    const place = this.#place(this.#c.final().state)
    const gone = [...this.#items].filter(([, { offence }]) => {
      const judged = judgeOffence(offence, place)
      return !judged.ok && judged.code !== 'evidence-too-early'
    })
    if (gone.length === 0) return
    for (const [key] of gone) this.#items.delete(key)
    this.#changes += 1
    void this.#run(this.#c.nodeStore.evidence.delete(gone.map(([, { id }]) => id)))
  }

  /** Nothing is taken in from here on. Ends when nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.allSettled(this.#underWay)
  }

  async #run<T>(work: Promise<T>): Promise<T | undefined> {
    this.#underWay.add(work)
    try {
      return await work
    } catch (error) {
      if (!this.#stopped) this.#c.onFailed(error)
      return undefined
    } finally {
      this.#underWay.delete(work)
    }
  }

  /** @returns what is wrong with it for every honest node alike; undefined: taken, known, or of no use here. */
  async #take(bytes: Uint8Array, by: Origin): Promise<string | undefined> {
    if (this.#stopped) return undefined
    const accused = this.#accuse(bytes)
    if (!accused.ok) return accused.code === 'evidence-epoch' ? undefined : accused.code
    const { offence } = accused.value
    const known = this.#items.get(toHex(offenceId(offence)))
    if (known !== undefined) {
      if (by.from !== undefined) this.#tell(known, by.from)
      return undefined
    }
    if (!this.#isWanted(offence)) return undefined
    try {
      if (!(await isGuiltyBy(accused.value, this.#c.verifier))) return 'evidence-proves-nothing'
    } catch (error) {
      // Our own trouble; whoever told us tells again.
      if (error instanceof VerifyPoolError) return undefined
      throw error
    }
    await this.#keep(bytes, offence, by)
    return undefined
  }

  async #keep(bytes: Uint8Array, offence: Offence, { from, isTold }: Origin): Promise<void> {
    // While it was verified another peer may have told of the same.
    if (!this.#isWanted(offence)) return
    const item = this.#add(bytes, offence)
    if (from !== undefined) this.#tell(item, from)
    if (!(await this.#c.nodeStore.evidence.put(item.id, bytes))) {
      this.#items.delete(toHex(item.id))
      return
    }
    if (isTold !== true) this.#c.onTaken(EvidenceType.deserialize(bytes))
    this.#c.onChanged()
    const peers = this.#c.network.peers(COORD)
    const first = [...peers].sort((a, b) => b.status.role - a.status.role)
    for (const { peer } of first.slice(0, TOLD_AT_ONCE)) this.give(peer)
  }

  #isWanted(offence: Offence): boolean {
    if (this.#items.has(toHex(offenceId(offence)))) return false
    const judged = judgeOffence(offence, this.#place(this.#c.final().state))
    if (!judged.ok && judged.code !== 'evidence-too-early') return false
    const same = [...this.#items.values()].filter((item) => equal(item.offence.publicKey, offence.publicKey))
    return same.length < OFFENCES_PER_KEY_MAX
  }

  #add(bytes: Uint8Array, offence: Offence): Item {
    const item = { bytes, offence, id: offenceId(offence), told: new Map<Peer, number>() }
    this.#items.set(toHex(item.id), item)
    this.#changes += 1
    return item
  }

  #accuse(bytes: Uint8Array) {
    const { networkId, epochs, verifier } = this.#c
    return accusationOf(bytes, { network: networkId, epochs, verifier })
  }

  #place(view: Pick<StateView, 'get'>) {
    const { epoch } = this.#c.final()
    const params = this.#c.epochs.snapshot(epoch)?.params ?? { unbondingEpochs: 0 }
    return { chain: COORD as ChainId, view, epoch, params }
  }

  #tell({ told }: Item, peer: Peer): void {
    if (told.size >= PEERS_MAX) told.clear()
    told.set(peer, this.#c.clock.monoMs())
  }

  #mayAsk(peer: Peer): boolean {
    const nowMs = this.#c.clock.monoMs()
    if (this.#budgets.size >= PEERS_MAX && !this.#budgets.has(peer)) this.#budgets.clear()
    const budget = this.#budgets.get(peer) ?? new TokenBucket(RATE, nowMs)
    this.#budgets.set(peer, budget)
    if (budget.waitFor(1, nowMs) > 0) return false
    budget.take(1, nowMs)
    return true
  }

  #blame(peer: Peer, why: string): void {
    this.#c.network.report(peer, 'invalid', `consensus/1: evidence: ${why}`)
  }
}

/** What shards offer: evidence goes into coordination blocks. */
export const NO_EVIDENCE: Pick<EvidencePool, 'offers' | 'hasWork' | 'changes'> = {
  offers: () => [],
  hasWork: () => false,
  changes: 0
}

/** The vote of a block's proposer for it, in the view of its first proposal. */
function ownVote({ header, hash }: Block, { config, views }: Instance): Vote | undefined {
  if (header.epoch !== config.epoch || header.chain !== config.chain) return undefined
  const signer = config.committee.members.findIndex(({ key }) => equal(key, header.proposer))
  return views.get(header.view)?.notarise.get(toHex(hash))?.get(signer)
}
