/** The state a chain starts from (D1, D3): accounts with a full pool of mana, a reserve, and what coordination adds. */
import { toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import { AccountType, ChainTotalsType } from '../codec/state-records.ts'
import type { Params } from '../params/params.ts'
import { EMPTY_VIEW, commit } from './commit.ts'
import { TOTALS_KEY, accountKey } from './keys.ts'
import { ACCOUNT_STATE_BYTES } from './ledger.ts'
import type { StateChanges } from './ports.ts'
import type { Amounts } from './types.ts'

export interface GenesisAccount extends Amounts {
  readonly address: Uint8Array
}

export interface GenesisState {
  readonly accounts: readonly GenesisAccount[]
  /** What no account holds. */
  readonly reserve: Amounts
  /** Further records of the chain: state key and value. */
  readonly extra: readonly (readonly [Uint8Array, Uint8Array])[]
  readonly params: Pick<Params, 'manaCap'>
  readonly timeMs: number
}

const U64_LIMIT = 2n ** 64n

/** The genesis was checked before: two records of one key, or more tokens than 64 bits hold, are our fault here. */
export function buildGenesisState({ accounts, reserve, extra, params, timeMs }: GenesisState): StateChanges {
  const values = new Map<Hex, Uint8Array>()
  const put = (key: Uint8Array, value: Uint8Array): void => {
    const hex = toHex(key)
    assert(!values.has(hex), `genesis sets the state key ${hex} twice`)
    values.set(hex, value)
  }
  let consumer = 0n
  let industrial = 0n
  for (const account of accounts) {
    consumer += account.consumer
    industrial += account.industrial
    const { address, ...balances } = account
    const record = { nonce: 0n, ...balances, mana: BigInt(params.manaCap), manaTimeMs: timeMs }
    put(accountKey(address), AccountType.serialize(record))
  }
  assert(consumer + reserve.consumer < U64_LIMIT, 'more consumer tokens than 64 bits hold')
  assert(industrial + reserve.industrial < U64_LIMIT, 'more industrial tokens than 64 bits hold')
  let stateBytes = accounts.length * ACCOUNT_STATE_BYTES
  for (const [key, value] of extra) {
    stateBytes += key.length + value.length
    put(key, value)
  }
  const totals = {
    accounts: accounts.length,
    stateBytes,
    balancesConsumer: consumer,
    balancesIndustrial: industrial,
    treasuryConsumer: 0n,
    treasuryIndustrial: 0n,
    rewardsConsumer: 0n,
    rewardsIndustrial: 0n,
    reserveConsumer: reserve.consumer,
    reserveIndustrial: reserve.industrial,
    sentConsumer: 0n,
    sentIndustrial: 0n,
    receivedConsumer: 0n,
    receivedIndustrial: 0n,
    lostConsumer: 0n,
    lostIndustrial: 0n,
    escrowConsumer: 0n,
    escrowIndustrial: 0n,
    stakeConsumer: 0n,
    stakeIndustrial: 0n,
    deposits: 0n
  }
  put(TOTALS_KEY, ChainTotalsType.serialize(totals))
  return commit(EMPTY_VIEW, values)
}
