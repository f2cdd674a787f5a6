/** What every store behind the port does; run on each of them. */
import assert from 'node:assert/strict'
import { utf8 } from '../../../src/primitives/bytes.ts'
import type { KeyValueStore, Range, Write } from '../../../src/store/ports.ts'

export interface StorePlace {
  /** Opens the same bytes again after `close`. */
  open(): Promise<KeyValueStore>
  dispose(): Promise<void>
}

const put = (key: string, value: string): Write => ({ type: 'put', key: utf8(key), value: utf8(value) })
const del = (key: string): Write => ({ type: 'del', key: utf8(key) })

async function keysOf(store: KeyValueStore, range: Range): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of store.range(range)) keys.push(Buffer.from(key).toString())
  return keys
}

export function describeStoreContract(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`store contract: ${name}`, () => {
    let place: StorePlace
    let store: KeyValueStore

    beforeEach(async () => {
      place = await createPlace()
      store = await place.open()
    })
    afterEach(async () => {
      await store.close()
      await place.dispose()
    })

    it('answers undefined for a key that was never written', () => {
      assert.equal(store.get(utf8('a')), undefined)
    })

    it('gives back what was put, the empty value too, as plain byte arrays', async () => {
      await store.batch([put('a', 'one'), put('b', '')], { sync: true })
      assert.deepStrictEqual(store.get(utf8('a')), utf8('one'))
      assert.deepStrictEqual(store.get(utf8('b')), new Uint8Array(0))
    })

    it('applies a batch in its order: the last write of a key wins', async () => {
      await store.batch(
        [put('a', 'one'), del('a'), put('b', 'two'), put('b', 'three'), put('c', 'x'), del('c')],
        {
          sync: false
        }
      )
      assert.equal(store.get(utf8('a')), undefined)
      assert.deepStrictEqual(store.get(utf8('b')), utf8('three'))
      assert.equal(store.get(utf8('c')), undefined)
    })

    it('takes deleting an absent key and an empty batch', async () => {
      await store.batch([del('a')], { sync: true })
      await store.batch([], { sync: true })
      assert.equal(store.get(utf8('a')), undefined)
    })

    it('shares no memory with its callers', async () => {
      const key = utf8('a')
      const value = utf8('one')
      await store.batch([{ type: 'put', key, value }], { sync: true })
      value.fill(0)
      key.fill(0)
      store.get(utf8('a'))?.fill(1)
      for await (const [rowKey, rowValue] of store.range({ gte: utf8('a'), lt: utf8('b') })) {
        rowValue.fill(2)
        rowKey.fill(2)
      }
      assert.deepStrictEqual(store.get(utf8('a')), utf8('one'))
    })

    it('reads many rows in the order of the keys, absent and empty ones too, more than a thread takes at once', async () => {
      const rows = Array.from({ length: 600 }, (_, at) => put(`k${at}`, at === 7 ? '' : `v${at}`))
      await store.batch(rows, { sync: true })
      const keys = [...rows.map(({ key }) => key), utf8('absent'), utf8('k3')]
      const values = await store.getMany(keys)
      assert.equal(values.length, keys.length)
      assert.deepStrictEqual(
        values,
        keys.map((key) => store.get(key))
      )
      assert.equal(values[600], undefined)
      assert.deepStrictEqual(values[601], utf8('v3'))
      assert.deepStrictEqual(await store.getMany([]), [])
      values[3]?.fill(0)
      assert.deepStrictEqual(store.get(utf8('k3')), utf8('v3'))
    })

    it('ranges include their start and exclude their end, in byte order, both ways, up to a limit', async () => {
      const bytes = [0xff, 0x80, 0x7f, 0x01, 0x00].map((first) => Uint8Array.of(first))
      bytes.push(Uint8Array.of(1, 0), Uint8Array.of(1, 0xff))
      await store.batch(
        bytes.map((key) => ({ type: 'put' as const, key, value: key })),
        { sync: true }
      )
      const read = async (range: Partial<Range>): Promise<number[][]> => {
        const rows: number[][] = []
        const full = { gte: Uint8Array.of(1), lt: Uint8Array.of(0xff), ...range }
        for await (const [key, value] of store.range(full)) {
          assert.deepStrictEqual(key, value)
          rows.push([...key])
        }
        return rows
      }
      assert.deepEqual(await read({}), [[1], [1, 0], [1, 255], [0x7f], [0x80]])
      assert.deepEqual(await read({ reverse: true }), [[0x80], [0x7f], [1, 255], [1, 0], [1]])
      assert.deepEqual(await read({ limit: 2 }), [[1], [1, 0]])
      assert.deepEqual(await read({ limit: 2, reverse: true }), [[0x80], [0x7f]])
      assert.deepEqual(await read({ limit: 0 }), [])
    })

    it('a range does not see what is written while it is read, and may be left early', async () => {
      await store.batch([put('a', '1'), put('b', '1'), put('c', '1')], { sync: true })
      const seen: string[] = []
      for await (const [key] of store.range({ gte: utf8('a'), lt: utf8('z') })) {
        seen.push(Buffer.from(key).toString())
        await store.batch([put('bb', '1'), del('c')], { sync: true })
      }
      assert.deepEqual(seen, ['a', 'b', 'c'])
      for await (const [key] of store.range({ gte: utf8('a'), lt: utf8('z') })) {
        assert.deepStrictEqual(key, utf8('a'))
        break
      }
      assert.deepEqual(await keysOf(store, { gte: utf8('a'), lt: utf8('z') }), ['a', 'b', 'bb'])
    })

    it('keeps what was written, synced or not, across close and open', async () => {
      await store.batch([put('a', '1')], { sync: true })
      await store.batch([put('b', '2')], { sync: false })
      await store.close()
      store = await place.open()
      assert.deepEqual(await keysOf(store, { gte: utf8('a'), lt: utf8('z') }), ['a', 'b'])
    })

    it('a flush leaves everything readable, synced or not', async () => {
      await store.flush()
      await store.batch([put('a', '1')], { sync: true })
      await store.batch([put('b', '2')], { sync: false })
      await store.flush()
      assert.deepEqual(await keysOf(store, { gte: utf8('a'), lt: utf8('z') }), ['a', 'b'])
    })

    it('refuses a second handle with STORE_LOCKED, and leaves the first one working', async () => {
      await assert.rejects(place.open(), { code: 'STORE_LOCKED' })
      await store.batch([put('a', '1')], { sync: true })
    })

    it('refuses every operation after close with STORE_CLOSED; closing again is harmless', async () => {
      await store.close()
      assert.throws(() => store.get(utf8('a')), { code: 'STORE_CLOSED' })
      await assert.rejects(store.batch([put('a', '1')], { sync: true }), { code: 'STORE_CLOSED' })
      await assert.rejects(store.flush(), { code: 'STORE_CLOSED' })
      await assert.rejects(keysOf(store, { gte: utf8('a'), lt: utf8('z') }), { code: 'STORE_CLOSED' })
      await store.close()
    })
  })
}
