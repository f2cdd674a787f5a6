/** What a validator has taken on, and whether it may stop: out of the registry, the epochs and the chains held here (C24). */
import { equal } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { STATUS_LEAVING, STATUS_REGISTERED } from '../codec/registry-records.ts'
import { RECENT_MAX } from '../node/chain/epoch-book.ts'
import type { ChainNode } from '../node/chain/chain-node.ts'
import type { Chains } from '../node/chains.ts'
import { peerOfPublicKey } from '../net/discovery/peer-records.ts'
import type { DutiesFacts, ServingFacts } from '../rpc/conduct-port.ts'
import { committeesOf, readSeats } from '../sharding/seat-records.ts'
import { readValidator } from '../state/coord/validators.ts'
import { readSummary } from '../state/facts.ts'

/** C24: blocks of the epoch after its last one for which a member keeps what others may ask it for. */
const BLOCKS_AFTER = 100
/** Epochs that are looked through for its last seat: fewer than the book holds, or each look would decode all again. */
const EPOCHS_BACK = RECENT_MAX - 16

export function describeDuties(chains: Chains, key: Uint8Array): DutiesFacts | undefined {
  const { state } = chains.coord.tree.final
  const record = readValidator(state, key)
  if (record === undefined) return undefined
  const seats = [...committeesOf(readSeats(state))].flatMap(([chain, { members }]) =>
    members.some((member) => equal(member.key, key)) ? [chain] : []
  )
  const { status, since, joined, ready, cooperative, leases, unbondings, tip, pendingTip, node } = record
  return {
    status: status === STATUS_REGISTERED ? 'registered' : status === STATUS_LEAVING ? 'leaving' : 'left',
    since,
    joined,
    ready,
    cooperative,
    leases,
    unbondings,
    node: node[0] === undefined ? undefined : peerOfPublicKey(node[0]),
    reveals: tip.length + pendingTip.length > 0,
    seats,
    serving: chains.list.map((node) => servingOn(chains, node, key))
  }
}

/** C24, C26: whether anybody may still need what it holds of the chain, as far as this node sees. */
function servingOn(chains: Chains, node: ChainNode, key: Uint8Array): ServingFacts {
  const { chain, store } = node
  const last = lastSeat(chains, chain, key)
  if (last === undefined) return { chain, isSafe: true, reason: 'it sat in none of the last epochs' }
  const { epoch, height } = store.final
  const wait = (reason: string): ServingFacts => ({ chain, isSafe: false, lastEpoch: last, reason })
  if (epoch <= last) return wait(`it sits in epoch ${last}, which is not over`)
  const end = endOf(node, last)
  if (end !== undefined && height < end + BLOCKS_AFTER) {
    return wait(`${end + BLOCKS_AFTER - height} more blocks until nobody asks for the end of epoch ${last}`)
  }
  const summary = readSummary(chains.coord.tree.final.state, chain)
  return chain === COORD || (summary !== undefined && summary.epoch >= last)
    ? { chain, isSafe: true, lastEpoch: last, reason: `epoch ${last} is over` }
    : wait(`coordination has not heard of the end of epoch ${last}`)
}

/** The newest epoch in which it sits. */
function lastSeat({ epochs }: Chains, chain: ChainId, key: Uint8Array): number | undefined {
  const { latest } = epochs
  for (let epoch = latest; epoch >= Math.max(0, latest - EPOCHS_BACK); epoch--) {
    if (epochs.memberIndex(chain, epoch, key) !== undefined) return epoch
  }
  return undefined
}

/** Height of the boundary block of that epoch, or of the one before it that the chain went through. */
function endOf({ store }: ChainNode, epoch: number): number | undefined {
  for (let one = epoch; one >= Math.max(0, epoch - EPOCHS_BACK); one--) {
    const boundary = store.boundary(one)
    if (boundary !== undefined) return boundary.header.height
  }
  return undefined
}
