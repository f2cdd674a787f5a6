/**
 * Performs what the consensus machine of one chain asks for, in order, and feeds the results back: one loop, one
 * input at a time (STYLE 2.4). It owns the running instance and replaces it when the epoch ends (C24).
 *
 *   inputs ──> step ──> effects: sign (guard, one synced write, send) · judge · build · finalise · pulls · status
 *
 * Nothing else changes the instance. After `stop` no effect is performed and no promise touches anything.
 */
import { toHex } from '../../primitives/bytes.ts'
import { must, unreachable } from '../../primitives/errors.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { Block } from '../../codec/block.ts'
import type { Certificate } from '../../codec/statement.ts'
import { CertificateType, NULLIFY } from '../../codec/statement.ts'
import { PROPOSALS_PER_VIEW } from '../../consensus/blocks.ts'
import { createInstance } from '../../consensus/instance.ts'
import type { Instance } from '../../consensus/instance.ts'
import { restoreInstance } from '../../consensus/restore.ts'
import { nextWakeMs, step } from '../../consensus/step.ts'
import { VerifyPoolError } from '../../crypto/errors.ts'
import type { Effect, Env, FinalRef, Input, InstanceConfig } from '../../consensus/types.ts'
import type { Network } from '../../net/types.ts'
import { nextEpoch } from '../../sharding/epochs.ts'
import type { Journal, JournalRecord } from '../../store/journal.ts'
import type { ChainEvents, Clock } from '../ports.ts'
import type { Validator } from '../validator.ts'
import type { BlockTree } from './block-tree.ts'
import type { Builder } from './builder.ts'
import type { CoordinationView } from './coordination-view.ts'
import type { EpochBook } from './epoch-book.ts'
import type { Executor } from './executor.ts'
import type { Finaliser } from './finaliser.ts'
import { epochOf, fromJournal, toJournal } from './journal-records.ts'
import { signAndSend } from './sign-and-send.ts'

export interface ConsensusComponents {
  readonly network: Network
  readonly clock: Clock
  readonly journal: Journal
  readonly epochs: EpochBook
  readonly tree: BlockTree
  readonly executor: Executor
  readonly builder: Builder
  readonly finaliser: Finaliser
  readonly coord: CoordinationView
  readonly validator: Validator | undefined
  readonly events: ChainEvents
  /** Whether the pool has something to include. */
  readonly hasTransactions: () => boolean
  /** Pull a block by hash. */
  readonly fetch: (hash: Uint8Array) => void
  /** Pull final blocks from the last one held up to a proven one. */
  readonly catchUp: () => void
  /** Tell peers what is held (C19). */
  readonly sendStatus: () => void
  /** The effects of a step were performed. */
  readonly onStepped: () => void
}

/** Inputs that wait while an effect is performed. Votes beyond it are dropped: anti-entropy brings them again. */
const QUEUE_MAX = 8_192
/** Inputs of the next epoch that wait for the hand-over. */
const EARLY_MAX = 512
/** After a failure of the verifier. */
const RETRY_MS = 100

/** Where an instance begins: the epoch, and the final block that it stands on. */
export interface Place {
  readonly epoch: number
  readonly base: FinalRef
}

export class ConsensusDriver {
  readonly chain: ChainId
  readonly #c: ConsensusComponents
  readonly #networkId: Uint8Array
  #certificate: Certificate | undefined
  readonly #queue: Input[] = []
  /** Verified inputs of the next epoch, which peers that crossed the boundary first send. */
  readonly #early: { readonly epoch: number; readonly input: Input }[] = []
  /** Of epochs after the running one: the store came back behind the journal, and own votes bind there, too (C22). */
  #later: readonly JournalRecord[] = []
  #instance: Instance
  #busy = false
  #hadWork = false
  #stopped = false
  #paused = false
  #cancelWake: () => void = () => undefined
  #idle: PromiseWithResolvers<void> | undefined

  constructor(
    components: ConsensusComponents,
    init: Place & {
      chain: ChainId
      network: Uint8Array
      /** Finality certificate of the last final block, from the store. */
      certificate?: Certificate | undefined
    }
  ) {
    this.#c = components
    this.chain = init.chain
    this.#networkId = init.network
    this.#certificate = init.certificate
    this.#instance = createInstance(this.#config(init.epoch, init.base), components.clock.monoMs())
  }

  /** C22: own votes, certificates and blocks come back from the journal, those of later epochs when these begin. */
  async start(): Promise<void> {
    const { epoch, base } = this.#instance.config
    await this.#restore(epoch, base)
    this.#begin()
  }

