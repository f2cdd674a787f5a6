/**
 * Simulated time: events in order of time, then of being asked for. After each event every promise that it set going
 * is run to its end, so the next event finds nothing half done and the order never depends on the machine.
 */
import { assert } from '../../primitives/errors.ts'
import type { Clock } from '../../node/ports.ts'

interface Event {
  readonly atMs: number
  readonly sequence: number
  run: (() => void) | undefined
}

/** Far more than any suite needs: two parts that wake each other at one instant would run for ever. */
const EVENTS_MAX = 5_000_000

/** A turn of the real event loop comes only after all microtasks; no real time passes in the simulation. */
const settle = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const isBefore = (a: Event, b: Event): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

export class Timeline {
  readonly #heap: Event[] = []
  #nowMs = 0
  #sequence = 0
  #events = 0
  #running = false

  get nowMs(): number {
    return this.#nowMs
  }

  get events(): number {
    return this.#events
  }

  /** @returns a function that cancels it. */
  at(atMs: number, run: () => void): () => void {
    const event: Event = { atMs: Math.max(atMs, this.#nowMs), sequence: this.#sequence++, run }
    this.#push(event)
    return () => {
      event.run = undefined
    }
  }

  after(delayMs: number, run: () => void): () => void {
    return this.at(this.#nowMs + delayMs, run)
  }

  /** Runs everything due up to and including `untilMs`, or until `done` holds. @returns whether `done` held. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<boolean> {
    assert(!this.#running, 'an event cannot run the timeline that runs it')
    this.#running = true
    const isDone = await this.#run(untilMs, done)
    this.#running = false
    return isDone
  }

  async #run(untilMs: number, done: () => boolean): Promise<boolean> {
    await settle()
    if (done()) return true
    for (let event = this.#pop(untilMs); event !== undefined; event = this.#pop(untilMs)) {
      if (event.run === undefined) continue
      this.#nowMs = event.atMs
      assert(++this.#events < EVENTS_MAX, 'the simulation does not come to rest')
      event.run()
      await settle()
      if (done()) return true
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
    return false
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !isBefore(event, parent)) break
      heap[at] = parent
      at = up
    }
    heap[at] = event
  }

  #pop(untilMs: number): Event | undefined {
    const heap = this.#heap
    const [top] = heap
    if (top === undefined || top.atMs > untilMs) return undefined
    const last = heap.pop()
    if (last !== undefined && last !== top) this.#sink(last)
    return top
  }

  #sink(event: Event): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      if (left === undefined) break
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (!isBefore(child, event)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = event
  }
}

export interface ClockInit {
  /** Unix time at the start of the simulation, ms. */
  readonly epochMs: number
  /** What the wall clock is ahead, ms; it may be negative and may change while the node runs. */
  readonly skewMs: () => number
  /** Monotonic time at the start of the simulation: another one at each start of a node. */
  readonly monoBaseMs: number
  /** The node's process exists; timers of one that crashed never fire. */
  readonly isAlive: () => boolean
}

/** The clock of one process. */
export function createClock(timeline: Timeline, init: ClockInit): Clock {
  return {
    wallMs: () => init.epochMs + timeline.nowMs + init.skewMs(),
    monoMs: () => init.monoBaseMs + timeline.nowMs,
    at: (monoMs, run) =>
      timeline.at(Math.ceil(monoMs) - init.monoBaseMs, () => {
        if (init.isAlive()) run()
      })
  }
}
