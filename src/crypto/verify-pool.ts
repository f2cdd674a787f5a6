/**
 * Ed25519 verification off the main thread: the node's hottest path (29,000 signatures a second and core).
 *
 *   verify ─▶ lane urgent ─┐  batches of ≤ 64   ┌─▶ worker 0 (two batches in flight) ─┐
 *          ─▶ lane normal ─┼────────────────────┴─▶ worker n                          ─┴─▶ answers by place
 *          ─▶ lane bulk   ─┘  (up to 16 batches of it in flight)
 *
 * Votes and certificates are urgent: they go ahead of all waiting transactions, so they wait at most for the batches
 * in flight (2 × 64 × 34 µs = 4.4 ms). Up to INLINE_JOBS urgent jobs are checked here and now: 0.1 ms of this thread
 * costs less than the way to a worker (0.08 ms) plus that wait, and single votes are what consensus waits for.
 *
 * A sync executes blocks for 20 ms at a time, and a worker with two batches would stand still for most of that. So bulk
 * goes out far ahead; while a chain syncs, certificates of more signatures than INLINE_JOBS on the node's other chains
 * wait for up to 70 ms.
 */
import { Worker } from 'node:worker_threads'
import { assert } from '../primitives/errors.ts'
import { verify } from './ed25519-sodium.ts'
import { VerifyPoolError } from './errors.ts'
import type { SignatureJob, Verifier, VerifyOptions } from './ports.ts'
import { encodeBatch, hasRightLengths, jobBytes } from './verify-batch.ts'
import { VerifyLane } from './verify-lane.ts'
import type { PlacedJob, VerifyRequest } from './verify-lane.ts'

/** 16–64 is the best of the measured sizes; more only adds latency. */
const BATCH_JOBS = 64
/** One batch is worked on while the next is already there. */
const BATCHES_IN_FLIGHT = 2
const BULK_IN_FLIGHT = 16
const INLINE_JOBS = 3
/** Workers that die one after the other without one answer between: the back end is broken, not unlucky. */
const DEATHS_MAX = 3

export interface VerifyPoolInit {
  /** Threads. @default 1 */
  readonly workers?: number
  /** Most jobs that may wait in each of the three lanes; four of the largest blocks. @default 65536 */
  readonly laneJobsMax?: number
  /** Most bytes that may wait in each lane. @default 67108864 */
  readonly laneBytesMax?: number
  /** @default a thread that runs verify-worker */
  readonly createWorker?: () => Worker
}

interface Batch {
  readonly jobs: readonly PlacedJob[]
  readonly isBulk: boolean
}

interface Thread {
  readonly worker: Worker
  readonly inFlight: Batch[]
  readonly ready: PromiseWithResolvers<void>
  isReady: boolean
}

/** A thread holds two batches; without a limit its heap grows like that of a whole program before it is cleaned. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }

/** Without the process's own flags: some of them (`--input-type`, `--inspect-brk`) end or stop a thread at start. */
const startThread = (): Worker =>
  new Worker(new URL('./verify-worker.js', import.meta.url), { execArgv: [], resourceLimits: THREAD_LIMITS })

export class VerifyPool implements Verifier {
  readonly #threads = new Set<Thread>()
  readonly #urgent = new VerifyLane()
  readonly #normal = new VerifyLane()
  readonly #bulk = new VerifyLane()
  readonly #workers: number
  readonly #laneJobsMax: number
  readonly #laneBytesMax: number
  readonly #createWorker: () => Worker
  #running = false
  #broken: VerifyPoolError | undefined
  #deathsInRow = 0

