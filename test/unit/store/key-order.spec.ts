import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { compare, concat, toHex, u32be, u64be, utf8 } from '../../../src/primitives/bytes.ts'
import { sha256 } from '../../../src/crypto/hash.ts'
import { encodeChunk, scanChunk } from '../../../src/state/chunk.ts'
import type { StateRow } from '../../../src/state/chunk.ts'
import { writeInKeyOrder } from '../../../src/store/key-order.ts'
import type { KeyOrderLimits } from '../../../src/store/key-order.ts'
import type { Write } from '../../../src/store/ports.ts'

const PREFIX = 7
const rowOf = (number: number): StateRow => {
  const key = concat(utf8('a'), sha256(u64be(number)).subarray(0, 20))
  return { key, value: utf8(`value of ${number}`) }
}

/** Rows in chunks as paths spread them: at random, as far as keys are concerned. */
function chunksOf(rows: readonly StateRow[], chunks: number): Uint8Array[] {
  const lists: StateRow[][] = Array.from({ length: chunks }, () => [])
  for (const row of rows) lists[(sha256(row.key)[0] ?? 0) % chunks]!.push(row)
  return lists.map(encodeChunk)
}

interface Outcome {
  readonly writes: (readonly Write[])[]
  readonly readings: number
  readonly whole: boolean
}

async function order(
  chunks: readonly Uint8Array[],
  limits: KeyOrderLimits,
  goesOn: () => boolean = () => true
): Promise<Outcome> {
  const writes: (readonly Write[])[] = []
  let readings = 0
  const source = {
    chunks: chunks.length,
    goesOn,
    scan: scanChunk,
    read: async (indexes: readonly number[]) => {
      readings += indexes.length
      return indexes.map((index) => chunks[index]!)
    }
  }
  const whole = await writeInKeyOrder(source, PREFIX, async (some) => void writes.push(some), limits)
  return { writes, readings, whole }
}

const textOf = (writes: readonly Write[]): string[] =>
  writes
    .flatMap((write) => (write.type === 'put' ? [`${toHex(write.key)} ${toHex(write.value)}`] : []))
    .sort()
const expected = (rows: readonly StateRow[]): string[] =>
  rows.map(({ key, value }) => `${toHex(concat(Uint8Array.of(PREFIX), key))} ${toHex(value)}`).sort()
const sizeOf = (writes: readonly Write[]): number =>
  writes.reduce((sum, write) => sum + write.key.length + (write.type === 'put' ? write.value.length : 0), 0)

describe('Rows in the order of their keys', () => {
  const rows = Array.from({ length: 5_000 }, (_, number) => rowOf(number))

  it('every row is written once, and each write lies above the one before', async () => {
    const { writes, whole } = await order(chunksOf(rows, 16), { binBytes: 4_096, heldBytes: 1 << 20 })
    equal(whole, true)
    deepEqual(textOf(writes.flat()), expected(rows))
    ok(writes.length > 20, `${writes.length} writes`)
    let highest = new Uint8Array(0)
    for (const some of writes) {
      const keys = some.map(({ key }) => key).sort(compare)
      ok(compare(keys[0]!, highest) > 0)
      highest = new Uint8Array(keys.at(-1)!)
    }
  })

  it('what is not to be held at once is read again, and lies above all the same', async () => {
    const chunks = chunksOf(rows, 16)
    const { writes, readings } = await order(chunks, { binBytes: 4_096, heldBytes: 64 * 1_024 })
    deepEqual(textOf(writes.flat()), expected(rows))
    ok(readings >= 4 * chunks.length, `${readings} chunks read`)
    const firsts = writes.map((some) => some.map(({ key }) => key).sort(compare)[0]!)
    deepEqual(firsts.map(toHex), firsts.toSorted(compare).map(toHex))
  })

  it('a sample that misleads costs order, not memory and no row', async () => {
    // The chunks of the sample hold the lowest keys alone: all others fall into the last bin.
    const ordered = rows.toSorted((a, b) => compare(a.key, b.key))
    const chunks = Array.from({ length: 50 }, (_, index) =>
      encodeChunk(ordered.slice(100 * index, 100 * index + 100))
    )
    const heldBytes = 32 * 1_024
    const { writes } = await order(chunks, { binBytes: 4_096, heldBytes })
    deepEqual(textOf(writes.flat()), expected(rows))
    const most = Math.max(...writes.map(sizeOf))
    // Eight chunks are read together, and the limit is looked at between.
    ok(most < 1.5 * heldBytes + 8 * (chunks[0]?.length ?? 0), `${most} bytes in one write`)
  })

  it('keys that begin alike, short ones and none at all', async () => {
    const alike = Array.from({ length: 600 }, (_, number) => ({
      key: concat(utf8('the same'), u32be(number)),
      value: new Uint8Array(number % 50)
    }))
    const short = [utf8('a'), utf8('b'), new Uint8Array(0)].map((key) => ({ key, value: key }))
    const mixed = [...alike, ...short]
    const { writes } = await order(chunksOf(mixed, 4), { binBytes: 1_024, heldBytes: 4_096 })
    deepEqual(textOf(writes.flat()), expected(mixed))
    deepEqual((await order([encodeChunk([])], { binBytes: 1_024, heldBytes: 4_096 })).writes, [])
  })

  it('a read or a write that fails is told once, whatever else is under way', async () => {
    const chunks = chunksOf(rows, 16)
    const limits = { binBytes: 4_096, heldBytes: 1 << 20 }
    const scan = scanChunk
    const goesOn = () => true
    const read = async (indexes: readonly number[]) => indexes.map((index) => chunks[index]!)
    const full = async (): Promise<void> => Promise.reject(new Error('the disk is full'))
    await rejects(writeInKeyOrder({ chunks: 16, goesOn, scan, read }, PREFIX, full, limits), /full/)
    let readings = 0
    const failing = async (indexes: readonly number[]) => {
      if (++readings > 2) throw new Error('the database is closed')
      return read(indexes)
    }
    const closed = { chunks: 16, goesOn, scan, read: failing }
    const put = async (): Promise<void> => undefined
    await rejects(writeInKeyOrder(closed, PREFIX, put, limits), /closed/)
    readings = 0
    await rejects(writeInKeyOrder(closed, PREFIX, full, { binBytes: 4_096, heldBytes: 1 }), /full/)
    await new Promise(setImmediate)
  })

  it('it ends early when it is not to go on', async () => {
    let asked = 0
    const { writes, whole } = await order(
      chunksOf(rows, 16),
      { binBytes: 4_096, heldBytes: 64 * 1_024 },
      () => ++asked < 4
    )
    equal(whole, false)
    ok(writes.flat().length < rows.length)
  })
})
