/** Liveness (invariant 10): from a moment on, every chain of every honest node advances and crosses an epoch. */
import { chainName } from '../../../primitives/chain-id.ts'
import type { ChainId } from '../../../primitives/chain-id.ts'
import type { SimNode } from '../node.ts'

interface Mark {
  readonly height: number
  readonly epoch: number
}

export class Liveness {
  readonly #heights: number
  readonly #from = new Map<ChainId, Mark>()

  /** @param heights that each chain has to gain. */
  constructor(heights: number) {
    this.#heights = heights
  }

  /** From here on: what the highest node has is not counted as progress. */
  mark(nodes: readonly SimNode[]): void {
    for (const node of nodes) {
      for (const { chain, store } of node.chains?.list ?? []) {
        const known = this.#from.get(chain) ?? { height: 0, epoch: 0 }
        const { height, epoch } = store.final
        this.#from.set(chain, { height: Math.max(known.height, height), epoch: Math.max(known.epoch, epoch) })
      }
    }
  }

  /** What is still missing, as text; empty when every chain of every node got there. */
  missing(nodes: readonly SimNode[]): string[] {
    const out: string[] = []
    for (const node of nodes) {
      const { chains } = node
      if (chains === undefined) out.push(`node ${node.index} is down`)
      for (const { chain, store, driver } of chains?.list ?? []) {
        const from = this.#from.get(chain) ?? { height: 0, epoch: 0 }
        const { height, epoch } = store.final
        if (height >= from.height + this.#heights && epoch > from.epoch) continue
        const { view } = driver.instance
        out.push(
          `node ${node.index} chain ${chainName(chain)}: height ${height} after ${from.height}, ` +
            `epoch ${epoch} after ${from.epoch}, view ${view}`
        )
      }
    }
    return out
  }
}