  constructor(init: VerifyPoolInit = {}) {
    this.#workers = init.workers ?? 1
    assert(Number.isInteger(this.#workers) && this.#workers > 0, 'a verify pool has at least one worker')
    this.#laneJobsMax = init.laneJobsMax ?? 65_536
    this.#laneBytesMax = init.laneBytesMax ?? 64 * 1024 * 1024
    this.#createWorker = init.createWorker ?? startThread
  }

  /** Jobs that wait for a worker (those in flight are not counted). */
  get queued(): number {
    return this.#urgent.jobs + this.#normal.jobs + this.#bulk.jobs
  }

  /** Ends when every worker has loaded libsodium. @throws VerifyPoolError when one cannot. */
  async start(): Promise<void> {
    assert(!this.#running, 'the verify pool is already running')
    this.#running = true
    this.#broken = undefined
    this.#deathsInRow = 0
    const threads = Array.from({ length: this.#workers }, () => this.#addThread())
    try {
      await Promise.all(threads.map((thread) => thread.ready.promise))
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Rejects what still waits and ends the threads. Idempotent. */
  async stop(): Promise<void> {
    this.#running = false
    this.#rejectAll(new VerifyPoolError({ code: 'CRYPTO_POOL_STOPPED' }))
    const threads = [...this.#threads]
    this.#threads.clear()
    await Promise.all(threads.map((thread) => thread.worker.terminate()))
  }

  /** Rejects with VerifyPoolError when stopped, when the lane is full or when a worker died with these jobs. */
  verify(jobs: readonly SignatureJob[], options: VerifyOptions = {}): Promise<boolean[]> {
    if (!this.#running) return Promise.reject(new VerifyPoolError({ code: 'CRYPTO_POOL_STOPPED' }))
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    const urgent = options.urgent === true
    if (urgent && jobs.length <= INLINE_JOBS) {
      return Promise.resolve(jobs.map((job) => verify(job.signature, job.message, job.publicKey)))
    }
    const sendable = jobs.filter(hasRightLengths)
    const answers = jobs.map(() => false)
    if (sendable.length === 0) return Promise.resolve(answers)
    const lane = urgent ? this.#urgent : options.bulk === true ? this.#bulk : this.#normal
    const bytes = sendable.reduce((sum, job) => sum + jobBytes(job), lane.bytes)
    if (lane.jobs + sendable.length > this.#laneJobsMax || bytes > this.#laneBytesMax) {
      return Promise.reject(
        new VerifyPoolError({ code: 'CRYPTO_QUEUE_FULL', jobs: lane.jobs, bytes: lane.bytes })
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean[]>()
    lane.add({ jobs, answers, missing: sendable.length, resolve, reject })
    this.#send()
    return promise
  }

  #send(): void {
    for (;;) {
      const thread = this.#leastBusy()
      const batch = thread === undefined ? undefined : this.#nextBatch(thread)
      if (thread === undefined || batch === undefined) return
      const buffer = encodeBatch(batch.jobs.map(({ request, index }) => jobAt(request, index)))
      thread.inFlight.push(batch)
      thread.worker.postMessage(buffer, [buffer])
    }
  }

  /** So that a second worker gets a batch before the first one gets its second. */
  #leastBusy(): Thread | undefined {
    let least: Thread | undefined
    for (const thread of this.#threads) {
      if (thread.isReady && thread.inFlight.length < (least?.inFlight.length ?? Infinity)) least = thread
    }
    return least
  }

  #nextBatch({ inFlight }: Thread): Batch | undefined {
    if (inFlight.filter(({ isBulk }) => !isBulk).length < BATCHES_IN_FLIGHT) {
      for (const lane of [this.#urgent, this.#normal]) {
        const jobs = lane.take(BATCH_JOBS)
        if (jobs.length > 0) return { jobs, isBulk: false }
      }
    }
    const jobs = inFlight.length < BULK_IN_FLIGHT ? this.#bulk.take(BATCH_JOBS) : []
    return jobs.length > 0 ? { jobs, isBulk: true } : undefined
  }

  #onAnswers(thread: Thread, answers: Uint8Array): void {
    const batch = thread.inFlight.shift()
    assert(batch?.jobs.length === answers.length, 'a worker answers each job of a batch once')
    this.#deathsInRow = 0
    batch.jobs.forEach(({ request, index }, position) => {
      if (request.missing === 0) return
      request.answers[index] = answers[position] === 1
      request.missing -= 1
      if (request.missing === 0) request.resolve(request.answers)
    })
    this.#send()
  }

  #addThread(): Thread {
    const thread: Thread = {
      worker: this.#createWorker(),
      inFlight: [],
      ready: Promise.withResolvers<void>(),
      isReady: false
    }
    // Only `start` waits for it; a replacement that fails is counted in `#onDeath`.
    thread.ready.promise.catch(() => undefined)
    this.#threads.add(thread)
    let failure: unknown
    thread.worker.on('message', (message: Uint8Array | 'ready') => {
      if (!this.#threads.has(thread)) return
      if (message !== 'ready') return this.#onAnswers(thread, message)
      thread.isReady = true
      thread.ready.resolve()
      this.#send()
    })
    thread.worker.on('error', (error) => {
      failure = error
    })
    thread.worker.on('exit', (exitCode) => {
      const reason = failure instanceof Error ? failure.message : `exit code ${exitCode}`
      this.#onDeath(thread, new VerifyPoolError({ code: 'CRYPTO_WORKER_DIED', reason }))
    })
    return thread
  }

  #onDeath(thread: Thread, error: VerifyPoolError): void {
    const wasOurs = this.#threads.delete(thread)
    thread.ready.reject(error)
    if (!wasOurs) return
    for (const { jobs } of thread.inFlight) for (const { request } of jobs) rejectRequest(request, error)
    this.#deathsInRow += 1
    if (this.#deathsInRow < DEATHS_MAX) this.#addThread()
    else if (this.#threads.size === 0) {
      this.#broken = error
      this.#rejectAll(error)
    }
  }

  #rejectAll(error: VerifyPoolError): void {
    const waiting = [this.#urgent, this.#normal, this.#bulk].map((lane) => lane.take(Infinity))
    const inFlight = [...this.#threads].flatMap((thread) => thread.inFlight.map(({ jobs }) => jobs))
    for (const batch of [...waiting, ...inFlight])
      for (const { request } of batch) rejectRequest(request, error)
  }
}

function rejectRequest(request: VerifyRequest, error: VerifyPoolError): void {
  request.missing = 0
  request.reject(error)
}

function jobAt(request: VerifyRequest, index: number): SignatureJob {
  const job = request.jobs[index]
  assert(job !== undefined, 'a placed job exists')
  return job
}
