/**
 * The one door to a `Genesis` (GEN-2, GEN-4 … GEN-8): puts the lists into canonical order and checks everything that does not
 * depend on how the genesis was written down. Ceilings are those of the encoding, so what passes can be encoded.
 */
import { MAX_SHARDS } from '../primitives/chain-id.ts'
import { compare, equal, fromUtf8, toHex, utf8 } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Refusal, Verdict } from '../primitives/result.ts'
import { MAX_GENESIS_ACCOUNTS, MAX_PRESET_NAME_BYTES } from '../codec/genesis.ts'
import { MAX_COOPERATIVES, MAX_COOPERATIVE_NAME_BYTES, MAX_VALIDATORS } from '../codec/registry.ts'
import { encodeAddress } from '../crypto/address.ts'
import { checkParams } from './check.ts'
import type { Genesis, GenesisCode } from './genesis.ts'
import { MAX_SUPPLY, sumOfAccounts } from './supply.ts'

/** Bits of the feature bitmap that this software implements. */
export const KNOWN_FEATURES = 0n
/** Last millisecond of the year 9999: far below 2^53, so times and intervals add up exactly. */
export const MAX_TIME_MS = 253_402_300_799_999
const MAX_U64 = 2n ** 64n - 1n
const MAX_U32 = 2 ** 32 - 1

/**
 * Bytes a body needs besides the payload of one transaction and the signatures of its parent's certificate: fixed
 * parts, the transaction's own fields, and 32 late votes. With less in the half that deliveries leave, a chain could
 * stand still for ever.
 */
export const BODY_ROOM_BYTES = 4_096
/** A signature and its bit in the bitmap. */
export const BODY_ROOM_PER_VALIDATOR = 65
/**
 * Bytes that the smallest delivery needs besides the signatures of its certificate: header, the longest entry, and two
 * proofs of 100 levels. With less in the half that is for deliveries, a lane could stand still for ever (R9).
 */
export const DELIVERY_ROOM_BYTES = 16_384

type Problem = Refusal<GenesisCode> | undefined

export function checkGenesis(candidate: Genesis): Verdict<Genesis, GenesisCode> {
  const params = checkParams({ ...candidate.params })
  if (!params.ok) return params
  const genesis: Genesis = {
    ...candidate,
    params: params.value,
    cooperatives: candidate.cooperatives.toSorted((a, b) => a.id - b.id),
    validators: candidate.validators.toSorted((a, b) => compare(a.key, b.key)),
    accounts: candidate.accounts.toSorted((a, b) => compare(a.address, b.address))
  }
  const problem =
    checkHead(genesis) ??
    checkFeatures(genesis) ??
    checkCooperatives(genesis) ??
    checkValidators(genesis) ??
    checkAccounts(genesis) ??
    checkBlockRoom(genesis)
  return problem ?? accept(genesis)
}

function checkHead({ preset, timeMs, shards }: Genesis): Problem {
  if (preset.length > MAX_PRESET_NAME_BYTES || !/^[a-z][a-z0-9-]*$/.test(preset)) {
    return refuse(
      'genesis-value',
      `preset must be 1 to ${MAX_PRESET_NAME_BYTES} of a-z, 0-9 and -, a letter first`
    )
  }
  return outside('timeMs', timeMs, 0, MAX_TIME_MS) ?? outside('shards', shards, 1, MAX_SHARDS)
}

function checkFeatures({ features, required }: Genesis): Problem {
  for (const [name, bits] of [
    ['features', features],
    ['required', required]
  ] as const) {
    if (bits < 0n || bits > MAX_U64) return refuse('genesis-value', `${name} must be bits 0 to 63`)
  }
  if ((required & ~features) !== 0n)
    return refuse('genesis-value', 'required names a bit that features does not')
  const unknown = required & ~KNOWN_FEATURES
  if (unknown === 0n) return undefined
  return refuse(
    'genesis-feature-unknown',
    `required names feature bits this version does not know: ${bitList(unknown).join(', ')}`
  )
}

