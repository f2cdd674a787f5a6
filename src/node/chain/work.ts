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

export class Work {
  readonly #c: WorkComponents
  readonly #params: () => Params
  #transactions: { readonly at: string; readonly found: boolean } = { at: '', found: false }

  /** @param params of the running epoch */
  constructor(components: WorkComponents, params: () => Params) {
    this.#c = components
    this.#params = params
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
    return this.#c.inbox.hasWork(state, this.#params(), header.height + 1)
  }
}
