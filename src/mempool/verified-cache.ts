/**
 * Wire hashes of transactions whose signature was verified (M6): each is verified once, by gossip, RPC or import,
 * whoever sees it first. Failures are not kept: an attacker makes as many distinct ones as it likes.
 *
 * Bounded by two generations: when the young one holds half of the bound, the old one is forgotten and they swap. What
 * is forgotten would only be verified again.
 */
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import { HashSet } from './hash-set.ts'

export class VerifiedCache {
  readonly #generationMax: number
  #young = new HashSet()
  #old = new HashSet()

  /** Holds at most `max` and at least the last ⌊max / 2⌋: the latter should cover a pool and a few blocks. */
  constructor(max: number) {
    assert(Number.isInteger(max) && max >= 2, 'a verified cache holds at least two hashes')
    this.#generationMax = Math.floor(max / 2)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  has(wireHash: Hex): boolean {
    return this.#young.has(wireHash) || this.#old.has(wireHash)
  }

  add(wireHash: Hex): void {
    if (this.has(wireHash)) return
    if (this.#young.size >= this.#generationMax) {
      const forgotten = this.#old
      forgotten.clear()
      this.#old = this.#young
      this.#young = forgotten
    }
    this.#young.add(wireHash)
  }
}
