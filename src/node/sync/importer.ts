/**
 * Executes proven blocks in height order and stores them, a part at a time, in one synced write (SYN-6). Finality
 * proves that a quorum agreed; execution proves that it is valid. While a part is written the next one is executed.
 */
import { ZERO_HASH } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { accept } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import { recordAttendance } from '../../chain/attendance.ts'
import { judgeBlock } from '../../chain/judge.ts'
import type { Judgement, ReadDelivery } from '../../chain/judge.ts'
import type { Block, Header } from '../../codec/block.ts'
import { encodeResults } from '../../codec/results.ts'
import type { CheckedTransaction, Execution } from '../../state/types.ts'
import type { HeaderRun, LinkedHeader, RunPart } from '../../sync/header-run.ts'
import type { ChainStore, SnapshotRecord } from '../../store/chain-store.ts'
import type { BlockTree, Executed, Ground, IncludedTransaction } from '../chain/block-tree.ts'
import { judgementOfPlace } from '../chain/judgement.ts'
import type { CoordinationView } from '../chain/coordination-view.ts'
import type { EpochBook } from '../chain/epoch-book.ts'
import type { Executor } from '../chain/executor.ts'
import type { Finaliser } from '../chain/finaliser.ts'
import { readAhead } from '../chain/read-ahead.ts'
import { readDeliveries } from '../chain/read-deliveries.ts'
import { prepareBlocks } from './preparation.ts'
import type { PreparationComponents, Prepared } from './preparation.ts'
import { RunState } from './run-state.ts'

export interface ImporterComponents extends PreparationComponents {
  readonly store: ChainStore
  readonly tree: BlockTree
  readonly epochs: EpochBook
  readonly coord: CoordinationView
  readonly finaliser: Finaliser
  /** For what other chains prove (R5): finality of this block says nothing about them. */
  readonly executor: Pick<Executor, 'certificateHolds' | 'readEvidence'>
  /** Epoch snapshots that a block freezes; always none on a shard. */
  readonly freeze: (executed: Executed) => readonly SnapshotRecord[]
}

export interface Imported {
  /** Ends when the part is durable. */
  readonly stored: Promise<void>
}

/** Bodies of one request, on their way to being blocks. */
interface Waiting {
  readonly headers: readonly LinkedHeader[]
  readonly bodies: readonly Uint8Array[]
  readonly to: number
  /** Begun when it is near, so that no more lives at a time than has to. */
  blocks: Promise<Verdict<Prepared[]>> | undefined
}

/** Requests whose signatures are verified ahead of execution: a quarter of a second's work for two cores. */
const AHEAD = 6
/** Other work of the process gets its turn after so long. */
const SLICE_MS = 8

