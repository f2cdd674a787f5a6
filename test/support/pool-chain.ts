/** A chain for pool tests: accounts in memory, transactions as the pool gets them, with sizes and fees as wished. */
import { concat, toHex, u32be, u64be } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { AccountType } from '../../src/codec/state-records.ts'
import type { Account } from '../../src/codec/state-records.ts'
import { ACTION_TRANSFER, TransactionType, TransferType, wireHash } from '../../src/codec/transaction.ts'
import { PRESETS } from '../../src/params/presets.ts'
import type { Params } from '../../src/params/params.ts'
import { accountKey } from '../../src/state/keys.ts'
import type { StateView } from '../../src/state/ports.ts'
import type { CheckedTransaction } from '../../src/state/types.ts'

export const CHAIN = shardId(0)
/** No fee floor and no mana regeneration: the tests say what they need. */
export const FREE: Params = {
  ...PRESETS.minimal.params,
  minFeePerByte: 0,
  minFeePerMana: 0,
  manaPerPeriod: 0
}
export const HEAD = { height: 10, timeMs: 1_000 }

export const addressOf = (name: number): Uint8Array => concat(new Uint8Array(17), u32be(name))
export const senderOf = (name: number): Hex => toHex(addressOf(name))

export interface Wish {
  readonly from?: number
  readonly nonce?: number | bigint
  readonly fee?: number | bigint
  readonly feeSelector?: number
  readonly consumer?: number | bigint
  readonly industrial?: number | bigint
  readonly maxMana?: number | bigint
  readonly validUntil?: number
  readonly memoBytes?: number
  /** Another signature over the same content: same id, other wire hash. */
  readonly signature?: number
}

/** Bytes of a transfer without a memo. */
export const PLAIN_BYTES = 180

export function aTransfer(wish: Wish = {}): CheckedTransaction {
  const {
    from = 1,
    nonce = 0,
    fee = 1_000,
    feeSelector = 0,
    consumer = 1,
    industrial = 0,
    maxMana = 3
  } = wish
  const { validUntil = 50, memoBytes = 0, signature = 0 } = wish
  const payload = {
    to: addressOf(0),
    consumer: BigInt(consumer),
    industrial: BigInt(industrial),
    memo: new Uint8Array(memoBytes)
  }
  const transaction = {
    version: 1,
    chain: CHAIN,
    keyType: 0,
    sender: sha256(u32be(from)),
    nonce: BigInt(nonce),
    validUntil,
    action: ACTION_TRANSFER,
    payload: TransferType.serialize(payload),
    maxMana: BigInt(maxMana),
    fee: BigInt(fee),
    feeSelector,
    signature: concat(u64be(signature), new Uint8Array(56))
  }
  const bytes = TransactionType.serialize(transaction)
  const signedMessage = bytes.subarray(0, 0)
  const unsigned = TransactionType.serialize({ ...transaction, signature: new Uint8Array(64) })
  const id = sha256(concat(u32be(0), unsigned))
  return {
    bytes,
    transaction,
    payload,
    sender: addressOf(from),
    destinations: [],
    id,
    wireHash: wireHash(bytes),
    key: toHex(wireHash(bytes)),
    signedMessage
  }
}

const RICH: Account = {
  nonce: 0n,
  consumer: 1_000_000_000n,
  industrial: 1_000_000_000n,
  mana: 1_000_000n,
  manaTimeMs: 0
}

/** State with the accounts given, each rich in what is not said. Account 0, the receiver, always exists. */
export function stateOf(accounts: Readonly<Record<number, Partial<Account>>>): StateView {
  const values = new Map<Hex, Uint8Array>()
  const put = (name: number, account: Partial<Account>): unknown =>
    values.set(toHex(accountKey(addressOf(name))), AccountType.serialize({ ...RICH, ...account }))
  put(0, {})
  for (const [name, account] of Object.entries(accounts)) put(Number(name), account)
  return { root: new Uint8Array(32), get: (key) => values.get(toHex(key)), page: () => undefined }
}
