/**
 * Threads that verify the chunks of snapshots: a million accounts take 4.4 million hashes, two to three seconds in which
 * the main thread writes. They begin when somebody holds them, or with the first chunk, and end when nobody does and
 * nothing waits; several nodes of a process may share them.
 *
 * Memory goes around: chunks are not copied on their way to a thread, and pages that were stored go back to be written
 * again. Else a snapshot takes and frees some 300 MB in pieces that are fresh pages of the system each time.
 */
import { Worker } from 'node:worker_threads'
import { VerifyPoolError } from '../../crypto/errors.ts'
import { assert } from '../../primitives/errors.ts'
import type { Verdict } from '../../primitives/result.ts'
import type { ChunkCode, VerifiedChunk } from '../../state/chunk.ts'
import type { ChunkPlace } from '../../state/subtree.ts'
import type { ChunkVerifier } from './chunk-verifier.ts'

export interface ChunkQuestion extends ChunkPlace {
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  /** For its pages. */
  readonly room: Uint8Array | undefined
}
/** What was made of a chunk, or why it was refused. */
export type ChunkAnswer = Verdict<VerifiedChunk, ChunkCode>

interface Job {
  readonly question: Omit<ChunkQuestion, 'room'>
  readonly answered: PromiseWithResolvers<ChunkAnswer>
}
interface Thread {
  readonly worker: Worker
  readonly inFlight: Job[]
}

export interface ChunkThreadsInit {
  /** @default 2 */
  readonly threads?: number
  /** @default a thread that runs chunk-worker */
  readonly createWorker?: () => Worker
}

/** One is worked on while the next is already there. */
const IN_FLIGHT = 2
const THREADS = 2
/** Chunks and pages lie outside of the heap. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }

/** Without the process's own flags, as the threads that verify signatures. */
const startThread = (): Worker =>
  new Worker(new URL('./chunk-worker.js', import.meta.url), { execArgv: [], resourceLimits: THREAD_LIMITS })

export class ChunkThreads implements ChunkVerifier {
  readonly #threads = new Set<Thread>()
  readonly #threadsMax: number
  readonly #createWorker: () => Worker
  #waiting: Job[] = []
  /** All that were asked before have their answers. */
  #before: Promise<unknown> = Promise.resolve()
  #rooms: Uint8Array[] = []
  #holders = 0

  constructor({ threads = THREADS, createWorker = startThread }: ChunkThreadsInit = {}) {
    this.#threadsMax = threads
    this.#createWorker = createWorker
  }

  /** Threads that are alive. */
  get size(): number {
    return this.#threads.size
  }

  /**
   * Answers come in the order of the questions, whichever thread is quicker: whoever asks for chunks in the order of their
   * keys also stores them in it.
   * @throws VerifyPoolError when the thread that had the chunk ended, or could not begin
   */
  async verify(
    bytes: Uint8Array,
    { bits, index }: ChunkPlace,
    hash: Uint8Array
  ): Promise<Verdict<VerifiedChunk, ChunkCode>> {
    const answered = Promise.withResolvers<ChunkAnswer>()
    this.#waiting.push({ question: { bytes: movable(bytes), bits, index, hash }, answered })
    const before = this.#before
    this.#before = Promise.allSettled([before, answered.promise]).then(() => undefined)
    this.#send()
    await before
    return answered.promise
  }

  reuse(pages: Uint8Array): void {
    if (this.#rooms.length < IN_FLIGHT * this.#threadsMax) this.#rooms.push(new Uint8Array(pages.buffer))
  }

  hold(): () => void {
    this.#holders++
    // Before the first chunk is here: a thread takes as long to begin as several of them.
    while (this.#threads.size < this.#threadsMax) this.#addThread()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holders--
      this.#endIfIdle()
    }
  }

  #send(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#freeThread()
      const job = thread === undefined ? undefined : this.#waiting.shift()
      if (thread === undefined || job === undefined) return
      thread.inFlight.push(job)
      const { question } = job
      const room = this.#rooms.pop()
      const moved = room === undefined ? [question.bytes] : [question.bytes, room]
      thread.worker.postMessage(
        { ...question, room } satisfies ChunkQuestion,
        moved.map(({ buffer }) => buffer as ArrayBuffer)
      )
    }
  }

  #freeThread(): Thread | undefined {
    const [least] = [...this.#threads].sort((a, b) => a.inFlight.length - b.inFlight.length)
    if (least?.inFlight.length === 0) return least
    if (this.#threads.size < this.#threadsMax) return this.#addThread()
    return least !== undefined && least.inFlight.length < IN_FLIGHT ? least : undefined
  }

  #addThread(): Thread {
    const thread: Thread = { worker: this.#createWorker(), inFlight: [] }
    this.#threads.add(thread)
    let failure: unknown
    thread.worker.on('message', (answer: ChunkAnswer) => {
      const job = thread.inFlight.shift()
      assert(job !== undefined, 'a thread answers what it was asked, once')
      job.answered.resolve(answer)
      this.#send()
      this.#endIfIdle()
    })
    thread.worker.on('error', (error) => {
      failure = error
    })
    thread.worker.on('exit', (exitCode) => {
      this.#threads.delete(thread)
      const reason = failure instanceof Error ? failure.message : `exit code ${exitCode}`
      const died = new VerifyPoolError({ code: 'CRYPTO_WORKER_DIED', reason })
      for (const { answered } of thread.inFlight.splice(0)) answered.reject(died)
      // Where none can begin, nobody waits for ever.
      if (this.#threads.size === 0) for (const { answered } of this.#waiting.splice(0)) answered.reject(died)
    })
    return thread
  }

  #endIfIdle(): void {
    if (this.#holders > 0 || this.#waiting.length > 0) return
    this.#rooms = []
    for (const thread of this.#threads) {
      if (thread.inFlight.length > 0) continue
      this.#threads.delete(thread)
      void thread.worker.terminate()
    }
  }
}

/** What lies among other bytes stays there: only memory as a whole can move. */
const movable = (bytes: Uint8Array): Uint8Array =>
  bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
