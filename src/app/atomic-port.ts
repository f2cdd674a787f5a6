/** Where an atomic action stands (ATO), as far as the followed chains' final states say. */
import type { ChainNode } from '../node/chain/chain-node.ts'
import type { AtomicFacts, BlockPlace } from '../rpc/port.ts'
import { readAtomic, readEscrow } from '../state/atomic/records.ts'

const placeOf = ({ chain, tree }: ChainNode): BlockPlace => ({
  chain,
  height: tree.final.header.height,
  hash: tree.final.hash
})

export function describeAtomic(chains: readonly ChainNode[], id: Uint8Array): AtomicFacts {
  const records = chains.flatMap((node) => {
    const record = readAtomic(node.tree.final.state, id)
    return record === undefined ? [] : [{ record, asOf: placeOf(node) }]
  })
  const held = chains.flatMap((node) => {
    const escrow = readEscrow(node.tree.final.state, id)
    return escrow === undefined ? [] : [{ escrow, asOf: placeOf(node) }]
  })
  return { record: records[0], held }
}
