/** The genesis of a simulated network. */
import type { GenesisAccount } from '../../codec/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import { newGenesis } from '../../params/new-genesis.ts'
import type { Params } from '../../params/params.ts'
import { assert } from '../../primitives/errors.ts'

/** Short epochs and timers: an epoch is some seconds, a failed view about one. */
const FAST_PARAMS: Partial<Params> = {
  epochLength: 6,
  freezeDistance: 2,
  minBlockIntervalMs: 200,
  idleIntervalMs: 400,
  deltaInitialMs: 100,
  deltaMinMs: 50,
  deltaMaxMs: 1_500
}

const START_MS = 1_700_000_000_000

export function simGenesis(init: {
  readonly validators: readonly Uint8Array[]
  readonly accounts: readonly GenesisAccount[]
  readonly shards: number
  readonly params: Partial<Params> | undefined
}): Genesis {
  const { validators, accounts, shards, params } = init
  const overrides = { ...FAST_PARAMS, ...params }
  const made = newGenesis({ preset: 'minimal', validators, timeMs: START_MS, shards, overrides, accounts })
  assert(made.ok, made.ok ? '' : made.detail)
  return made.value
}
