/**
 * The only source of chance in the simulator: sfc32, seeded with SHA-256 of seed and label. A fork has a stream of its
 * own, so that one more draw in one part does not change what every other part does.
 */
import { assert } from '../../primitives/errors.ts'
import { toHex, utf8 } from '../../primitives/bytes.ts'
import { sha256 } from '../../crypto/hash.ts'

const MILLION = 1_000_000

export class Prng {
  readonly #path: string
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(seed: string, label = '') {
    this.#path = `${seed}|${label}`
    const view = new DataView(sha256(utf8(this.#path)).buffer)
    this.#a = view.getUint32(0)
    this.#b = view.getUint32(4)
    this.#c = view.getUint32(8)
    this.#counter = view.getUint32(12) | 1
  }

  fork(label: string): Prng {
    return new Prng(this.#path, label)
  }

  /** 0 … 2³² − 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0
    this.#counter = (this.#counter + 1) >>> 0
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0
    return sum
  }

  /** 0 … n − 1, each equally likely: what would favour small numbers is drawn again. */
  below(n: number): number {
    assert(Number.isInteger(n) && n >= 1 && n <= 2 ** 32, 'a bound from 1 to 2^32')
    const limit = 2 ** 32 - (2 ** 32 % n)
    let drawn = this.next()
    while (drawn >= limit) drawn = this.next()
    return drawn % n
  }

  /** Both ends included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(ppm: number): boolean {
    return this.below(MILLION) < ppm
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'nothing to pick from')
    return items[this.below(items.length)] as T
  }

  shuffled<T>(items: readonly T[]): T[] {
    const out = [...items]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[out[i], out[j]] = [out[j] as T, out[i] as T]
    }
    return out
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  /** A name for what was drawn, for keys and labels. */
  hex(length: number): string {
    return toHex(this.bytes(length))
  }
}
