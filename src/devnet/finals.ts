/** Where each node's chains are: what recovery, sync and the summary are judged by. */
import type { ChainJson } from '../client/types.ts'
import type { DevnetNode } from './devnet-node.ts'

/** Final height of each followed chain. */
export type Finals = ReadonlyMap<ChainJson, number>

const ASK_MS = 2_000
/** Heights within which a node counts as caught up. */
export const CAUGHT_UP_HEIGHTS = 2

/** @returns undefined for a node that does not answer. */
export async function finalsOf(node: DevnetNode): Promise<Finals | undefined> {
  if (!node.isUp) return undefined
  try {
    const { chains } = await node.client.call('chain_list', {}, { signal: AbortSignal.timeout(ASK_MS) })
    return new Map(chains.flatMap(({ chain, final }) => (final === undefined ? [] : [[chain, final.height]])))
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

export async function allFinals(nodes: readonly DevnetNode[]): Promise<Map<DevnetNode, Finals>> {
  const found = await Promise.all(nodes.map(async (node) => [node, await finalsOf(node)] as const))
  return new Map(found.flatMap(([node, finals]) => (finals === undefined ? [] : [[node, finals]])))
}

/** The highest of each chain over all nodes. */
export function highest(all: Iterable<Finals>): Map<ChainJson, number> {
  const heights = new Map<ChainJson, number>()
  for (const finals of all) {
    for (const [chain, height] of finals) heights.set(chain, Math.max(height, heights.get(chain) ?? 0))
  }
  return heights
}

/** The lowest of each chain over all nodes: what all of them have. */
export function common(all: Iterable<Finals>): Map<ChainJson, number> {
  const heights = new Map<ChainJson, number>()
  for (const finals of all) {
    for (const [chain, height] of finals) heights.set(chain, Math.min(height, heights.get(chain) ?? height))
  }
  return heights
}

export const isCaughtUp = (finals: Finals, heights: Finals): boolean =>
  [...heights].every(([chain, height]) => (finals.get(chain) ?? 0) >= height - CAUGHT_UP_HEIGHTS)

/** Every chain is higher than it was. */
export const hasAdvanced = (now: Finals, before: Finals): boolean =>
  before.size > 0 && [...before].every(([chain, height]) => (now.get(chain) ?? 0) > height)
