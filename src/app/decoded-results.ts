/**
 * Results of final blocks, decoded: those who follow a transaction ask for the same few blocks again and again, and
 * decoding a large one takes most of a millisecond.
 */
import type { ChainId } from '../primitives/chain-id.ts'
import { decodeResults } from '../codec/results.ts'
import type { StoredResults } from '../codec/results.ts'

/** Of each chain, those asked for last: more than become final while a receipt crosses. */
export const RESULTS_KEPT = 16

export interface ResultsHolder {
  readonly chain: ChainId
  readonly store: { results(height: number): Uint8Array | undefined }
}

export class DecodedResults {
  readonly #kept = new Map<ChainId, Map<number, StoredResults>>()

  /** @returns undefined where the block has none here: below a snapshot, or pruned */
  of({ chain, store }: ResultsHolder, height: number): StoredResults | undefined {
    const kept = this.#kept.get(chain) ?? new Map<number, StoredResults>()
    this.#kept.set(chain, kept)
    const known = kept.get(height)
    if (known !== undefined) {
      kept.delete(height)
      kept.set(height, known)
      return known
    }
    const bytes = store.results(height)
    if (bytes === undefined || bytes.length === 0) return undefined
    const results = decodeResults(bytes)
    kept.set(height, results)
    const [oldest] = kept.keys()
    if (kept.size > RESULTS_KEPT && oldest !== undefined) kept.delete(oldest)
    return results
  }
}
