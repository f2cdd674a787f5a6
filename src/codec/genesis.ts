/**
 * The canonical genesis (D1): the bytes whose hash is the network id (GEN-1 … GEN-3). Every list is in the order of
 * its keys, so that neither the formatting nor the order of a genesis file changes the network.
 */
import { DOMAINS } from '../crypto/domains.ts'
import { sha256Of } from '../crypto/hash.ts'
import { CooperativeListType, ParameterListType, ValidatorListType } from './registry.ts'
import { ByteListType, Bytes21, ContainerType, Count, ListCompositeType, U16, U64, U8 } from './ssz.ts'
import type { ValueOf } from './ssz.ts'

export const GENESIS_VERSION = 1
export const MAX_GENESIS_ACCOUNTS = 100_000
export const MAX_PRESET_NAME_BYTES = 32

export const GenesisAccountType = new ContainerType(
  { address: Bytes21, consumer: U64, industrial: U64 },
  { typeName: 'GenesisAccount' }
)
/** Balances in base units that exist from genesis. */
export type GenesisAccount = ValueOf<typeof GenesisAccountType>

export const GenesisType = new ContainerType(
  {
    version: U8,
    /** Name of the preset the parameters were taken from; a label only. */
    preset: new ByteListType(MAX_PRESET_NAME_BYTES),
    /** Time of every genesis block, Unix milliseconds. */
    timeMs: Count,
    shards: U16,
    /** Bitmap: unknown bits are ignored. */
    features: U64,
    /** Bitmap within `features`: a node that does not know one of these bits does not start. */
    required: U64,
    params: ParameterListType,
    cooperatives: CooperativeListType,
    validators: ValidatorListType,
    /** In address order, each address once. */
    accounts: new ListCompositeType(GenesisAccountType, MAX_GENESIS_ACCOUNTS)
  },
  { typeName: 'Genesis' }
)
export type GenesisRecord = ValueOf<typeof GenesisType>

export const genesisId = (record: GenesisRecord): Uint8Array =>
  sha256Of(DOMAINS.genesis, GenesisType.serialize(record))
