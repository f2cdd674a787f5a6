/**
 * Performs what the sync machine of one chain asks for and feeds the results back. It requests, has certificates
 * verified and parts imported, and pauses and resumes the live part of the chain (SYN-1, SYN-8). All decisions are in
 * src/sync.
 */
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { unreachable } from '../../primitives/errors.ts'
import { BodyRangeType, HeaderRangeType } from '../../codec/sync-messages.ts'
import { VerifyPoolError } from '../../crypto/errors.ts'
import type { Network, Peer, Response } from '../../net/types.ts'
import { readBodies } from '../../sync/body-list.ts'
import { readHeaderRun } from '../../sync/header-run.ts'
import { SYNC_LIMITS } from '../../sync/limits.ts'
import { createSync } from '../../sync/state.ts'
import type { SyncMode, SyncState } from '../../sync/state.ts'
import { step } from '../../sync/step.ts'
import type { Effect, Env, Failure, Input, Place } from '../../sync/types.ts'
import type { EpochBook } from '../chain/epoch-book.ts'
import type { Executor } from '../chain/executor.ts'
import type { ChainEvents, Clock } from '../ports.ts'
import { refuseContradiction } from '../checkpoint.ts'
import { earliestOf } from '../held-blocks.ts'
import type { Importer } from './importer.ts'
import { crossesUnbonding, describeSync } from './sync-facts.ts'
import type { Checkpoint, SyncFacts } from './sync-facts.ts'

/** The part of a chain that takes part in consensus. */
export interface LivePart {
  /** The last final block. */
  final(): Place
  pause(): Promise<void>
  /** From the store, like a start. */
  resume(): Promise<void>
  /** Asks peers for what they hold, so that their final heights become known. */
  askAround(): void
}

export interface ChainSyncComponents {
  readonly network: Network
  readonly clock: Clock
  readonly epochs: EpochBook
  readonly executor: Executor
  readonly importer: Importer
  readonly live: LivePart
  readonly events: ChainEvents
  /** Requests that this chain may have out, by the budget of all chains. */
  readonly slots: () => number
  readonly coordinationSyncs: () => boolean
  /** SYN-10: puts a certified state in place of the stored one. @returns its block; undefined when none was to be had */
  readonly fetchSnapshot?: () => Promise<Place | undefined>
  /** SYN-10: whether there is one. @returns the height of the highest certified one above the own final block */
  readonly proveSnapshot?: () => Promise<number | undefined>
}

export interface ChainSyncInit {
  readonly chain: ChainId
  readonly network: Uint8Array
  readonly mode: SyncMode
  readonly checkpoint: Checkpoint | undefined
}

/** How often peers are asked how far they are. */
const ASK_AROUND_MS = 5_000
/** How often progress is told. */
const TELL_MS = 5_000
const RETRY_MS = 100

export class ChainSync {
  readonly #c: ChainSyncComponents
  readonly #init: ChainSyncInit
  readonly #state: SyncState
  /** Final heights that peers state on `consensus/1`, fresher than those of the handshake. */
  readonly #claims = new Map<Peer, number>()
  #stopped = false
  #cancelTick: (() => void) | undefined
  #askedAroundMs = 0
  #toldMs = 0
  #importing: Promise<void> = Promise.resolve()
  /** Where the sync under way began. */
  #beganAt = 0
  #isUnvouched = false

  constructor(components: ChainSyncComponents, init: ChainSyncInit) {
    this.#c = components
    this.#init = init
    const final = components.live.final()
    this.#state = createSync(final, init.mode, components.clock.monoMs())
  }

  /** The live part is stopped or about to be: nothing is signed, and transactions of gossip would be judged too early. */
  get active(): boolean {
    return this.#state.phase !== 'live'
  }

  /** The live part has stopped: from here to `resume` nothing may be signed (SYN-8). */
  get paused(): boolean {
    return this.#state.phase === 'syncing' || this.#state.phase === 'snapshot'
  }

  /** Requests that are out. */
  get out(): number {
    return this.#state.asks.size
  }

