/**
 * C14: whether a leader would find anything to include: a transaction that no unfinal block of the head's branch holds,
 * receipts of another shard, evidence, an acknowledgement, or an atomic action whose deadline is next (ATO-12). Asked at every step, so what was found is remembered.
 */
import { toHex } from '../../primitives/bytes.ts'
import type { PoolEntry } from '../../mempool/entry.ts'
import type { Pool } from '../../mempool/pool.ts'
import type { Params } from '../../params/params.ts'
import { isDue } from '../../state/atomic/records.ts'
import type { EvidencePool } from '../evidence-pool.ts'
import type { BlockTree } from './block-tree.ts'
import type { Inbox } from './inbox.ts'

export interface WorkComponents {
  readonly pool: Pool
  readonly tree: BlockTree
  readonly inbox: Inbox
  readonly evidence: Pick<EvidencePool, 'hasWork'>
}

/** Of the running epoch. */
export interface Running {
  readonly epoch: number
  readonly params: Params
}

/** The transaction that a child of the head could begin with, as of the last look. */
interface Looked {
  readonly pool: number
  readonly tree: number
  readonly first: PoolEntry | undefined
}

export class Work {
  readonly #c: WorkComponents
  readonly #running: () => Running
  #looked: Looked | undefined
  /** Whether something is due in a child of the head, which is read from the store. */
  #due: { readonly tree: number; readonly isDue: boolean } | undefined

  constructor(components: WorkComponents, running: () => Running) {
    this.#c = components
    this.#running = running
  }

  get waits(): boolean {
    return this.#hasTransactions() || this.#hasReceipts() || this.#hasEvidence() || this.#hasDue()
  }

  #hasTransactions(): boolean {
    const { pool, tree } = this.#c
    if (pool.pendingCount === 0) return false
    if (pool.pendingCount > tree.transactionCount) return true
    const isSameTree = this.#looked?.tree === tree.changes
    if (isSameTree && this.#looked?.pool === pool.changes) return this.#looked.first !== undefined
    // What came to the pool since takes nothing from what was found, and under load something comes before every step.
    if (isSameTree && this.#looked?.first !== undefined && pool.isPending(this.#looked.first)) return true
    const included = tree.wireHashesUpTo(toHex(tree.head().hash))
    const first = pool.select(included).next()
    this.#looked = { pool: pool.changes, tree: tree.changes, first }
    return first !== undefined
  }

  #hasEvidence(): boolean {
    return this.#c.evidence.hasWork(this.#c.tree.head().state)
  }

  #hasDue(): boolean {
    const { tree } = this.#c
    if (this.#due?.tree !== tree.changes) {
      const { header, state } = tree.head()
      this.#due = { tree: tree.changes, isDue: isDue(state, header.height + 1) }
    }
    return this.#due.isDue
  }

  #hasReceipts(): boolean {
    const { header, state } = this.#c.tree.head()
    const { params, epoch } = this.#running()
    return this.#c.inbox.hasWork(state, { params, epoch, height: header.height + 1 })
  }
}
