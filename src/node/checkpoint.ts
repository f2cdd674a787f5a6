/** SYN-11: the coordination block that the operator vouches for, compared wherever a block of its height is proven. */
import { equal, toHex } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { ChainStore } from '../store/chain-store.ts'
import { CheckpointError } from './node-errors.ts'
import type { ChainEvents } from './ports.ts'
import type { Checkpoint } from './sync/sync-facts.ts'

/** A checkpoint is a block of coordination. */
export const ofChain = <T extends { readonly checkpoint: Checkpoint | undefined }>(
  sync: T,
  chain: ChainId
): T => (chain === COORD ? sync : { ...sync, checkpoint: undefined })

/** @param hash of the final coordination block at the checkpoint's height; undefined: it is not known. @throws CheckpointError */
export function refuseContradiction(checkpoint: Checkpoint | undefined, hash: Uint8Array | undefined): void {
  if (checkpoint === undefined || hash === undefined || equal(hash, checkpoint.hash)) return
  throw new CheckpointError({
    code: 'CHECKPOINT_CONTRADICTED',
    height: checkpoint.height,
    expected: toHex(checkpoint.hash),
    found: toHex(hash)
  })
}

/** What was final before the operator named it. @throws CheckpointError */
export function refuseStored(coord: ChainStore, checkpoint: Checkpoint | undefined): void {
  if (checkpoint !== undefined) refuseContradiction(checkpoint, coord.hashAt(checkpoint.height))
}

/** A block may become final here without a sync: in consensus, or pulled beside it. */
export function observeCheckpoint(events: ChainEvents, checkpoint: Checkpoint | undefined): ChainEvents {
  if (checkpoint === undefined) return events
  return {
    ...events,
    final: (event) => {
      events.final(event)
      if (event.chain !== COORD || event.header.height !== checkpoint.height) return
      try {
        refuseContradiction(checkpoint, event.hash)
      } catch (error) {
        events.failed(error)
      }
    }
  }
}
