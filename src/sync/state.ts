/**
 * The data of one chain's sync.
 *
 *   phase:   live ──far behind, proven──> (snapshot ──>) syncing ──nobody has more──> live
 *
 *   headers: wanted ──> asked(peer) ──> received ──links to the run below──> attached ──certificates──> verified
 *   bodies:  wanted ──> asked(peer …) ──> received ──> prepared ──> executed ──> stored
 *
 * A request that fails makes what it asked for wanted again, and the peer rests; nothing is skipped. Only verified
 * headers and the store are believed.
 */
import type { HeaderRun } from './header-run.ts'
import { createProgress } from './progress.ts'
import type { Progress } from './progress.ts'
import type { Peers, Span } from './peers.ts'
import type { PeerName, Place } from './types.ts'

/** Whether a fast start is tried before history. */
export type SyncMode = 'full' | 'snapshot'

export type Phase = 'live' | 'pausing' | 'snapshot' | 'syncing' | 'halted'

/** A request that is out. */
export interface Ask {
  readonly id: number
  readonly kind: 'headers' | 'bodies'
  /** Of bodies: the run whose headers they are compared with. */
  readonly run: number | undefined
  readonly peer: PeerName
  readonly from: number
  readonly to: number
  readonly bytes: number
  readonly askedMs: number
}

/** A run above our last executed block. */
export interface HeldRun {
  readonly id: number
  readonly peer: PeerName
  readonly run: HeaderRun
  /** Height up to which all parts hold: the end of one, or below `from`. */
  verifiedTo: number
  /** Ends of parts whose certificates are with the verifier. */
  readonly verifying: Set<number>
  /** Ends of parts whose certificates hold. */
  readonly holding: Set<number>
}

/** Bodies that are asked for together. */
export interface Chunk {
  readonly from: number
  readonly to: number
  readonly bytes: number
  /** Id of its run. */
  readonly run: number
  bodies: readonly Uint8Array[] | undefined
  prepared: boolean
}

/** Proven: it goes on though the run that it was part of is dropped for what lies above it. */
export interface Importing {
  /** Id of the run. */
  readonly run: number
  /** Its last block. */
  readonly end: Place
}

/** Its bodies did not fit headers that were not proven: either are false. */
export interface Suspect {
  readonly peer: PeerName
  /** Id of the run. */
  readonly run: number
  readonly to: number
  readonly why: string
}

export interface SyncState {
  readonly mode: SyncMode
  phase: Phase
  /** Last block executed and handed to the store. */
  head: Place
  storedHeight: number
  /** Attached: each links to the one below, the first to the head. */
  runs: HeldRun[]
  /** Received and not attached, by height. */
  ahead: HeldRun[]
  /** In height order, of attached runs. */
  chunks: Chunk[]
  readonly asks: Map<number, Ask>
  readonly peers: Peers
  readonly progress: Progress
  nextId: number
  /** The part that is being executed. */
  importing: Importing | undefined
  importWaits: boolean
  /** One a peer, judged when the headers are. */
  suspects: Suspect[]
  /** Since when the lowest run cannot be verified because its epoch is unknown. */
  unknownEpochMs: number | undefined
  snapshotTried: boolean
  /** Whether there is a snapshot to begin at is being found out. */
  proving: boolean
  /** Of a certified one, above the head when it was found; else 0. */
  provenSnapshot: number
  /** No fast start is looked for before. */
  snapshotAfterMs: number
  /** Usual time of an answer with bodies. */
  usualMs: number
  /** Highest block proven final. */
  target: number
}

export function createSync(head: Place, mode: SyncMode, nowMs: number): SyncState {
  return {
    mode,
    phase: 'live',
    head,
    storedHeight: head.height,
    runs: [],
    ahead: [],
    chunks: [],
    asks: new Map(),
    peers: new Map(),
    progress: createProgress(nowMs),
    nextId: 1,
    importing: undefined,
    importWaits: false,
    suspects: [],
    unknownEpochMs: undefined,
    snapshotTried: false,
    proving: false,
    provenSnapshot: 0,
    snapshotAfterMs: 0,
    usualMs: 100,
    target: head.height
  }
}

/** From the next block on so many. */
export const spanTo = ({ head }: SyncState, blocks: number): Span => ({
  from: head.height + 1,
  to: head.height + blocks
})

/** Height up to which headers hang together, from our head. */
export const attachedTo = (state: SyncState): number => state.runs.at(-1)?.run.to ?? state.head.height

/** Everything that was learnt above the head, but not who is good at answering. */
export function forgetAbove(state: SyncState, head: Place): void {
  state.head = head
  state.storedHeight = head.height
  state.runs = []
  state.ahead = []
  state.chunks = []
  state.importing = undefined
  state.importWaits = false
  state.suspects = []
  state.unknownEpochMs = undefined
}
