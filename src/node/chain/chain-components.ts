/** What the parts of one chain are put together from. */
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Certificate } from '../../codec/statement.ts'
import type { Verifier } from '../../crypto/ports.ts'
import type { Dropped } from '../../mempool/pool.ts'
import type { Network } from '../../net/types.ts'
import type { GenesisConstants } from '../../state/types.ts'
import type { ChainStore, SnapshotRecord } from '../../store/chain-store.ts'
import type { NodeStore } from '../../store/node-store.ts'
import type { EvidencePool } from '../evidence-pool.ts'
import type { ChainEvents, Clock } from '../ports.ts'
import type { ChainSyncInit } from '../sync/chain-sync.ts'
import type { Validator } from '../validator.ts'
import type { Source } from './outbox.ts'
import type { ChainSnapshots } from '../snapshot/chain-snapshots.ts'
import type { Executed } from './block-tree.ts'
import type { CoordinationView } from './coordination-view.ts'
import type { EpochBook } from './epoch-book.ts'
import type { BundleCounts } from './transactions.ts'

export interface ChainNodeComponents {
  readonly network: Network
  readonly clock: Clock
  readonly verifier: Verifier
  readonly store: ChainStore
  readonly nodeStore: NodeStore
  readonly epochs: EpochBook
  readonly coord: CoordinationView
  readonly validator: Validator | undefined
  readonly events: ChainEvents
  /** Epoch snapshots frozen by a block; none on shards. */
  readonly freeze: (executed: Executed) => readonly SnapshotRecord[]
  /** What waits for a coordination block; nothing on shards (C30). */
  readonly evidence: Pick<EvidencePool, 'offers' | 'hasWork' | 'changes'>
  /** Another shard that this node follows, as a source of receipts. */
  readonly source: (chain: ChainId) => Source | undefined
  readonly onDropped: (chain: ChainId, dropped: readonly Dropped[]) => void
  readonly onBundle?: (chain: ChainId, counts: BundleCounts) => void
  readonly randomSeed: () => Uint8Array
  /** Requests that the chain's sync may have out, by the budget of all chains. */
  readonly syncSlots: (chain: ChainId) => number
  readonly coordinationSyncs: () => boolean
  /** Replaces what is below the store, while the chain is paused. */
  readonly fastStart?: Pick<ChainSnapshots, 'fetch' | 'prove'>
}

export interface ChainNodeInit {
  readonly chain: ChainId
  readonly constants: GenesisConstants
  /** Finality certificate of the store's last final block; undefined at genesis. */
  readonly certificate: Certificate | undefined
  readonly sync: Pick<ChainSyncInit, 'mode' | 'checkpoint'>
}
