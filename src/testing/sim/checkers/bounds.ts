/** What remote input can fill stays within its bound (invariant 8). The bounds are stated again, on purpose. */
import { chainName } from '../../../primitives/chain-id.ts'
import type { ChainNode } from '../../../node/chain/chain-node.ts'

/** Views: 64 ahead of the own one, those above the last final one, 8 late ones. A stuck instance adds one a timer. */
const VIEWS_MAX = 400
const BLOCKS_MAX = 256
const QUEUE_MAX = 8_192
/** Executed blocks: those held, and own ones that were built for a view that was over. */
const EXECUTED_MAX = 2 * BLOCKS_MAX

export function checkBounds(node: number, chain: ChainNode, violation: (text: string) => void): void {
  const { instance, queued } = chain.driver
  const sizes: readonly (readonly [name: string, size: number, max: number])[] = [
    ['views', instance.views.size, VIEWS_MAX],
    ['blocks', instance.blocks.size, BLOCKS_MAX],
    ['seenAt', instance.seenAt.size, VIEWS_MAX + BLOCKS_MAX],
    ['requested', instance.requested.size, VIEWS_MAX],
    ['heard', instance.heard.size, instance.config.committee.members.length],
    ['unjournaled', instance.unjournaled.size, VIEWS_MAX],
    ['queue', queued, QUEUE_MAX],
    ['executed', chain.tree.size, EXECUTED_MAX],
    ['pool', chain.pool.status().count, instance.config.params.poolCountMax]
  ]
  for (const [name, size, max] of sizes) {
    if (size > max) {
      violation(`invariant 8: ${name} of ${chainName(chain.chain)} at node ${node} holds ${size} of ${max}`)
    }
  }
}
