/** The data of one consensus instance (C10): what is held of each view above the last final one, and of each block. */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { Block } from '../codec/block.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import type { FinalRef, InstanceConfig, JournalRecord } from './types.ts'
import { createTimers } from './timers.ts'
import type { Timers } from './timers.ts'

/** Votes of one kind in one view: hash → signer → vote. */
export type Tally = Map<Hex, Map<number, Vote>>

export interface ViewRecord {
  readonly view: number
  readonly notarise: Tally
  readonly nullify: Tally
  readonly finalise: Tally
  notarisation: Certificate | undefined
  nullification: Certificate | undefined
  finalisation: Certificate | undefined
  /** Hashes the view's leader voted to notarise, in order of arrival; a second one is equivocation. */
  readonly leaderHashes: Hex[]
  /** Blocks taken in because the view's leader proposed them. */
  proposals: number
  /** Own statements; set when the vote is asked for, so that no second one ever is. */
  ownNotarise: Hex | undefined
  ownNullify: boolean
  ownFinalise: Hex | undefined
  /** The leader's proposal was found invalid (C17 b). */
  proposalInvalid: boolean
}

export type BlockStatus = 'waiting' | 'judging' | 'valid' | 'invalid'

export interface BlockEntry {
  readonly block: Block
  readonly key: Hex
  readonly parent: Hex
  readonly boundary: boolean
  status: BlockStatus
}

export interface Instance {
  readonly config: InstanceConfig
  view: number
  final: FinalRef
  finality: Certificate | undefined
  /** Last final blocks of this epoch by the view of their header, ascending: what may be certified there (C27). */
  readonly finals: Map<number, Hex>
  readonly views: Map<number, ViewRecord>
  readonly blocks: Map<Hex, BlockEntry>
  /** Monotonic time at which a block was first heard of: by proposal or by certificate (C14). */
  readonly seenAt: Map<Hex, number>
  /** Highest finality certificate whose block is not executed yet: the node is behind (C23). */
  target: Certificate | undefined
  /** Certificates and blocks not in the journal yet, by identity (C11). */
  readonly unjournaled: Map<string, JournalRecord>
  /** View the own proposal was asked for, to propose once (C14). */
  proposedView: number
  signing: boolean
  ended: boolean
  halted: string | undefined
  readonly timers: Timers
  /** Highest view in which each member was heard, and when (C17 d). */
  readonly heard: Map<number, { view: number; monoMs: number }>
  /** When a missing block was last asked for, so that a lost answer is asked for again. */
  readonly requested: Map<Hex, number>
  readonly startedMs: number
}

export function createInstance(config: InstanceConfig, monoMs: number): Instance {
  return {
    config,
    view: 1,
    final: config.base,
    finality: undefined,
    finals: new Map([[config.base.view, toHex(config.base.hash)]]),
    views: new Map(),
    blocks: new Map(),
    seenAt: new Map([[toHex(config.base.hash), monoMs]]),
    target: undefined,
    unjournaled: new Map(),
    proposedView: 0,
    signing: false,
    ended: false,
    halted: undefined,
    timers: createTimers(config.params, monoMs),
    heard: new Map(),
    requested: new Map(),
    startedMs: monoMs
  }
}

/** Views far outside are refused before a record exists, so the map is bounded by the window (C31). */
export const LATE_VIEWS = 8
export const EARLY_VIEWS = 64

export function viewRecord(instance: Instance, view: number): ViewRecord {
  let record = instance.views.get(view)
  if (record === undefined) {
    record = {
      view,
      notarise: new Map(),
      nullify: new Map(),
      finalise: new Map(),
      notarisation: undefined,
      nullification: undefined,
      finalisation: undefined,
      leaderHashes: [],
      proposals: 0,
      ownNotarise: undefined,
      ownNullify: false,
      ownFinalise: undefined,
      proposalInvalid: false
    }
    instance.views.set(view, record)
  }
  return record
}

export function noteSeen(instance: Instance, key: Hex, monoMs: number): void {
  if (!instance.seenAt.has(key)) instance.seenAt.set(key, monoMs)
}

export const sortedViews = (instance: Instance): ViewRecord[] =>
  [...instance.views.values()].sort((a, b) => a.view - b.view)

/** Whether the member may make statements now (C23: behind, it may not). */
export const maySign = (instance: Instance): boolean =>
  instance.config.self !== undefined &&
  instance.signing &&
  !instance.ended &&
  instance.halted === undefined &&
  instance.target === undefined
