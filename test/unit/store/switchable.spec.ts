import { deepEqual, equal } from 'node:assert/strict'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { SwitchableStore } from '../../../src/store/switchable.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'

const ALL = { gte: Uint8Array.of(0), lt: Uint8Array.of(255) }

describe('a database that is replaced', () => {
  let first: KeyValueStore
  let second: KeyValueStore
  let store: SwitchableStore

  beforeEach(async () => {
    first = new MemoryDisk().open()
    second = new MemoryDisk().open()
    for (const [database, value] of [[first, 1] as const, [second, 2] as const]) {
      for (const key of [1, 2, 3]) {
        const put = { type: 'put', key: Uint8Array.of(key), value: Uint8Array.of(value) } as const
        await database.batch([put], { sync: false })
      }
    }
    store = new SwitchableStore(first)
  })

  const isSettled = async (work: Promise<unknown>): Promise<boolean> => {
    const pending = Symbol('pending')
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    return (await Promise.race([work, Promise.resolve(pending)])) !== pending
  }

  it('SNAP-8: in one turn everything reads and writes the new one', async () => {
    const replaced = store.replace(second)
    deepEqual(store.get(Uint8Array.of(1)), Uint8Array.of(2))
    deepEqual(replaced.get(Uint8Array.of(1)), Uint8Array.of(1))
    await replaced.close()
    deepEqual(store.get(Uint8Array.of(1)), Uint8Array.of(2))
  })

  it('SNAP-8: the old one closes when the last row that is being read of it was read', async () => {
    const rows = store.range(ALL)[Symbol.asyncIterator]()
    await rows.next()
    const closing = store.replace(second).close()
    equal(await isSettled(closing), false)
    deepEqual((await rows.next()).value, [Uint8Array.of(2), Uint8Array.of(1)])
    equal(await isSettled(closing), false)
    await rows.next()
    equal((await rows.next()).done, true)
    await closing
  })

  it('SNAP-8: a reader that ends early does not hold it', async () => {
    const rows = store.range(ALL)[Symbol.asyncIterator]()
    await rows.next()
    const closing = store.replace(second).close()
    await rows.return?.()
    await closing
  })

  it('SNAP-8: a reader that failed does not hold it', async () => {
    const failing: KeyValueStore = Object.assign(Object.create(first) as KeyValueStore, {
      range: () => ({
        [Symbol.asyncIterator]: () => ({ next: async () => Promise.reject(new Error('disk')) })
      }),
      close: async () => Promise.resolve()
    })
    const other = new SwitchableStore(failing)
    const rows = other.range(ALL)[Symbol.asyncIterator]()
    equal(
      await rows.next().then(
        () => 'read',
        () => 'failed'
      ),
      'failed'
    )
    await other.replace(second).close()
  })

  it('SNAP-8: packing and writes are waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let isClosed = false
    const slow: KeyValueStore = Object.assign(Object.create(first) as KeyValueStore, {
      pack: async () => promise,
      settle: async () => promise,
      batch: async () => promise,
      close: async () => void (isClosed = true)
    })
    const other = new SwitchableStore(slow)
    const work = [other.pack(), other.settle(), other.batch([], { sync: false })]
    const closing = other.replace(second).close()
    equal(await isSettled(closing), false)
    equal(isClosed, false)
    resolve()
    await Promise.all([...work, closing])
    equal(isClosed, true)
  })
})
