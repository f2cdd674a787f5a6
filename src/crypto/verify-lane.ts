/** One priority of the verify pool: requests in order of arrival, bounded in jobs and bytes, taken in small batches. */
import { hasRightLengths, jobBytes } from './verify-batch.ts'
import type { SignatureJob } from './ports.ts'

/** One call of `verify`: its answers come back in pieces, it settles once. */
export interface VerifyRequest {
  readonly jobs: readonly SignatureJob[]
  readonly answers: boolean[]
  missing: number
  readonly resolve: (answers: boolean[]) => void
  readonly reject: (reason: Error) => void
}

/** One job of a request, by its place. */
export interface PlacedJob {
  readonly request: VerifyRequest
  readonly index: number
}

export class VerifyLane {
  #waiting: PlacedJob[] = []
  #next = 0
  #bytes = 0

  get jobs(): number {
    return this.#waiting.length - this.#next
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Jobs of a wrong length never get here: their answer is already false. */
  add(request: VerifyRequest): void {
    request.jobs.forEach((job, index) => {
      if (!hasRightLengths(job)) return
      this.#waiting.push({ request, index })
      this.#bytes += jobBytes(job)
    })
  }

  /** Up to `count` jobs, oldest first; those of requests that have been rejected meanwhile are dropped. */
  take(count: number): PlacedJob[] {
    const taken: PlacedJob[] = []
    while (taken.length < count) {
      const placed = this.#waiting[this.#next]
      if (placed === undefined) break
      this.#next += 1
      const job = placed.request.jobs[placed.index]
      if (job !== undefined) this.#bytes -= jobBytes(job)
      if (placed.request.missing > 0) taken.push(placed)
    }
    this.#forgetTaken()
    return taken
  }

  /** Amortised: an array's `shift` would copy the whole queue for every job. */
  #forgetTaken(): void {
    if (this.#next < 1024 && this.#next < this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}
