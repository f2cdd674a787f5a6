/** A clock that jumps to the next timer whenever nothing else is under way. */
import type { Clock } from '../../src/node/ports.ts'

export class SimClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  #armed = false

  wallMs(): number {
    return this.#nowMs
  }

  monoMs(): number {
    return this.#nowMs
  }

  at(monoMs: number, run: () => void): () => void {
    const timer = { atMs: monoMs, run }
    this.#timers.add(timer)
    this.#arm()
    return () => this.#timers.delete(timer)
  }

  #arm(): void {
    if (this.#armed) return
    this.#armed = true
    setImmediate(() => {
      this.#armed = false
      const [first] = [...this.#timers].sort((a, b) => a.atMs - b.atMs)
      if (first === undefined) return
      this.#timers.delete(first)
      this.#nowMs = Math.max(this.#nowMs, first.atMs)
      first.run()
      if (this.#timers.size > 0) this.#arm()
    })
  }
}
