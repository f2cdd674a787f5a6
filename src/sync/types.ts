/**
 * The closed lists of what can happen to one chain's sync and what it may ask for (D15, SYN). Plain data, changed only
 * by `step`; the driver performs the effects in order and feeds the results back as inputs.
 */
import type { HeaderRun, RunPart } from './header-run.ts'

/** A peer as the network names it. */
export type PeerName = string

/** A final block of ours. */
export interface Place {
  readonly height: number
  readonly hash: Uint8Array
}

/** What a step may know of the world. */
export interface Env {
  /** Monotonic milliseconds; only differences mean anything. */
  readonly nowMs: number
  /** Peers that follow the chain, with what each states. A claim only says whom to ask. */
  readonly peers: readonly {
    readonly peer: PeerName
    /** Final height. */
    readonly height: number
    /** The lowest block that it can be asked for. @default genesis */
    readonly earliest?: number
  }[]
  /** Requests that this chain may have out at once. */
  readonly slots: number
  /** C2: the committee of the epoch is known here. */
  readonly knowsEpoch: (epoch: number) => boolean
  /** A shard waits while the coordination chain syncs. */
  readonly coordinationSyncs: boolean
}

/** What became of a request, as far as it says something about the peer. */
export type Failure =
  /** The peer says that it has nothing of the kind. */
  | 'lacks'
  | 'limited'
  /** Lost, cut, late: the network layer has noted its part. */
  | 'failed'
  /** What it sent is proof against it. */
  | 'invalid'

export type Input =
  /** Somebody states more than we have. */
  | { readonly type: 'hint'; readonly final: Place }
  | { readonly type: 'headers'; readonly id: number; readonly run: HeaderRun; readonly bytes: number }
  | { readonly type: 'bodies'; readonly id: number; readonly bodies: readonly Uint8Array[] }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure; readonly why: string }
  /** undefined: our own verifier is busy; the part is verified again later. */
  | {
      readonly type: 'verified'
      readonly run: number
      readonly to: number
      readonly holds: boolean | undefined
    }
  /** The live part has stopped and changes nothing any more. */
  | { readonly type: 'paused'; readonly final: Place }
  /** Executed and handed to the store; the next import may begin. */
  | { readonly type: 'executed'; readonly to: number }
  | { readonly type: 'stored'; readonly to: number }
  /** What is to be imported refers to a coordination block that is not final here yet. */
  | { readonly type: 'import-waits' }
  /** C27. */
  | { readonly type: 'import-refused'; readonly reason: string }
  /** The state of a certified block is in place of what was stored before; undefined: none was to be had. */
  | { readonly type: 'snapshot'; readonly final: Place | undefined }
  /** What `prove-snapshot` found: the height of the highest certified snapshot above our head. */
  | { readonly type: 'snapshot-proven'; readonly height: number | undefined }
  | { readonly type: 'tick' }

export type Effect =
  | {
      readonly type: 'ask-headers'
      readonly id: number
      readonly peer: PeerName
      readonly from: number
      readonly limit: number
    }
  | {
      readonly type: 'ask-bodies'
      readonly id: number
      readonly peer: PeerName
      readonly from: number
      readonly limit: number
      readonly headers: HeaderRun
    }
  | { readonly type: 'verify'; readonly run: number; readonly part: RunPart; readonly headers: HeaderRun }
  /** Decode and check these ahead of their execution. */
  | {
      readonly type: 'prepare'
      readonly from: number
      readonly headers: HeaderRun
      readonly bodies: readonly Uint8Array[]
    }
  /** Execute and store these, proven by the certificate of the part, in one synced write. */
  | { readonly type: 'import'; readonly from: number; readonly headers: HeaderRun; readonly part: RunPart }
  | {
      readonly type: 'report'
      readonly peer: PeerName
      readonly fact: 'invalid' | 'slow'
      readonly why: string
    }
  /** Stop the live part: far behind is proven. Answer with `paused`. */
  | { readonly type: 'pause' }
  /** Caught up: rebuild the live part from the store (C22). */
  | { readonly type: 'resume' }
  /** Is there a certified snapshot above our head? Answer with `snapshot-proven`; the live part goes on. */
  | { readonly type: 'prove-snapshot' }
  /** Fast start: answer with `snapshot`. */
  | { readonly type: 'fetch-snapshot' }
  | { readonly type: 'stalled'; readonly reason: string }
  | { readonly type: 'moving' }
  | { readonly type: 'halt'; readonly reason: string }
