/**
 * Stake of validators: state of the coordination chain, one record a validator (STA-1). It comes from accounts of
 * shards by receipts and goes back to them the same way; what is bound here is part of what the chain holds (R11).
 */
import { equal } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert } from '../primitives/errors.ts'
import { StakeType } from '../codec/state-records.ts'
import { readElectorate } from './coord/validators.ts'
import { VALIDATORS_KEY, stakeKey } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { payout } from './system/payout.ts'
import { sendMessage } from './system/message.ts'
import type { Amounts, BlockContext, ReceiptPlace } from './types.ts'

const NOTHING: Amounts = { consumer: 0n, industrial: 0n }

type Records = Pick<Ledger, 'record'>

export function stakeOf(ledger: Records, validator: Uint8Array): Amounts {
  const bytes = ledger.record(stakeKey(validator))
  return bytes === undefined ? NOTHING : StakeType.deserialize(bytes)
}

/** Whether this chain knows the validator: the coordination chain those of the registry, a shard none. */
export function isValidator(ledger: Records, key: Uint8Array): boolean {
  if (ledger.record(VALIDATORS_KEY) === undefined) return false
  return readElectorate({ get: (one) => ledger.record(one) }).some((each) => equal(each.key, key))
}

/** Amounts that arrived are bound. @returns false, and nothing changed, for a key that is no validator's */
export function creditStake(ledger: Ledger, validator: Uint8Array, amounts: Amounts): boolean {
  if (!isValidator(ledger, validator)) return false
  put(ledger, validator, amounts)
  return true
}

/** Where stake goes that is bound no longer. */
export interface Release {
  readonly validator: Uint8Array
  readonly receiver: Uint8Array
  /** The receiver's home. */
  readonly destination: ChainId
  readonly amounts: Amounts
  /** Transaction that asked for it; zeros if none did. */
  readonly origin: Uint8Array
}

/** Takes it out of the stake and sends it home (R18, message 5). The caller has checked that so much is bound. */
export function releaseStake(
  ledger: Ledger,
  context: Pick<BlockContext, 'chain'>,
  { validator, receiver, destination, amounts, origin }: Release
): ReceiptPlace {
  put(ledger, validator, { consumer: -amounts.consumer, industrial: -amounts.industrial })
  return sendMessage(ledger, context, destination, payout, {
    payload: { validator },
    origin,
    hop: 0,
    sender: receiver,
    receiver,
    ...amounts
  })
}

/** SAN-5: what was bound goes to the treasury. The caller has checked that so much is bound. */
export function forfeitStake(ledger: Ledger, validator: Uint8Array, amounts: Amounts): void {
  put(ledger, validator, { consumer: -amounts.consumer, industrial: -amounts.industrial })
  ledger.creditTreasury(amounts)
}

function put(ledger: Ledger, validator: Uint8Array, { consumer, industrial }: Amounts): void {
  const before = stakeOf(ledger, validator)
  const after = { consumer: before.consumer + consumer, industrial: before.industrial + industrial }
  assert(after.consumer >= 0n && after.industrial >= 0n, 'more stake is released than there is')
  const isGone = after.consumer === 0n && after.industrial === 0n
  ledger.setRecord(stakeKey(validator), isGone ? undefined : StakeType.serialize(after))
  ledger.bind({ consumer, industrial })
}
