/** The result of `atomic_get` (protocols/atomic.md). */
import type { AsOf, ChainJson } from './place-types.ts'

/** A receipt of the action: height of the coordinator's block that emitted or received it, and its place in its lane. */
export interface AtomicStepJson {
  readonly height: number
  readonly sequence: number
}

export type AtomicPhase = 'asked' | 'prepared' | 'refused' | 'committed' | 'aborted'

export interface AtomicPartJson {
  readonly chain: ChainJson
  readonly phase: AtomicPhase
  /** Why the shard refused. */
  readonly reason?: string
  readonly prepare?: AtomicStepJson
  readonly vote?: AtomicStepJson
  readonly decision?: AtomicStepJson
  readonly end?: AtomicStepJson
}

export type AtomicOutcome = 'open' | 'commit' | 'abort'

export interface AtomicRecordJson extends AsOf {
  readonly coordinator: ChainJson
  readonly sender: string
  readonly outcome: AtomicOutcome
  /** Why it was aborted. */
  readonly reason?: string
  /** Height that began it, and the first one that commits nothing. */
  readonly height: number
  readonly deadline: number
  readonly decidedAt?: number
  readonly endedAt?: number
  /** The coordinator's own first, then by chain. */
  readonly parts: readonly AtomicPartJson[]
}

/** What a shard holds for the action now. */
export interface AtomicHeldJson extends AsOf {
  readonly chain: ChainJson
  readonly phase: AtomicPhase
  readonly consumer: string
  readonly industrial: string
}

/** Of the chains that the node follows. */
export interface AtomicAnswerJson {
  readonly id: string
  /** Absent: no followed chain coordinates it, or its record has gone. */
  readonly record?: AtomicRecordJson
  readonly held: readonly AtomicHeldJson[]
}

/** Methods of this page, by name. */
export interface AtomicMethods {
  atomic_get: { params: { id: string }; result: AtomicAnswerJson }
}
