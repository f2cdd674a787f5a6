/** The vectors of genesis: canonical bytes, network ids, genesis hashes, and files that must be refused. */
import { sha256 } from '../../src/crypto/hash.ts'
import { GenesisType } from '../../src/codec/genesis.ts'
import { buildChainGenesis } from '../../src/chain/genesis-block.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { genesisToJson, parseGenesis } from '../../src/params/genesis-json.ts'
import { genesisToRecord, networkId } from '../../src/params/genesis.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import { newGenesis } from '../../src/params/new-genesis.ts'
import type { NewGenesis } from '../../src/params/new-genesis.ts'
import { PARAMETERS } from '../../src/params/params.ts'
import { toHex, utf8 } from '../../src/primitives/bytes.ts'
import { COORD, chainName, shardId } from '../../src/primitives/chain-id.ts'
import { must } from '../../src/primitives/errors.ts'
import { computeSnapshot, encodeSnapshot } from '../../src/sharding/snapshot.ts'
import type { Plain } from './plain.ts'

type Json = Readonly<Record<string, Plain>>

const validatorKey = (index: number): Uint8Array => sha256(utf8(`validator ${index}`))
const account = (label: string, consumer: bigint, industrial: bigint) => ({
  address: devnetAddress(label),
  consumer,
  industrial
})

function make(init: Partial<NewGenesis>): Genesis {
  const validators = [0, 1, 2, 3].map(validatorKey)
  const made = newGenesis({ preset: 'minimal', validators, timeMs: 1_700_000_000_000, accounts: [], ...init })
  if (!made.ok) throw new TypeError(made.detail)
  return made.value
}

const FOUR = make({
  accounts: [account('user0', 1_000_000_000n, 5n), account('user1', 0n, 7n), account('user2', 1n, 0n)]
})

const jsonOf = (genesis: Genesis): Json => JSON.parse(genesisToJson(genesis)) as Json

/** Every list and every object in the opposite order. */
function reversed(value: Plain): Plain {
  if (typeof value !== 'object') return value
  if (isList(value)) return value.map(reversed).toReversed()
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, reversed(inner)] as const)
      .toReversed()
  )
}
const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value)

function acceptedCase(name: string, json: Plain): Plain {
  const parsed = parseGenesis(JSON.stringify(json))
  if (!parsed.ok) throw new TypeError(`${name}: ${parsed.detail}`)
  const genesis = parsed.value
  const chains = [...Array.from({ length: genesis.shards }, (_, index) => shardId(index)), COORD].map(
    (chain) => {
      const { block } = buildChainGenesis(genesis, chain)
      return {
        chain: chainName(chain),
        stateRoot: toHex(block.header.stateRoot),
        hash: toHex(block.hash)
      }
    }
  )
  const coord = buildChainGenesis(genesis, COORD)
  const view = { get: (key: Uint8Array) => coord.changes.values.get(toHex(key)) }
  return {
    name,
    genesis: json,
    canonical: toHex(GenesisType.serialize(genesisToRecord(genesis))),
    networkId: toHex(networkId(genesis)),
    chains,
    snapshot: toHex(encodeSnapshot(computeSnapshot(view, 0, coord.block.hash, genesis.shards)))
  }
}

