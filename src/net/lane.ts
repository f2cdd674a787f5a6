/**
 * A bounded queue of jobs of one importance (D11). Room and turns are shared out by source: whoever floods meets the
 * end of its own share, and what others sent is run in turn with it, not behind it.
 */
export interface LaneLimits {
  /** Jobs waiting, of all sources. */
  readonly messages: number
  /** Their bytes. */
  readonly bytes: number
  /** Jobs that run at the same time. */
  readonly judging: number
}

/** What one source may hold of a lane's room: a quarter. */
export const SHARES = 4

interface Job {
  readonly bytes: number
  readonly run: () => void | Promise<void>
}

interface Source {
  readonly jobs: Job[]
  /** Index of the next job: taking from the front of a long array would copy it. */
  next: number
  bytes: number
}

export class Lane {
  readonly #limits: LaneLimits
  /** Only sources with a waiting job, in the order of their turns; hence bounded by the jobs. */
  readonly #sources = new Map<string, Source>()
  #length = 0
  #bytes = 0
  #running = 0

  constructor(limits: LaneLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#length
  }

  get sources(): number {
    return this.#sources.size
  }

  /** A job waits and there is a free slot for it. */
  get isReady(): boolean {
    return this.#length > 0 && this.#running < this.#limits.judging
  }

  /** Drop policy: the newest goes. @returns false when the lane, or the source's share of it, is full. */
  add(from: string, bytes: number, run: Job['run']): boolean {
    const { messages, bytes: bytesMax } = this.#limits
    if (this.#length >= messages || this.#bytes + bytes > bytesMax) return false
    const source = this.#sources.get(from) ?? { jobs: [], next: 0, bytes: 0 }
    const waiting = source.jobs.length - source.next
    if (waiting >= share(messages) || source.bytes + bytes > share(bytesMax)) return false
    source.jobs.push({ bytes, run })
    source.bytes += bytes
    this.#sources.set(from, source)
    this.#length += 1
    this.#bytes += bytes
    return true
  }

  /** Begins the job of the source whose turn it is. `onFreed` follows a job that did not end at once. */
  runNext(onFreed: () => void, onFault: (error: unknown) => void): void {
    const job = this.#take()
    if (job === undefined) return
    let running: void | Promise<void>
    try {
      running = job.run()
    } catch (error) {
      return onFault(error)
    }
    if (running === undefined) return
    this.#running += 1
    void running.catch(onFault).finally(() => {
      this.#running -= 1
      onFreed()
    })
  }

  clear(): void {
    this.#sources.clear()
    this.#length = 0
    this.#bytes = 0
  }

  #take(): Job | undefined {
    for (const [from, source] of this.#sources) {
      const job = source.jobs[source.next]
      // To the end of the turns, or out when nothing is left.
      this.#sources.delete(from)
      if (job === undefined) continue
      source.next += 1
      source.bytes -= job.bytes
      this.#length -= 1
      this.#bytes -= job.bytes
      if (source.next > 1_024) {
        source.jobs.splice(0, source.next)
        source.next = 0
      }
      if (source.next < source.jobs.length) this.#sources.set(from, source)
      return job
    }
    return undefined
  }
}

const share = (whole: number): number => Math.ceil(whole / SHARES)
