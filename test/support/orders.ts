/** Shards and coordination in memory, and actions that move value between them. */
import { deepEqual } from 'node:assert/strict'
import { TransactionType } from '../../src/codec/transaction.ts'
import { ValidatorListType } from '../../src/codec/registry.ts'
import { buildOrder, orderCost } from '../../src/client/orders.ts'
import type { Order } from '../../src/client/orders.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { fromHex } from '../../src/primitives/bytes.ts'
import { VALIDATORS_KEY } from '../../src/state/keys.ts'
import { readAccount, readTotals, recount, totalSupply, wrongCounters } from '../../src/state/supply.ts'
import { checkStateless } from '../../src/state/stateless.ts'
import type { CheckedTransaction } from '../../src/state/types.ts'
import { LaneChain, laneChains } from './lanes.ts'
import { CONSTANTS, PARAMS, genesisState } from './state.ts'
import type { Party } from './state.ts'

export const VALIDATOR = new Uint8Array(32).fill(7)
export const STRANGER = new Uint8Array(32).fill(8)

export interface Chains {
  readonly shards: readonly [LaneChain, LaneChain]
  readonly coord: LaneChain
}

/** Two shards, and a coordination chain with one validator. */
export function chainsWithCoord(): Chains {
  const list = ValidatorListType.serialize([{ key: VALIDATOR, cooperative: 0, weight: 1 }])
  const state = genesisState([], [[VALIDATORS_KEY, list]])
  return { shards: laneChains(2) as [LaneChain, LaneChain], coord: new LaneChain(COORD, 2, state) }
}

export function orderBytes(from: Party, chain: LaneChain, order: Order, ahead = 0): Uint8Array {
  const content = buildOrder({
    order,
    chain: chain.chain,
    sender: from.key,
    nonce: (readAccount(chain.state, from.address)?.nonce ?? 0n) + BigInt(ahead),
    validUntil: chain.height + 100,
    ...orderCost(PARAMS, order)
  })
  return TransactionType.serialize({ ...content, signature: new Uint8Array(64) })
}

export function anOrder(
  from: Party,
  chain: LaneChain,
  order: Order,
  ahead = 0,
  shards = 2
): CheckedTransaction {
  const checked = checkStateless({ ...CONSTANTS, shards }, orderBytes(from, chain, order, ahead))
  if (!checked.ok) throw new RangeError(checked.code)
  return checked.value
}

export const supplyOf = ({ shards, coord }: Chains) =>
  totalSupply([...shards, coord].map(({ state }) => readTotals(state)))

/** Every counter is what a walk over all records finds. */
export function assertSound({ shards, coord }: Chains): void {
  for (const { state } of [...shards, coord]) {
    const flat = [...state.values].map(([key, value]) => [fromHex(key), value] as const)
    deepEqual(wrongCounters(readTotals(state), recount(flat)), [])
  }
}
