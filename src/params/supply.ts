/**
 * Where the tokens are at genesis (D3, GEN-8): all of them exist from the start. An account's balance lies on its home
 * shard; what no account holds is the reserve, in equal parts on the shards. `coord` holds no tokens.
 */
import { COORD, shardId } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { GenesisAccount } from '../codec/genesis.ts'
import { addressOfKey, homeShard } from '../crypto/address.ts'
import type { Genesis } from './genesis.ts'

/** 20 million tokens of 10^6 base units, of each of the two tokens, over all shards. */
export const MAX_SUPPLY = 20_000_000_000_000n

export interface TokenAmounts {
  readonly consumer: bigint
  readonly industrial: bigint
}

export interface GenesisShare {
  readonly accounts: readonly GenesisAccount[]
  readonly reserve: TokenAmounts
}

export function sumOfAccounts(accounts: readonly GenesisAccount[]): TokenAmounts {
  let consumer = 0n
  let industrial = 0n
  for (const account of accounts) {
    consumer += account.consumer
    industrial += account.industrial
  }
  return { consumer, industrial }
}

/** What `chain` holds of both tokens before its first block. */
export function genesisShare(genesis: Genesis, chain: ChainId): GenesisShare {
  if (chain === COORD)
    return { accounts: validatorAccounts(genesis), reserve: { consumer: 0n, industrial: 0n } }
  const held = sumOfAccounts(genesis.accounts)
  const reserve = {
    consumer: reservePart(MAX_SUPPLY - held.consumer, genesis.shards, chain),
    industrial: reservePart(MAX_SUPPLY - held.industrial, genesis.shards, chain)
  }
  return {
    accounts: genesis.accounts.filter(({ address }) => homeShard(address, genesis.shards) === chain),
    reserve
  }
}

/** M8: empty accounts of the validators' keys, so that they can speak on `coord` (REG-6). */
const validatorAccounts = ({ validators }: Genesis): GenesisAccount[] =>
  validators.map(({ key }) => ({ address: addressOfKey(key), consumer: 0n, industrial: 0n }))

/** The remainder of the division goes to shard 0. */
function reservePart(reserve: bigint, shards: number, chain: ChainId): bigint {
  const part = reserve / BigInt(shards)
  return chain === shardId(0) ? reserve - part * BigInt(shards - 1) : part
}
