/** State keys: one byte of prefix, then what identifies the record (STA-1). */
import {
  PREFIX_ACCOUNT,
  PREFIX_ATOMIC,
  PREFIX_ATOMIC_INDEX,
  PREFIX_CLAIM,
  PREFIX_COOPERATIVES,
  PREFIX_ESCROW,
  PREFIX_IN_LANE,
  PREFIX_INFLOW,
  PREFIX_MIX,
  PREFIX_OUTBOX,
  PREFIX_OUT_LANE,
  PREFIX_PARAMETERS,
  PREFIX_SEATS,
  PREFIX_SERVED,
  PREFIX_STAKE,
  PREFIX_TOTALS,
  PREFIX_VALIDATOR,
  PREFIX_VALIDATORS,
  PREFIX_WEIGHTS
} from '../codec/state-records.ts'
import { concat, u16be, u32be, u64be } from '../primitives/bytes.ts'
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
export const SEATS_KEY: Uint8Array = Uint8Array.of(PREFIX_SEATS)
export const WEIGHTS_KEY: Uint8Array = Uint8Array.of(PREFIX_WEIGHTS)
export const MIX_KEY: Uint8Array = Uint8Array.of(PREFIX_MIX)
/** `validator`: 32-byte validator key. */
export const validatorKey = (validator: Uint8Array): Uint8Array => stateKey(PREFIX_VALIDATOR, validator)
/** `validator`: 32-byte validator key. */
export const servedKey = (validator: Uint8Array): Uint8Array => stateKey(PREFIX_SERVED, validator)
/** `address`: 21 bytes (D3). */
export const accountKey = (address: Uint8Array): Uint8Array => stateKey(PREFIX_ACCOUNT, address)
/** `validator`: 32-byte validator key. */
export const claimKey = (validator: Uint8Array): Uint8Array => stateKey(PREFIX_CLAIM, validator)
/** What the lane from `source` has brought in an epoch. */
export const inflowKey = (source: ChainId): Uint8Array => stateKey(PREFIX_INFLOW, u16be(source))
/** `validator`: 32-byte validator key. */
export const stakeKey = (validator: Uint8Array): Uint8Array => stateKey(PREFIX_STAKE, validator)
/** The lane from this chain to `destination`. */
export const outLaneKey = (destination: ChainId): Uint8Array => stateKey(PREFIX_OUT_LANE, u16be(destination))
/** The lane from `source` to this chain. */
export const inLaneKey = (source: ChainId): Uint8Array => stateKey(PREFIX_IN_LANE, u16be(source))
/** The outbox entry of a lane whose first receipt has this sequence. */
export const outboxKey = (destination: ChainId, first: number): Uint8Array =>
  stateKey(PREFIX_OUTBOX, concat(u16be(destination), u64be(first)))
/** What this chain holds for an atomic action. `id`: 32 bytes. */
export const escrowKey = (id: Uint8Array): Uint8Array => stateKey(PREFIX_ESCROW, id)
/** The record of an atomic action on the chain that coordinates it. */
export const atomicKey = (id: Uint8Array): Uint8Array => stateKey(PREFIX_ATOMIC, id)
/** What an account has to do with atomic actions. */
export const atomicAccountKey = (address: Uint8Array): Uint8Array =>
  stateKey(PREFIX_ATOMIC_INDEX, concat(Uint8Array.of(0), address))
/** What the block of a height has to end and to forget. */
export const atomicDueKey = (height: number): Uint8Array =>
  stateKey(PREFIX_ATOMIC_INDEX, concat(Uint8Array.of(1), u64be(height)))
/** The id of an action whose record goes with the block of a height: one of those that `atomicDueKey` counts. */
export const atomicForgottenKey = (height: number, number: number): Uint8Array =>
  stateKey(PREFIX_ATOMIC_INDEX, concat(Uint8Array.of(2), u64be(height), u32be(number)))