  get facts(): SyncFacts {
    return describeSync(this.#state, this.#env(), this.#init.checkpoint, this.#isUnvouched)
  }

  /** A peer states a final height. @returns whether it is so far ahead that sync looks into it. */
  hint(peer: Peer, height: number): boolean {
    this.#claims.set(peer, Math.max(height, this.#claims.get(peer) ?? 0))
    if (this.active) return true
    const final = this.#c.live.final()
    const isFar = height - final.height > SYNC_LIMITS.nearBlocks
    // A warning is taken back as well.
    if (isFar || this.#state.progress.stalled !== undefined) this.#step({ type: 'hint', final })
    return isFar
  }

  /** Ends when no import is under way; whatever arrives later is ignored. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTick?.()
    await this.#importing
    await this.#c.importer.settled()
  }

  #step(input: Input): void {
    if (this.#stopped) return
    for (const effect of step(this.#state, input, this.#env())) this.#perform(effect)
    this.#armTick()
  }

  /** Time alone causes steps while something is out or the chain syncs. */
  #armTick(): void {
    const isIdle = !this.active && this.#state.asks.size === 0 && this.#state.runs.length === 0
    if (isIdle || this.#stopped || this.#cancelTick !== undefined || this.#state.phase === 'halted') return
    const { clock } = this.#c
    this.#cancelTick = clock.at(clock.monoMs() + SYNC_LIMITS.tickMs, () => {
      this.#cancelTick = undefined
      this.#askAround()
      this.#step({ type: 'tick' })
      this.#tell()
    })
  }

  #askAround(): void {
    const now = this.#c.clock.monoMs()
    if (!this.active || now - this.#askedAroundMs < ASK_AROUND_MS) return
    this.#askedAroundMs = now
    this.#c.live.askAround()
  }

  #tell(): void {
    const now = this.#c.clock.monoMs()
    if (!this.active || now - this.#toldMs < TELL_MS) return
    this.#toldMs = now
    this.#c.events.syncProgress?.(this.#init.chain, this.facts, 'goes on')
  }

  #env(): Env {
    const { network, clock, epochs, slots, coordinationSyncs } = this.#c
    const { chain } = this.#init
    const peers = network.peers(chain).map((view) => {
      const { peer, status } = view
      const stated = status.chains.find((one) => one.chain === chain)?.finalHeight ?? 0
      const height = Math.max(stated, this.#claims.get(peer) ?? 0)
      return { peer, height, earliest: earliestOf(view, chain) }
    })
    if (this.#claims.size > peers.length) {
      const here = new Set<string>(peers.map(({ peer }) => peer))
      for (const peer of this.#claims.keys()) if (!here.has(peer)) this.#claims.delete(peer)
    }
    return {
      nowMs: clock.monoMs(),
      peers,
      slots: slots(),
      knowsEpoch: (epoch) => epochs.committee(chain, epoch) !== undefined,
      coordinationSyncs: chain !== COORD && coordinationSyncs()
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'ask-headers':
        return this.#background(this.#askHeaders(effect))
      case 'ask-bodies':
        return this.#background(this.#askBodies(effect))
      case 'verify':
        return this.#background(this.#verify(effect))
      case 'prepare':
        return this.#c.importer.prepare(effect.from, effect.headers, effect.bodies)
      case 'import':
        this.#importing = this.#import(effect)
        return this.#background(this.#importing)
      case 'report':
        return this.#c.network.report(effect.peer as Peer, effect.fact, effect.why)
      case 'pause':
        return this.#background(this.#pause())
      case 'resume':
        return this.#background(this.#resume())
      case 'prove-snapshot':
        return this.#background(this.#proveSnapshot())
      case 'fetch-snapshot':
        return this.#background(this.#fetchSnapshot())
      case 'stalled':
      case 'moving':
      case 'halt':
        return this.#tellOf(effect)
      default:
        return unreachable(effect)
    }
  }

  #tellOf(effect: Extract<Effect, { type: 'stalled' | 'moving' | 'halt' }>): void {
    const { events } = this.#c
    const { chain } = this.#init
    if (effect.type === 'halt') events.halted(chain, effect.reason)
    else events.syncStalled?.(chain, effect.type === 'stalled' ? effect.reason : undefined)
  }

