/**
 * A world around the sync machine of one chain: peers that behave as they are told, a verifier and a store that always
 * do their work, and a clock that goes from event to event. No network, no signatures: what a peer's answer is worth is
 * part of its behaviour.
 */
import { COORD } from '../../src/primitives/chain-id.ts'
import type { Header } from '../../src/codec/block.ts'
import type { Certificate } from '../../src/codec/statement.ts'
import { HEADERS_PER_REQUEST } from '../../src/codec/sync-messages.ts'
import type { HeaderRun, LinkedHeader, RunPart } from '../../src/sync/header-run.ts'
import { createSync } from '../../src/sync/state.ts'
import type { SyncMode, SyncState } from '../../src/sync/state.ts'
import { step } from '../../src/sync/step.ts'
import type { Effect, Env, Failure, Input } from '../../src/sync/types.ts'

export type Behaviour =
  /** Answers truly. */
  | 'honest'
  /** Answers truly, at a tenth of the speed. */
  | 'slow'
  /** Never answers. */
  | 'stalls'
  /** Has nothing of what it claims. */
  | 'lacks'
  /** Its headers are no headers. */
  | 'garbage'
  /** Headers that hang together, of another history; the certificates do not hold. */
  | 'forks'
  /** Like those, but of the true history in the first epoch that is asked for. */
  | 'branches'
  /** True headers, false bodies. */
  | 'bodies'
  /** Always too busy. */
  | 'limited'
  /** One block of each range. */
  | 'short'

export interface SyncPeer {
  readonly name: string
  readonly behaviour: Behaviour
  readonly claims: number
  readonly earliest?: number
}

export interface WorldInit {
  readonly peers: readonly SyncPeer[]
  /** Height of the true chain. */
  readonly tip: number
  /** Heights of an epoch. */
  readonly epochLength?: number
  readonly bodyBytes?: number
  readonly mode?: SyncMode
  /** Epochs known at first; a later one is known when the block two before its beginning is executed. */
  readonly knownEpochs?: number
  /** A final block at this height is not valid. */
  readonly invalidAt?: number
  readonly slots?: number
  readonly coordinationSyncs?: (nowMs: number) => boolean
  /** Milliseconds for a megabyte. */
  readonly speed?: number
  /** Each peer has one line, on which its answers wait for each other. */
  readonly oneLine?: boolean
  /** Height of the certified snapshot that peers have. */
  readonly snapshotAt?: number
}

const FREEZE = 2
const FORKERS: ReadonlySet<Behaviour> = new Set(['forks', 'branches'])

export class SyncWorld {
  nowMs = 1_000
  readonly state: SyncState
  readonly effects: Effect[] = []
  readonly blamed: string[] = []
  /** Heights in the order in which they were executed. */
  readonly executed: number[] = []
  readonly stalls: string[] = []
  readonly asked = new Map<string, number>()
  resumed = 0
  paused = 0
  halted = ''
  peers: SyncPeer[]
  readonly #init: WorldInit
  readonly #events: { readonly atMs: number; readonly run: () => void }[] = []
  readonly #runs = new Map<number, boolean>()
  /** Until when a peer's line is taken. */
  readonly #busyMs = new Map<string, number>()
  #headHeight = 0
  #tip: number

  constructor(init: WorldInit) {
    this.#init = init
    this.peers = [...init.peers]
    this.#tip = init.tip
    this.state = createSync({ height: 0, hash: hashOf(0) }, init.mode ?? 'full', this.nowMs)
  }

  get height(): number {
    return this.#headHeight
  }

  env(): Env {
    return {
      nowMs: this.nowMs,
      peers: this.peers.map(({ name, claims, earliest = 0 }) => ({ peer: name, height: claims, earliest })),
      slots: this.#init.slots ?? 13,
      knowsEpoch: (epoch) => epoch < this.#knownEpochs(),
      coordinationSyncs: this.#init.coordinationSyncs?.(this.nowMs) ?? false
    }
  }

