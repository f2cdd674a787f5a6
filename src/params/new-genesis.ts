/** A new network from a preset: what `icn genesis new` and the tests start from. */
import { utf8 } from '../primitives/bytes.ts'
import type { Verdict } from '../primitives/result.ts'
import type { GenesisAccount } from '../codec/genesis.ts'
import { checkParams } from './check.ts'
import { devnetAccounts } from './devnet-keys.ts'
import { checkGenesis } from './genesis-check.ts'
import type { Genesis, GenesisCode } from './genesis.ts'
import type { Params } from './params.ts'
import { PRESETS } from './presets.ts'
import type { PresetName } from './presets.ts'

/** The weight of a validator without a history: 1. */
export const INITIAL_WEIGHT_PPM = 1_000_000

export interface NewGenesis {
  readonly preset: PresetName
  /** Validator public keys, 32 bytes each; every validator is a cooperative of its own. */
  readonly validators: readonly Uint8Array[]
  readonly timeMs: number
  /** @default the preset's number */
  readonly shards?: number
  readonly overrides?: Partial<Params>
  /** @default the published accounts for `devnet` and `minimal`, none for `seed` */
  readonly accounts?: readonly GenesisAccount[]
}

export function newGenesis({
  preset,
  validators,
  timeMs,
  ...rest
}: NewGenesis): Verdict<Genesis, GenesisCode> {
  const base = PRESETS[preset]
  const params = checkParams({ ...base.params, ...rest.overrides })
  if (!params.ok) return params
  return checkGenesis({
    preset,
    timeMs,
    shards: rest.shards ?? base.shards,
    features: 0n,
    required: 0n,
    params: params.value,
    cooperatives: validators.map((_, index) => ({ id: index + 1, name: utf8(`cooperative-${index + 1}`) })),
    validators: validators.map((key, index) => ({ key, cooperative: index + 1, weight: INITIAL_WEIGHT_PPM })),
    accounts: rest.accounts ?? (preset === 'seed' ? [] : devnetAccounts())
  })
}
