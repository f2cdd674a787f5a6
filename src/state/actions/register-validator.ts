/**
 * `register_validator` (REG-3 … REG-5): whoever is in the registry vouches for a newcomer, which gets an account on
 * `coord`, so that its key can speak there, and the leases of the shards that it is to follow. It is seated nowhere
 * before its own key has said that it is ready.
 */
import { addressOfKey } from '../../crypto/address.ts'
import { ZERO_HASH, equal } from '../../primitives/bytes.ts'
import type { Validator } from '../../codec/registry.ts'
import {
  ACTION_REGISTER_VALIDATOR,
  RegisterValidatorType,
  STATUS_LEFT,
  STATUS_REGISTERED
} from '../../codec/registry-records.ts'
import type { RegisterValidator, ValidatorRecord } from '../../codec/registry-records.ts'
import { ACCOUNT_STATE_BYTES } from '../ledger.ts'
import type { Ledger } from '../ledger.ts'
import { chooseShards, leaseLimit } from '../coord/leases.ts'
import { withTip } from '../coord/reveals.ts'
import {
  enrol,
  isCooperative,
  readElectorate,
  readValidator,
  recordsOf,
  writeValidator
} from '../coord/validators.ts'
import type { Records } from '../coord/validators.ts'
import type { BlockContext } from '../types.ts'
import type { Action } from './action.ts'
import { ON_COORD } from './coordination.ts'

/** What a newcomer weighs until its conduct says more, ppm. */
export const NEWCOMER_WEIGHT_PPM = 1_000_000
/** Registrations of one sponsor that are not ready yet. */
export const VOUCHED_MAX = 4

export const registerValidator: Action<RegisterValidator> = {
  ...ON_COORD,
  number: ACTION_REGISTER_VALIDATOR,
  name: 'register_validator',
  payloadType: RegisterValidatorType,

  stateless: () => undefined,

  apply({ payload, transaction }, ledger, context) {
    const records = recordsOf(ledger)
    const before = readValidator(records, payload.key)
    if (before !== undefined && before.status !== STATUS_LEFT) return 'validator-known'
    if (!isCooperative(records, payload.cooperative)) return 'cooperative-unknown'
    const electorate = readElectorate(records)
    if (!hasPlace(electorate, payload.cooperative, context.params)) return 'registry-full'
    if (!mayVouch(records, payload, transaction.sender, electorate)) return 'not-vouched'
    const others = electorate.flatMap(({ key }) => readValidator(records, key) ?? [])
    const waiting = others.filter(({ ready, sponsor }) => ready === 0 && equal(sponsor, transaction.sender))
    const isOwn = equal(payload.key, transaction.sender)
    if (!isOwn && waiting.length >= VOUCHED_MAX) return 'vouching-limit'
    const address = addressOfKey(payload.key)
    if (ledger.account(address) === undefined) {
      if (ledger.totals.stateBytes + ACCOUNT_STATE_BYTES > context.params.maxStateBytes) return 'state-full'
      ledger.create(address, {
        nonce: 0n,
        consumer: 0n,
        industrial: 0n,
        mana: 0n,
        manaTimeMs: context.timeMs
      })
    }
    admit(payload, { before, others, sponsor: transaction.sender }, ledger, context)
    return undefined
  }
}

/** REG-3: nobody fills the registry alone, neither one cooperative nor those that belong to none. */
function hasPlace(
  electorate: readonly Validator[],
  cooperative: number,
  { maxValidators }: BlockContext['params']
): boolean {
  const own = electorate.filter((other) => other.cooperative === cooperative)
  return electorate.length < maxValidators && own.length < Math.ceil(maxValidators / 2)
}

/**
 * REG-4: a cooperative with validators is spoken for by them alone, another one by those that belong to one: anybody can
 * register a key that belongs to none.
 */
function mayVouch(
  records: Records,
  { key, cooperative }: RegisterValidator,
  sender: Uint8Array,
  electorate: readonly Validator[]
): boolean {
  if (equal(key, sender)) return cooperative === 0
  const sponsor = readValidator(records, sender)
  if (sponsor?.status !== STATUS_REGISTERED) return false
  if (cooperative === 0 || sponsor.cooperative === cooperative) return true
  return sponsor.cooperative !== 0 && electorate.every((other) => other.cooperative !== cooperative)
}

interface Newcomer {
  /** Its record from before it left, with what it asked back. */
  readonly before: ValidatorRecord | undefined
  readonly others: readonly ValidatorRecord[]
  readonly sponsor: Uint8Array
}

function admit(
  { key, cooperative, tip: [tip] }: RegisterValidator,
  { before, others, sponsor }: Newcomer,
  ledger: Ledger,
  { height, shards, params }: BlockContext
): void {
  const until = height + params.leaseHeights
  const chosen = chooseShards(others, shards, leaseLimit(params, shards))
  const record: ValidatorRecord = {
    unbondings: before?.unbondings ?? [],
    tip: [],
    pendingTip: [],
    cooperative,
    weight: NEWCOMER_WEIGHT_PPM,
    status: STATUS_REGISTERED,
    since: height,
    joined: height,
    ready: 0,
    leftEpoch: 0,
    sponsor: equal(key, sponsor) ? ZERO_HASH : sponsor,
    node: [],
    leases: chosen.map((shard) => ({ shard, until }))
  }
  const whole = tip === undefined ? record : withTip(record, tip, height, params.epochLength)
  writeValidator(ledger, key, whole)
  enrol(ledger, { key, cooperative, weight: NEWCOMER_WEIGHT_PPM })
}
