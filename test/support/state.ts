/** Builders for tests of state and execution: keys, parameters, transactions, a chain in memory. */
import { addressOfKey, homeShard } from '../../src/crypto/address.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { toHex, u64be, utf8 } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import { ACTION_TRANSFER, TransactionType, TransferType } from '../../src/codec/transaction.ts'
import type { Transaction, Transfer } from '../../src/codec/transaction.ts'
import type { Params } from '../../src/params/params.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { EMPTY_VIEW } from '../../src/state/commit.ts'
import { buildGenesisState } from '../../src/state/genesis-state.ts'
import type { GenesisState } from '../../src/state/genesis-state.ts'
import type { StateChanges, StateView } from '../../src/state/ports.ts'
import { checkStateless } from '../../src/state/stateless.ts'
import type { BlockContext, CheckedTransaction, GenesisConstants } from '../../src/state/types.ts'

export const COIN = 1_000_000n
export const NETWORK = sha256(utf8('test network'))
export const PARAMS: Params = PRESETS.devnet.params
export const START_MS = 1_700_000_000_000
export const CONSTANTS: GenesisConstants = {
  network: NETWORK,
  shards: 1,
  payloadBytesMax: PARAMS.payloadBytesMax
}
export const PROPOSER = sha256(utf8('proposer'))
/** A plain transfer costs this: 1 + 2 · 1 KiB. */
export const TRANSFER_MANA = 3n

export interface Party {
  readonly key: Uint8Array
  readonly address: Uint8Array
}

/** Parties are told apart by number; nothing here verifies signatures, so a key is any 32 bytes. */
export function party(number: number): Party {
  const key = sha256(u64be(number))
  return { key, address: addressOfKey(key) }
}

/** The first party from `from` on whose home is `shard`. */
export function partyOn(shard: number, shards: number, from = 0): Party {
  for (let number = from; ; number++) {
    const found = party(number)
    if (homeShard(found.address, shards) === shard) return found
  }
}

/** State in memory, changed in place like a store. */
export class MemoryState implements StateView {
  root: Uint8Array = EMPTY_VIEW.root
  readonly values = new Map<Hex, Uint8Array>()
  readonly pages = new Map<Hex, Uint8Array>()

  constructor(changes?: StateChanges) {
    if (changes !== undefined) this.apply(changes)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.values.get(toHex(key))
  }

  page(path: Hex): Uint8Array | undefined {
    return this.pages.get(path)
  }

  apply(changes: StateChanges): this {
    const write = (map: Map<Hex, Uint8Array>, key: Hex, value: Uint8Array | undefined): unknown =>
      value === undefined ? map.delete(key) : map.set(key, value)
    for (const [key, value] of changes.values) write(this.values, key, value)
    for (const [id, page] of changes.pages) write(this.pages, id, page)
    this.root = changes.root
    return this
  }
}

export const genesisState = (
  accounts: GenesisState['accounts'],
  extra: GenesisState['extra'] = []
): MemoryState =>
  new MemoryState(
    buildGenesisState({
      accounts,
      reserve: { consumer: 7n, industrial: 9n },
      extra,
      params: PARAMS,
      timeMs: START_MS
    })
  )

export const aContext = (fields: Partial<BlockContext> = {}): BlockContext => ({
  network: NETWORK,
  chain: shardId(0),
  shards: 1,
  height: 1,
  epoch: 0,
  timeMs: START_MS,
  proposer: PROPOSER,
  params: PARAMS,
  ...fields
})

export const withParams = (params: Partial<Params>, fields: Partial<BlockContext> = {}): BlockContext =>
  aContext({ ...fields, params: { ...PARAMS, ...params } })

export function transferBytes(
  from: Party,
  payload: Partial<Transfer>,
  fields: Partial<Transaction> = {}
): Uint8Array {
  const transfer: Transfer = {
    to: from.address,
    consumer: 0n,
    industrial: 0n,
    memo: new Uint8Array(),
    ...payload
  }
  return TransactionType.serialize({
    version: 1,
    chain: shardId(0),
    keyType: 0,
    sender: from.key,
    nonce: 0n,
    validUntil: 100,
    action: ACTION_TRANSFER,
    payload: TransferType.serialize(transfer),
    maxMana: TRANSFER_MANA,
    fee: 1_000n,
    feeSelector: 0,
    signature: new Uint8Array(64),
    ...fields
  })
}

/** A transfer that passed the stateless check. */
export function aTransfer(
  from: Party,
  payload: Partial<Transfer>,
  fields: Partial<Transaction> = {}
): CheckedTransaction {
  const checked = checkStateless(CONSTANTS, transferBytes(from, payload, fields))
  if (!checked.ok) throw new RangeError(`builder made a bad transaction: ${checked.code} ${checked.detail}`)
  return checked.value
}
