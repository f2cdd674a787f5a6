/** Who sits and who leads, as the nodes of a small world know it: committees change with the epochs. */
import type { ChainId } from '../../primitives/chain-id.ts'
import type { SimNode } from './node.ts'

/** Keys in order of the committee, from the first node that knows the epoch. */
export function seatedKeys(
  nodes: readonly SimNode[],
  chain: ChainId,
  epoch: number
): readonly Uint8Array[] | undefined {
  for (const { chains } of nodes) {
    const committee = chains?.epochs.committee(chain, epoch)
    if (committee !== undefined) return committee.members.map(({ key }) => key)
  }
  return undefined
}

/** As this node has it. */
export function leaderKey(
  { chains }: SimNode,
  chain: ChainId,
  epoch: number,
  view: number
): Uint8Array | undefined {
  const epochs = chains?.epochs
  const member = epochs?.schedule(chain, epoch).leader(view)
  return member === undefined ? undefined : epochs?.committee(chain, epoch)?.members[member]?.key
}
