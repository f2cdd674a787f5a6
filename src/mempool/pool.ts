/**
 * The pool of one chain (D10, M4, M7, M13, M14; protocols/mempool.md): which transactions wait, in what order they
 * are offered to a block, and which leave. Pure and synchronous: the caller brings the state, the head and the origin,
 * and gets back a verdict and what was dropped.
 *
 * Order of work on admission: judge against the head and the sender's record, then find room, then change anything.
 * Transactions of unfinal blocks stay: only finality removes them, so an abandoned branch needs no reinjection.
 */
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { tokenText } from '../primitives/tokens.ts'
import type { Params } from '../params/params.ts'
import type { StateView } from '../state/ports.ts'
import type { CheckedTransaction } from '../state/types.ts'
import type { Account } from '../codec/state-records.ts'
import { NOTHING_RESERVED, checkAdmission, checkTerms } from '../state/inclusion.ts'
import type { InclusionContext, Reserved } from '../state/inclusion.ts'
import { readAccount } from '../state/supply.ts'
import { Candidates } from './candidates.ts'
import { entryOf, outbids, overpays } from './entry.ts'
import type { Origin, PoolEntry } from './entry.ts'
import { LocalList } from './local-list.ts'
import { PoolIndex } from './pool-index.ts'
import { RefusalCounts } from './refusal-counts.ts'
import type { AdmissionCode, DropReason } from './refusal-counts.ts'
import type { SenderQueue } from './sender-queue.ts'

/** POOL-4: at most one part in this many of a pool's count may wait behind a nonce gap. */
export const QUEUED_SHARE = 4

/** The block that admission and upkeep are judged at. */
export interface PoolHead {
  readonly height: number
  readonly timeMs: number
}

export interface Dropped {
  readonly entry: PoolEntry
  readonly reason: DropReason
  /** The entry came in through this node (M4). */
  readonly local: boolean
}

export interface Admitted {
  readonly outcome: 'pending' | 'queued' | 'replaced'
  readonly entry: PoolEntry
  /** What had to leave for it: the replaced transaction or the evicted ones. */
  readonly dropped: readonly Dropped[]
}

/** A final block, as far as the pool is concerned. */
export interface FinalBlock {
  readonly included: readonly { readonly id: Hex; readonly sender: Hex }[]
  /** Other accounts whose means may have shrunk, by address bytes. */
  readonly touched?: Iterable<Hex>
  /** The state after the block. */
  readonly view: StateView
  readonly head: PoolHead
}

/** A sender whose record was read. */
interface Settled {
  readonly queue: SenderQueue
  readonly account: Account
}

export interface PoolStatus {
  readonly chain: ChainId
  readonly count: number
  readonly bytes: number
  readonly pending: number
  readonly queued: number
  readonly senders: number
  readonly local: number
  readonly countMax: number
  readonly bytesMax: number
  readonly minFeePerByte: number
  readonly minFeePerMana: number
}

export const createPool = (chain: ChainId, params: Params): Pool => new Pool(chain, params)

export class Pool {
  readonly chain: ChainId
  #params: Params
  readonly #index = new PoolIndex()
  readonly #locals = new LocalList()
  readonly #counts = new RefusalCounts()
  #admitted = 0
  #changes = 0

  constructor(chain: ChainId, params: Params) {
    this.chain = chain
    this.#params = params
  }

