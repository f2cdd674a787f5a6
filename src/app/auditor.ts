/**
 * The runtime auditor (SYSTEM 5): after every final block it checks what no correct node can break, and counts a
 * violation where it finds one. It only reads; stopping is for an operator who was alarmed.
 */
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { genesisShare, sumOfAccounts } from '../params/supply.ts'
import type { Genesis } from '../params/genesis.ts'
import type { INVARIANTS } from '../metrics/node.ts'
import { issuedBy, readTotals } from '../state/supply.ts'
import type { StateView } from '../state/ports.ts'
import type { Amounts } from '../state/types.ts'
import { LaneAuditor } from './lane-auditor.ts'

/** Names of the invariants it watches, as the metric `icn_invariant_violations_total` labels them. */
export type Invariant = Exclude<(typeof INVARIANTS)[number], 'halted'>

export class Auditor {
  readonly #genesis: Genesis
  readonly #onViolation: (invariant: Invariant, detail: string) => void
  readonly #heights = new Map<ChainId, number>()
  readonly #issued = new Map<ChainId, Amounts>()
  readonly #lanes: LaneAuditor

  constructor(genesis: Genesis, onViolation: (invariant: Invariant, detail: string) => void) {
    this.#genesis = genesis
    this.#onViolation = onViolation
    this.#lanes = new LaneAuditor(genesis.shards, (detail) => onViolation('lanes', detail))
  }

  /** Invariants 4 and 6: what a chain holds and sent, less what it received, is what its genesis gave it, also lane by lane, and its final height rises by one. */
  finalBlock(chain: ChainId, height: number, state: Pick<StateView, 'get'>): void {
    this.finalHeight(chain, height)
    this.#lanes.finalBlock(chain, state)
    const held = issuedBy(readTotals(state))
    const issued = this.#issuedOn(chain)
    if (held.consumer === issued.consumer && held.industrial === issued.industrial) return
    const detail = `chain ${chainName(chain)} at ${height}: ${held.consumer}/${held.industrial}`
    this.#onViolation('supply', `${detail}, issued ${issued.consumer}/${issued.industrial}`)
  }

  /** Of a block whose state was looked at with the one before: they became final together (SYN-6). */
  finalHeight(chain: ChainId, height: number): void {
    const last = this.#heights.get(chain)
    this.#heights.set(chain, height)
    if (last === undefined || height === last + 1) return
    this.#onViolation('height', `chain ${chainName(chain)}: ${height} after ${last}`)
  }

  /** The chain goes on from another height: it began anew at a snapshot (SNAP-8). */
  begun(chain: ChainId): void {
    this.#heights.delete(chain)
  }

  #issuedOn(chain: ChainId): Amounts {
    const known = this.#issued.get(chain)
    if (known !== undefined) return known
    const { accounts, reserve } = genesisShare(this.#genesis, chain)
    const sum = sumOfAccounts(accounts)
    const issued = {
      consumer: sum.consumer + reserve.consumer,
      industrial: sum.industrial + reserve.industrial
    }
    this.#issued.set(chain, issued)
    return issued
  }
}
