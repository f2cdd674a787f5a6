import assert from 'node:assert/strict'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { Write } from '../../../src/store/ports.ts'
import { describeStoreContract } from './contract.ts'

describeStoreContract('memory', async () => {
  const disk = new MemoryDisk()
  return { open: async () => disk.open(), dispose: async () => undefined }
})

const put = (key: number, value: number = key): Write => {
  return { type: 'put', key: Uint8Array.of(key), value: Uint8Array.of(value) }
}

function present(disk: MemoryDisk): number[] {
  const store = disk.open()
  return [1, 2, 3, 4].filter((key) => store.get(Uint8Array.of(key)) !== undefined)
}

describe('MemoryDisk', () => {
  it('a crash loses unsynced batches and keeps synced ones', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    await store.batch([put(1)], { sync: true })
    await store.batch([put(2)], { sync: false })
    assert.equal(disk.unsynced, 1)
    disk.crash()
    assert.deepEqual(present(disk), [1])
  })

  it('a synced batch makes every batch before it durable', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    await store.batch([put(1)], { sync: false })
    await store.batch([put(2)], { sync: true })
    await store.batch([put(3)], { sync: false })
    disk.crash()
    assert.deepEqual(present(disk), [1, 2])
  })

  it('a flush makes every batch before it durable, and none after it', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    await store.batch([put(1)], { sync: false })
    await store.batch([put(2)], { sync: true })
    await store.flush()
    assert.equal(disk.behind, 0)
    await store.batch([put(3)], { sync: false })
    disk.crash()
    assert.deepEqual(present(disk), [1, 2])
  })

  for (const [loseBehind, expected] of [
    [0, [1, 2, 3, 4]],
    [1, [1, 3, 4]],
    [2, [3, 4]]
  ] as const) {
    it(`a crash loses the newest ${loseBehind} unsynced batches that a synced one overtook, each whole`, async () => {
      const disk = new MemoryDisk()
      const store = disk.open()
      await store.batch([put(4, 9)], { sync: true })
      await store.batch([put(1), put(4, 1)], { sync: false })
      await store.batch([put(2), put(4, 2)], { sync: false })
      await store.batch([put(3)], { sync: true })
      await store.batch([], { sync: true })
      assert.equal(disk.behind, 2)
      disk.crash({ loseBehind })
      const after = disk.open()
      const keys = [1, 2, 3, 4].filter((key) => after.get(Uint8Array.of(key)) !== undefined)
      assert.deepEqual(keys, expected)
      assert.deepStrictEqual(after.get(Uint8Array.of(4)), Uint8Array.of([2, 1, 9][loseBehind]!))
    })
  }

  it('only the last ones that were overtaken, and not for ever: a table is made of the log before', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    for (const key of [1, 2]) {
      await store.batch([put(key)], { sync: false })
      await store.batch([put(3)], { sync: true })
    }
    assert.equal(disk.behind, 1)
    for (let at = 0; at < 20; at++) await store.batch([put(4)], { sync: true })
    assert.equal(disk.behind, 0)
  })

  for (const [keepUnsynced, expected] of [
    [0, []],
    [1, [1]],
    [2, [1, 2, 3]],
    [3, [1, 2, 3, 4]],
    [9, [1, 2, 3, 4]]
  ] as const) {
    it(`a torn crash keeps the oldest ${keepUnsynced} unsynced batches, each whole`, async () => {
      const disk = new MemoryDisk()
      const store = disk.open()
      for (const writes of [[put(1)], [put(2), put(3)], [put(4)]]) await store.batch(writes, { sync: false })
      disk.crash({ keepUnsynced })
      assert.deepEqual(present(disk), expected)
      assert.equal(disk.unsynced, 0)
    })
  }

  it('what survived one crash is durable in the next', async () => {
    const disk = new MemoryDisk()
    await disk.open().batch([put(1)], { sync: false })
    disk.crash({ keepUnsynced: 1 })
    disk.crash()
    assert.deepEqual(present(disk), [1])
  })

  it('handles of before a crash are dead, and a write under way rejects', async () => {
    const completions: (() => void)[] = []
    const disk = new MemoryDisk({ schedule: (complete) => completions.push(complete) })
    const store = disk.open()
    const write = store.batch([put(1)], { sync: true })
    disk.crash()
    await assert.rejects(write, { code: 'STORE_CLOSED' })
    assert.throws(() => store.get(Uint8Array.of(1)), { code: 'STORE_CLOSED' })
    await assert.rejects(store.batch([put(1)], { sync: true }), { code: 'STORE_CLOSED' })
    for (const complete of completions) complete()
    assert.deepEqual(present(disk), [])
  })

  it('a synced write is visible at once, and durable only when the scheduler completes it', async () => {
    const completions: (() => void)[] = []
    const disk = new MemoryDisk({ schedule: (complete) => completions.push(complete) })
    const store = disk.open()
    let isDone = false
    const write = store.batch([put(1)], { sync: true }).then(() => (isDone = true))
    await Promise.resolve()
    assert.deepStrictEqual(store.get(Uint8Array.of(1)), Uint8Array.of(1))
    assert.equal(isDone, false)
    completions[0]!()
    await write
    disk.crash()
    assert.deepEqual(present(disk), [1])
  })

  it('a synced write under way may survive a crash', async () => {
    const disk = new MemoryDisk({ schedule: () => undefined })
    const write = disk.open().batch([put(1)], { sync: true })
    disk.crash({ keepUnsynced: 1 })
    await assert.rejects(write, { code: 'STORE_CLOSED' })
    assert.deepEqual(present(disk), [1])
  })
})