  /** M7. A local submission of a transaction that is known makes it a local one (POOL-6). */
  admit(
    checked: CheckedTransaction,
    view: StateView,
    head: PoolHead,
    origin: Origin
  ): Verdict<Admitted, AdmissionCode> {
    assert(checked.transaction.chain === this.chain, 'a transaction was given to the pool of another chain')
    const entry = entryOf(checked)
    const known = this.#index.byWireHash(entry.wireHash)
    if (known !== undefined) {
      if (origin === 'local') this.#locals.add(known, head.height)
      return this.#refuse(refuse('duplicate', entry.wireHash))
    }
    const account = readAccount(view, checked.sender)
    const queue = this.#index.queue(entry.sender)
    const replaced = queue?.at(entry.nonce)
    const refused = this.#judge(entry, queue, replaced, account, head)
    if (refused !== undefined) return this.#refuse(refused)
    const { nonce } = must(account, 'an admitted transaction without an account')
    const isPending = entry.nonce <= (queue?.freeNonce ?? nonce)
    const room = this.#findRoom(entry, replaced, isPending)
    if (!room.ok) return this.#refuse(room)

    const dropped = room.value.map((victim) => this.#drop(victim, 'evicted'))
    if (replaced !== undefined) dropped.push(this.#drop(replaced, 'replaced'))
    this.#index.add(entry, nonce)
    this.#admitted += 1
    this.#changes += 1
    if (origin === 'local') this.#locals.add(entry, head.height)
    const outcome = replaced !== undefined ? 'replaced' : isPending ? 'pending' : 'queued'
    return accept({ outcome, entry, dropped })
  }

  /**
   * M13: pending transactions, best fee rate first, per sender by nonce. `skip` holds the wire hashes in unfinal
   * ancestors of the block that is built. Use it up before the pool changes.
   */
  select(skip: Iterable<Hex> = []): Candidates {
    return new Candidates(this.#index, skip)
  }

  /** M14. Work is bounded by the block, the accounts it touched and what expired. */
  onFinalBlock({ included, touched = [], view, head }: FinalBlock): Dropped[] {
    const dropped: Dropped[] = []
    const senders = new Set<Hex>(touched)
    for (const { sender } of included) senders.add(sender)
    const settled: Settled[] = []
    for (const sender of senders) {
      const one = this.#settle(this.#index.queue(sender), view)
      if (one !== undefined) settled.push(one)
    }
    for (const { id } of included) {
      const entry = this.#index.byId(id)
      if (entry !== undefined) dropped.push(this.#drop(entry, 'included'))
    }
    for (const entry of this.#index.takeExpired(head.height)) dropped.push(this.#drop(entry, 'expired'))
    for (const { queue, account } of settled) this.#revalidate(queue, account, head, dropped)
    return dropped
  }

  /** At an epoch's start: drops what the new parameters no longer admit, the cheapest first where room shrank. */
  setParams(params: Params, view: StateView, head: PoolHead): Dropped[] {
    this.#params = params
    const dropped: Dropped[] = []
    for (const queue of this.#index.queues()) {
      for (const entry of queue.entries.slice()) {
        const refused = checkTerms(entry.checked, this.#context(head))
        if (refused !== undefined) dropped.push(this.#drop(entry, refused.code))
      }
      const settled = this.#settle(queue, view)
      if (settled !== undefined) this.#revalidate(queue, settled.account, head, dropped)
    }
    while (this.#index.count > params.poolCountMax || this.#index.bytes > params.poolBytesMax) {
      const { cheapest } = this.#index
      assert(cheapest !== undefined, 'a pool over its bounds without a transaction')
      dropped.push(this.#drop(cheapest, 'evicted'))
    }
    return dropped
  }

  /** M4: local transactions not announced for 8 blocks; each is due again 8 blocks later. */
  dueForRepeat(height: number): PoolEntry[] {
    return this.#locals.takeDue(height)
  }

  /** Local transactions, longest unannounced first: what the node keeps on disk until final or expired (D10). */
  locals(): PoolEntry[] {
    return this.#locals.list()
  }

  /** Transactions that a block could include now. */
  get pendingCount(): number {
    return this.#index.pending
  }

  get(id: Hex): PoolEntry | undefined {
    return this.#index.byId(id)
  }

  has(wireHash: Hex): boolean {
    return this.#index.byWireHash(wireHash) !== undefined
  }

  byWireHash(wireHash: Hex): PoolEntry | undefined {
    return this.#index.byWireHash(wireHash)
  }

  isPending(entry: PoolEntry): boolean {
    return this.#index.queue(entry.sender)?.pendingAt(entry.nonce) === entry
  }

  /** The nonce after the sender's pending transactions; `accountNonce` is the one in the record. */
  nextNonce(sender: Hex, accountNonce: bigint): bigint {
    const queue = this.#index.queue(sender)
    return queue === undefined || queue.freeNonce < accountNonce ? accountNonce : queue.freeNonce
  }

  /** What a sender's transactions would cost at most if all were included. */
  reserved(sender: Hex): Reserved {
    return this.#index.queue(sender)?.reserved(undefined) ?? NOTHING_RESERVED
  }

  /** Rises whenever a transaction comes or goes. */
  get changes(): number {
    return this.#changes
  }

  /** Transactions taken since the pool was made. */
  get admitted(): number {
    return this.#admitted
  }

  /** One sender's by nonce, or the best-paying pending ones and then, in order of arrival, the queued. */
  list({ sender, limit }: { readonly sender?: Hex; readonly limit: number }): PoolEntry[] {
    if (sender !== undefined) return (this.#index.queue(sender)?.entries ?? []).slice(0, limit)
    const entries: PoolEntry[] = []
    for (const entry of this.select()) {
      if (entries.length >= limit) return entries
      entries.push(entry)
    }
    for (const entry of this.#index.entries()) {
      if (entries.length >= limit) break
      if (!this.isPending(entry)) entries.push(entry)
    }
    return entries
  }

  status(): PoolStatus {
    const { count, bytes, pending, senders } = this.#index
    const { poolCountMax: countMax, poolBytesMax: bytesMax, minFeePerByte, minFeePerMana } = this.#params
    return {
      chain: this.chain,
      count,
      bytes,
      pending,
      queued: count - pending,
      senders,
      local: this.#locals.size,
      countMax,
      bytesMax,
      minFeePerByte,
      minFeePerMana
    }
  }

  /** Refusals by code and drops by reason since the pool was made. */
  get counts(): RefusalCounts {
    return this.#counts
  }

  #judge(
    entry: PoolEntry,
    queue: SenderQueue | undefined,
    replaced: PoolEntry | undefined,
    account: Account | undefined,
    head: PoolHead
  ): Refusal<AdmissionCode> | undefined {
    const { poolPerSender, replacementPpm } = this.#params
    if (queue !== undefined && account !== undefined) this.#index.settle(queue, account.nonce)
    const reserved = queue?.reserved(replaced) ?? NOTHING_RESERVED
    const pending = { reserved, ahead: poolPerSender - 1 }
    const refused = checkAdmission(account, entry.checked, this.#context(head), pending)
    if (refused !== undefined) return refused
    if (replaced !== undefined) {
      if (overpays(entry, replaced, replacementPpm)) return undefined
      return refuse(
        'replacement-underpriced',
        `fee ${tokenText(entry.fee)}, replaces ${tokenText(replaced.fee)}`
      )
    }
    // Where a head has moved or the limit shrank, the nonce window alone does not bound a sender's entries.
    const count = queue?.entries.length ?? 0
    return count >= poolPerSender ? refuse('sender-limit', `${count} of ${poolPerSender}`) : undefined
  }

  /** The entries to evict so that `entry` fits (none if there is room), or why it may not have the room. */
  #findRoom(
    entry: PoolEntry,
    replaced: PoolEntry | undefined,
    isPending: boolean
  ): Verdict<PoolEntry[], 'pool-full' | 'queue-full'> {
    const { poolCountMax, poolBytesMax } = this.#params
    const queued = this.#index.count - this.#index.pending
    const queuedMax = Math.max(1, Math.floor(poolCountMax / QUEUED_SHARE))
    if (!isPending && replaced === undefined && queued >= queuedMax) {
      return refuse('queue-full', `${queued} of ${queuedMax} queued`)
    }
    const excess = {
      count: this.#index.count + (replaced === undefined ? 1 : 0) - poolCountMax,
      bytes: this.#index.bytes + entry.size - (replaced?.size ?? 0) - poolBytesMax
    }
    if (excess.count <= 0 && excess.bytes <= 0) return accept([])
    // POOL-3: what cannot run next displaces nothing.
    const victims = isPending ? this.#chooseVictims(entry, excess) : undefined
    return victims === undefined
      ? refuse('pool-full', `${this.#index.count} transactions, ${this.#index.bytes} bytes`)
      : accept(victims)
  }

  /** The cheapest of the senders' last transactions, as many as cover `excess`, if `entry` outbids each of them. */
  #chooseVictims(
    entry: PoolEntry,
    excess: { readonly count: number; readonly bytes: number }
  ): PoolEntry[] | undefined {
    let { count, bytes } = excess
    const victims: PoolEntry[] = []
    const walk = this.#index.walkLasts()
    while (count > 0 || bytes > 0) {
      const victim = walk.next()?.item
      if (victim === undefined) return undefined
      // The sender's own transactions up to this nonce are what it builds on.
      if (victim.sender === entry.sender && victim.nonce <= entry.nonce) continue
      if (!outbids(entry, victim, this.#params.replacementPpm)) return undefined
      victims.push(victim)
      count -= 1
      bytes -= victim.size
      const previous = this.#index.queue(victim.sender)?.before(victim)
      if (previous !== undefined) walk.offer(previous)
    }
    return victims
  }

  /**
   * The sender's record, its nonce taken over: before entries are removed, because then what was used is no longer
   * pending, and its removal moves nothing in the heaps.
   */
  #settle(queue: SenderQueue | undefined, view: StateView): Settled | undefined {
    const last = queue?.last
    if (queue === undefined || last === undefined) return undefined
    const account = must(readAccount(view, last.checked.sender), 'M10: an account record is gone')
    this.#index.settle(queue, account.nonce)
    return { queue, account }
  }

  /** Drops what the record no longer carries: used nonces, then from the highest nonce down what is not covered. */
  #revalidate(queue: SenderQueue, account: Account, head: PoolHead, dropped: Dropped[]): void {
    if (queue.last === undefined) return
    const used = queue.entries.filter((entry) => entry.nonce < account.nonce)
    for (const entry of used) dropped.push(this.#drop(entry, 'nonce-reuse'))
    const context = this.#context(head)
    for (const entry of queue.entries.toReversed()) {
      const pending = { reserved: queue.reserved(entry), ahead: Number.MAX_SAFE_INTEGER }
      const refused = checkAdmission(account, entry.checked, context, pending)
      if (refused === undefined) break
      dropped.push(this.#drop(entry, refused.code))
    }
  }

  /** Inclusion is judged for the next block, at the head's time: mana only grows from there (M11). */
  #context(head: PoolHead): InclusionContext {
    return { height: head.height + 1, timeMs: head.timeMs, params: this.#params }
  }

  #drop(entry: PoolEntry, reason: DropReason): Dropped {
    this.#index.remove(entry)
    this.#changes += 1
    this.#counts.drop(reason)
    return { entry, reason, local: this.#locals.remove(entry) }
  }

  #refuse(refusal: Refusal<AdmissionCode>): Refusal<AdmissionCode> {
    this.#counts.refuse(refusal.code)
    return refusal
  }
}
