/**
 * The records that a block touches while it is executed: read once from the parent's state, changed here, and turned
 * into changes at the end. Amounts only move between records and the counters that sum them, so that supply is an
 * equality after every step (D3, R11).
 */
import { equal, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { AccountType, ChainTotalsType, ClaimType } from '../codec/state-records.ts'
import type { Account, ChainTotals, Claim } from '../codec/state-records.ts'
import type { Receipt } from '../codec/receipt.ts'
import { TOTALS_KEY, accountKey, claimKey } from './keys.ts'
import { Lanes } from './lanes.ts'
import type { ReceiptDraft } from './lanes.ts'
import type { StateView } from './ports.ts'
import type { Amounts } from './types.ts'

/** Flat size of an account record: key and value. */
export const ACCOUNT_STATE_BYTES = 22 + 40
const CLAIM_STATE_BYTES = 33 + 16
const NOTHING: Amounts = { consumer: 0n, industrial: 0n }
const TOTALS_HEX = toHex(TOTALS_KEY)

const flatSize = (key: Uint8Array, value: Uint8Array | undefined): number =>
  value === undefined ? 0 : key.length + value.length

type MutableTotals = { -readonly [Name in keyof ChainTotals]: ChainTotals[Name] }

export class Ledger {
  readonly #view: StateView
  /** State keys of the addresses and validators seen, by the very arrays: a transaction names each several times. */
  readonly #keys = new Map<Uint8Array, Hex>()
  /** Records by state key, as read or as changed. */
  readonly #accounts = new Map<Hex, Account | undefined>()
  /** Flat values of the parent's state, of every record that was read. */
  readonly #before = new Map<Hex, Uint8Array | undefined>()
  /** Keys of the records that were written, which is less than what was read. */
  readonly #written = new Set<Hex>()
  readonly #claims = new Map<Hex, Claim>()
  /** Records of further kinds, by state key: as read or as written. */
  readonly #records = new Map<Hex, Uint8Array | undefined>()
  readonly #totals: MutableTotals
  readonly #lanes: Lanes

  constructor(view: StateView) {
    this.#view = view
    this.#lanes = new Lanes(view)
    const totals = must(this.#read(TOTALS_HEX, TOTALS_KEY), 'a state without totals')
    this.#totals = ChainTotalsType.deserialize(totals)
  }

  /** As they are now; they go on changing with the ledger. */
  get totals(): ChainTotals {
    return this.#totals
  }

  get lanes(): Lanes {
    return this.#lanes
  }

  /** Amounts that an account gave up leave for another chain. @returns the receipt's sequence */
  send(source: ChainId, destination: ChainId, draft: ReceiptDraft): number {
    this.#totals.sentConsumer += draft.consumer
    this.#totals.sentIndustrial += draft.industrial
    return this.#lanes.emit(source, destination, draft)
  }

  /** Amounts of a receipt are here now; the caller credits them or sends them back. */
  receive(receipt: Receipt): void {
    this.#lanes.receive(receipt)
    this.#totals.receivedConsumer += receipt.consumer
    this.#totals.receivedIndustrial += receipt.industrial
  }

  /** R8: what came back and has no account that could hold it. */
  creditLost({ consumer, industrial }: Amounts): void {
    this.#totals.lostConsumer += consumer
    this.#totals.lostIndustrial += industrial
  }

  /** Amounts that accounts gave up are held for an action that is not decided; negative: they leave it again. */
  escrow({ consumer, industrial }: Amounts): void {
    this.#totals.escrowConsumer += consumer
    this.#totals.escrowIndustrial += industrial
    assert(this.#totals.escrowConsumer >= 0n && this.#totals.escrowIndustrial >= 0n, 'an escrow below zero')
  }

  /** Amounts that arrived are bound as stake; negative: they leave it again. The records are the caller’s. */
  bind({ consumer, industrial }: Amounts): void {
    this.#totals.stakeConsumer += consumer
    this.#totals.stakeIndustrial += industrial
  }

  /** Consumer tokens that a record on the coordination chain costs (M8). */
  lockDeposit(consumer: bigint): void {
    this.#totals.deposits += consumer
  }

  /** What is emitted; the caller gives it to whom it belongs (M12). */
  takeReserve({ consumer, industrial }: Amounts): void {
    this.#totals.reserveConsumer -= consumer
    this.#totals.reserveIndustrial -= industrial
    assert(this.#totals.reserveConsumer >= 0n && this.#totals.reserveIndustrial >= 0n, 'a reserve below zero')
  }

  account(address: Uint8Array): Account | undefined {
    const hex = this.#key(address, accountKey)
    const held = this.#accounts.get(hex)
    if (held !== undefined || this.#accounts.has(hex)) return held
    const bytes = this.#read(hex, accountKey(address))
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
    this.#totals.accounts += 1
    this.#totals.stateBytes += ACCOUNT_STATE_BYTES
    this.#put(address, account, { consumer: 0n, industrial: 0n })
  }

  creditTreasury({ consumer, industrial }: Amounts): void {
    this.#totals.treasuryConsumer += consumer
    this.#totals.treasuryIndustrial += industrial
  }

  creditClaim(validator: Uint8Array, { consumer, industrial }: Amounts): void {
    if (consumer === 0n && industrial === 0n) return
    const hex = this.#key(validator, claimKey)
    const before = this.claim(validator)
    if (before.consumer === 0n && before.industrial === 0n) this.#totals.stateBytes += CLAIM_STATE_BYTES
    this.#claims.set(hex, {
      consumer: before.consumer + consumer,
      industrial: before.industrial + industrial
    })
    this.#totals.rewardsConsumer += consumer
    this.#totals.rewardsIndustrial += industrial
  }

  /** What a validator has earned here and not claimed. */
  claim(validator: Uint8Array): Claim {
    const hex = this.#key(validator, claimKey)
    const held = this.#claims.get(hex)
    if (held !== undefined) return held
    const bytes = this.#read(hex, claimKey(validator))
    const claim = bytes === undefined ? NOTHING : ClaimType.deserialize(bytes)
    this.#claims.set(hex, claim)
    return claim
  }

  /** All of it; the record goes. */
  takeClaim(validator: Uint8Array): Amounts {
    const { consumer, industrial } = this.claim(validator)
    if (consumer === 0n && industrial === 0n) return NOTHING
    this.#claims.set(this.#key(validator, claimKey), NOTHING)
    this.#totals.stateBytes -= CLAIM_STATE_BYTES
    this.#totals.rewardsConsumer -= consumer
    this.#totals.rewardsIndustrial -= industrial
    return { consumer, industrial }
  }

  /** A record of any other kind, as it is now. */
  record(key: Uint8Array): Uint8Array | undefined {
    const hex = toHex(key)
    return this.#records.has(hex) ? this.#records.get(hex) : this.#readRecord(hex, key)
  }

  /** Writes a record of any other kind; undefined: it goes. The size of the state follows. */
  setRecord(key: Uint8Array, value: Uint8Array | undefined): void {
    const hex = toHex(key)
    const before = this.#records.has(hex) ? this.#records.get(hex) : this.#readRecord(hex, key)
    this.#totals.stateBytes += flatSize(key, value) - flatSize(key, before)
    this.#records.set(hex, value)
  }

  /** Flat values that differ from the parent's state; undefined: gone. */
  changedValues(): Map<Hex, Uint8Array | undefined> {
    const changed = this.#lanes.changedValues()
    this.#totals.stateBytes += this.#lanes.growth(changed)
    const put = (hex: Hex, value: Uint8Array): void => {
      const before = this.#before.get(hex)
      if (before === undefined || !equal(before, value)) changed.set(hex, value)
    }
    for (const hex of this.#written) {
      put(hex, AccountType.serialize(must(this.#accounts.get(hex), 'a written account is held')))
    }
    for (const [hex, claim] of this.#claims) {
      if (claim.consumer > 0n || claim.industrial > 0n) put(hex, ClaimType.serialize(claim))
      else if (this.#before.get(hex) !== undefined) changed.set(hex, undefined)
    }
    for (const [hex, value] of this.#records) {
      if (value !== undefined) put(hex, value)
      else if (this.#before.get(hex) !== undefined) changed.set(hex, undefined)
    }
    put(TOTALS_HEX, ChainTotalsType.serialize(this.#totals))
    return changed
  }

  #key(name: Uint8Array, keyOf: (name: Uint8Array) => Uint8Array): Hex {
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const hex = toHex(keyOf(name))
    this.#keys.set(name, hex)
    return hex
  }

  #read(hex: Hex, key: Uint8Array): Uint8Array | undefined {
    const bytes = this.#view.get(key, hex)
    this.#before.set(hex, bytes)
    return bytes
  }

  #readRecord(hex: Hex, key: Uint8Array): Uint8Array | undefined {
    const bytes = this.#read(hex, key)
    this.#records.set(hex, bytes)
    return bytes
  }

  #put(address: Uint8Array, account: Account, before: Amounts): void {
    assert(account.consumer >= 0n && account.industrial >= 0n && account.mana >= 0n, 'a negative balance')
    const hex = this.#key(address, accountKey)
    this.#accounts.set(hex, account)
    this.#written.add(hex)
    this.#totals.balancesConsumer += account.consumer - before.consumer
    this.#totals.balancesIndustrial += account.industrial - before.industrial
  }
}