  async #restore(epoch: number, base: FinalRef): Promise<void> {
    const records = await this.#c.journal.load(this.chain)
    this.#later = records
    this.#instance = this.#resumed(epoch, base)
    // The journal dropped it, and C19 gives it to a peer that is one block behind.
    if (this.#certificate?.epoch === epoch) this.#instance.finality = this.#certificate
  }

  /** An instance with what the journal held of its epoch. */
  #resumed(epoch: number, base: FinalRef): Instance {
    const held = this.#later.flatMap((record) => fromJournal(record, epoch))
    this.#later = this.#later.filter((record) => epochOf(record) > epoch)
    return restoreInstance(this.#config(epoch, base), held, this.#env())
  }

  #begin(): void {
    this.enqueue({ type: 'signing', enabled: this.#c.validator?.state === 'active' })
  }

  /** Nothing is signed, counted or executed any more (SYN-8). Ends when the effect under way is done. */
  async pause(): Promise<void> {
    this.#paused = true
    this.#queue.length = 0
    this.#early.length = 0
    this.#cancelWake()
    await this.#atRest()
  }

  /** Like a start, on another final block (C22). What waited or came in between belongs to the past. */
  async resume(place: Place, certificate: Certificate | undefined): Promise<void> {
    this.#certificate = certificate
    await this.#restore(place.epoch, place.base)
    this.#queue.length = 0
    this.#paused = false
    this.#begin()
  }

  get instance(): Instance {
    return this.#instance
  }

  get queued(): number {
    return this.#queue.length
  }

  enqueue(input: Input): void {
    if (this.#stopped || this.#paused) return
    if (this.#queue.length >= QUEUE_MAX && input.type === 'vote') return
    this.#queue.push(input)
    if (!this.#busy) {
      this.#busy = true
      const drain = (): void => void this.#drain()
      if (this.#c.clock.soon === undefined) drain()
      else this.#c.clock.soon(drain)
    }
  }

  /** Something to include may have appeared, or coordination moved on. Does nothing while a step is due anyway. */
  wake(): void {
    if (this.#queue.length === 0) this.enqueue({ type: 'tick' })
  }

  /** The pool took something in: worth a step only when the last one found nothing to include. */
  workAppeared(): void {
    if (!this.#hadWork) this.wake()
  }

  /** Ends when the effect under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#queue.length = 0
    this.#cancelWake()
    await this.#atRest()
  }

  async #atRest(): Promise<void> {
    if (!this.#busy) return
    this.#idle ??= Promise.withResolvers()
    await this.#idle.promise
  }

  async #drain(): Promise<void> {
    try {
      for (let input = this.#queue.shift(); input !== undefined; input = this.#queue.shift()) {
        if (this.#paused) break
        const before = this.#instance.view
        const effects = step(this.#instance, input, this.#env())
        if (this.#instance.view !== before)
          this.#c.events.entered(this.chain, this.#instance.config.epoch, this.#instance.view)
        for (const effect of effects) {
          if (this.#stopped || this.#paused) break
          await this.#perform(effect)
        }
        if (effects.length > 0) this.#c.onStepped()
      }
      this.#scheduleWake()
    } catch (error) {
      this.#stopped = true
      this.#c.events.failed(error)
    } finally {
      this.#busy = false
      this.#idle?.resolve()
      this.#idle = undefined
    }
  }

  #scheduleWake(): void {
    this.#cancelWake()
    if (this.#stopped || this.#paused || this.#instance.ended || this.#instance.halted !== undefined) return
    const at = nextWakeMs(this.#instance, this.#env())
    this.#cancelWake = this.#c.clock.at(at, () => {
      this.enqueue({ type: 'tick' })
    })
  }

  async #perform(effect: Effect): Promise<void> {
    switch (effect.type) {
      case 'sign':
        return this.#sign(effect)
      case 'journal':
        return this.#c.journal.write(effect.records.map(toJournal))
      case 'publish':
        return this.#publish(effect.certificate)
      case 'judge':
        return this.#judge(effect.block)
      case 'build':
        return this.#build(effect.view, effect.parent, effect.empty)
      case 'fetch':
        return this.#c.fetch(effect.hash)
      case 'catch-up':
        return this.#c.catchUp()
      case 'finalise':
        return this.#c.finaliser.commit(effect.blocks, effect.certificate, this.#instance)
      case 'status':
        return this.#c.sendStatus()
      case 'evidence':
        return this.#c.events.evidence(effect.evidence)
      case 'halt':
        return this.#c.events.halted(this.chain, effect.reason, effect.proof)
      case 'ended':
        return this.#handOver(effect.block)
      default:
        return unreachable(effect)
    }
  }

  async #sign(effect: Extract<Effect, { type: 'sign' }>): Promise<void> {
    const { validator, network, journal, coord, tree, events } = this.#c
    const outcome = await signAndSend(
      { validator, network, journal, coord, tree },
      this.#instance.config,
      effect
    )
    if (outcome.ok) {
      this.#queue.unshift({ type: 'vote', vote: outcome.value })
      return
    }
    events.guardRefusal(this.chain, `${outcome.code}: ${outcome.detail}`)
    // C11: what was to go along waits for no other statement, and a later one may rest on it.
    await journal.write(effect.records.map(toJournal))
    // C22: a store that came back behind the guard: views that were final once are silent, those above are not.
    if (outcome.code !== 'view-below-floor') this.#queue.unshift({ type: 'signing', enabled: false })
  }

  #publish(certificate: Certificate): void {
    if (certificate.kind === NULLIFY) this.#c.events.nullified(this.chain, certificate.view)
    this.#background(
      this.#c.network.publish(this.chain, 'certificate', CertificateType.serialize(certificate))
    )
  }

  /** Runs beside the loop: signatures are verified off-thread meanwhile, and votes go on being counted. */
  #judge(block: Block): void {
    if (this.#stopped) return
    this.#background(
      this.#c.executor.judge(block).then(
        (verdict) => {
          if (verdict === undefined) return
          const reason = verdict.ok ? '' : `${verdict.code}: ${verdict.detail}`
          if (!verdict.ok) this.#c.events.invalidBlock(this.chain, block, reason)
          this.enqueue({ type: 'verdict', hash: toHex(block.hash), valid: verdict.ok, reason })
        },
        (error: unknown) => {
          // A busy or restarting verifier is our own trouble: no verdict on the block, another try.
          if (!(error instanceof VerifyPoolError)) throw error
          this.#c.clock.at(this.#c.clock.monoMs() + RETRY_MS, () => this.#judge(block))
        }
      )
    )
  }

  #build(view: number, parent: ReturnType<typeof toHex>, empty: boolean): void {
    const block = this.#c.builder.build(this.#instance, view, parent, empty)
    this.#queue.unshift({ type: 'built', view, block })
  }

  /** C24: with the boundary block executed, the next committee starts on top of it at view 1. */
  #handOver(boundary: Block): void {
    const { header, hash } = boundary
    const epoch = nextEpoch(header, this.#instance.config.params.epochLength)
    const base: FinalRef = { hash, height: header.height, view: 0, timeMs: header.timeMs }
    const seen = this.#instance.seenAt.get(toHex(hash)) ?? this.#c.clock.monoMs()
    this.#instance = this.#resumed(epoch, base)
    this.#instance.seenAt.set(toHex(hash), seen)
    const early = this.#early.splice(0).filter(({ epoch: of }) => of === epoch)
    this.#queue.push({ type: 'signing', enabled: this.#c.validator?.state === 'active' })
    for (const { input } of early) this.#queue.push(input)
  }

  /** Verified inputs of the epoch after the running one: peers that crossed the boundary first. Bounded. */
  enqueueFor(epoch: number, input: Input): void {
    const current = this.#instance.config.epoch
    if (epoch === current) this.enqueue(input)
    else if (
      epoch > current &&
      !this.#paused &&
      this.#early.length < EARLY_MAX &&
      !this.#isSurplus(epoch, input)
    ) {
      this.#early.push({ epoch, input })
    }
  }

  /** GOS-11 holds for early proposals, too: a block may be as large as thousands of votes. */
  #isSurplus(of: number, block: Input): boolean {
    if (block.type !== 'block') return false
    const same = this.#early.filter(
      ({ epoch, input }) => epoch === of && input.type === 'block' && input.proposedIn === block.proposedIn
    )
    return same.length >= PROPOSALS_PER_VIEW
  }

  #config(epoch: number, base: FinalRef): InstanceConfig {
    const { epochs, validator } = this.#c
    const snapshot = must(epochs.snapshot(epoch), `snapshot of epoch ${epoch} is known`)
    return {
      network: this.#networkId,
      chain: this.chain,
      epoch,
      params: snapshot.params,
      committee: must(snapshot.committees.get(this.chain), 'every chain has a committee'),
      schedule: epochs.schedule(this.chain, epoch),
      self: validator === undefined ? undefined : epochs.memberIndex(this.chain, epoch, validator.publicKey),
      base
    }
  }

  #env(): Env {
    const { clock, coord, hasTransactions } = this.#c
    const coordHeight = this.chain === COORD ? 0 : coord.finalHeight()
    const { epoch, params } = this.#instance.config
    const crosses = this.chain !== COORD && coordHeight >= (epoch + 1) * params.epochLength
    this.#hadWork = crosses || hasTransactions()
    return { monoMs: clock.monoMs(), wallMs: clock.wallMs(), coordHeight, work: this.#hadWork }
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#stopped) this.#c.events.failed(error)
    })
  }
}
