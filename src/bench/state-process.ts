/**
 * A process that times one thing on a state it has never read: `node state-process.js build|update|raw DIR ACCOUNTS`.
 * Prints milliseconds: of the first 1,000 changes, and of the next 1,000 in the same process.
 */
import { ClassicLevel } from 'classic-level'
import { sha256 } from '../crypto/hash.ts'
import { toHex } from '../primitives/bytes.ts'
import { pathOf } from '../state/hashes.ts'
import { openLevel } from '../store/level.ts'
import type { KeyValueStore } from '../store/ports.ts'
import { STATE_CHANGES } from './state-limits.ts'
import { StoredState, buildState, changeAccounts, pageKey, pickAccounts } from './state-store.ts'

const [task = '', directory = '', accountsText = ''] = process.argv.slice(2)
const accounts = Number(accountsText)

/** Four levels of the tree are one page: four hashes for a change. */
const HASHES_OF_A_PAGE = 4

/** The same rows read and as many hashes made, without a tree. */
function readAndHash(store: KeyValueStore, keys: readonly Uint8Array[]): void {
  const node = new Uint8Array(65)
  for (const key of keys) {
    const path = toHex(pathOf(key))
    for (let depth = 0; store.get(pageKey(path.slice(0, depth))) !== undefined; depth++) {
      for (let i = 0; i < HASHES_OF_A_PAGE; i++) node.set(sha256(node))
    }
  }
}

/** As a database is that had time to settle: else every process that opens it first goes on with that work. */
async function compact(path: string): Promise<void> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view'
  })
  await database.open()
  await database.compactRange(new Uint8Array(0), Uint8Array.of(0xff))
  await database.close()
}

/** As a block is executed: what it will read is read ahead, which is part of the time. */
async function update(database: KeyValueStore, accounts: readonly Uint8Array[]): Promise<void> {
  const state = new StoredState(database)
  await state.readAhead(accounts)
  changeAccounts(state, accounts)
}

const store = await openLevel(directory, { isNew: task === 'build' })
const count = Math.min(STATE_CHANGES, accounts / 2)
const keys = pickAccounts(accounts, 2 * count)
const times: number[] = []
const timed = async (work: () => Promise<void> | void): Promise<void> => {
  const started = performance.now()
  await work()
  times.push(performance.now() - started)
}
if (task === 'build') await timed(async () => buildState(store, accounts))
else {
  // The second time other accounts: their rows were not read either, but the code has run once.
  for (const part of [keys.slice(0, count), keys.slice(count)]) {
    await timed(async () => (task === 'raw' ? readAndHash(store, part) : update(store, part)))
  }
}
process.stdout.write(`${times.join(' ')}\n`)
await store.close()
if (task === 'build') await compact(directory)
