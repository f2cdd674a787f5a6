/** Executed blocks above the last final one, each with the state after it (D7). The final block is the root. */
import { toHex } from '../../primitives/bytes.ts'
import { LATE_ANCESTORS, attendanceOf, recordAttendance } from '../../chain/attendance.ts'
import type { AttendanceBook } from '../../chain/attendance.ts'
import type { Hex } from '../../primitives/bytes.ts'
import type { Block, Header } from '../../codec/block.ts'
import { Overlay, stateAfter } from '../../state/overlay.ts'
import type { StateView } from '../../state/ports.ts'
import type { CheckedTransaction, Execution } from '../../state/types.ts'
import type { ChainStore, SnapshotRecord } from '../../store/chain-store.ts'

/** What is asked of a transaction after its block was executed. */
export type IncludedTransaction = Pick<CheckedTransaction, 'id' | 'sender' | 'key'>

export interface Executed {
  readonly block: Block
  readonly execution: Execution
  readonly transactions: readonly IncludedTransaction[]
  readonly state: StateView
  readonly attendance: AttendanceBook
  /** Encoded, where what the execution says of each transaction is not kept. */
  readonly results?: Uint8Array
  /** Epoch snapshots that the block freezes, where its state does not stay as it is. */
  readonly frozen?: readonly SnapshotRecord[]
}

/** A block that another can be built on: its header and the state after it. */
export interface Ground {
  readonly header: Header
  readonly hash: Uint8Array
  readonly state: StateView
  /** What the next block finds recorded of its ancestors (C28). */
  readonly attendance: AttendanceBook
}

export class BlockTree {
  readonly #blocks = new Map<Hex, Executed>()
  readonly #finalState: StateView
  readonly #places = new WeakMap<Executed, ReadonlyMap<Hex, number>>()
  #changes = 0
  #final: Omit<Ground, 'state'>

  constructor(
    final: { readonly header: Header; readonly hash: Uint8Array; readonly attendance?: AttendanceBook },
    finalState: StateView
  ) {
    this.#final = { attendance: [], ...final }
    this.#finalState = finalState
  }

  /** The store below holds another final block, a snapshot's: nothing of what was executed stands on it. */
  rebase(final: {
    readonly header: Header
    readonly hash: Uint8Array
    readonly attendance: AttendanceBook
  }): void {
    this.#blocks.clear()
    this.#changes += 1
    this.#final = final
  }

  /** Rises whenever a block comes or goes. */
  get changes(): number {
    return this.#changes
  }

  /** Transactions in all unfinal blocks. */
  get transactionCount(): number {
    let count = 0
    for (const { transactions } of this.#blocks.values()) count += transactions.length
    return count
  }

  get size(): number {
    return this.#blocks.size
  }

  get final(): Ground {
    return { ...this.#final, state: this.#finalState }
  }

  get(key: Hex): Executed | undefined {
    return this.#blocks.get(key)
  }

  /** The final block or an executed one above it; undefined for a branch that was abandoned. */
  ground(key: Hex): Ground | undefined {
    if (key === toHex(this.#final.hash)) return this.final
    const executed = this.#blocks.get(key)
    return executed === undefined ? undefined : groundOf(executed)
  }

  add(block: Block, execution: Execution, transactions: readonly CheckedTransaction[]): void {
    const parent = this.ground(toHex(block.header.parent))
    if (parent === undefined) return
    const state = stateAfter(parent.state, execution.changes)
    this.#changes += 1
    const attendance = recordAttendance(parent.attendance, block)
    this.#blocks.set(toHex(block.hash), { block, execution, transactions, state, attendance })
  }

  /** An unfinal block that includes a transaction, by its id in hex, and the place in it. */
  find(id: Hex): { readonly block: Block; readonly index: number } | undefined {
    for (const executed of this.#blocks.values()) {
      const index = this.#placesIn(executed).get(id)
      if (index !== undefined) return { block: executed.block, index }
    }
    return undefined
  }

  /** Made when somebody first asks: users ask about many transactions of one block, again and again. */
  #placesIn(executed: Executed): ReadonlyMap<Hex, number> {
    const known = this.#places.get(executed)
    if (known !== undefined) return known
    const places = new Map(executed.transactions.map(({ id }, index) => [toHex(id), index] as const))
    this.#places.set(executed, places)
    return places
  }

  /** Highest executed block: what a reader sees as the head. */
  head(): Ground {
    let head = this.final
    for (const executed of this.#blocks.values()) {
      if (executed.block.header.height > head.header.height) head = groundOf(executed)
    }
    return head
  }

  /** Wire hashes of the transactions in the unfinal blocks from `key` down: they are not included twice (M13). */
  wireHashesUpTo(key: Hex): Set<Hex> {
    const hashes = new Set<Hex>()
    for (
      let at = this.#blocks.get(key);
      at !== undefined;
      at = this.#blocks.get(toHex(at.block.header.parent))
    ) {
      for (const { key: hash } of at.transactions) hashes.add(hash)
    }
    return hashes
  }

  /** The store holds `tip` and everything below: layers above it read the store, other branches are dropped. */
  settle(path: readonly Executed[], store: StateView): void {
    this.#changes += 1
    for (const { state } of path) if (state instanceof Overlay) state.settle(store)
    const tip = path.at(-1)
    if (tip === undefined) return
    this.#final = { header: tip.block.header, hash: tip.block.hash, attendance: tip.attendance }
    const kept = new Set([toHex(tip.block.hash)])
    const ordered = [...this.#blocks].sort(([, a], [, b]) => a.block.header.height - b.block.header.height)
    for (const [key, { block }] of ordered) {
      if (kept.has(toHex(block.header.parent))) kept.add(key)
      else this.#blocks.delete(key)
    }
  }
}

const groundOf = ({ block, state, attendance }: Executed): Ground => ({
  header: block.header,
  hash: block.hash,
  state,
  attendance
})

/** C28, from disk: the last ancestors of the next block. Blocks of another epoch are not needed, nor then missed. */
export function storedAttendance(store: ChainStore): AttendanceBook {
  const { height } = store.final
  const blocks: Block[] = []
  for (let at = Math.max(0, height - LATE_ANCESTORS + 1); at <= height; at++) {
    const block = store.block(at)
    if (block !== undefined) blocks.push(block)
  }
  return attendanceOf(blocks)
}
