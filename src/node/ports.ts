/** The doors of the drivers to the world, besides network and stores: the node puts the machine behind them, the simulator a fake. */
import type { ChainId } from '../primitives/chain-id.ts'
import type { SyncFacts } from './sync/sync-facts.ts'
import type { Evidence } from '../codec/evidence.ts'
import type { Block, Header } from '../codec/block.ts'
import type { Certificate } from '../codec/statement.ts'
import type { StateView } from '../state/ports.ts'

export interface Clock {
  /** Unix milliseconds; may jump. */
  wallMs(): number
  /** Milliseconds that never go back. */
  monoMs(): number
  /** Runs once, at or after `monoMs`. @returns a function that cancels it. */
  at(monoMs: number, run: () => void): () => void
  /**
   * Runs once what is under way has returned, so that a gossip verdict is reported before its message is imported
   * (D11). @default at once
   */
  soon?(run: () => void): void
}

/** What a chain tells the rest of the node; metrics, logs and subscriptions hang on it. */
export interface ChainEvents {
  final(event: FinalEvent): void
  entered(chain: ChainId, epoch: number, view: number): void
  nullified(chain: ChainId, view: number): void
  /** A leader's block does not follow the rules (C7). */
  invalidBlock(chain: ChainId, block: Block, reason: string): void
  evidence(evidence: Evidence): void
  halted(chain: ChainId, reason: string, proof?: readonly Certificate[]): void
  /** The guard refused a statement, or signing stopped for good (C12, C22). */
  guardRefusal(chain: ChainId, reason: string): void
  signingStopped(reason: string): void
  /** The chain began or ended to sync, or goes on with it: every few seconds (SYN-13). */
  syncProgress?(chain: ChainId, facts: SyncFacts, what: 'begins' | 'goes on' | 'ended'): void
  /** Sync of the chain stands still, and why; undefined: it moves again. */
  syncStalled?(chain: ChainId, reason: string | undefined): void
  /** SYN-14: once, when a sync without a checkpoint crossed more than so many epochs. */
  syncUnvouched?(chain: ChainId, unbondingEpochs: number): void
  /** SNAP-1: a snapshot of the chain's state is complete. */
  snapshotMade?(made: MadeSnapshot): void
  /** It could not be made; the chain goes on without. */
  snapshotFailed?(chain: ChainId, error: unknown): void
  /** A certified state is being fetched from others. */
  fastStart?(chain: ChainId, progress: FastStartProgress): void
  /** SYN-11: no peer proves the block at the checkpoint's height, so no snapshot above it is taken. */
  checkpointUnproven?(height: number): void
  /** SNAP-10: blocks below the snapshot of `coord` are fetched, because a shard without one refers to them. */
  historyNeeded?(chain: ChainId, earliest: number): void
  /** A disk or another part that the node cannot go on without failed. */
  failed(error: unknown): void
}

export interface MadeSnapshot {
  readonly chain: ChainId
  readonly height: number
  readonly chunks: number
  readonly bytes: number
  readonly tookMs: number
}

export interface FastStartProgress {
  readonly stage: 'epochs' | 'manifest' | 'chunks' | 'switch'
  /** Of the snapshot; 0 while none is chosen. */
  readonly height: number
  readonly chunks: number
  readonly done: number
  /** Verified and stored since this attempt began. */
  readonly bytes: number
}

export interface FinalEvent {
  readonly chain: ChainId
  readonly header: Header
  readonly hash: Uint8Array
  readonly certificate: Certificate
  readonly transactionIds: readonly Uint8Array[]
  /** State after the block, to read; while a chain syncs, after the last block that was stored with it. */
  readonly state: Pick<StateView, 'get'>
  /** From first hearing of the block to its finality here; undefined for blocks that were final long ago. */
  readonly tookMs: number | undefined
}