  async #askHeaders({ id, peer, from, limit }: Extract<Effect, { type: 'ask-headers' }>): Promise<void> {
    const { chain, network } = this.#init
    const request = HeaderRangeType.serialize({ chain, from, limit })
    const answer = await this.#c.network.request(peer as Peer, 'headers', request)
    if (answer.result !== 'ok') return this.#failed(id, answer)
    const run = readHeaderRun(answer.frames, { network, chain, from })
    if (!run.ok) return this.#step({ type: 'failed', id, failure: 'invalid', why: `headers: ${run.detail}` })
    this.#step({ type: 'headers', id, run: run.value, bytes: bytesOf(answer) })
  }

  async #askBodies(effect: Extract<Effect, { type: 'ask-bodies' }>): Promise<void> {
    const { id, peer, from, limit, headers } = effect
    const request = BodyRangeType.serialize({ chain: this.#init.chain, from, limit })
    const answer = await this.#c.network.request(peer as Peer, 'ranges', request)
    if (answer.result !== 'ok') return this.#failed(id, answer)
    const at = from - headers.from
    const bodies = readBodies(answer.frames, headers.headers.slice(at, at + limit))
    if (!bodies.ok)
      return this.#step({ type: 'failed', id, failure: 'invalid', why: `bodies: ${bodies.detail}` })
    this.#step({ type: 'bodies', id, bodies: bodies.value })
  }

  #failed(id: number, { result }: Response): void {
    const failure: Failure = result === 'lacks' || result === 'limited' ? result : 'failed'
    this.#step({ type: 'failed', id, failure, why: result })
  }

  async #verify({ run, part, headers }: Extract<Effect, { type: 'verify' }>): Promise<void> {
    const holds = await this.#certificateHolds(part.certificate)
    if (holds === undefined) {
      const { clock } = this.#c
      clock.at(clock.monoMs() + RETRY_MS, () =>
        this.#step({ type: 'verified', run, to: part.to, holds: undefined })
      )
      return
    }
    const { checkpoint } = this.#init
    const at = checkpoint === undefined ? undefined : headers.headers[checkpoint.height - headers.from]
    if (holds) refuseContradiction(checkpoint, at?.hash)
    this.#step({ type: 'verified', run, to: part.to, holds })
  }

  /** undefined: our own verifier is busy or restarting, which says nothing about the peer. */
  async #certificateHolds(
    certificate: Parameters<Executor['certificateHolds']>[0]
  ): Promise<boolean | undefined> {
    try {
      return await this.#c.executor.certificateHolds(certificate)
    } catch (error) {
      if (error instanceof VerifyPoolError) return undefined
      throw error
    }
  }

  async #import({ from, headers, part }: Extract<Effect, { type: 'import' }>): Promise<void> {
    const outcome = await this.#c.importer.import(from, headers, part)
    if (outcome === undefined) return this.#step({ type: 'import-waits' })
    if (!outcome.ok)
      return this.#step({ type: 'import-refused', reason: `${outcome.code}: ${outcome.detail}` })
    this.#background(
      outcome.value.stored.then(() => {
        this.#noteReached(part.to)
        this.#step({ type: 'stored', to: part.to })
      })
    )
    this.#step({ type: 'executed', to: part.to })
  }

  async #pause(): Promise<void> {
    this.#c.importer.forget()
    await this.#c.live.pause()
    const final = this.#c.live.final()
    this.#beganAt = final.height
    this.#step({ type: 'paused', final })
    this.#toldMs = this.#c.clock.monoMs()
    this.#c.events.syncProgress?.(this.#init.chain, this.facts, 'begins')
  }

  async #resume(): Promise<void> {
    this.#c.importer.forget()
    if (this.#stopped) return
    await this.#c.live.resume()
    this.#c.events.syncProgress?.(this.#init.chain, this.facts, 'ended')
  }

  async #proveSnapshot(): Promise<void> {
    this.#step({ type: 'snapshot-proven', height: await this.#c.proveSnapshot?.() })
  }

  async #fetchSnapshot(): Promise<void> {
    const final = await this.#c.fetchSnapshot?.()
    if (final !== undefined) this.#noteReached(final.height)
    this.#step({ type: 'snapshot', final })
  }

  /** SYN-14: shards rest on what the coordination chain found. */
  #noteReached(height: number): void {
    const { chain, checkpoint } = this.#init
    const { epochs, events } = this.#c
    if (chain !== COORD || checkpoint !== undefined || this.#isUnvouched) return
    const params = epochs.snapshot(epochs.latest)?.params
    if (params === undefined || !crossesUnbonding(this.#beganAt, height, params)) return
    this.#isUnvouched = true
    events.syncUnvouched?.(chain, params.unbondingEpochs)
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#stopped) this.#c.events.failed(error)
    })
  }
}

const bytesOf = ({ frames }: Response): number => frames.reduce((sum, frame) => sum + frame.length, 0)
