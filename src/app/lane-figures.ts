/** What the lanes of a chain amount to, as metrics: read from its final state, so a restart forgets nothing. */
import { chainName, chainsOf } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { ReceiptMetrics } from '../metrics/receipts.ts'
import { readInLane, readOutLane } from '../node/chain/outbox.ts'
import type { StateView } from '../state/ports.ts'

interface Sums {
  readonly emitted: number
  readonly applied: number
  readonly refunded: number
}

const NONE: Sums = { emitted: 0, applied: 0, refunded: 0 }

export class LaneFigures {
  readonly #metrics: ReceiptMetrics
  readonly #chains: readonly ChainId[]
  readonly #counted = new Map<ChainId, Sums>()

  constructor(metrics: ReceiptMetrics, shards: number) {
    this.#metrics = metrics
    this.#chains = chainsOf(shards)
  }

  finalBlock(chain: ChainId, state: Pick<StateView, 'get'>): void {
    const label = { chain: chainName(chain) }
    const sums = { ...NONE }
    for (const other of this.#chains) {
      const out = other === chain ? undefined : readOutLane(state, other)
      const inbound = other === chain ? undefined : readInLane(state, other)
      sums.emitted += out?.next ?? 0
      sums.applied += inbound?.cursor ?? 0
      sums.refunded += inbound?.refunds ?? 0
      if (out === undefined) continue
      const { next, acknowledged, refundsReported, refundsReceived } = out
      const outstanding = next - acknowledged + (refundsReported - refundsReceived)
      this.#metrics.outstanding.set({ ...label, destination: chainName(other) }, outstanding)
    }
    const before = this.#counted.get(chain) ?? NONE
    this.#counted.set(chain, sums)
    for (const name of ['emitted', 'applied', 'refunded'] as const) {
      this.#metrics[name].inc(label, Math.max(0, sums[name] - before[name]))
    }
  }
}
