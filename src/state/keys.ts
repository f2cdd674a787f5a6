/** State keys: one byte of prefix, then what identifies the record (STA-1). */
import {
  PREFIX_ACCOUNT,
  PREFIX_CLAIM,
  PREFIX_COOPERATIVES,
  PREFIX_IN_LANE,
  PREFIX_OUTBOX,
  PREFIX_OUT_LANE,
  PREFIX_PARAMETERS,
  PREFIX_TOTALS,
  PREFIX_VALIDATORS
} from '../codec/state-records.ts'
import { concat, u16be, u64be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'

function stateKey(prefix: number, rest: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + rest.length)
  key[0] = prefix
  key.set(rest, 1)
  return key
}

export const TOTALS_KEY: Uint8Array = Uint8Array.of(PREFIX_TOTALS)
export const PARAMETERS_KEY: Uint8Array = Uint8Array.of(PREFIX_PARAMETERS)
export const VALIDATORS_KEY: Uint8Array = Uint8Array.of(PREFIX_VALIDATORS)
export const COOPERATIVES_KEY: Uint8Array = Uint8Array.of(PREFIX_COOPERATIVES)
/** `address`: 21 bytes (D3). */
export const accountKey = (address: Uint8Array): Uint8Array => stateKey(PREFIX_ACCOUNT, address)
/** `validator`: 32-byte validator key. */
export const claimKey = (validator: Uint8Array): Uint8Array => stateKey(PREFIX_CLAIM, validator)
/** The lane from this chain to `destination`. */
export const outLaneKey = (destination: ChainId): Uint8Array => stateKey(PREFIX_OUT_LANE, u16be(destination))
/** The lane from `source` to this chain. */
export const inLaneKey = (source: ChainId): Uint8Array => stateKey(PREFIX_IN_LANE, u16be(source))
/** The outbox entry of a lane whose first receipt has this sequence. */
export const outboxKey = (destination: ChainId, first: number): Uint8Array =>
  stateKey(PREFIX_OUTBOX, concat(u16be(destination), u64be(first)))
