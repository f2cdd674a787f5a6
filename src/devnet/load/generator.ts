/**
 * Offers transfers: each to one node, the nodes in turn. At a fixed rate what is due is sent every few milliseconds,
 * at `max` as much as the nodes answer for, with a bounded number on their way. Nothing is retried: what a node
 * refuses is counted by its code.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Client, RpcRefusal, fromHex, toHex, encodeAddress, chainToJson } from '../../client/index.ts'
import type { BatchAnswer, Submitted } from '../../client/index.ts'
import { must } from '../../primitives/errors.ts'
import { LoadAccounts } from './accounts.ts'
import type { Transfer } from './accounts.ts'
import { BlockFollower, FinalityProbe } from './finality.ts'
import type { LoadOrder, LoadProgress, LoadReport, Target } from './messages.ts'

const TICK_MS = 20
/** Transfers in one request. */
const BATCH_MAX = 100
/** Requests to one node that wait for their answer at once. */
const REQUESTS_PER_NODE = 2
/** Transfers on their way at once, at `max`; lowered when nodes refuse, raised again while they do not. */
const WINDOW_MAX = 6_000
const WINDOW_MIN = 200
const SIGNED_AHEAD_MAX = 100_000
/** At `max`, for how many a second transfers are signed ahead. */
const MAX_RATE_ESTIMATE = 2_500
const LOOK_MS = 200
/** The sample is asked about so often: finely enough for what a run shows, and no load of its own. */
const ASK_MS = 80
/** Without a block interval finality takes less than a tenth of a second. */
const ASK_FAST_MS = 25
/** At `max` a transfer waits for seconds, and some hundred of the sample wait at once. */
const ASK_FULL_MS = 400

/** Codes after which the nonce may have been used all the same. */
const NONCE_USED = new Set(['duplicate', 'nonce-reuse', 'replacement-underpriced'])

export class LoadGenerator {
  readonly #order: LoadOrder
  readonly #accounts: LoadAccounts
  readonly #blocks: BlockFollower
  readonly #probe: FinalityProbe
  readonly #clients = new Map<string, Client>()
  readonly #busy = new Map<number, number>()
  readonly #ids = new Map<number, string[]>()
  readonly #actions: string[] = []
  readonly #refusals = new Map<string, number>()
  readonly #finalPerS: number[] = []
  #targets: readonly Target[]
  #turn = 0
  #zeroMs = 0
  #offeredMs = 0
  #lastFinalMs = 0
  #offered = 0
  #submitted = 0
  #refused = 0
  #final = 0
  #window = WINDOW_MAX
  #isStopped = false
  readonly #sending = new Set<Promise<void>>()

