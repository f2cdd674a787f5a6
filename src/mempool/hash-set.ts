/**
 * A set of SHA-256 hashes that is a few blocks of memory instead of an object each: 44 bytes where a set of strings
 * takes 110 of the collector's heap, for every one of which it leaves as much garbage lying again before it collects.
 *
 * Chained by the first word. Whoever chooses hashes would have to make 2^16 of them for each that prolongs one chain;
 * places that are tried one after another are prolonged by half the hashes there are.
 */
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'

const WORDS = 8
const DIGITS_OF_WORD = 8
const DIGITS = WORDS * DIGITS_OF_WORD
const FIRST_CAPACITY = 64

export class HashSet {
  #size = 0
  /** Powers of two. */
  #capacity = FIRST_CAPACITY
  /** Of each hash eight words, in the order in which they came. */
  #words = new Uint32Array(FIRST_CAPACITY * WORDS)
  /** By the low bits of the first word: the number of the last hash that has them, counted from 1; 0 is none. */
  #last = new Uint32Array(FIRST_CAPACITY)
  /** Of each hash the number of the one before it in its chain. */
  #before = new Uint32Array(FIRST_CAPACITY)

  get size(): number {
    return this.#size
  }

  has(hash: Hex): boolean {
    assert(hash.length === DIGITS, 'a hash has 64 digits')
    const first = wordOf(hash, 0)
    let number = this.#last[first & (this.#capacity - 1)] ?? 0
    while (number !== 0 && !this.#is(number - 1, hash, first)) number = this.#before[number - 1] ?? 0
    return number !== 0
  }

  /** One that is not in it. */
  add(hash: Hex): void {
    if (this.#size === this.#capacity) this.#grow()
    const at = this.#size * WORDS
    for (let word = 0; word < WORDS; word++) this.#words[at + word] = wordOf(hash, word)
    this.#chain(this.#size)
    this.#size += 1
  }

  /** Keeps its memory for those that come next. */
  clear(): void {
    this.#last.fill(0)
    this.#size = 0
  }

  #is(index: number, hash: Hex, first: number): boolean {
    const at = index * WORDS
    if (this.#words[at] !== first) return false
    for (let word = 1; word < WORDS; word++) if (this.#words[at + word] !== wordOf(hash, word)) return false
    return true
  }

  #chain(index: number): void {
    const slot = (this.#words[index * WORDS] ?? 0) & (this.#capacity - 1)
    this.#before[index] = this.#last[slot] ?? 0
    this.#last[slot] = index + 1
  }

  #grow(): void {
    this.#capacity *= 2
    const words = new Uint32Array(this.#capacity * WORDS)
    words.set(this.#words)
    this.#words = words
    this.#last = new Uint32Array(this.#capacity)
    this.#before = new Uint32Array(this.#capacity)
    for (let index = 0; index < this.#size; index++) this.#chain(index)
  }
}

function wordOf(hash: Hex, word: number): number {
  const from = word * DIGITS_OF_WORD
  let bits = 0
  for (let at = from; at < from + DIGITS_OF_WORD; at++) bits = (bits << 4) | digit(hash.charCodeAt(at))
  return bits >>> 0
}

/** '0' is 48, 'a' is 97: letters alone have bit 6. */
const digit = (code: number): number => (code & 15) + (code >> 6) * 9