function checkCooperatives({ cooperatives }: Genesis): Problem {
  if (cooperatives.length > MAX_COOPERATIVES) return tooMany('cooperatives', MAX_COOPERATIVES)
  for (const [index, { id, name }] of cooperatives.entries()) {
    const problem = outside('cooperatives.id', id, 1, 0xffff)
    if (problem !== undefined) return problem
    if (name.length < 1 || name.length > MAX_COOPERATIVE_NAME_BYTES || !isUtf8(name)) {
      const text = `cooperatives.name of ${id} must be 1 to ${MAX_COOPERATIVE_NAME_BYTES} bytes of UTF-8`
      return refuse('genesis-value', text)
    }
    if (cooperatives[index + 1]?.id === id)
      return refuse('genesis-duplicate', `cooperative ${id} is listed twice`)
  }
  return undefined
}

function checkValidators({ cooperatives, validators }: Genesis): Problem {
  if (validators.length === 0) return refuse('genesis-no-validators', 'validators must name at least one')
  if (validators.length > MAX_VALIDATORS) return tooMany('validators', MAX_VALIDATORS)
  const known = new Set([0, ...cooperatives.map(({ id }) => id)])
  for (const [index, { key, cooperative, weight }] of validators.entries()) {
    if (key.length !== 32) return refuse('genesis-value', 'validators.key must have 32 bytes')
    const problem = outside('validators.weight', weight, 1, MAX_U32)
    if (problem !== undefined) return problem
    if (!known.has(cooperative)) {
      const text = `validator ${toHex(key)} names cooperative ${cooperative}, which is not listed`
      return refuse('genesis-cooperative-unknown', text)
    }
    const next = validators[index + 1]
    if (next !== undefined && equal(key, next.key)) {
      return refuse('genesis-duplicate', `validator ${toHex(key)} is listed twice`)
    }
  }
  return undefined
}

function checkAccounts({ accounts }: Genesis): Problem {
  if (accounts.length > MAX_GENESIS_ACCOUNTS) return tooMany('accounts', MAX_GENESIS_ACCOUNTS)
  for (const [index, { address, consumer, industrial }] of accounts.entries()) {
    if (address.length !== 21) return refuse('genesis-value', 'accounts.address must have 21 bytes')
    if (consumer < 0n || industrial < 0n) return refuse('genesis-value', 'accounts: an amount is negative')
    const next = accounts[index + 1]
    if (next !== undefined && equal(address, next.address)) {
      return refuse('genesis-duplicate', `account ${encodeAddress(address)} is listed twice`)
    }
  }
  const held = sumOfAccounts(accounts)
  for (const token of ['consumer', 'industrial'] as const) {
    if (held[token] <= MAX_SUPPLY) continue
    return refuse('genesis-supply', `accounts hold ${held[token]} of ${token}, of which ${MAX_SUPPLY} exist`)
  }
  return undefined
}

function checkBlockRoom({ params, validators }: Genesis): Problem {
  const members = Math.max(validators.length, params.maxValidators)
  const signatures = BODY_ROOM_PER_VALIDATOR * members
  const half = signatures + Math.max(BODY_ROOM_BYTES + params.payloadBytesMax, DELIVERY_ROOM_BYTES)
  const needed = 2 * half
  if (params.blockBytesMax >= needed) return undefined
  const text = `parameter blockBytesMax must be at least ${needed} for ${members} validators and this payloadBytesMax`
  return refuse('genesis-block-too-small', text)
}

function outside(key: string, value: number, min: number, max: number): Problem {
  if (Number.isInteger(value) && value >= min && value <= max) return undefined
  return refuse('genesis-value', `${key} must be an integer from ${min} to ${max}`)
}

const tooMany = (key: string, max: number): Refusal<GenesisCode> =>
  refuse('genesis-too-many', `${key} has more than ${max} entries`)

/** Encoding the decoded text must give the same bytes back: a byte order mark, for one, does not. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    return equal(utf8(fromUtf8(bytes)), bytes)
  } catch {
    // The decoder's only way to say that the bytes are not UTF-8.
    return false
  }
}

export function bitList(bits: bigint): number[] {
  const list: number[] = []
  for (let bit = 0; bit < 64; bit++) if (((bits >> BigInt(bit)) & 1n) === 1n) list.push(bit)
  return list
}
