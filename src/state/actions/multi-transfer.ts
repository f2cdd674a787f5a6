/**
 * `multi_transfer`: several payments between accounts of several shards, all or none (R13). The sender pays, and so may
 * others who signed the terms; the sender's shard coordinates and charges the sender for the work everywhere (R15).
 */
import {
  ACTION_MULTI_TRANSFER,
  ATOMIC_HEIGHTS_MAX,
  ATOMIC_PARTS_MAX,
  MultiTransferType
} from '../../codec/atomic.ts'
import type { MultiTransfer, Prepare } from '../../codec/atomic.ts'
import type { ExecutionCode, StatelessCode } from '../../codec/refusals.ts'
import { addressOfKey } from '../../crypto/address.ts'
import { equal, toHex } from '../../primitives/bytes.ts'
import { must } from '../../primitives/errors.ts'
import { begin, hasRoomAt } from '../atomic/coordinator.ts'
import { checkPart } from '../atomic/escrow.ts'
import { payersOn, placed, shardsOf, sum } from '../atomic/legs.ts'
import type { Ledger } from '../ledger.ts'
import { exceedsInflowCap } from '../inflow.ts'
import { manaCost } from '../mana.ts'
import type { BlockContext, CheckedTransaction } from '../types.ts'
import type { Action } from './action.ts'

export const multiTransfer: Action<MultiTransfer> = {
  number: ACTION_MULTI_TRANSFER,
  name: 'multi_transfer',
  place: 'home',
  payloadType: MultiTransferType,

  stateless(payload, sender, { shards }) {
    if (payload.legs.some(({ consumer, industrial }) => consumer === 0n && industrial === 0n)) {
      return 'zero-amount'
    }
    const isBounded = payload.heights >= 1 && payload.heights <= ATOMIC_HEIGHTS_MAX && payload.legs.length > 0
    return isBounded ? checkLegs(payload, sender, shards) : 'legs-invalid'
  },

  destinations: (payload, sender, { shards }) => {
    const [home] = placed([{ from: sender, to: sender, consumer: 0n, industrial: 0n }], shards)
    return shardsOf(placed(payload.legs, shards)).filter((chain) => chain !== home?.source)
  },

  /** The terms travel to every shard, which holds, answers and settles. */
  cost: (bytes, otherChains) => manaCost(bytes, otherChains) * BigInt(1 + otherChains),

  spends: ({ legs }, sender) => sum(legs.filter(({ from }) => equal(from, sender))),

  apply(checked, ledger, context) {
    const { payload, transaction, sender, destinations, id } = checked
    if (!hasRoomAt(ledger, context.height + payload.heights)) return 'deadline-crowded'
    if (exceedsInflowCap(context.chain, sum(payload.legs), context.params)) return 'above-inflow-cap'
    if (destinations.some((one) => ledger.lanes.isCongested(one, context.params))) return 'lane-congested'
    const prepare: Prepare = {
      terms: {
        sender,
        chain: context.chain,
        nonce: transaction.nonce,
        validUntil: transaction.validUntil,
        heights: payload.heights,
        legs: payload.legs
      },
      cosignatures: payload.cosignatures
    }
    const refusal = checkPart(ledger, id, prepare, context) ?? payCharge(checked, ledger, context)
    return refusal ?? begin(ledger, id, prepare, destinations, context)
  }
}

function checkLegs(
  { legs, cosignatures }: MultiTransfer,
  sender: Uint8Array,
  shards: number
): StatelessCode | undefined {
  const own = toHex(sender)
  const payers = new Set(legs.map(({ from }) => toHex(from)).filter((payer) => payer !== own))
  const signers = new Set(cosignatures.map(({ key }) => toHex(addressOfKey(key))))
  const isSelf = legs.some(({ from, to }) => equal(from, to))
  const agree =
    payers.size === signers.size &&
    signers.size === cosignatures.length &&
    [...payers].every((payer) => signers.has(payer))
  const isWide = shardsOf(placed(legs, shards)).length > ATOMIC_PARTS_MAX
  return isSelf || !agree || isWide ? 'legs-invalid' : undefined
}

/** For every leg that creates a record here or may create one elsewhere; kept whatever is decided. */
function payCharge(
  { payload, sender }: CheckedTransaction<MultiTransfer>,
  ledger: Ledger,
  { chain, params, shards }: BlockContext
): ExecutionCode | undefined {
  const legs = placed(payload.legs, shards)
  const created = legs.filter(
    ({ destination, to }) => destination !== chain || ledger.account(to) === undefined
  )
  const charge = BigInt(params.creationCharge) * BigInt(created.length)
  const account = must(ledger.account(sender), 'execution without the sender’s record')
  const own = payersOn(chain, legs).find(({ address }) => equal(address, sender))
  if (account.consumer < charge + (own?.consumer ?? 0n)) return 'creation-unpaid'
  ledger.update(sender, { ...account, consumer: account.consumer - charge })
  ledger.creditTreasury({ consumer: charge, industrial: 0n })
  return undefined
}