  constructor(order: LoadOrder, targets: readonly Target[]) {
    const { params } = order
    const parameter = (name: string): number => must(params[name], `the parameters have ${name}`)
    this.#order = order
    this.#targets = targets
    this.#accounts = new LoadAccounts({
      network: fromHex(order.network, 32),
      shards: order.shards,
      costs: {
        minFeePerByte: parameter('minFeePerByte'),
        minFeePerMana: parameter('minFeePerMana'),
        activationDeposit: parameter('activationDeposit')
      },
      maxLifetime: parameter('maxLifetime'),
      shares: order.shares,
      validators: order.validators.map((key) => fromHex(key, 32))
    })
    this.#blocks = new BlockFollower(order.shards)
    this.#probe = new FinalityProbe(0)
  }

  set targets(targets: readonly Target[]) {
    this.#targets = targets
  }

  get progress(): LoadProgress {
    const [offered, submitted, final, refused] = [this.#offered, this.#submitted, this.#final, this.#refused]
    return { offered, submitted, final, refused }
  }

  /** Reads nonces and heights, signs ahead. */
  async prepare(): Promise<void> {
    const client = this.#client(must(this.#targets[0], 'load has a node to go to'))
    await this.#blocks.begin(client)
    const { list } = this.#accounts
    for (let from = 0; from < list.length; from += 500) {
      const some = list.slice(from, from + 500)
      const answers = await client.batch(
        'account_get',
        some.map(({ address, chain }) => ({ address: encodeAddress(address), chain: chainToJson(chain) }))
      )
      for (const [index, account] of some.entries()) {
        const answer = answers[index]
        if (answer?.ok !== true) throw must(answer, 'an answer for each account').error
        account.next = BigInt(answer.value.nextNonce)
      }
    }
    const { rate, forMs = 60_000 } = this.#order
    const needed = ((rate === 'max' ? MAX_RATE_ESTIMATE : rate) * forMs) / 1_000
    this.#accounts.signAhead(Math.min(needed, SIGNED_AHEAD_MAX), this.#blocks.heights)
  }

  /** Ends when the time is up or `stop` was called. */
  async offer(): Promise<void> {
    this.#zeroMs = performance.now()
    const { rate, forMs = Number.POSITIVE_INFINITY } = this.#order
    for (;;) {
      const passedMs = performance.now() - this.#zeroMs
      if (this.#isStopped || passedMs >= forMs) break
      if (rate === 'max') this.#fill()
      else this.#sendDue(Math.floor((Math.min(passedMs, forMs) * rate) / 1_000))
      await delay(TICK_MS)
    }
    this.#offeredMs = performance.now() - this.#zeroMs
    if (rate !== 'max' && !this.#isStopped) this.#sendDue(Math.floor((forMs * rate) / 1_000))
    await Promise.all(this.#sending)
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Until `isOver`: follows blocks, and asks about the sample. */
  async watch(isOver: () => boolean): Promise<void> {
    const { rate, params } = this.#order
    const everyMs = rate === 'max' ? ASK_FULL_MS : params['minBlockIntervalMs'] === 0 ? ASK_FAST_MS : ASK_MS
    const ask = async (): Promise<void> => {
      while (!isOver()) {
        await this.#probe.ask(this.#targets, (target) => this.#client(target))
        await delay(everyMs)
      }
    }
    const look = async (): Promise<void> => {
      for (let turn = 0; !isOver(); turn++) {
        const target = this.#targets[turn % Math.max(1, this.#targets.length)]
        // A node that was killed meanwhile: the next one knows too.
        if (target !== undefined) {
          await this.#blocks.look(this.#client(target), (ids) => this.#onFinal(ids)).catch(() => undefined)
        }
        await delay(LOOK_MS)
      }
    }
    await Promise.all([ask(), look()])
  }

  /** Everything taken in is final, and the sample answered. */
  get isSettled(): boolean {
    return this.#final >= this.#submitted && this.#probe.waiting === 0
  }

  report(): LoadReport {
    return {
      offered: this.#offered,
      submitted: this.#submitted,
      refusals: Object.fromEntries([...this.#refusals].sort(([a], [b]) => (a < b ? -1 : 1))),
      offeredMs: Math.round(this.#offeredMs),
      finalMs: Math.round(Math.max(0, this.#lastFinalMs - this.#zeroMs)),
      finalPerS: this.#finalPerS,
      samples: this.#probe.samples.map(({ sentMs, tookMs, isCross }) => ({
        sentMs: Math.round(sentMs - this.#zeroMs),
        tookMs: Math.round(tookMs * 10) / 10,
        isCross
      })),
      ids: [...this.#ids].map(([node, ids]) => ({ node, ids })),
      actions: this.#actions
    }
  }

  #onFinal(ids: readonly string[]): void {
    let own = 0
    for (const id of ids) if (this.#accounts.final(id)) own++
    this.#final += own
    if (own === 0) return
    this.#lastFinalMs = performance.now()
    const second = Math.max(0, Math.floor((this.#lastFinalMs - this.#zeroMs) / 1_000))
    while (this.#finalPerS.length <= second) this.#finalPerS.push(0)
    this.#finalPerS[second] = (this.#finalPerS[second] ?? 0) + own
  }

  /** What the rate has made due, in one request to the node whose turn it is; more if it is more than fits. */
  #sendDue(due: number): void {
    while (this.#offered < due) {
      const count = Math.min(BATCH_MAX, due - this.#offered)
      const target = this.#nextTarget()
      this.#offered += count
      const transfers = target === undefined ? [] : this.#takeUpTo(count)
      if (transfers.length < count) this.#count('NOT_SENT', count - transfers.length)
      if (target !== undefined) this.#send(target, transfers)
    }
  }

  #fill(): void {
    for (let tries = this.#targets.length; tries > 0; tries--) {
      const target = this.#nextTarget()
      if (target === undefined) return
      if ((this.#busy.get(target.node) ?? 0) >= REQUESTS_PER_NODE) continue
      const transfers = this.#takeUpTo(Math.min(BATCH_MAX, this.#window - this.#accounts.inFlight))
      if (transfers.length === 0) return
      this.#offered += transfers.length
      this.#send(target, transfers)
    }
  }

  #nextTarget(): Target | undefined {
    return this.#targets[this.#turn++ % Math.max(1, this.#targets.length)]
  }

  #takeUpTo(count: number): Transfer[] {
    const transfers: Transfer[] = []
    while (transfers.length < count) {
      const transfer = this.#accounts.take(this.#blocks.heights)
      if (transfer === undefined) break
      transfers.push(transfer)
    }
    return transfers
  }

  #send(target: Target, transfers: readonly Transfer[]): void {
    if (transfers.length === 0) return
    this.#busy.set(target.node, (this.#busy.get(target.node) ?? 0) + 1)
    const sent = this.#submit(target, transfers).finally(() => {
      this.#busy.set(target.node, (this.#busy.get(target.node) ?? 1) - 1)
      this.#sending.delete(sent)
      if (this.#order.rate === 'max' && !this.#isStopped && this.#offeredMs === 0) this.#fill()
    })
    this.#sending.add(sent)
  }

  async #submit(target: Target, transfers: readonly Transfer[]): Promise<void> {
    const sentMs = performance.now()
    let answers: readonly BatchAnswer<Submitted>[]
    try {
      const params = transfers.map(({ bytes }) => ({ tx: toHex(bytes) }))
      answers = await this.#client(target).batch('tx_submit', params)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      for (const transfer of transfers) this.#accounts.doubtful(transfer)
      this.#count(codeOf(error), transfers.length)
      return
    }
    const taken: string[] = []
    const sampled: string[] = []
    for (const [index, transfer] of transfers.entries()) {
      const answer = must(answers[index], 'an answer for each transfer')
      if (!answer.ok) {
        this.#onRefused(transfer, answer.error)
        continue
      }
      taken.push(transfer.id)
      if (transfer.kind === 'action') this.#actions.push(transfer.id)
      if (transfer.kind === 'near' || transfer.kind === 'far') sampled.push(transfer.id)
    }
    this.#submitted += taken.length
    const ids = this.#ids.get(target.node) ?? []
    ids.push(...taken)
    this.#ids.set(target.node, ids)
    if (sampled.length > 0) this.#probe.offer(target.node, sampled, sentMs)
    const grown = Math.min(WINDOW_MAX, this.#window + 20)
    this.#window = taken.length === transfers.length ? grown : Math.max(WINDOW_MIN, this.#window - 100)
  }

  #onRefused(transfer: Transfer, error: Error): void {
    const code = codeOf(error)
    this.#count(code, 1)
    if (!(error instanceof RpcRefusal) || NONCE_USED.has(code)) this.#accounts.doubtful(transfer)
    else this.#accounts.refused(transfer)
  }

  #count(code: string, count: number): void {
    this.#refused += count
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + count)
  }

  #client(target: Target): Client {
    const known = this.#clients.get(target.rpc) ?? new Client({ url: target.rpc })
    this.#clients.set(target.rpc, known)
    return known
  }
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.name)
