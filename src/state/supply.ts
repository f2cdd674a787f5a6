/** Supply is an equality (D3, R11): what a chain's counters say it holds, and what a recount of its records finds. */
import { must } from '../primitives/errors.ts'
import {
  AccountType,
  ChainTotalsType,
  ClaimType,
  StakeType,
  PREFIX_ACCOUNT,
  PREFIX_CLAIM,
  PREFIX_ESCROW,
  PREFIX_IN_LANE,
  PREFIX_OUT_LANE,
  PREFIX_STAKE,
  PREFIX_TOTALS
} from '../codec/state-records.ts'
import type { Account, ChainTotals } from '../codec/state-records.ts'
import { EscrowType } from '../codec/atomic.ts'
import { InLaneType, OutLaneType } from '../codec/receipt.ts'
import { TOTALS_KEY, accountKey } from './keys.ts'
import type { StateView } from './ports.ts'
import type { Amounts } from './types.ts'

export const readTotals = (view: Pick<StateView, 'get'>): ChainTotals =>
  ChainTotalsType.deserialize(must(view.get(TOTALS_KEY), 'a state without totals'))

/** @returns undefined for an address without a record. */
export function readAccount(view: Pick<StateView, 'get'>, address: Uint8Array): Account | undefined {
  const bytes = view.get(accountKey(address))
  return bytes === undefined ? undefined : AccountType.deserialize(bytes)
}

/** All that a chain holds per token: balances, treasury, claims, reserve, escrow, stake, deposits, lost and found. */
export const holdings = (totals: ChainTotals): Amounts => ({
  consumer:
    totals.balancesConsumer +
    totals.treasuryConsumer +
    totals.rewardsConsumer +
    totals.reserveConsumer +
    totals.escrowConsumer +
    totals.stakeConsumer +
    totals.deposits +
    totals.lostConsumer,
  industrial:
    totals.balancesIndustrial +
    totals.treasuryIndustrial +
    totals.rewardsIndustrial +
    totals.reserveIndustrial +
    totals.escrowIndustrial +
    totals.stakeIndustrial +
    totals.lostIndustrial
})

/** What the genesis gave a chain, at every height (R11): what it holds, and sent, less what it received. */
export function issuedBy(totals: ChainTotals): Amounts {
  const held = holdings(totals)
  return {
    consumer: held.consumer + totals.sentConsumer - totals.receivedConsumer,
    industrial: held.industrial + totals.sentIndustrial - totals.receivedIndustrial
  }
}

/** Several chains together: what the genesis issued, at any set of heights, receipts in flight included. */
export function totalSupply(chains: Iterable<ChainTotals>): Amounts {
  let consumer = 0n
  let industrial = 0n
  for (const totals of chains) {
    const held = issuedBy(totals)
    consumer += held.consumer
    industrial += held.industrial
  }
  return { consumer, industrial }
}

/** The counters that a walk over all flat values can recompute. */
export type Recount = Omit<
  ChainTotals,
  | 'treasuryConsumer'
  | 'treasuryIndustrial'
  | 'reserveConsumer'
  | 'reserveIndustrial'
  | 'lostConsumer'
  | 'lostIndustrial'
  | 'deposits'
>

export function recount(values: Iterable<readonly [Uint8Array, Uint8Array]>): Recount {
  const count = {
    accounts: 0,
    stateBytes: 0,
    balancesConsumer: 0n,
    balancesIndustrial: 0n,
    rewardsConsumer: 0n,
    rewardsIndustrial: 0n,
    sentConsumer: 0n,
    sentIndustrial: 0n,
    receivedConsumer: 0n,
    receivedIndustrial: 0n,
    escrowConsumer: 0n,
    escrowIndustrial: 0n,
    stakeConsumer: 0n,
    stakeIndustrial: 0n
  }
  for (const [key, value] of values) {
    if (key[0] === PREFIX_TOTALS) continue
    count.stateBytes += key.length + value.length
    if (key[0] === PREFIX_ACCOUNT) {
      const account = AccountType.deserialize(value)
      count.accounts += 1
      count.balancesConsumer += account.consumer
      count.balancesIndustrial += account.industrial
    } else if (key[0] === PREFIX_CLAIM) {
      const claim = ClaimType.deserialize(value)
      count.rewardsConsumer += claim.consumer
      count.rewardsIndustrial += claim.industrial
    } else if (key[0] === PREFIX_ESCROW) {
      const escrow = EscrowType.deserialize(value)
      count.escrowConsumer += escrow.consumer
      count.escrowIndustrial += escrow.industrial
    } else if (key[0] === PREFIX_STAKE) {
      const stake = StakeType.deserialize(value)
      count.stakeConsumer += stake.consumer
      count.stakeIndustrial += stake.industrial
    } else if (key[0] === PREFIX_OUT_LANE) {
      const lane = OutLaneType.deserialize(value)
      count.sentConsumer += lane.sentConsumer
      count.sentIndustrial += lane.sentIndustrial
    } else if (key[0] === PREFIX_IN_LANE) {
      const lane = InLaneType.deserialize(value)
      count.receivedConsumer += lane.receivedConsumer
      count.receivedIndustrial += lane.receivedIndustrial
    }
  }
  return count
}

/** Names of the counters that differ from the recount; none in a sound state. */
export const wrongCounters = (totals: ChainTotals, counted: Recount): (keyof Recount)[] =>
  (Object.keys(counted) as (keyof Recount)[]).filter((name) => totals[name] !== counted[name])
