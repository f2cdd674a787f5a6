/** The coordination chain as shards see it, over its chain node; shards that wait for a height wait here. */
import type { CertifiedHeader } from '../codec/messages.ts'
import type { Certificate } from '../codec/statement.ts'
import type { Peer } from '../net/types.ts'
import type { ChainNode } from './chain/chain-node.ts'
import type { CoordinationView } from './chain/coordination-view.ts'

/** What a shard may refer to although it is not held here. */
export interface OlderBlocks {
  /** Of genesis, which is below every snapshot. */
  readonly genesisHash: Uint8Array
  /** A shard refers to a block below the oldest one here (SNAP-10). */
  readonly wanted: () => void
}

interface Waiting {
  readonly height: number
  readonly resolve: (hash: Uint8Array | undefined) => void
}

/** Blocks of one shard that wait for coordination: its window of unfinal blocks bounds them far below this. */
const WAITING_MAX = 4_096

export class Coordination implements CoordinationView {
  #chain: ChainNode | undefined
  #older: OlderBlocks | undefined
  #waiting: Waiting[] = []
  readonly #listeners: (() => void)[] = []
  readonly #onHintFailed: (error: unknown) => void

  constructor(onHintFailed: (error: unknown) => void) {
    this.#onHintFailed = onHintFailed
  }

  /** Shards are built with this view before the coordination chain itself exists. */
  attach(chain: ChainNode, older?: OlderBlocks): void {
    this.#chain = chain
    this.#older = older
  }

  finalHeight(): number {
    return this.#chain?.store.final.height ?? 0
  }

  tip(): { readonly height: number; readonly hash: Uint8Array } {
    const final = this.#chain?.store.final
    return { height: final?.height ?? 0, hash: final?.hash ?? new Uint8Array(32) }
  }

  proof(): CertifiedHeader | undefined {
    const certificate = this.#chain?.certificate
    const header = this.#chain?.tree.final.header
    return certificate === undefined || header === undefined ? undefined : { header, certificate }
  }

  async hashAt(height: number): Promise<Uint8Array | undefined> {
    if (height <= this.finalHeight()) return this.#chain?.store.hashAt(height) ?? this.#olderHash(height)
    if (this.#waiting.length >= WAITING_MAX) return undefined
    const arrived = Promise.withResolvers<Uint8Array | undefined>()
    this.#waiting.push({ height, resolve: arrived.resolve })
    return arrived.promise
  }

  #olderHash(height: number): Uint8Array | undefined {
    if (height === 0) return this.#older?.genesisHash
    this.#older?.wanted()
    return undefined
  }

  hint(certificate: Certificate, from: Peer): void {
    this.#chain?.onHint(certificate, from).catch(this.#onHintFailed)
  }

  onFinal(run: () => void): void {
    this.#listeners.push(run)
  }

  /** A coordination block became final. */
  advanced(): void {
    const height = this.finalHeight()
    const due = this.#waiting.filter((one) => one.height <= height)
    this.#waiting = this.#waiting.filter((one) => one.height > height)
    for (const one of due) one.resolve(this.#chain?.store.hashAt(one.height))
    for (const run of this.#listeners) run()
  }

  stop(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined)
  }
}