function refusedCases(): Plain {
  const base = jsonOf(FOUR)
  const params = base['params'] as Json
  const validators = base['validators'] as readonly Json[]
  const accounts = base['accounts'] as readonly Json[]
  const cooperatives = base['cooperatives'] as readonly Json[]
  const [validator, address] = [must(validators[0], 'a validator'), must(accounts[0], 'an account')]
  const cooperative = must(cooperatives[0], 'a cooperative')
  const { minBalance: _, ...lacking } = params
  const cases: readonly [string, string, Json][] = [
    ['GEN-4', 'another version', { version: 2 }],
    ['GEN-4', 'no shard', { shards: 0 }],
    ['GEN-4', 'shards above the ceiling', { shards: 1025 }],
    ['GEN-4', 'no validator', { validators: [] }],
    ['GEN-4', 'a validator twice', { validators: [...validators, { ...validator, weight: 2 }] }],
    ['GEN-4', 'a validator of no listed cooperative', { validators: [{ ...validator, cooperative: 5 }] }],
    ['GEN-4', 'a weight of zero', { validators: [{ ...validator, weight: 0 }] }],
    ['GEN-4', 'an account twice', { accounts: [...accounts, address] }],
    ['GEN-4', 'cooperative 0', { cooperatives: [...cooperatives, { ...cooperative, id: 0 }] }],
    ['GEN-4', 'a cooperative twice', { cooperatives: [...cooperatives, { ...cooperative, name: 'other' }] }],
    ['GEN-4', 'a name of 65 bytes', { cooperatives: [...cooperatives, { id: 9, name: 'x'.repeat(65) }] }],
    ['GEN-5', 'a parameter below its range', { params: { ...params, epochLength: 3 } }],
    ['GEN-5', 'a parameter above its range', { params: { ...params, maxUnfinalBlocks: 32 } }],
    ['GEN-5', 'an unknown parameter', { params: { ...params, blockSize: 1 } }],
    ['GEN-5', 'a missing parameter', { params: lacking }],
    ['GEN-6', 'a freeze distance as long as the epoch', { params: { ...params, freezeDistance: 8 } }],
    ['GEN-6', 'a first delay above its ceiling', { params: { ...params, deltaInitialMs: 5_001 } }],
    ['GEN-7', 'feature bit 64', { features: [64] }],
    ['GEN-7', 'a feature bit twice', { features: [3, 3] }],
    ['GEN-7', 'a required bit that is no feature', { required: [3] }],
    ['GEN-8', 'more tokens than exist', { accounts: [{ ...address, consumer: '20000000000001' }] }],
    ['GEN-10', 'an unknown key', { chainId: 1 }],
    ['GEN-10', 'an amount as a number', { accounts: [{ ...address, consumer: 5 }] }],
    ['GEN-10', 'an amount with a leading zero', { accounts: [{ ...address, consumer: '05' }] }],
    ['GEN-10', 'a key in upper case', { validators: [{ ...validator, key: 'AB'.repeat(32) }] }],
    ['GEN-12', 'a block that cannot hold its certificate', { params: { ...params, blockBytesMax: 45_767 } }]
  ]
  return cases.map(([rule, name, change]) => {
    const genesis: Json = { ...base, ...change }
    const parsed = parseGenesis(JSON.stringify(genesis))
    if (parsed.ok) throw new TypeError(`accepted: ${name}`)
    return { name, rule, code: parsed.code, genesis }
  })
}

export const genesis = (): Plain => ({
  rules: Array.from({ length: 12 }, (_, index) => `GEN-${index + 1}`),
  parameters: PARAMETERS.map(({ name, min, max }) => ({ name, min, max })),
  devnetKeys: ['user0', 'user9', 'load0', 'load999', 'validator0'].map((label) => ({
    label,
    seed: toHex(devnetSeed(label)),
    address: toHex(devnetAddress(label))
  })),
  accepted: [
    acceptedCase('four validators, two shards, three accounts', jsonOf(FOUR)),
    acceptedCase('the same values in another order', reversed(jsonOf(FOUR))),
    acceptedCase(
      'one base unit more',
      jsonOf({
        ...FOUR,
        accounts: FOUR.accounts.map((entry, index) =>
          index === 0 ? { ...entry, consumer: entry.consumer + 1n } : entry
        )
      })
    ),
    acceptedCase('the remainder of the reserve on shard 0', jsonOf({ ...FOUR, shards: 3 })),
    acceptedCase(
      'seed, seven validators that serve three of four shards',
      jsonOf(make({ preset: 'seed', validators: [0, 1, 2, 3, 4, 5, 6].map(validatorKey) }))
    ),
    acceptedCase('features', jsonOf({ ...FOUR, features: 1n | (1n << 63n), accounts: [] }))
  ],
  refused: refusedCases()
})
