/**
 * The closed lists of what can happen to one consensus instance and what it may ask for (STYLE 2.4, C1).
 * One instance is one (chain, epoch). It is plain data changed only by `step`; the driver performs the effects in
 * order and feeds the results back as inputs.
 */
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Block } from '../codec/block.ts'
import type { Certificate, StatementKind, Vote } from '../codec/statement.ts'
import type { Proposal } from '../codec/proposal.ts'
import type { Evidence } from '../codec/evidence.ts'
import type { Params } from '../params/params.ts'
import type { Committee } from '../sharding/types.ts'
import type { LeaderSchedule } from '../sharding/ports.ts'

/** What a step may know of the world. */
export interface Env {
  /** Monotonic milliseconds; only differences mean anything. */
  readonly monoMs: number
  /** Unix milliseconds by the local clock; only compared with block times (C15). */
  readonly wallMs: number
  /** Height of the highest final coordination block held. 0 on `coord` itself. */
  readonly coordHeight: number
  /** There is something to include: a transaction, or a reference that crosses an epoch (C14). */
  readonly work: boolean
}

/** A final block as an instance needs it. */
export interface FinalRef {
  readonly hash: Uint8Array
  readonly height: number
  /** View of the block's header in this epoch; 0 for the base (C1). */
  readonly view: number
  readonly timeMs: number
}

export interface InstanceConfig {
  readonly network: Uint8Array
  readonly chain: ChainId
  readonly epoch: number
  readonly params: Params
  readonly committee: Committee
  readonly schedule: LeaderSchedule
  /** Own index in the committee; undefined for a follower. */
  readonly self: number | undefined
  readonly base: FinalRef
}

/** What the journal holds (C11). */
export type JournalRecord =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'certificate'; readonly certificate: Certificate }
  | { readonly type: 'block'; readonly block: Block }
  | { readonly type: 'proposal'; readonly view: number; readonly proposal: Proposal }

export type Input =
  /** Signature, signer and chain were checked by the shell; window and content are judged here. */
  | { readonly type: 'vote'; readonly vote: Vote }
  /** All signatures were checked by the shell (C5). */
  | { readonly type: 'certificate'; readonly certificate: Certificate; readonly byGossip: boolean }
  /** A block by pull, or by the proposal of a view's leader; its hash and body hash fit its header. */
  | { readonly type: 'block'; readonly block: Block; readonly proposedIn?: number }
  | { readonly type: 'verdict'; readonly hash: Hex; readonly valid: boolean; readonly reason: string }
  | { readonly type: 'built'; readonly view: number; readonly block: Block | undefined }
  /** Whether the shell may sign: false while listening at start, for followers, after an alarm. */
  | { readonly type: 'signing'; readonly enabled: boolean }
  /** Time passed, or `work` or `coordHeight` of the environment changed. */
  | { readonly type: 'tick' }

/** Everything of a proposal but the leader's vote, which the shell signs, and the coordination proof, which it holds. */
export interface ProposalDraft {
  readonly block: Block
  readonly notarisation: readonly Certificate[]
  readonly nullifications: readonly Certificate[]
}

export type Effect =
  /**
   * Guard, then one synced write of the vote with `records`, then send; then the vote comes back as an input.
   * With a draft the leader's proposal is part of the same write and is what is sent.
   */
  | {
      readonly type: 'sign'
      readonly view: number
      readonly kind: StatementKind
      readonly hash: Uint8Array
      readonly records: readonly JournalRecord[]
      readonly draft?: ProposalDraft
    }
  /** Write without waiting: nothing that was signed depends on it yet. */
  | { readonly type: 'journal'; readonly records: readonly JournalRecord[] }
  | { readonly type: 'publish'; readonly certificate: Certificate }
  /** Execute against the parent, which is valid; answer with `verdict`. */
  | { readonly type: 'judge'; readonly block: Block }
  /** Build on `parent`, which is valid; answer with `built`. */
  | { readonly type: 'build'; readonly view: number; readonly parent: Hex; readonly empty: boolean }
  /** Pull a block by hash from peers. */
  | { readonly type: 'fetch'; readonly hash: Uint8Array }
  /** A final block above is proven but its ancestors are not all here: pull the range (C23). */
  | { readonly type: 'catch-up'; readonly certificate: Certificate }
  /** Store these, in height order; the last one is proven by the certificate (C18). */
  | { readonly type: 'finalise'; readonly blocks: readonly Block[]; readonly certificate: Certificate }
  /** Tell peers what is held and so ask for what is not (C19). */
  | { readonly type: 'status' }
  | { readonly type: 'evidence'; readonly evidence: Evidence }
  /** C27: sign nothing, import nothing, say why, and by which certificates. */
  | { readonly type: 'halt'; readonly reason: string; readonly proof: readonly Certificate[] }
  /** The boundary block is final: the epoch of this chain is over (C24). */
  | { readonly type: 'ended'; readonly block: Block; readonly certificate: Certificate }
