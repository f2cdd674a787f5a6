/**
 * Bytes of answers that are made or not yet sent, of all peers together and of each (D12). Room for the largest answer is
 * taken before a handler runs; who finds none waits, and is told `limited` when it takes too long. A peer that asks for
 * much and reads nothing thus keeps its own part and nobody else's.
 */
import type { Peer } from './types.ts'

export interface RoomLimits {
  readonly bytes: number
  readonly bytesPerPeer: number
}

interface Waiter {
  readonly peer: Peer
  readonly bytes: number
  readonly settle: (granted: boolean) => void
}

export class AnswerRoom {
  readonly #limits: RoomLimits
  readonly #held = new Map<Peer, number>()
  /** Bounded by the slots of all peers. */
  readonly #waiters = new Set<Waiter>()
  #total = 0

  constructor(limits: RoomLimits) {
    this.#limits = limits
  }

  get held(): number {
    return this.#total
  }

  /** @returns false when there was no room for `maxMs`. */
  async take(peer: Peer, bytes: number, maxMs: number): Promise<boolean> {
    if (this.#isAlone(peer) && this.#grant(peer, bytes)) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiter: Waiter = { peer, bytes, settle: resolve }
    this.#waiters.add(waiter)
    const timer = setTimeout(() => {
      this.#waiters.delete(waiter)
      resolve(false)
    }, maxMs)
    const granted = await promise
    clearTimeout(timer)
    return granted
  }

  give(peer: Peer, bytes: number): void {
    const left = (this.#held.get(peer) ?? 0) - bytes
    if (left > 0) this.#held.set(peer, left)
    else this.#held.delete(peer)
    this.#total -= bytes
    for (const waiter of this.#waiters) {
      if (!this.#grant(waiter.peer, waiter.bytes)) continue
      this.#waiters.delete(waiter)
      waiter.settle(true)
    }
  }

  /** Who waits for its own part does not hold up the others; two of one peer keep their order. */
  #isAlone(peer: Peer): boolean {
    for (const waiter of this.#waiters) if (waiter.peer === peer) return false
    return true
  }

  #grant(peer: Peer, bytes: number): boolean {
    const held = this.#held.get(peer) ?? 0
    if (this.#total + bytes > this.#limits.bytes || held + bytes > this.#limits.bytesPerPeer) return false
    this.#held.set(peer, held + bytes)
    this.#total += bytes
    return true
  }
}
