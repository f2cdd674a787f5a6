/**
 * The JSON form of a genesis (GEN-10): for people and files only. What is hashed is the canonical record, so spaces and
 * the order of keys and entries mean nothing. Unknown keys are refused by name: a misspelt one must not pass silently.
 */
import { fromUtf8, toHex } from '../primitives/bytes.ts'
import { MAX_SHARDS } from '../primitives/chain-id.ts'
import { refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { GENESIS_VERSION, MAX_GENESIS_ACCOUNTS } from '../codec/genesis.ts'
import { MAX_COOPERATIVES, MAX_VALIDATORS } from '../codec/registry.ts'
import { encodeAddress } from '../crypto/address.ts'
import { checkParams } from './check.ts'
import { MAX_TIME_MS, bitList, checkGenesis } from './genesis-check.ts'
import type { Genesis, GenesisCode } from './genesis.ts'
import { StrictReader } from './strict-reader.ts'

const KEYS = [
  'version',
  'preset',
  'timeMs',
  'shards',
  'features',
  'required',
  'params',
  'cooperatives',
  'validators',
  'accounts'
] as const

export function parseGenesis(jsonText: string): Verdict<Genesis, GenesisCode> {
  const parsed = parseJson(jsonText)
  if (!parsed.ok) return parsed
  const reader = new StrictReader()
  const top = reader.object(parsed.value, '', KEYS)
  reader.integer(top.version, 'version', GENESIS_VERSION, GENESIS_VERSION)
  const values = reader.fields(top.params, 'params')
  const head = {
    preset: reader.text(top.preset, 'preset'),
    timeMs: reader.integer(top.timeMs, 'timeMs', 0, MAX_TIME_MS),
    shards: reader.integer(top.shards, 'shards', 1, MAX_SHARDS),
    features: reader.bits(top.features, 'features'),
    required: reader.bits(top.required, 'required')
  }
  const lists = readLists(reader, top)
  if (reader.problem !== undefined) return reader.problem
  const params = checkParams(values)
  if (!params.ok) return params
  return checkGenesis({ ...head, params: params.value, ...lists })
}

export const genesisToJson = (genesis: Genesis): string =>
  `${JSON.stringify(genesisToJsonValue(genesis), undefined, 2)}\n`

/** The same form as a value, for RPC. */
export const genesisToJsonValue = (genesis: Genesis) => ({
  version: GENESIS_VERSION,
  preset: genesis.preset,
  timeMs: genesis.timeMs,
  shards: genesis.shards,
  features: bitList(genesis.features),
  required: bitList(genesis.required),
  params: genesis.params,
  cooperatives: genesis.cooperatives.map(({ id, name }) => ({ id, name: fromUtf8(name) })),
  validators: genesis.validators.map(({ key, cooperative, weight }) => ({
    key: toHex(key),
    cooperative,
    weight
  })),
  accounts: genesis.accounts.map(({ address, consumer, industrial }) => ({
    address: encodeAddress(address),
    consumer: String(consumer),
    industrial: String(industrial)
  }))
})

function parseJson(text: string): Verdict<unknown, 'genesis-not-json'> {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch (error) {
    return refuse('genesis-not-json', error instanceof Error ? error.message : String(error))
  }
}

type ListName = 'cooperatives' | 'validators' | 'accounts'

function readLists(
  reader: StrictReader,
  top: { readonly [key in ListName]: unknown }
): Pick<Genesis, ListName> {
  const cooperatives = reader.list(top.cooperatives, 'cooperatives', MAX_COOPERATIVES).map((entry, index) => {
    const path = `cooperatives[${index}]`
    const { id, name } = reader.object(entry, path, ['id', 'name'])
    return { id: reader.integer(id, `${path}.id`, 1, 0xffff), name: reader.utf8(name, `${path}.name`) }
  })
  const validators = reader.list(top.validators, 'validators', MAX_VALIDATORS).map((entry, index) => {
    const path = `validators[${index}]`
    const fields = reader.object(entry, path, ['key', 'cooperative', 'weight'])
    return {
      key: reader.bytes(fields.key, `${path}.key`, 32),
      cooperative: reader.integer(fields.cooperative, `${path}.cooperative`, 0, 0xffff),
      weight: reader.integer(fields.weight, `${path}.weight`, 1, 2 ** 32 - 1)
    }
  })
  const accounts = reader.list(top.accounts, 'accounts', MAX_GENESIS_ACCOUNTS).map((entry, index) => {
    const path = `accounts[${index}]`
    const fields = reader.object(entry, path, ['address', 'consumer', 'industrial'])
    return {
      address: reader.address(fields.address, `${path}.address`),
      consumer: reader.amount(fields.consumer, `${path}.consumer`),
      industrial: reader.amount(fields.industrial, `${path}.industrial`)
    }
  })
  return { cooperatives, validators, accounts }
}
