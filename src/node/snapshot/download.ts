/** Performs what the download of a snapshot asks for (`src/sync/chunk-download.ts`) and feeds the results back. */
import { concat } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { unreachable } from '../../primitives/errors.ts'
import { SnapshotRequestType } from '../../codec/state-snapshot.ts'
import type { Network, Peer, Response } from '../../net/types.ts'
import { stepDownload } from '../../sync/chunk-download.ts'
import type { DownloadEffect, DownloadInput, DownloadState } from '../../sync/chunk-download.ts'
import type { Clock } from '../ports.ts'

export interface DownloadComponents {
  readonly clock: Clock
  readonly network: Pick<Network, 'request' | 'report'>
  /** Verifies and stores a chunk. @returns what is wrong with it; nothing: it counts */
  readonly take: (index: number, bytes: Uint8Array) => Promise<string | undefined>
}

export interface DownloadInit {
  readonly chain: ChainId
  /** Of the snapshot's block. */
  readonly hash: Uint8Array
  /** Peers that stated the manifest. */
  readonly peers: readonly Peer[]
}

const TICK_MS = 500

export class Download {
  readonly #c: DownloadComponents
  readonly #init: DownloadInit
  readonly #state: DownloadState
  readonly #ended = Promise.withResolvers<boolean>()
  #stopped = false
  #cancelTick: () => void = () => undefined

  constructor(components: DownloadComponents, init: DownloadInit, state: DownloadState) {
    this.#c = components
    this.#init = init
    this.#state = state
  }

  /** @returns whether every chunk was verified and stored. @throws what the store throws */
  async run(): Promise<boolean> {
    this.#step({ type: 'tick' })
    this.#armTick()
    return this.#ended.promise
  }

  stop(): void {
    this.#end(false)
  }

  #end(complete: boolean): void {
    this.#stopped = true
    this.#cancelTick()
    this.#ended.resolve(complete)
  }

  #armTick(): void {
    if (this.#stopped) return
    const { clock } = this.#c
    this.#cancelTick = clock.at(clock.monoMs() + TICK_MS, () => {
      this.#step({ type: 'tick' })
      this.#armTick()
    })
  }

  #step(input: DownloadInput): void {
    if (this.#stopped) return
    const env = { nowMs: this.#c.clock.monoMs(), peers: this.#init.peers }
    for (const effect of stepDownload(this.#state, input, env)) this.#perform(effect)
  }

  #perform(effect: DownloadEffect): void {
    switch (effect.type) {
      case 'ask':
        this.#ask(effect).catch((error: unknown) => {
          this.#stopped = true
          this.#cancelTick()
          this.#ended.reject(error)
        })
        return
      case 'report':
        return this.#c.network.report(effect.peer as Peer, 'invalid', effect.why)
      case 'complete':
        return this.#end(true)
      case 'gave-up':
        return this.#end(false)
      default:
        return unreachable(effect)
    }
  }

  async #ask({ id, peer, index }: Extract<DownloadEffect, { type: 'ask' }>): Promise<void> {
    const { chain, hash } = this.#init
    const body = SnapshotRequestType.serialize({ chain, hash, index })
    const answer = await this.#c.network.request(peer as Peer, 'snapshot', body)
    if (this.#stopped) return
    if (answer.result !== 'ok') return this.#step({ type: 'failed', id, ...failureOf(answer) })
    const problem = await this.#c.take(index, concat(...answer.frames))
    if (problem === undefined) this.#step({ type: 'verified', id })
    else this.#step({ type: 'failed', id, failure: 'invalid', why: `snapshot: chunk ${index}: ${problem}` })
  }
}

const failureOf = ({ result }: Response) => ({
  failure: result === 'lacks' || result === 'limited' ? result : ('failed' as const),
  why: result
})
