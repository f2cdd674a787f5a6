/**
 * C14: whether a leader would find anything to include: a transaction that no unfinal block of the head's branch holds,
 * receipts of another shard, evidence, an acknowledgement, or an atomic action whose deadline is next (ATO-12). Asked at every step, so what was found is remembered.
 */
import { toHex } from '../../primitives/bytes.ts'
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

export class Work {
  readonly #c: WorkComponents
  readonly #running: () => Running
  #transactions: { readonly at: string; readonly found: boolean } = { at: '', found: false }

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
    const at = `${pool.changes}/${tree.changes}`
    if (this.#transactions.at !== at) {
      const included = tree.wireHashesUpTo(toHex(tree.head().hash))
      this.#transactions = { at, found: pool.select(included).next() !== undefined }
    }
    return this.#transactions.found
  }

  #hasEvidence(): boolean {
    return this.#c.evidence.hasWork(this.#c.tree.head().state)
  }

  #hasDue(): boolean {
    const { header, state } = this.#c.tree.head()
    return isDue(state, header.height + 1)
  }

  #hasReceipts(): boolean {
    const { header, state } = this.#c.tree.head()
    const { params, epoch } = this.#running()
    return this.#c.inbox.hasWork(state, { params, epoch, height: header.height + 1 })
  }
}
