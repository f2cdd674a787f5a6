import assert from 'node:assert/strict'
import { buildState, changeAccounts, pageKey, pickAccounts } from '../../../src/bench/state-store.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { EMPTY_VIEW } from '../../../src/state/commit.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { StateChanges } from '../../../src/state/ports.ts'
import { accountValue } from '../../../src/state/lookup.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { ReadAhead } from '../../../src/store/read-ahead.ts'
import { NETWORK, aFinalBlock, aGenesis, changesOf } from './builders.ts'

const IDENTITY = { network: NETWORK, chain: COORD }
const ACCOUNTS = 2_000
const KEYS = pickAccounts(ACCOUNTS, 300)
const OLD = Uint8Array.of(1)
/** Of other kinds: these do not stand in pages. */
const RECORDS = [Uint8Array.of(2, 1), Uint8Array.of(2, 2)]
const ALL = [...KEYS, ...RECORDS]

/** Reads through `ahead`, and counts what it has to read itself. */
function countingView(store: KeyValueStore, ahead: ReadAhead) {
  const missed: string[] = []
  const one = (what: string, key: Uint8Array): Uint8Array | undefined => {
    missed.push(what)
    return store.get(key)
  }
  const view = {
    root: EMPTY_VIEW.root,
    get: (key: Uint8Array): Uint8Array | undefined => accountValue(view, key),
    page: (path: Hex): Uint8Array | undefined =>
      ahead.pages.has(path) ? ahead.pages.get(path) : one(`page ${path}`, pageKey(path))
  }
  return { view, missed }
}

const plain = (store: KeyValueStore): KeyValueStore => ({
  get: (key) => store.get(key),
  getMany: async (keys) => store.getMany(keys),
  batch: async (writes, options) => store.batch(writes, options),
  flush: async () => store.flush(),
  range: (range) => store.range(range),
  close: async () => store.close()
})

/** Many rows are answered when the test says so; what was read was read before. */
function held(store: KeyValueStore) {
  const gates: (() => void)[] = []
  const slow: KeyValueStore = {
    ...plain(store),
    getMany: async (keys) => {
      const rows = await store.getMany(keys)
      await new Promise<void>((resolve) => gates.push(resolve))
      return rows
    }
  }
  return { slow, open: () => gates.shift()?.() }
}

const changesAt = (key: Hex, path: Hex): StateChanges => ({
  values: new Map([[key, OLD]]),
  pages: new Map([[path, OLD]]),
  root: EMPTY_VIEW.root
})

describe('Reading ahead', () => {
  let store: KeyValueStore
  before(async () => {
    store = new MemoryDisk().open()
    await buildState(store, ACCOUNTS)
  })

  it('D7: an update of 300 accounts finds every row that was read ahead, and the same root', async () => {
    const ahead = new ReadAhead(store)
    await ahead.fetch(KEYS, undefined)
    const { view, missed } = countingView(store, ahead)
    const { root } = changeAccounts(view, KEYS)
    assert.deepEqual(missed, [])
    const direct = countingView(store, new ReadAhead(store))
    assert.deepEqual(root, changeAccounts(direct.view, KEYS).root)
    assert.ok(direct.missed.length > KEYS.length, 'it reads pages otherwise')
  })

  it('D7: rows are held until the last holder lets go, each once', async () => {
    const ahead = new ReadAhead(store)
    const first = await ahead.fetch(ALL, undefined)
    const second = await ahead.fetch(RECORDS.slice(0, 1), undefined)
    first()
    first()
    assert.equal(ahead.values.size, RECORDS.length)
    second()
    assert.ok(ahead.isEmpty)
  })

  it('D8: a commit that begins takes its rows out', async () => {
    const ahead = new ReadAhead(store)
    await ahead.fetch(ALL, undefined)
    const key = toHex(RECORDS[0]!)
    ahead.pass(changesAt(key, '' as Hex))
    assert.equal(ahead.values.has(key), false)
    assert.equal(ahead.pages.has('' as Hex), false)
    assert.equal(ahead.values.size, RECORDS.length - 1)
  })

  it('D8: what a commit changes is not taken from a read that overlaps it, whichever began first', async () => {
    const key = toHex(RECORDS[0]!)
    const changes = changesAt(key, '' as Hex)
    for (const committing of [changes, undefined]) {
      const { slow, open } = held(store)
      const ahead = new ReadAhead(slow)
      const fetched = ahead.fetch(ALL, committing)
      await new Promise(setImmediate)
      if (committing === undefined) ahead.pass(changes)
      for (let left = 8; left > 0; left--) {
        open()
        await new Promise(setImmediate)
      }
      await fetched
      assert.equal(ahead.values.has(key), false)
      assert.equal(ahead.pages.has('' as Hex), false)
      assert.equal(ahead.values.size, RECORDS.length - 1)
    }
  })

  it('SNAP-8: nothing of a replaced database stays, nor what is being read of it', async () => {
    const { slow, open } = held(store)
    const ahead = new ReadAhead(slow)
    const fetched = ahead.fetch(KEYS, undefined)
    await new Promise(setImmediate)
    ahead.reset()
    open()
    await fetched
    assert.ok(ahead.isEmpty)
  })

  it('a read that fails holds nothing', async () => {
    const closed = new MemoryDisk().open()
    await closed.close()
    const ahead = new ReadAhead(closed)
    await assert.rejects(ahead.fetch(KEYS, undefined), { code: 'STORE_CLOSED' })
    assert.ok(ahead.isEmpty)
  })

  it('D7: a chain’s state is what was read ahead until a commit changes it, and after it was let go', async () => {
    const { block } = aGenesis()
    const genesis = { block, changes: changesOf(block.header.stateRoot, { 0: 100, 3: 101 }) }
    const kv = new MemoryDisk().open()
    await ChainStore.create(kv, IDENTITY, genesis)
    let reads = 0
    const { slow: counted, open } = held({ ...plain(kv), get: (key) => (reads++, kv.get(key)) })
    const chain = ChainStore.open(counted, IDENTITY)
    const reading = chain.readAhead([Uint8Array.of(0), Uint8Array.of(3), Uint8Array.of(2)])
    for (let left = 4; left > 0; left--) {
      await new Promise(setImmediate)
      open()
    }
    const letGo = await reading
    reads = 0
    assert.deepEqual(chain.get(Uint8Array.of(0)), Uint8Array.of(100))
    assert.deepEqual(chain.get(Uint8Array.of(3)), Uint8Array.of(101))
    assert.equal(chain.get(Uint8Array.of(2)), undefined)
    assert.equal(reads, 0)
    await chain.commitFinal([aFinalBlock(genesis.block)])
    assert.deepEqual(chain.get(Uint8Array.of(0)), Uint8Array.of(1))
    letGo()
    reads = 0
    assert.deepEqual(chain.get(Uint8Array.of(0)), Uint8Array.of(1))
    assert.equal(chain.get(Uint8Array.of(2)), undefined)
    assert.equal(reads, 1)
  })
})