  feed(input: Input): void {
    for (const effect of step(this.state, input, this.env())) {
      this.effects.push(effect)
      this.#perform(effect)
    }
  }

  hint(): void {
    this.feed({ type: 'hint', final: { height: this.#headHeight, hash: hashOf(this.#headHeight) } })
  }

  /** Until `done`, or nothing more can happen within the time. @returns whether it was done */
  run(done: () => boolean, forMs: number): boolean {
    const untilMs = this.nowMs + forMs
    while (!done()) {
      this.#events.sort((a, b) => a.atMs - b.atMs)
      const next = this.#events[0]
      const tickMs = this.nowMs + 200
      const atMs = Math.min(next?.atMs ?? tickMs, tickMs)
      if (atMs > untilMs) return false
      this.nowMs = atMs
      if (next !== undefined && next.atMs <= atMs) {
        this.#events.shift()
        next.run()
      } else if (this.state.phase === 'live') this.hint()
      else this.feed({ type: 'tick' })
    }
    return true
  }

  /** The true chain goes on. */
  grow(tip: number): void {
    this.#tip = tip
  }

  after(ms: number, run: () => void): void {
    this.#events.push({ atMs: this.nowMs + ms, run })
  }

  #knownEpochs(): number {
    const { epochLength = 50, knownEpochs = 1 } = this.#init
    return Math.max(knownEpochs, Math.floor((this.#headHeight + FREEZE) / epochLength) + 1)
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'ask-headers':
      case 'ask-bodies':
        return this.#answer(effect)
      case 'verify': {
        const { run, part } = effect
        const holds = effect.headers.headers
          .slice(0, part.to + 1 - effect.headers.from)
          .every(({ hash }, at) => same(hash, hashOf(effect.headers.from + at)))
        this.#runs.set(run, holds)
        return this.after(2, () => this.feed({ type: 'verified', run, to: part.to, holds }))
      }
      case 'import':
        return this.#import(effect.from, effect.headers, effect.part)
      case 'report':
        this.blamed.push(`${effect.peer} ${effect.fact}`)
        return
      case 'pause':
        this.paused += 1
        return this.after(1, () =>
          this.feed({ type: 'paused', final: { height: this.#headHeight, hash: hashOf(this.#headHeight) } })
        )
      case 'resume':
        this.resumed += 1
        return
      case 'stalled':
        this.stalls.push(effect.reason)
        return
      case 'moving':
        this.stalls.push('moving')
        return
      case 'halt':
        this.halted = effect.reason
        return
      case 'prove-snapshot':
        return this.after(50, () => this.feed({ type: 'snapshot-proven', height: this.#init.snapshotAt }))
      case 'fetch-snapshot':
        return this.#fetch()
      case 'prepare':
        return
    }
  }

  /** Without one the test says what becomes of it. */
  #fetch(): void {
    const { snapshotAt } = this.#init
    if (snapshotAt === undefined) return
    this.after(50, () => {
      this.#headHeight = snapshotAt
      this.feed({ type: 'snapshot', final: { height: snapshotAt, hash: hashOf(snapshotAt) } })
    })
  }

  #import(from: number, headers: HeaderRun, part: RunPart): void {
    const { invalidAt } = this.#init
    this.after(3, () => {
      for (let height = from; height <= part.to; height++) {
        if (height === invalidAt) return this.feed({ type: 'import-refused', reason: `block ${height}` })
        if (!same(headers.headers[height - headers.from]!.hash, hashOf(height)))
          throw new Error('a false block')
        this.executed.push(height)
      }
      this.#headHeight = part.to
      this.after(5, () => this.feed({ type: 'stored', to: part.to }))
      this.feed({ type: 'executed', to: part.to })
    })
  }

  #answer(effect: Extract<Effect, { type: 'ask-headers' | 'ask-bodies' }>): void {
    const { id, from, limit } = effect
    const peer = this.peers.find(({ name }) => name === effect.peer)
    this.asked.set(effect.peer, (this.asked.get(effect.peer) ?? 0) + 1)
    const fail = (failure: Failure): void =>
      this.after(10, () => this.feed({ type: 'failed', id, failure, why: failure }))
    if (peer?.behaviour === 'stalls') return
    const failure = peer === undefined ? 'failed' : this.#refusal(peer.behaviour, effect)
    if (peer === undefined || failure !== undefined) return fail(failure ?? 'failed')
    const { bodyBytes = 100, speed = 100 } = this.#init
    const tip = this.#tip
    if (from > tip) return fail('lacks')
    const most = peer.behaviour === 'short' ? 1 : Math.min(limit, HEADERS_PER_REQUEST)
    const to = Math.min(tip, from + most - 1)
    const bytes = (to - from + 1) * (effect.type === 'ask-headers' ? 387 : bodyBytes)
    const perMs = peer.behaviour === 'slow' ? speed * 10 : speed
    this.after(this.#takesMs(peer.name, (bytes / 1_000_000) * perMs), () => {
      if (effect.type === 'ask-headers') {
        this.feed({ type: 'headers', id, run: this.#runBy(peer, from, to), bytes })
      } else {
        const bodies = Array.from({ length: to - from + 1 }, () => new Uint8Array(bodyBytes))
        this.feed({ type: 'bodies', id, bodies })
      }
    })
  }

  isTrue({ from, headers }: Extract<Effect, { type: 'ask-bodies' }>): boolean {
    const first = headers.headers[from - headers.from]
    return first !== undefined && same(first.hash, hashOf(from))
  }

  /** An honest peer's bodies are those of the true headers, whatever they are compared with. */
  #refusal(
    behaviour: Behaviour,
    effect: Extract<Effect, { type: 'ask-headers' | 'ask-bodies' }>
  ): Failure | undefined {
    if (behaviour === 'lacks' || behaviour === 'limited') return behaviour
    if (effect.type === 'ask-headers') return behaviour === 'garbage' ? 'invalid' : undefined
    const fits = behaviour !== 'bodies' && (this.isTrue(effect) || FORKERS.has(behaviour))
    return fits ? undefined : 'invalid'
  }

  #runBy({ behaviour }: SyncPeer, from: number, to: number): HeaderRun {
    const { epochLength = 50 } = this.#init
    if (behaviour === 'branches') return this.runOf(from, to, 7, Math.ceil(from / epochLength) * epochLength)
    return this.runOf(from, to, behaviour === 'forks' ? 7 : 0)
  }

  #takesMs(peer: string, lineMs: number): number {
    if (this.#init.oneLine !== true) return 5 + lineMs
    const endMs = Math.max(this.nowMs, this.#busyMs.get(peer) ?? 0) + lineMs
    this.#busyMs.set(peer, endMs)
    return 5 + endMs - this.nowMs
  }

  /** @param fork another history, above `trueTo` */
  runOf(from: number, to: number, fork = 0, trueTo = from - 2): HeaderRun {
    const hashAt = (height: number): Uint8Array => hashOf(height, height <= trueTo ? 0 : fork)
    const { epochLength = 50, bodyBytes = 100 } = this.#init
    const epochOf = (height: number): number => Math.floor((height - 1) / epochLength)
    const headers: LinkedHeader[] = []
    const parts: RunPart[] = []
    for (let height = from; height <= to; height++) {
      const epoch = epochOf(height)
      const header = { height, epoch, bodyBytes, parent: hashAt(height - 1) } as Header
      headers.push({ header, hash: hashAt(height) })
      if (height === to || epochOf(height + 1) !== epoch)
        parts.push({ epoch, to: height, certificate: CERTIFICATE })
    }
    return { from, to, parent: hashAt(from - 1), headers, parts }
  }
}

const CERTIFICATE = { chain: COORD } as Certificate

export function hashOf(height: number, fork = 0): Uint8Array {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, height)
  // Genesis is common to all.
  hash[4] = height === 0 ? 0 : fork
  return hash
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, at) => byte === b[at])

export const aPeer = (name: string, behaviour: Behaviour, claims: number): SyncPeer => ({
  name,
  behaviour,
  claims
})
