/**
 * The epoch snapshots this node knows (C2), with what is derived from them. Coordination fills it as it freezes
 * epochs; every chain reads committees, schedules and parameters from here and from nowhere else.
 */
import { equal } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { createSchedule } from '../../sharding/schedule.ts'
import type { LeaderSchedule } from '../../sharding/ports.ts'
import type { Committee, EpochSnapshot } from '../../sharding/types.ts'

/** Derived committees and schedules kept in memory; older ones are made again from the stored snapshot. */
export const RECENT_MAX = 64

export class EpochBook {
  readonly #recent = new Map<number, EpochSnapshot>()
  readonly #schedules = new Map<string, LeaderSchedule>()
  readonly #load: (epoch: number) => EpochSnapshot | undefined
  #latest = 0

  /** @param load reads a snapshot from the coordination chain's store. */
  constructor(load: (epoch: number) => EpochSnapshot | undefined) {
    this.#load = load
  }

  get latest(): number {
    return this.#latest
  }

  add(snapshot: EpochSnapshot): void {
    this.#latest = Math.max(this.#latest, snapshot.epoch)
    this.#recent.set(snapshot.epoch, snapshot)
    for (const epoch of this.#recent.keys()) {
      if (this.#recent.size <= RECENT_MAX) break
      this.#recent.delete(epoch)
    }
    if (this.#schedules.size > RECENT_MAX * 4) this.#schedules.clear()
  }

  snapshot(epoch: number): EpochSnapshot | undefined {
    const known = this.#recent.get(epoch)
    if (known !== undefined) return known
    const loaded = this.#load(epoch)
    if (loaded !== undefined) this.add(loaded)
    return loaded
  }

  committee(chain: ChainId, epoch: number): Committee | undefined {
    return this.snapshot(epoch)?.committees.get(chain)
  }

  schedule(chain: ChainId, epoch: number): LeaderSchedule {
    const key = `${chain}/${epoch}`
    const known = this.#schedules.get(key)
    if (known !== undefined) return known
    const schedule = createSchedule(must(this.snapshot(epoch), `snapshot of epoch ${epoch} is known`), chain)
    this.#schedules.set(key, schedule)
    return schedule
  }

  /** Own index in a committee. */
  memberIndex(chain: ChainId, epoch: number, key: Uint8Array): number | undefined {
    const index = this.committee(chain, epoch)?.members.findIndex((member) => equal(member.key, key)) ?? -1
    return index < 0 ? undefined : index
  }
}
