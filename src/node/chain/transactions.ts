/**
 * Transactions of one chain on their way through this node (D10, M4–M7, M14): in by RPC or gossip, into the pool, out
 * in bundles, gone when final. What came in here is on disk before it is acknowledged, loaded and admitted again at
 * start, and announced again while it is not included.
 */
import { fromHex, toHex } from '../../primitives/bytes.ts'

import { chainName } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import { must } from '../../primitives/errors.ts'
import type { Bundle } from '../../codec/messages.ts'
import type { RefusalCode } from '../../codec/refusals.ts'
import { wireHash } from '../../codec/transaction.ts'
import type { Verifier } from '../../crypto/ports.ts'
import { BundleBudgets, RELAY_LIMITS } from '../../mempool/bundle-budgets.ts'
import type { BudgetLimits } from '../../mempool/bundle-budgets.ts'
import { checkOrder, judgeAfterChecks, judgeBeforeChecks, openBundle } from '../../mempool/bundle-verdict.ts'
import type { BundleVerdict, StatelessOutcome } from '../../mempool/bundle-verdict.ts'
import { Bundler } from '../../mempool/bundler.ts'
import type { Dropped, Pool, PoolHead } from '../../mempool/pool.ts'
import type { VerifiedCache } from '../../mempool/verified-cache.ts'
import type { GossipVerdict, Network, Peer } from '../../net/types.ts'
import { actionOf } from '../../state/inclusion.ts'
import { checkStateless, isUnknownToUs, signatureJob } from '../../state/stateless.ts'
import type { CheckedTransaction, GenesisConstants } from '../../state/types.ts'
import type { LocalTransactions } from '../../store/local-transactions.ts'
import type { Clock } from '../ports.ts'
import type { BlockTree, Executed } from './block-tree.ts'
import { PersistQueue } from './persist-queue.ts'

export interface TransactionComponents {
  readonly network: Network
  readonly clock: Clock
  readonly verifier: Verifier
  readonly verified: VerifiedCache
  readonly pool: Pool
  readonly tree: BlockTree
  readonly local: LocalTransactions
  /** 16 random bytes: an order of checking that no sender can foresee (M5). */
  readonly randomSeed: () => Uint8Array
  /** The pool holds something it did not hold before. */
  readonly onWork: () => void
  readonly onDropped: (dropped: readonly Dropped[]) => void
  readonly onFailed: (error: unknown) => void
  /** What this node may cost its neighbours. @default RELAY_LIMITS */
  readonly relayLimits?: BudgetLimits
  /** R9: at this node's head the lane to another chain takes nothing more from users. @default never */
  readonly isCongested?: (destination: ChainId) => boolean
  /** What a bundle from gossip brought. */
  readonly onBundle?: (counts: BundleCounts) => void
}

/** Transactions of one bundle, by what became of them here. */
export interface BundleCounts {
  readonly known: number
  readonly admitted: number
  readonly refused: number
}

/** The one debtor of the relay budget. */
const OWN_RELAY = 'self'

export class Transactions {
  readonly #c: TransactionComponents
  readonly #constants: GenesisConstants
  readonly #chain: ChainId
  readonly #bundler: Bundler
  readonly #budgets = new BundleBudgets()
  readonly #relay: BundleBudgets
  readonly #persist: PersistQueue
  #cancelFlush: (() => void) | undefined

  constructor(components: TransactionComponents, init: { constants: GenesisConstants; chain: ChainId }) {
    this.#c = components
    this.#constants = init.constants
    this.#chain = init.chain
    this.#bundler = new Bundler(init.chain)
    this.#persist = new PersistQueue(components.local, components.clock)
    this.#relay = new BundleBudgets(components.relayLimits ?? RELAY_LIMITS)
  }

