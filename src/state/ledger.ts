/**
 * The records that a block touches while it is executed: read once from the parent's state, changed here, and turned
 * into changes at the end. Amounts only move between records and the counters that sum them, so that supply is an
 * equality after every step (D3, R11).
 */
import { equal, fromHex, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { assert, must } from '../primitives/errors.ts'
import { AccountType, ChainTotalsType, ClaimType } from '../codec/state-records.ts'
import type { Account, ChainTotals, Claim } from '../codec/state-records.ts'
import { TOTALS_KEY, accountKey, claimKey } from './keys.ts'
import type { StateView } from './ports.ts'
import type { Amounts } from './types.ts'

/** Flat size of an account record: key and value. */
export const ACCOUNT_STATE_BYTES = 22 + 40
const CLAIM_STATE_BYTES = 33 + 16

export class Ledger {
  readonly #view: StateView
  /** Records by state key, as read or as changed. */
  readonly #accounts = new Map<Hex, Account | undefined>()
  /** Keys of the records that were written, which is less than what was read. */
  readonly #written = new Set<Hex>()
  readonly #claims = new Map<Hex, Claim>()
  #totals: ChainTotals

  constructor(view: StateView) {
    this.#view = view
    const totals = must(view.get(TOTALS_KEY), 'a state without totals')
    this.#totals = ChainTotalsType.deserialize(totals)
  }

  get totals(): ChainTotals {
    return this.#totals
  }

  account(address: Uint8Array): Account | undefined {
    const key = accountKey(address)
    const hex = toHex(key)
    if (this.#accounts.has(hex)) return this.#accounts.get(hex)
    const bytes = this.#view.get(key)
    const account = bytes === undefined ? undefined : AccountType.deserialize(bytes)
    this.#accounts.set(hex, account)
    return account
  }

  /** Replaces an existing record; the counters of balances follow. */
  update(address: Uint8Array, account: Account): void {
    const before = must(this.account(address), 'update of an account that does not exist')
    assert(account.nonce >= before.nonce, 'M10: a nonce was lowered')
    this.#put(address, account, before)
  }

  /** Adds a record (M8); the caller has checked that none exists and that there is room. */
  create(address: Uint8Array, account: Account): void {
    assert(this.account(address) === undefined, 'creation of an account that exists')
    const totals = this.#totals
    this.#totals = {
      ...totals,
      accounts: totals.accounts + 1,
      stateBytes: totals.stateBytes + ACCOUNT_STATE_BYTES
    }
    this.#put(address, account, { consumer: 0n, industrial: 0n })
  }

  creditTreasury({ consumer, industrial }: Amounts): void {
    const totals = this.#totals
    this.#totals = {
      ...totals,
      treasuryConsumer: totals.treasuryConsumer + consumer,
      treasuryIndustrial: totals.treasuryIndustrial + industrial
    }
  }

  creditClaim(validator: Uint8Array, { consumer, industrial }: Amounts): void {
    if (consumer === 0n && industrial === 0n) return
    const key = claimKey(validator)
    const hex = toHex(key)
    const before = this.#claims.get(hex) ?? this.#readClaim(key)
    this.#claims.set(hex, {
      consumer: before.consumer + consumer,
      industrial: before.industrial + industrial
    })
    const totals = this.#totals
    this.#totals = {
      ...totals,
      rewardsConsumer: totals.rewardsConsumer + consumer,
      rewardsIndustrial: totals.rewardsIndustrial + industrial
    }
  }

  /** Flat values that differ from the parent's state. */
  changedValues(): Map<Hex, Uint8Array> {
    const changed = new Map<Hex, Uint8Array>()
    const put = (hex: Hex, value: Uint8Array): void => {
      const before = this.#view.get(fromHex(hex))
      if (before === undefined || !equal(before, value)) changed.set(hex, value)
    }
    for (const [hex, account] of this.#accounts)
      if (account !== undefined) put(hex, AccountType.serialize(account))
    for (const [hex, claim] of this.#claims) put(hex, ClaimType.serialize(claim))
    put(toHex(TOTALS_KEY), ChainTotalsType.serialize(this.#totals))
    return changed
  }

  #readClaim(key: Uint8Array): Claim {
    const bytes = this.#view.get(key)
    if (bytes !== undefined) return ClaimType.deserialize(bytes)
    this.#totals = { ...this.#totals, stateBytes: this.#totals.stateBytes + CLAIM_STATE_BYTES }
    return { consumer: 0n, industrial: 0n }
  }

  #put(address: Uint8Array, account: Account, before: Amounts): void {
    assert(account.consumer >= 0n && account.industrial >= 0n && account.mana >= 0n, 'a negative balance')
    const hex = toHex(accountKey(address))
    this.#accounts.set(hex, account)
    this.#written.add(hex)
    const totals = this.#totals
    this.#totals = {
      ...totals,
      balancesConsumer: totals.balancesConsumer + account.consumer - before.consumer,
      balancesIndustrial: totals.balancesIndustrial + account.industrial - before.industrial
    }
  }
}
