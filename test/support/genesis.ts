/** Genesis values for tests: keys without meaning, all other values from a preset. */
import assert from 'node:assert/strict'
import { sha256Of } from '../../src/crypto/hash.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import { newGenesis } from '../../src/params/new-genesis.ts'
import type { NewGenesis } from '../../src/params/new-genesis.ts'
import { u64be } from '../../src/primitives/bytes.ts'
import type { Member } from '../../src/sharding/types.ts'

export const GENESIS_TIME = 1_700_000_000_000

/** 32 bytes that depend on the number only, in no order. */
export const someKey = (index: number): Uint8Array => sha256Of(u64be(index))

/** `minimal`, four validators, no accounts unless given. */
export function aGenesis(init: Partial<NewGenesis> = {}): Genesis {
  const validators = [0, 1, 2, 3].map(someKey)
  const made = newGenesis({ preset: 'minimal', validators, timeMs: GENESIS_TIME, accounts: [], ...init })
  assert(made.ok, made.ok ? '' : made.detail)
  return made.value
}

/** One member for each entry: the number of its cooperative. */
export const membersOf = (cooperatives: readonly number[], weight = 1_000_000): Member[] =>
  cooperatives.map((cooperative, index) => ({ key: someKey(index), cooperative, weight }))
