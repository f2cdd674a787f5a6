/** Epoch snapshots as re-execution of the coordination chain finds them (C2): what committees are read from. */
import type { ChainId } from '../primitives/chain-id.ts'
import { createSchedule } from '../sharding/schedule.ts'
import type { LeaderSchedule } from '../sharding/ports.ts'
import { encodeSnapshot } from '../sharding/snapshot.ts'
import type { Committee, EpochSnapshot } from '../sharding/types.ts'

/** One epoch; shared by all directories whose coordination blocks froze it. */
export class Epoch {
  readonly snapshot: EpochSnapshot
  /** As it must be stored. */
  readonly bytes: Uint8Array
  readonly #schedules = new Map<ChainId, LeaderSchedule>()

  constructor(snapshot: EpochSnapshot) {
    this.snapshot = snapshot
    this.bytes = encodeSnapshot(snapshot)
  }

  schedule(chain: ChainId): LeaderSchedule {
    const known = this.#schedules.get(chain)
    if (known !== undefined) return known
    const schedule = createSchedule(this.snapshot, chain)
    this.#schedules.set(chain, schedule)
    return schedule
  }
}

/** The epochs of one directory's coordination chain. */
export class KnownEpochs {
  readonly #epochs = new Map<number, Epoch>()

  add(epoch: Epoch): void {
    this.#epochs.set(epoch.snapshot.epoch, epoch)
  }

  get(epoch: number): Epoch | undefined {
    return this.#epochs.get(epoch)
  }

  committee(chain: ChainId, epoch: number): Committee | undefined {
    return this.#epochs.get(epoch)?.snapshot.committees.get(chain)
  }

  get all(): IterableIterator<Epoch> {
    return this.#epochs.values()
  }
}
