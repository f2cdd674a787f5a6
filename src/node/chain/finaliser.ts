/**
 * Makes blocks final on disk (C18, D7): one synced atomic batch of blocks, state, certificate, indexes and mark; then
 * memory follows: overlays settle on the store, the pool forgets, the journal and the guard drop what is over (C11).
 */
import { toHex } from '../../primitives/bytes.ts'
import { must } from '../../primitives/errors.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Block } from '../../codec/block.ts'
import type { Certificate } from '../../codec/statement.ts'
import type { Instance } from '../../consensus/instance.ts'
import { isBoundary, nextEpoch } from '../../sharding/epochs.ts'
import type { ChainStore, FinalBlock, SnapshotRecord } from '../../store/chain-store.ts'
import type { Journal } from '../../store/journal.ts'
import { encodeResults } from '../../codec/results.ts'
import type { ChainEvents, Clock } from '../ports.ts'
import type { Validator } from '../validator.ts'
import type { BlockTree, Executed } from './block-tree.ts'
import type { EpochBook } from './epoch-book.ts'

export interface FinaliserComponents {
  readonly clock: Clock
  readonly store: ChainStore
  readonly tree: BlockTree
  readonly journal: Journal
  readonly epochs: EpochBook
  readonly validator: Validator | undefined
  readonly events: ChainEvents
  /** The tree's final block is now the one that this certificate proves. */
  readonly onSettled: (certificate: Certificate) => void
  /** Pool upkeep after each final block (M14). */
  readonly onFinalBlock: (executed: Executed) => void
  /** Epoch snapshots that this block freezes; always none on a shard (C2). */
  readonly freeze: (executed: Executed) => readonly SnapshotRecord[]
}

export class Finaliser {
  readonly #c: FinaliserComponents
  readonly #chain: ChainId

  constructor(components: FinaliserComponents, chain: ChainId) {
    this.#c = components
    this.#chain = chain
  }

  async commit(blocks: readonly Block[], certificate: Certificate, instance: Instance): Promise<void> {
    const { tree, clock } = this.#c
    const path = blocks.map((block) => must(tree.get(toHex(block.hash)), 'a final block was executed'))
    await this.commitExecuted(path, certificate, ({ hash }) => {
      const now = clock.monoMs()
      return now - (instance.seenAt.get(toHex(hash)) ?? now)
    })
  }

  /**
   * Consecutive blocks on the last final one, the last of them proven by the certificate. Before it waits for the disk,
   * the store's state view has the changes, and header, state and certificate change together.
   * @param tookMs from first hearing of a block to its finality; undefined for blocks that were final long ago
   */
  async commitExecuted(
    path: readonly Executed[],
    certificate: Certificate,
    tookMs?: (block: Block) => number
  ): Promise<void> {
    const { store, tree, epochs } = this.#c
    const last = must(path.at(-1), 'finality has a block')
    const { epoch } = last.block.header
    const { epochLength } = must(epochs.snapshot(epoch), 'the epoch of a final block is known').params
    const ended = isBoundary(last.block.header, epoch, epochLength)
    const durable = store.commitFinal(
      path.map((executed) => this.#finalBlock(executed, executed === last ? certificate : undefined, ended))
    )
    tree.settle(path, store)
    this.#c.onSettled(certificate)
    await durable
    for (const executed of path) this.#tell(executed, certificate, tookMs?.(executed.block))
    this.#forget(last.block, certificate, ended, epochLength)
  }

  #tell(executed: Executed, certificate: Certificate, tookMs: number | undefined): void {
    const { header, hash } = executed.block
    this.#c.onFinalBlock(executed)
    const transactionIds = executed.transactions.map(({ id }) => id)
    const { state } = executed
    this.#c.events.final({ chain: this.#chain, header, hash, certificate, transactionIds, state, tookMs })
  }

  #finalBlock(executed: Executed, certificate: Certificate | undefined, ended: boolean): FinalBlock {
    const { block, execution, transactions } = executed
    return {
      block,
      changes: execution.changes,
      results: executed.results ?? encodeResults(execution),
      received: execution.received,
      transactionIds: transactions.map(({ id }) => id),
      snapshots: executed.frozen ?? this.#c.freeze(executed),
      ...(certificate === undefined ? {} : { certificate, boundary: ended })
    }
  }

  #forget(last: Block, certificate: Certificate, ended: boolean, epochLength: number): void {
    const { journal, validator } = this.#c
    const { epoch } = last.header
    if (ended) {
      const update = validator?.guard.raiseFloor(this.#chain, nextEpoch(last.header, epochLength), 0)
      journal.dropEpoch(this.#chain, epoch, update)
    } else {
      const update = validator?.guard.raiseFloor(this.#chain, epoch, certificate.view)
      journal.drop(this.#chain, epoch, certificate.view, update)
    }
  }
}
