/**
 * How long each node of a swarm takes from its own start until it has its peers. Nobody has six before seven run: the
 * time of whoever started earlier counts from then.
 */
import type { Node } from '../app/node.ts'

/** What is looked at of a node. */
export type Arriving = Pick<Node, 'network' | 'chains'>

/** At least so many peers in each chain that it follows. */
export const hasPeers = ({ network, chains }: Arriving, wanted: number): boolean =>
  chains !== undefined &&
  network !== undefined &&
  chains.list.every(({ chain }) => network.peers(chain).length >= wanted)

export class Arrivals {
  readonly #nodes: () => readonly (Arriving | undefined)[]
  readonly #wanted: number
  /** When each was first seen to run, and to have its peers. */
  readonly #ranMs = new Map<number, number>()
  readonly #metMs = new Map<number, number>()
  #enoughMs: number | undefined

  /** @param nodes of all members; undefined: does not run */
  constructor(nodes: () => readonly (Arriving | undefined)[], wanted: number) {
    this.#nodes = nodes
    this.#wanted = wanted
  }

  look(nowMs: number): void {
    const nodes = this.#nodes()
    for (const [index, node] of nodes.entries())
      if (node !== undefined && !this.#ranMs.has(index)) this.#ranMs.set(index, nowMs)
    if (this.#ranMs.size > this.#wanted) this.#enoughMs ??= nowMs
    for (const [index, node] of nodes.entries()) {
      if (node === undefined || this.#metMs.has(index)) continue
      if (hasPeers(node, this.#wanted)) this.#metMs.set(index, nowMs)
    }
  }

  /** Undefined while a node that runs has not had its peers, or none runs. */
  get slowestMs(): number | undefined {
    let slowest: number | undefined
    for (const [index, ranMs] of this.#ranMs) {
      const metMs = this.#metMs.get(index)
      if (metMs === undefined) return undefined
      const tookMs = metMs - Math.max(ranMs, this.#enoughMs ?? ranMs)
      slowest = Math.max(slowest ?? 0, tookMs)
    }
    return slowest
  }
}
