/** Reading running nodes in tests: heights, metrics, what peers think of each other. */
import type { Node } from '../../src/app/node.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import type { Swarm } from '../../src/testing/index.ts'

export const finalHeight = (node: Node, chain: ChainId): number => node.chains!.get(chain)!.store.final.height

export const finalHeights = (swarm: Swarm): number[] =>
  swarm.running.flatMap((node) => node.chains!.list.map(({ store }) => store.final.height))

/** Sum of a counter over all series that have the given labels. */
export async function counter(
  node: Node,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): Promise<number> {
  const metric = await node.metrics.registry.getSingleMetric(name)?.get()
  let sum = 0
  for (const { labels: has, value } of metric?.values ?? []) {
    const fits = Object.entries(labels).every(([label, text]) => String(has[label]) === text)
    if (fits) sum += value
  }
  return sum
}

/** Scores that honest nodes give each other, of the ledger and of gossipsub; strangers are left out. */
export function honestScores(swarm: Swarm): { readonly ledger: number[]; readonly gossip: number[] } {
  const honest = new Set(swarm.running.map(({ network }) => network!.self))
  const ledger: number[] = []
  const gossip: number[] = []
  for (const { network } of swarm.running) {
    for (const { peer, score } of network!.peers()) {
      if (!honest.has(peer)) continue
      ledger.push(score)
      gossip.push(network!.gossipScore(peer))
    }
  }
  return { ledger, gossip }
}
