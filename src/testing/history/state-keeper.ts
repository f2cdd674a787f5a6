/** Snapshots of the states of a made chain, by the code that a node makes them with; nothing else runs, so without pauses. */
import type { CertifiedHeader } from '../../codec/messages.ts'
import { SnapshotMaker } from '../../node/snapshot/maker.ts'
import type { ChainStore } from '../../store/chain-store.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { StateSnapshots } from '../../store/state-snapshots.ts'

/** Work takes no time by it, so it is never interrupted. */
const STILL = { wallMs: () => 0, monoMs: () => 0, at: () => () => undefined }

export class StateKeeper {
  readonly #maker: SnapshotMaker

  private constructor(maker: SnapshotMaker) {
    this.#maker = maker
  }

  static async open(store: ChainStore, database: KeyValueStore): Promise<StateKeeper> {
    const snapshots = await StateSnapshots.open(database)
    return new StateKeeper(new SnapshotMaker({ clock: STILL, store, database, snapshots }))
  }

  /** @param tip the store's final block */
  async keep(tip: CertifiedHeader): Promise<void> {
    await this.#maker.start(tip)
  }
}
