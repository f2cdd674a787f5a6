/**
 * One budget of requests for all chains (D15): the coordination chain takes what it wants first, the shards share the
 * rest evenly. Every chain may have one request out, so none starves.
 */
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { SYNC_LIMITS } from './limits.ts'

export interface Demand {
  readonly chain: ChainId
  /** It syncs, or looks whether it has to. */
  readonly active: boolean
  readonly out: number
}

/** Requests that `chain` may have out, those that are out included. */
export function slotsOf(chain: ChainId, demands: readonly Demand[]): number {
  const most = SYNC_LIMITS.headerRequests + SYNC_LIMITS.bodyRequests
  if (chain === COORD) return most
  const others = demands.filter((one) => one.chain !== chain && one.active)
  const ofCoord = others.find((one) => one.chain === COORD)?.out ?? 0
  const shards = 1 + others.filter((one) => one.chain !== COORD).length
  return Math.max(1, Math.min(most, Math.floor((SYNC_LIMITS.requests - ofCoord) / shards)))
}
