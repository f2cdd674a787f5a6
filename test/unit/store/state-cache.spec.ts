import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { toHex, u32be } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { StateChanges } from '../../../src/state/ports.ts'
import { ChainStore } from '../../../src/store/chain-store.ts'
import type { Genesis } from '../../../src/store/chain-store.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { StateCache } from '../../../src/store/state-cache.ts'
import { SwitchableStore } from '../../../src/store/switchable.ts'
import { fc } from '../../support/fast-check.ts'
import { NETWORK, aFinalBlock, aGenesis, changesOf, hashOf } from './builders.ts'

const IDENTITY = { network: NETWORK, chain: COORD }
const LIMITS = { values: 4, pages: 4 }
const never = (): never => {
  throw new Error('the database was asked')
}

const changes = (rows: readonly (readonly [Hex, number | undefined])[]): StateChanges => {
  const entries = rows.map(([key, row]) => [key, row === undefined ? undefined : u32be(row)] as const)
  return { values: new Map(entries), pages: new Map(entries), root: hashOf(1) }
}

const genesisOf = (values: Readonly<Record<string, number>>): Genesis => {
  const genesis = aGenesis()
  return { ...genesis, changes: changesOf(genesis.block.header.stateRoot, values) }
}

/** Each read of the database, by key in hex. */
function counted(store: KeyValueStore) {
  const reads: string[] = []
  const counting: KeyValueStore = {
    get: (key) => {
      reads.push(toHex(key))
      return store.get(key)
    },
    getMany: async (keys) => store.getMany(keys),
    batch: async (writes, options) => store.batch(writes, options),
    flush: async () => store.flush(),
    range: (range) => store.range(range),
    close: async () => store.close()
  }
  return { counting, reads }
}

describe('Rows of the final state in memory', () => {
  it('D7: says what the database says, whatever is committed, forgotten and read in between', () => {
    const key = fc.nat(11).map((number) => toHex(Uint8Array.of(number)))
    const row = fc.option(fc.nat(), { nil: undefined })
    const step = fc.oneof(key, fc.array(fc.tuple(key, row), { maxLength: 6 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new StateCache(LIMITS)
        const disk = new Map<Hex, Uint8Array | undefined>()
        for (const one of steps) {
          if (typeof one === 'string') {
            deepEqual(
              cache.value(one, () => disk.get(one)),
              disk.get(one)
            )
            deepEqual(
              cache.page(one, () => disk.get(one)),
              disk.get(one)
            )
            continue
          }
          const made = changes(one)
          for (const [at, value] of made.values) disk.set(at, value)
          cache.pass(made)
        }
      })
    )
  })

  it('D7: at most two generations are held, and what is read again stays', () => {
    const cache = new StateCache(LIMITS)
    const keys = Array.from({ length: 20 }, (_, number) => toHex(Uint8Array.of(number)))
    const [hot = toHex(Uint8Array.of(0))] = keys
    for (const each of keys) {
      cache.pass(changes([[each, 1]]))
      deepEqual(cache.value(hot, never), u32be(1))
    }
    const asked: Hex[] = []
    for (const each of keys.toReversed()) {
      cache.value(each, () => {
        asked.push(each)
        return undefined
      })
    }
    equal(keys.length - asked.length <= 2 * LIMITS.values, true)
  })

  it('pages of one update do not hold the memory that they share', () => {
    const shared = new Uint8Array(1_000)
    const cache = new StateCache(LIMITS)
    const path = toHex(Uint8Array.of(1))
    cache.pass({ values: new Map(), pages: new Map([[path, shared.subarray(0, 10)]]), root: hashOf(1) })
    const page = cache.page(path, never)
    notEqual(page?.buffer, shared.buffer)
    equal(page?.buffer.byteLength, 10)
  })

  it('D7: a chain reads a row once, has what it commits, and asks for what it deleted', async () => {
    const { counting, reads } = counted(new MemoryDisk().open())
    const genesis = genesisOf({ 4: 1, 2: 2 })
    const chain = await ChainStore.create(counting, IDENTITY, genesis)
    const key = Uint8Array.of(4)
    reads.length = 0
    deepEqual([chain.get(key), chain.get(key)], [Uint8Array.of(1), Uint8Array.of(1)])
    deepEqual([chain.page(toHex(key)), chain.page(toHex(key))], [Uint8Array.of(1), Uint8Array.of(1)])
    equal(reads.length, 2)
    const block = aFinalBlock(genesis.block)
    const { root } = block.changes
    await chain.commitFinal([{ ...block, changes: changesOf(root, { 4: 9, 2: -1, 3: 3 }) }])
    reads.length = 0
    deepEqual([chain.get(key), chain.page(toHex(key))], [Uint8Array.of(9), Uint8Array.of(9)])
    deepEqual(chain.get(Uint8Array.of(3)), Uint8Array.of(3))
    equal(reads.length, 0)
    deepEqual([chain.get(Uint8Array.of(2)), chain.page(toHex(Uint8Array.of(2)))], [undefined, undefined])
    equal(reads.length, 2)
  })

  it('D8: nothing of a database that was replaced is found afterwards', async () => {
    const made = async (value: number) => {
      const store = new MemoryDisk().open()
      await ChainStore.create(store, IDENTITY, genesisOf({ 4: value }))
      return store
    }
    const database = new SwitchableStore(await made(1))
    const chain = ChainStore.open(database, IDENTITY)
    const key = Uint8Array.of(4)
    deepEqual([chain.get(key), chain.page(toHex(key))], [Uint8Array.of(1), Uint8Array.of(1)])
    database.replace(await made(2))
    chain.reload()
    deepEqual([chain.get(key), chain.page(toHex(key))], [Uint8Array.of(2), Uint8Array.of(2)])
  })
})
