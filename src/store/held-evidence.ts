/** Evidence that is known here and not yet in coordination's state (C30): kept across restarts, bounded. */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { NODE_BUCKETS as B, bucketKey, bucketRange, corrupt } from './buckets.ts'
import type { KeyValueStore } from './ports.ts'

/** All members of a large committee that misbehave, a few times each. */
export const HELD_EVIDENCE_MAX = 512

export class HeldEvidence {
  readonly #store: KeyValueStore
  readonly #held: Map<Hex, Uint8Array>

  private constructor(store: KeyValueStore, held: Map<Hex, Uint8Array>) {
    this.#store = store
    this.#held = held
  }

  static async open(store: KeyValueStore): Promise<HeldEvidence> {
    const held = new Map<Hex, Uint8Array>()
    for await (const [key, bytes] of store.range(bucketRange(B.evidence))) {
      if (key.length !== 33) throw corrupt(B.evidence, key)
      held.set(toHex(key.subarray(1)), bytes)
    }
    return new HeldEvidence(store, held)
  }

  /** By offence id, in order. */
  list(): (readonly [id: Hex, bytes: Uint8Array])[] {
    return [...this.#held].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  get count(): number {
    return this.#held.size
  }

  has(id: Uint8Array): boolean {
    return this.#held.has(toHex(id))
  }

  /** @returns false when there is no room. */
  async put(id: Uint8Array, bytes: Uint8Array): Promise<boolean> {
    const key = toHex(id)
    if (this.#held.has(key)) return true
    if (this.#held.size >= HELD_EVIDENCE_MAX) return false
    this.#held.set(key, bytes)
    await this.#store.batch([{ type: 'put', key: bucketKey(B.evidence, id), value: bytes }], { sync: true })
    return true
  }

  /** Unsynced: what comes back after a crash is found in the state again. */
  async delete(ids: readonly Uint8Array[]): Promise<void> {
    const gone = ids.filter((id) => this.#held.delete(toHex(id)))
    if (gone.length === 0) return
    await this.#store.batch(
      gone.map((id) => ({ type: 'del', key: bucketKey(B.evidence, id) }) as const),
      { sync: false }
    )
  }
}
