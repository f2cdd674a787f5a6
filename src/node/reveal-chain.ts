/**
 * The validator's own hash chains (C29): every value follows from the key file, so nothing has to be kept. A chain is used
 * from its tip downwards; when it is used up, the next one is registered.
 */
import { concat, equal, u64be } from '../primitives/bytes.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'
import { revealStep } from '../state/coord/reveals.ts'

/** Reveals of one chain: as many own coordination blocks. */
export const CHAIN_STEPS = 4_096
/** Chains that are looked through for a tip: more than a validator proposes blocks in decades. */
const CHAINS_MAX = 256
const VALUE_BYTES = 32

export class RevealChain {
  readonly #seed: Uint8Array
  #number = 0
  /** From the secret upwards to the tip. */
  #values: Uint8Array
  /** The last tip that was looked for in vain: a million hashes. */
  #foreign: Uint8Array | undefined

  /** @param seed of the validator key: only hashes of it leave this class */
  constructor(seed: Uint8Array) {
    this.#seed = sha256(concat(DOMAINS.revealSeed, seed))
    this.#values = this.#expand(0)
  }

  /** What a validator without a usable chain registers; the one after `tip` where that is one of its own. */
  nextTip(tip?: Uint8Array): Uint8Array {
    const place = tip === undefined ? undefined : this.#find(tip)
    return this.#value(this.#expand(place === undefined ? 0 : place.number + 1), CHAIN_STEPS)
  }

  /** @returns undefined for a tip that is not of these chains, or the last value of one. */
  preimageOf(tip: Uint8Array): Uint8Array | undefined {
    const place = this.#find(tip)
    return place === undefined || place.at === 0 ? undefined : this.#value(this.#values, place.at - 1)
  }

  /** Reveals that are left below a tip; 0 for one that is not ours. */
  left(tip: Uint8Array): number {
    return this.#find(tip)?.at ?? 0
  }

  #find(tip: Uint8Array): { readonly number: number; readonly at: number } | undefined {
    const here = this.#place(this.#values, tip)
    if (here !== undefined) return { number: this.#number, at: here }
    if (this.#foreign !== undefined && equal(this.#foreign, tip)) return undefined
    for (let number = 0; number < CHAINS_MAX; number++) {
      const values = this.#expand(number)
      const at = this.#place(values, tip)
      if (at === undefined) continue
      this.#number = number
      this.#values = values
      return { number, at }
    }
    this.#foreign = tip
    return undefined
  }

  #place(values: Uint8Array, tip: Uint8Array): number | undefined {
    for (let at = CHAIN_STEPS; at >= 0; at--) if (equal(this.#value(values, at), tip)) return at
    return undefined
  }

  #value(values: Uint8Array, at: number): Uint8Array {
    return values.slice(at * VALUE_BYTES, (at + 1) * VALUE_BYTES)
  }

  #expand(number: number): Uint8Array {
    const values = new Uint8Array((CHAIN_STEPS + 1) * VALUE_BYTES)
    let value = sha256(concat(this.#seed, u64be(number)))
    for (let at = 0; at <= CHAIN_STEPS; at++) {
      values.set(value, at * VALUE_BYTES)
      value = revealStep(value)
    }
    return values
  }
}