export class Importer {
  readonly #c: ImporterComponents
  readonly #chain: ChainId
  /** By the height of the first block; what is executed stays until its whole part is. */
  readonly #waiting = new Map<number, Waiting>()
  /** Height that is executed next. */
  #next = 0
  /** The coordination block that the last one referred to: many in a row refer to one, and final ones stay. */
  #reference: { readonly height: number; readonly hash: Uint8Array } | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(components: ImporterComponents, chain: ChainId) {
    this.#c = components
    this.#chain = chain
  }

  prepare(from: number, run: HeaderRun, bodies: readonly Uint8Array[]): void {
    const at = from - run.from
    const headers = run.headers.slice(at, at + bodies.length)
    this.#waiting.set(from, { headers, bodies, to: from + bodies.length - 1, blocks: undefined })
    this.#prepareAhead()
  }

  /** What was prepared is of no use any more. */
  forget(): void {
    this.#waiting.clear()
    this.#next = 0
  }

  /** Ends when what was handed to the store is durable. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** @returns undefined while a coordination block that these refer to is not final here. */
  async import(from: number, run: HeaderRun, part: RunPart): Promise<Verdict<Imported> | undefined> {
    const first = must(run.headers[from - run.from], 'a part begins in its run').header
    const last = must(run.headers[part.to - run.from], 'a part ends in its run').header
    if (this.#chain !== COORD && last.coordHeight > this.#c.coord.finalHeight()) return undefined
    // Now: while these are executed, a run may be dropped above them and others come in its place.
    const waiting = this.#waitingIn(from, part.to)
    if (!(await this.#hasReference(first))) return undefined
    const path = await this.#execute(waiting)
    if (path?.ok !== true) return path
    for (const at of this.#waiting.keys()) if (at <= part.to) this.#waiting.delete(at)
    await this.#writing
    const stored = this.#c.finaliser.commitExecuted(path.value, part.certificate)
    this.#writing = stored
    return accept({ stored })
  }

  /** References never go down, so where the first is held all are (SNAP-10). */
  async #hasReference({ coordHeight }: Header): Promise<boolean> {
    return this.#chain === COORD || (await this.#c.coord.hashAt(coordHeight)) !== undefined
  }

  #waitingIn(from: number, to: number): Waiting[] {
    const all: Waiting[] = []
    for (let at = from; at <= to;) {
      const next = must(this.#waiting.get(at), 'what is imported was prepared')
      all.push(next)
      at = next.to + 1
    }
    return all
  }

  /** Signatures are verified off-thread while earlier blocks are executed, those of the next part too. */
  #prepareAhead(): void {
    const above = [...this.#waiting].filter(([from]) => from >= this.#next)
    for (const [, waiting] of above.toSorted(([a], [b]) => a - b).slice(0, AHEAD))
      void this.#prepared(waiting)
  }

  #prepared(waiting: Waiting): Promise<Verdict<Prepared[]>> {
    if (waiting.blocks !== undefined) return waiting.blocks
    const blocks = prepareBlocks(this.#c, waiting.headers, waiting.bodies)
    // Only `import` looks at the answer; until then a failure is nobody's.
    blocks.catch(() => undefined)
    waiting.blocks = blocks
    return blocks
  }

  /** @returns undefined when the coordination chain stops meanwhile. */
  async #execute(all: readonly Waiting[]): Promise<Verdict<Executed[]> | undefined> {
    const { tree, clock } = this.#c
    const state = new RunState(tree.final.state)
    const path: Executed[] = []
    let parent: Ground = { ...tree.final, state }
    let untilMs = clock.monoMs() + SLICE_MS
    for (const waiting of all) {
      const blocks = await this.#prepared(waiting)
      if (!blocks.ok) return blocks
      this.#next = waiting.to + 1
      this.#prepareAhead()
      for (const prepared of blocks.value) {
        const executed = await this.#executeOne(prepared, parent)
        if (executed?.ok !== true) return executed
        const { execution } = executed.value
        state.apply(execution.changes)
        // The layer goes on to change, so what an epoch freezes is read from it now (C2).
        const frozen = this.#c.freeze(executed.value)
        path.push({
          ...executed.value,
          execution: kept(execution),
          results: encodeResults(execution),
          frozen
        })
        const { header, hash } = prepared.block
        parent = { header, hash, state, attendance: executed.value.attendance }
        if (clock.monoMs() < untilMs) continue
        await new Promise<void>((resolve) => (clock.soon === undefined ? resolve() : clock.soon(resolve)))
        untilMs = clock.monoMs() + SLICE_MS
      }
      waiting.blocks = undefined
    }
    return accept(withChanges(path, state))
  }

  async #executeOne(prepared: Prepared, parent: Ground): Promise<Verdict<Executed> | undefined> {
    const { header, body } = prepared.block
    const coordHash = this.#knownHash(header) ?? (await this.#askHash(header))
    if (coordHash === undefined) return undefined
    // Most blocks bring neither, and are executed without a wait.
    const deliveries = body.deliveries.length === 0 ? [] : await this.#readDeliveries(prepared.block)
    const evidence = body.evidence.length === 0 ? [] : await this.#c.executor.readEvidence(body.evidence)
    const letGo = await readAhead(this.#c.store, prepared.transactions)
    try {
      return this.#judge(prepared, parent, coordHash, { deliveries, evidence })
    } finally {
      letGo()
    }
  }

  async #readDeliveries(block: Block): Promise<ReadDelivery[]> {
    return readDeliveries(block, async (certificate) => this.#c.executor.certificateHolds(certificate))
  }

  #knownHash({ chain, coordHeight }: Header): Uint8Array | undefined {
    if (chain === COORD) return ZERO_HASH
    return this.#reference?.height === coordHeight ? this.#reference.hash : undefined
  }

  async #askHash({ coordHeight }: Header): Promise<Uint8Array | undefined> {
    const hash = await this.#c.coord.hashAt(coordHeight)
    if (hash !== undefined) this.#reference = { height: coordHeight, hash }
    return hash
  }

  /** SYN-6: finality stands for the signatures of attendance; everything else is judged as ever (C7). */
  #judge(
    { block, transactions }: Prepared,
    parent: Ground,
    coordHash: Uint8Array,
    { deliveries, evidence }: Pick<Judgement, 'deliveries' | 'evidence'>
  ): Verdict<Executed> {
    const { epochs } = this.#c
    const { header } = block
    const snapshot = must(epochs.snapshot(header.epoch), 'a verified part is of a known epoch')
    const schedule = epochs.schedule(header.chain, header.epoch)
    const verdict = judgeBlock(block, {
      ...judgementOfPlace(header, parent, snapshot, this.#c.constants, schedule),
      coordHash,
      parentCertificateValid: true,
      lateVotesValid: true,
      deliveries,
      evidence,
      transactions
    })
    if (!verdict.ok) return { ...verdict, detail: `block ${header.height}: ${verdict.detail}` }
    const attendance = recordAttendance(parent.attendance, block)
    return accept({
      block,
      execution: verdict.value,
      transactions: transactions.map(lasting),
      state: parent.state,
      attendance
    })
  }
}

/** Changes are in the layer of the part, results are encoded: both would be most of what lives until it is stored. */
const kept = ({ changes: { root }, ...execution }: Execution): Execution => ({
  ...execution,
  changes: { values: NO_ROWS, pages: NO_ROWS, root },
  results: []
})
const NO_ROWS: ReadonlyMap<Hex, Uint8Array | undefined> = new Map()

/** The changes of all stand in the last one. */
function withChanges(path: readonly Executed[], { changes }: RunState): Executed[] {
  return path.map((executed, at) =>
    at < path.length - 1 ? executed : { ...executed, execution: { ...executed.execution, changes } }
  )
}

/** What is looked at after execution. Parts are large, and all else of a transaction need not live until it is stored. */
const lasting = ({ id, sender, key }: CheckedTransaction): IncludedTransaction => ({ id, sender, key })
