/** A state of many accounts in LevelDB, as a chain's database holds it; built here, read by the processes that time. */
import { sha256 } from '../crypto/hash.ts'
import { AccountType } from '../codec/state-records.ts'
import { toHex, u64be, utf8 } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import { must } from '../primitives/errors.ts'
import { EMPTY_VIEW, commit } from '../state/commit.ts'
import { pathOf } from '../state/hashes.ts'
import { accountKey } from '../state/keys.ts'
import { accountValue as valueIn } from '../state/lookup.ts'
import type { StateChanges, StateView } from '../state/ports.ts'
import { CHAIN_BUCKETS, bucketKey } from '../store/buckets.ts'
import type { KeyValueStore, Write } from '../store/ports.ts'
import { ReadAhead } from '../store/read-ahead.ts'

/** Accounts of one batch while a state is built. */
const BUILD_BATCH = 20_000

export const stateKeyOf = (index: number): Uint8Array => accountKey(sha256(u64be(index)).subarray(0, 21))

export const pageKey = (path: string): Uint8Array => bucketKey(CHAIN_BUCKETS.page, utf8(path))

export const accountValue = (nonce: number): Uint8Array =>
  AccountType.serialize({ nonce: BigInt(nonce), consumer: 5n, industrial: 5n, mana: 5n, manaTimeMs: 1 })

export class StoredState implements StateView {
  root: Uint8Array = EMPTY_VIEW.root
  readonly #store: KeyValueStore

  readonly #ahead: ReadAhead

  constructor(store: KeyValueStore) {
    this.#store = store
    this.#ahead = new ReadAhead(store)
  }

  /** As a node does before it executes a block. */
  async readAhead(keys: readonly Uint8Array[]): Promise<void> {
    await this.#ahead.fetch(keys, undefined)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return valueIn(this, key)
  }

  page(path: Hex): Uint8Array | undefined {
    return this.#ahead.pages.has(path) ? this.#ahead.pages.get(path) : this.#store.get(pageKey(path))
  }

  async write(changes: StateChanges): Promise<void> {
    const writes: Write[] = []
    const put = (key: Uint8Array, value: Uint8Array | undefined): void => {
      writes.push(value === undefined ? { type: 'del', key } : { type: 'put', key, value })
    }
    for (const [path, value] of changes.pages) put(pageKey(path), value)
    await this.#store.batch(writes, { sync: false })
    this.root = changes.root
  }
}

/** In the order of the tree, so that a page is written once or twice and not in every batch. */
export async function buildState(store: KeyValueStore, accounts: number): Promise<void> {
  const state = new StoredState(store)
  const keys = Array.from({ length: accounts }, (_, index) => stateKeyOf(index))
    .map((key) => ({ key: toHex(key), path: toHex(pathOf(key)) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  for (let from = 0; from < accounts; from += BUILD_BATCH) {
    const batch = keys.slice(from, from + BUILD_BATCH)
    await state.write(commit(state, new Map(batch.map(({ key }) => [key, accountValue(0)]))))
  }
}

/** Distinct accounts all over the state, the same in every process. */
export function pickAccounts(accounts: number, count: number): Uint8Array[] {
  const picked = new Map<number, Uint8Array>()
  for (let i = 0; picked.size < count; i++) {
    const digest = sha256(u64be(1_000_000_007 + i))
    const index = new DataView(digest.buffer).getUint32(0) % accounts
    picked.set(index, stateKeyOf(index))
  }
  return [...picked.values()]
}

/** Reads each account and changes it: what a block does that touches them. */
export function changeAccounts(state: StateView, keys: readonly Uint8Array[]): StateChanges {
  const values = new Map<Hex, Uint8Array>()
  for (const key of keys) {
    const account = AccountType.deserialize(must(state.get(key), 'an account of the benchmark exists'))
    values.set(toHex(key), AccountType.serialize({ ...account, nonce: account.nonce + 1n }))
  }
  return commit(state, values)
}
