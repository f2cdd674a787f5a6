/** How a chain begins in a store, and what its coordination blocks freeze (C2): for drivers and for imports alike. */
import { toHex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { buildChainGenesis } from '../../chain/genesis-block.ts'
import type { Genesis } from '../../params/genesis.ts'
import { proveRecords } from '../../sharding/epoch-records.ts'
import { epochFrozenAt } from '../../sharding/epochs.ts'
import { computeSnapshot, decodeSnapshot, encodeSnapshot } from '../../sharding/snapshot.ts'
import type { ChainStore, SnapshotRecord } from '../../store/chain-store.ts'
import type { Executed } from './block-tree.ts'
import type { EpochBook } from './epoch-book.ts'

export function createGenesis(genesis: Genesis, chain: ChainId, coordHash: Uint8Array) {
  const { block, changes } = buildChainGenesis(genesis, chain, coordHash)
  if (chain !== COORD) return { block, changes }
  const view = { get: (key: Uint8Array) => changes.values.get(toHex(key)) }
  const snapshot = computeSnapshot(view, 0, coordHash, genesis.shards)
  return { block, changes, snapshots: [[0, encodeSnapshot(snapshot)] as const] }
}

export function loadSnapshot(store: ChainStore, epoch: number) {
  const bytes = store.snapshot(epoch)
  if (bytes === undefined) return undefined
  const decoded = decodeSnapshot(bytes)
  return must(decoded.ok ? decoded.value : undefined, `stored snapshot of epoch ${epoch} is readable`)
}

/** C2: snapshot(e) is a function of coordination state after height e·L − F, and is kept for ever. */
export function freezer(epochs: EpochBook, genesisHash: Uint8Array, shards: number) {
  return ({ block, state }: Executed): SnapshotRecord[] => {
    const params = must(epochs.snapshot(block.header.epoch), 'a final block’s epoch is known').params
    const epoch = epochFrozenAt(block.header.height, params)
    if (epoch === undefined) return []
    const snapshot = computeSnapshot(state, epoch, genesisHash, shards)
    epochs.add(snapshot)
    return [[epoch, encodeSnapshot(snapshot), proveRecords(state)]]
  }
}
