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

/** Sums of all that ever went over lanes go around at 2^64 (R11): as much as is issued may go to and fro for ever. */
const around = (sum: bigint): bigint => BigInt.asUintN(64, sum)

/** What the genesis gave a chain, at every height (R11): what it holds, and sent, less what it received. */
export function issuedBy(totals: ChainTotals): Amounts {
  const held = holdings(totals)
  return {
    consumer: around(held.consumer + totals.sentConsumer - totals.receivedConsumer),
    industrial: around(held.industrial + totals.sentIndustrial - totals.receivedIndustrial)
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

type Pot = 'balances' | 'rewards' | 'escrow' | 'stake' | 'sent' | 'received'

type Counting = readonly [pot: Pot, read: (value: Uint8Array) => Amounts]

/** Which pot a record with amounts counts in, by the first byte of its key, and how it is read. */
const POTS: ReadonlyMap<number | undefined, Counting> = new Map<number, Counting>([
  [PREFIX_ACCOUNT, ['balances', (value) => AccountType.deserialize(value)]],
  [PREFIX_CLAIM, ['rewards', (value) => ClaimType.deserialize(value)]],
  [PREFIX_ESCROW, ['escrow', (value) => EscrowType.deserialize(value)]],
  [PREFIX_STAKE, ['stake', (value) => StakeType.deserialize(value)]],
  [PREFIX_OUT_LANE, ['sent', sentOf]],
  [PREFIX_IN_LANE, ['received', receivedOf]]
])

function sentOf(value: Uint8Array): Amounts {
  const { sentConsumer, sentIndustrial } = OutLaneType.deserialize(value)
  return { consumer: sentConsumer, industrial: sentIndustrial }
}

function receivedOf(value: Uint8Array): Amounts {
  const { receivedConsumer, receivedIndustrial } = InLaneType.deserialize(value)
  return { consumer: receivedConsumer, industrial: receivedIndustrial }
}

export function recount(values: Iterable<readonly [Uint8Array, Uint8Array]>): Recount {
  const none = (): { consumer: bigint; industrial: bigint } => ({ consumer: 0n, industrial: 0n })
  const sums = {
    balances: none(),
    rewards: none(),
    escrow: none(),
    stake: none(),
    sent: none(),
    received: none()
  }
  let accounts = 0
  let stateBytes = 0
  for (const [key, value] of values) {
    if (key[0] === PREFIX_TOTALS) continue
    stateBytes += key.length + value.length
    if (key[0] === PREFIX_ACCOUNT) accounts += 1
    const pot = POTS.get(key[0])
    if (pot === undefined) continue
    const [name, read] = pot
    const { consumer, industrial } = read(value)
    sums[name].consumer += consumer
    sums[name].industrial += industrial
  }
  return {
    accounts,
    stateBytes,
    balancesConsumer: sums.balances.consumer,
    balancesIndustrial: sums.balances.industrial,
    rewardsConsumer: sums.rewards.consumer,
    rewardsIndustrial: sums.rewards.industrial,
    escrowConsumer: sums.escrow.consumer,
    escrowIndustrial: sums.escrow.industrial,
    stakeConsumer: sums.stake.consumer,
    stakeIndustrial: sums.stake.industrial,
    sentConsumer: around(sums.sent.consumer),
    sentIndustrial: around(sums.sent.industrial),
    receivedConsumer: around(sums.received.consumer),
    receivedIndustrial: around(sums.received.industrial)
  }
}

/** Names of the counters that differ from the recount; none in a sound state. */
export const wrongCounters = (totals: ChainTotals, counted: Recount): (keyof Recount)[] =>
  (Object.keys(counted) as (keyof Recount)[]).filter((name) => totals[name] !== counted[name])
