/** What the devnet and its load generator, a process of its own, tell each other. */
import type { Shares } from './orders.ts'

export interface LoadOrder {
  /** Transfers a second, or as many as the network takes. */
  readonly rate: number | 'max'
  /** How long load is offered; undefined: until stopped. */
  readonly forMs: number | undefined
  readonly network: string
  readonly shards: number
  /** Percentages of what is not a transfer within a shard. */
  readonly shares: Shares
  /** Public keys, hex. */
  readonly validators: readonly string[]
  readonly params: Readonly<Record<string, number>>
}

/** A node that takes transfers now. */
export interface Target {
  readonly node: number
  readonly rpc: string
}

export type ToLoad =
  | { readonly type: 'order'; readonly order: LoadOrder; readonly targets: readonly Target[] }
  | { readonly type: 'targets'; readonly targets: readonly Target[] }
  /** Keys are made and transfers signed: begin to send. */
  | { readonly type: 'go' }
  /** Offer no more, report. */
  | { readonly type: 'stop' }

export interface LoadProgress {
  readonly offered: number
  readonly submitted: number
  readonly final: number
  readonly refused: number
}

export interface LoadReport {
  readonly offered: number
  readonly submitted: number
  readonly refusals: Readonly<Record<string, number>>
  /** Time in which load was offered. */
  readonly offeredMs: number
  /** From the first transfer sent to the last one seen final, by headers. */
  readonly finalMs: number
  /** How many were seen final in each second since the load began. */
  readonly finalPerS: readonly number[]
  /** Of the sample: from sending to the first answer `final`. Ascending by `sentMs`. */
  readonly samples: readonly Sample[]
  /** Ids taken in by each node, by its number. */
  readonly ids: readonly { readonly node: number; readonly ids: readonly string[] }[]
  /** Those of them that are actions over several shards. */
  readonly actions: readonly string[]
}

export interface Sample {
  /** Since the load began. */
  readonly sentMs: number
  readonly tookMs: number
  /** It went to another shard: the time is until it was credited there. */
  readonly isCross: boolean
}

export type FromLoad =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly progress: LoadProgress }
  /** The last load was offered; transfers may still be on their way. */
  | { readonly type: 'offered' }
  | { readonly type: 'report'; readonly report: LoadReport }
