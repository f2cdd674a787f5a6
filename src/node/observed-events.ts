/** Who else of this node hears of what a chain tells, besides whoever runs it. */
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { Instance } from '../consensus/instance.ts'
import type { Announcements } from './announcements.ts'
import type { Coordination } from './coordination.ts'
import type { EvidencePool } from './evidence-pool.ts'
import type { ChainEvents } from './ports.ts'
import type { Receipts } from './receipts.ts'
import type { ChainSnapshots } from './snapshot/chain-snapshots.ts'

/** The snapshot of a block is begun before anything else happens to the store. */
export function observeFinal(events: ChainEvents, snapshots: ChainSnapshots): ChainEvents {
  return {
    ...events,
    final: (event) => {
      snapshots.onFinal(event)
      events.final(event)
    }
  }
}

export function observeFinality(
  events: ChainEvents,
  coordination: Coordination,
  receipts: Receipts,
  announcements: Announcements
): ChainEvents {
  return {
    ...events,
    final: (event) => {
      events.final(event)
      if (event.chain === COORD) coordination.advanced()
      receipts.advanced(event.chain)
      announcements.finalised(event.header)
    }
  }
}

/** What the chains find goes into the pool, and what coordination made final leaves it. */
export function observeOffences(
  events: ChainEvents,
  pool: EvidencePool,
  nodeOf: (chain: ChainId) => { readonly driver: { readonly instance: Instance } } | undefined
): ChainEvents {
  return {
    ...events,
    evidence: (evidence) => {
      events.evidence(evidence)
      pool.found(evidence)
    },
    invalidBlock: (chain, block, reason) => {
      events.invalidBlock(chain, block, reason)
      const instance = nodeOf(chain)?.driver.instance
      if (instance !== undefined) pool.foundInvalid(block, instance)
    },
    halted: (chain, reason, proof) => {
      events.halted(chain, reason, proof)
      pool.foundCertificates(proof ?? [])
    },
    final: (event) => {
      events.final(event)
      if (event.chain === COORD) pool.settle()
    }
  }
}
