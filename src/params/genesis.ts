/**
 * The genesis as the node uses it (D1): a checked value, its canonical record, and the network id. The JSON form is
 * read by `genesis-json.ts`; both doors end in `checkGenesis`, so no unchecked Genesis exists.
 */
import { GENESIS_VERSION, genesisId } from '../codec/genesis.ts'
import type { GenesisAccount, GenesisRecord } from '../codec/genesis.ts'
import type { Cooperative, Validator } from '../codec/registry.ts'
import { utf8 } from '../primitives/bytes.ts'
import type { ParamsCode } from './check.ts'
import { paramsToList } from './check.ts'
import type { Params } from './params.ts'

/** Lists are in canonical order: cooperatives by number, validators by key, accounts by address. */
export interface Genesis {
  readonly preset: string
  readonly timeMs: number
  readonly shards: number
  readonly features: bigint
  readonly required: bigint
  readonly params: Params
  readonly cooperatives: readonly Cooperative[]
  readonly validators: readonly Validator[]
  readonly accounts: readonly GenesisAccount[]
}

export type GenesisCode =
  | ParamsCode
  | 'genesis-not-json'
  | 'genesis-not-canonical'
  | 'genesis-key-unknown'
  | 'genesis-key-missing'
  | 'genesis-value'
  | 'genesis-duplicate'
  | 'genesis-too-many'
  | 'genesis-no-validators'
  | 'genesis-cooperative-unknown'
  | 'genesis-feature-unknown'
  | 'genesis-supply'
  | 'genesis-block-too-small'

export const genesisToRecord = (genesis: Genesis): GenesisRecord => ({
  version: GENESIS_VERSION,
  preset: utf8(genesis.preset),
  timeMs: genesis.timeMs,
  shards: genesis.shards,
  features: genesis.features,
  required: genesis.required,
  params: paramsToList(genesis.params),
  cooperatives: [...genesis.cooperatives],
  validators: [...genesis.validators],
  accounts: [...genesis.accounts]
})

/** 32 bytes: in every signed statement and in the status handshake; the first 8 are in topics and protocol ids. */
export const networkId = (genesis: Genesis): Uint8Array => genesisId(genesisToRecord(genesis))
