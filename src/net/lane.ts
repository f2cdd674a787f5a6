/**
 * A bounded queue in front of the judges of one importance (D11): votes, blocks and certificates have one, bundles
 * another with fewer slots, so that neither a flood of transactions nor a slow judge delays consensus.
 * gossipsub itself would run every validator at once.
 */
export interface LaneLimits {
  readonly messages: number
  readonly bytes: number
  readonly judging: number
}

interface Job {
  readonly bytes: number
  readonly run: () => void | Promise<void>
}

export class Lane {
  readonly #limits: LaneLimits
  readonly #onLength: (length: number) => void
  #queue: Job[] = []
  /** Index of the next job: taking from the front of a long array would copy it. */
  #next = 0
  #bytes = 0
  #judging = 0

  constructor(limits: LaneLimits, onLength: (length: number) => void) {
    this.#limits = limits
    this.#onLength = onLength
  }

  get length(): number {
    return this.#queue.length - this.#next
  }

  /** @returns false when the lane is full; `run` is then never called. `run` does not throw. */
  add(bytes: number, run: () => void | Promise<void>): boolean {
    if (this.length >= this.#limits.messages || this.#bytes + bytes > this.#limits.bytes) return false
    this.#queue.push({ bytes, run })
    this.#bytes += bytes
    this.#work()
    return true
  }

  clear(): void {
    this.#queue = []
    this.#next = 0
    this.#bytes = 0
  }

  #work(): void {
    while (this.#judging < this.#limits.judging) {
      const job = this.#queue[this.#next]
      if (job === undefined) break
      this.#next += 1
      this.#bytes -= job.bytes
      const running = job.run()
      if (running === undefined) continue
      this.#judging += 1
      void running.finally(() => {
        this.#judging -= 1
        this.#work()
      })
    }
    if (this.#next === this.#queue.length) this.clear()
    else if (this.#next > 1_024) {
      this.#queue = this.#queue.slice(this.#next)
      this.#next = 0
    }
    this.#onLength(this.length)
  }
}