  /** Accepted must arrive: what was promised before the last stop is admitted and announced again. */
  async start(): Promise<void> {
    for (const { id, bytes } of await this.#c.local.list(this.#chain)) {
      const checked = checkStateless(this.#constants, bytes)
      const admitted = checked.ok && this.#admit(checked.value, 'local').ok
      if (admitted) {
        this.#c.onWork()
        this.#bundle(bytes)
      } else await this.#c.local.delete(this.#chain, [id])
    }
  }

  /** D10: the first peer of the chain appeared; what was announced before reached nobody. */
  onPeer(): void {
    const { network, pool } = this.#c
    if (network.peers(this.#chain).length > 1) return
    for (const { checked } of pool.locals()) this.#bundle(checked.bytes)
  }

  stop(): void {
    this.#cancelFlush?.()
    this.#flush(this.#bundler.flush())
  }

  get head(): PoolHead {
    const { header } = this.#c.tree.final
    return { height: header.height, timeMs: header.timeMs }
  }

  /** From this node's own users: verified, of use at the head (POOL-9), admitted, on disk, bundled; then acknowledged. */
  async submit(checked: CheckedTransaction): Promise<Verdict<void, RefusalCode>> {
    const { key } = checked
    if (!this.#c.verified.has(key)) {
      const [valid] = await this.#c.verifier.verify([signatureJob(checked)])
      if (valid !== true) return refuse('bad-signature', 'the signature does not verify')
      this.#c.verified.add(key)
    }
    const full = this.#fullLane(checked)
    if (full !== undefined) return refuse('lane-congested', `the lane to chain ${chainName(full)} is full`)
    // Room on disk first: what the pool has taken in may have displaced another, and is on its way into a block.
    const room = this.#c.local.reserve(this.#chain, checked.id)
    if (!room.ok) return refuse('not-admitted', room.detail)
    const admitted = this.#admit(checked, 'local')
    if (!admitted.ok) {
      room.value?.release()
      return admitted
    }
    this.#c.onWork()
    const stored = await this.#persist.put({ chain: this.#chain, id: checked.id, bytes: checked.bytes })
    if (!stored.ok) return refuse('not-admitted', stored.detail)
    this.#bundle(checked.bytes)
    return accept(undefined)
  }

  /** Of those that it would fail for; actions of the registry send what no lane refuses (R18). */
  #fullLane(checked: CheckedTransaction): ChainId | undefined {
    const { isCongested } = this.#c
    if (isCongested === undefined || actionOf(checked).isFree === true) return undefined
    return checked.destinations.find((to) => isCongested(to))
  }

  /** M5, for the chain's `tx` topic and for transactions handed over by a node that does not follow the chain. */
  async judgeBundle(data: Uint8Array, from: Peer): Promise<GossipVerdict> {
    const bundle = openBundle(data, this.#chain)
    if ('verdict' in bundle) return toGossip(bundle)
    const { clock, pool } = this.#c
    // Who has used up its budget costs a hash a transaction, and nothing is decoded.
    const budgetEmpty = this.#budgets.isEmpty(from, clock.monoMs())
    if (budgetEmpty) return this.#judgeUnread(bundle)
    const unknown: CheckedTransaction[] = []
    const outcomes: StatelessOutcome[] = []
    let known = 0
    for (const bytes of bundle.transactions) {
      const checked = checkStateless(this.#constants, bytes)
      if (!checked.ok) outcomes.push(isUnknownToUs(checked.code) ? 'unknown-kind' : 'invalid')
      else if (pool.has(checked.value.key)) known++
      else unknown.push(checked.value)
    }
    const total = bundle.transactions.length
    const early = judgeBeforeChecks({ total, known, budgetEmpty })
    if (early !== undefined) return toGossip(early)
    if (!outcomes.includes('invalid')) outcomes.push(await this.#verify(unknown))
    if (outcomes.includes('invalid')) {
      return toGossip(judgeAfterChecks({ total, admitted: 0, outcomes, relayEmpty: false }))
    }
    const { admitted, useless } = this.#admitAll(unknown)
    const nowMs = clock.monoMs()
    this.#budgets.debit(from, useless, nowMs)
    const relayEmpty = useless > 0 && this.#relay.isEmpty(OWN_RELAY, nowMs)
    this.#c.onBundle?.({ known, admitted, refused: unknown.length - admitted })
    const judged = judgeAfterChecks({ total, admitted, outcomes, relayEmpty })
    if (judged.verdict === 'accept') this.#relay.debit(OWN_RELAY, useless, nowMs)
    return toGossip(judged)
  }

  /** @returns how many, and the bytes of those that are of no use here */
  #admitAll(unknown: readonly CheckedTransaction[]): { readonly admitted: number; readonly useless: number } {
    let admitted = 0
    let useless = 0
    for (const checked of unknown) {
      this.#c.verified.add(checked.key)
      if (this.#admit(checked, 'gossip').ok) admitted++
      else useless += checked.bytes.length
    }
    if (admitted > 0) this.#c.onWork()
    return { admitted, useless }
  }

  #judgeUnread({ transactions }: Bundle): GossipVerdict {
    const known = transactions.filter((bytes) => this.#c.pool.has(toHex(wireHash(bytes)))).length
    const judged = judgeBeforeChecks({ total: transactions.length, known, budgetEmpty: true })
    return toGossip(must(judged, 'without a budget nothing is checked'))
  }

  /** In an order the sender cannot choose; off-thread, so one batch costs no more than stopping early would save. */
  async #verify(unknown: readonly CheckedTransaction[]): Promise<StatelessOutcome> {
    const { verifier, verified, randomSeed } = this.#c
    const order = checkOrder(unknown.length, randomSeed())
    const jobs = order
      .map((index) => unknown[index])
      .filter((checked) => checked !== undefined && !verified.has(checked.key))
      .map((checked) => signatureJob(checked as CheckedTransaction))
    const results = jobs.length === 0 ? [] : await verifier.verify(jobs)
    return results.every(Boolean) ? 'valid' : 'invalid'
  }

  #admit(checked: CheckedTransaction, origin: 'local' | 'gossip'): Verdict<void, RefusalCode> {
    const { pool, tree } = this.#c
    const admitted = pool.admit(checked, tree.final.state, this.head, origin)
    if (!admitted.ok) return admitted
    this.#dropped(admitted.value.dropped)
    return accept(undefined)
  }

  /** M14, and M4: what is still pending after 8 blocks is announced again by the node where it entered. */
  onFinalBlock(executed: Executed): void {
    const { pool, tree } = this.#c
    const { header } = executed.block
    // Nothing waits while a chain catches up, and then nobody looks at these.
    const isEmpty = pool.status().count === 0
    const included = isEmpty
      ? []
      : executed.transactions.map(
          ({ id, sender, key }) => pool.byWireHash(key) ?? { id: toHex(id), sender: toHex(sender) }
        )
    const head = { height: header.height, timeMs: header.timeMs }
    this.#dropped(pool.onFinalBlock({ included, view: tree.final.state, head }))
    for (const { checked } of pool.dueForRepeat(header.height)) this.#bundle(checked.bytes)
  }

  /** Left the pool for another reason than a final block. */
  forget(dropped: readonly Dropped[]): void {
    this.#dropped(dropped)
  }

  #dropped(dropped: readonly Dropped[]): void {
    if (dropped.length === 0) return
    const gone = dropped.filter(({ local }) => local).map(({ entry }) => fromHex(entry.id))
    if (gone.length > 0) this.#c.local.delete(this.#chain, gone).catch(this.#c.onFailed)
    this.#c.onDropped(dropped)
  }

  #bundle(bytes: Uint8Array): void {
    this.#flush(this.#bundler.add(bytes, this.#c.clock.monoMs()))
    this.#armFlush()
  }

  #armFlush(): void {
    const due = this.#bundler.dueMs
    if (due === undefined || this.#cancelFlush !== undefined) return
    this.#cancelFlush = this.#c.clock.at(due, () => {
      this.#cancelFlush = undefined
      this.#flush(this.#bundler.flushDue(this.#c.clock.monoMs()))
      // The bundle that was due may have left when it was full; the one that waits now is due later.
      this.#armFlush()
    })
  }

  #flush(bundles: readonly Uint8Array[]): void {
    for (const bundle of bundles) this.#c.network.publish(this.#chain, 'tx', bundle).catch(this.#c.onFailed)
  }
}

const toGossip = ({ verdict, rule }: BundleVerdict): GossipVerdict => ({ action: verdict, rule })
