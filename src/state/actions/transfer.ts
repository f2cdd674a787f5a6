/**
 * `transfer`: moves both tokens between accounts and creates the receiver's record (D3, M8). To an account of another
 * shard they travel as a value receipt; the sender pays for the work there as well, a new record included (R15).
 */
import { homeShard } from '../../crypto/address.ts'
import { equal } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { RECEIPT_VALUE } from '../../codec/receipt.ts'
import type { ExecutionCode } from '../../codec/refusals.ts'
import type { Account } from '../../codec/state-records.ts'
import { ACTION_TRANSFER, TransferType } from '../../codec/transaction.ts'
import type { Transfer } from '../../codec/transaction.ts'
import { ACCOUNT_STATE_BYTES } from '../ledger.ts'
import type { Ledger } from '../ledger.ts'
import { exceedsInflowCap } from '../inflow.ts'
import { manaCost } from '../mana.ts'
import type { BlockContext, ReceiptPlace } from '../types.ts'
import type { Action } from './action.ts'

const MAX_AMOUNT = 2n ** 64n - 1n
const STAYS: readonly ChainId[] = []

export const transfer: Action<Transfer> = {
  number: ACTION_TRANSFER,
  name: 'transfer',
  place: 'home',
  payloadType: TransferType,

  stateless(payload) {
    return payload.consumer === 0n && payload.industrial === 0n ? 'zero-amount' : undefined
  },

  destinations(payload, sender, { shards }, place = homeShard(sender, shards)) {
    const home = homeShard(payload.to, shards)
    return home === place ? STAYS : [home]
  },

  cost: (bytes, otherChains) => manaCost(bytes, otherChains),

  spends: ({ consumer, industrial }) => ({ consumer, industrial }),

  apply({ payload, sender, destinations, id }, ledger, context) {
    const from = must(ledger.account(sender), 'execution without the sender’s record')
    if (from.consumer < payload.consumer || from.industrial < payload.industrial) return 'insufficient-funds'
    const [destination] = destinations
    if (destination !== undefined) return send(payload, { sender, from, destination, id }, ledger, context)
    if (equal(payload.to, sender)) return undefined
    const to = ledger.account(payload.to)
    return to === undefined
      ? create(payload, sender, from, ledger, context)
      : credit(payload, sender, from, to, ledger)
  }
}

/** R15: whether the receiver has a record is not known here, so its creation is always paid. */
function send(
  { to, consumer, industrial, memo }: Transfer,
  {
    sender,
    from,
    destination,
    id
  }: { sender: Uint8Array; from: Account; destination: ChainId; id: Uint8Array },
  ledger: Ledger,
  { chain, params }: BlockContext
): ExecutionCode | readonly ReceiptPlace[] {
  const charge = BigInt(params.creationCharge)
  if (from.consumer < consumer + charge) return 'creation-unpaid'
  if (exceedsInflowCap(chain, { consumer, industrial }, params)) return 'above-inflow-cap'
  if (ledger.lanes.isCongested(destination, params)) return 'lane-congested'
  ledger.update(sender, {
    ...from,
    consumer: from.consumer - consumer - charge,
    industrial: from.industrial - industrial
  })
  ledger.creditTreasury({ consumer: charge, industrial: 0n })
  const sequence = ledger.send(chain, destination, {
    kind: RECEIPT_VALUE,
    origin: id,
    hop: 0,
    sender,
    receiver: to,
    consumer,
    industrial,
    mana: 0n,
    payload: memo
  })
  return [{ destination, sequence }]
}

function credit(
  { to, consumer, industrial }: Transfer,
  sender: Uint8Array,
  from: Account,
  receiver: Account,
  ledger: Ledger
): ExecutionCode | undefined {
  const credited = {
    ...receiver,
    consumer: receiver.consumer + consumer,
    industrial: receiver.industrial + industrial
  }
  if (credited.consumer > MAX_AMOUNT || credited.industrial > MAX_AMOUNT) return 'balance-overflow'
  ledger.update(sender, {
    ...from,
    consumer: from.consumer - consumer,
    industrial: from.industrial - industrial
  })
  ledger.update(to, credited)
  return undefined
}

/** A new record starts without mana: otherwise every fresh key would bring execution with it. */
function create(
  { to, consumer, industrial }: Transfer,
  sender: Uint8Array,
  from: Account,
  ledger: Ledger,
  { params, timeMs }: BlockContext
): ExecutionCode | undefined {
  const minBalance = BigInt(params.minBalance)
  const charge = BigInt(params.creationCharge)
  if (consumer < minBalance && industrial < minBalance) return 'below-min-balance'
  if (from.consumer < consumer + charge) return 'creation-unpaid'
  if (ledger.totals.stateBytes + ACCOUNT_STATE_BYTES > params.maxStateBytes) return 'state-full'
  ledger.update(sender, {
    ...from,
    consumer: from.consumer - consumer - charge,
    industrial: from.industrial - industrial
  })
  ledger.creditTreasury({ consumer: charge, industrial: 0n })
  ledger.create(to, { nonce: 0n, consumer, industrial, mana: 0n, manaTimeMs: timeMs })
  return undefined
}
