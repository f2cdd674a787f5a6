/** Chunks verified on threads: the same verdicts as here, and what happens to those whose thread ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ChunkThreads } from '../../../../src/node/snapshot/chunk-threads.ts'
import { fromHex, toHex, u64be, utf8 } from '../../../../src/primitives/bytes.ts'
import type { Hex } from '../../../../src/primitives/bytes.ts'
import { verifyChunk } from '../../../../src/state/chunk.ts'
import { ChunkSorter } from '../../../../src/state/chunk-sorter.ts'
import { EMPTY_VIEW, commit } from '../../../../src/state/commit.ts'
import { subtreeHashes } from '../../../../src/state/subtree.ts'
import { MemoryState } from '../../../support/state.ts'

const BITS = 3
const values = new Map<Hex, Uint8Array>(
  Array.from({ length: 600 }, (_, i) => [toHex(utf8(`key ${i}`)), u64be(i)])
)
const hashes = subtreeHashes(new MemoryState(commit(EMPTY_VIEW, values)), BITS)!
const sorter = new ChunkSorter(BITS, { from: 0, to: hashes.length })
for (const [key, value] of values) sorter.add(fromHex(key), value)
const chunks = hashes.map((_, index) => sorter.take(index))

const isDead = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('CRYPTO_WORKER_DIED')
const running = (code: string) => (): Worker => new Worker(code, { eval: true })

describe('Threads that verify chunks', () => {
  let workers: Worker[] = []
  const ended = async (): Promise<unknown> => Promise.all(workers.map(async (worker) => once(worker, 'exit')))
  const counted = (create: () => Worker) => (): Worker => {
    const worker = create()
    workers.push(worker)
    return worker
  }
  const real = counted(
    () =>
      new Worker(new URL('../../../../src/node/snapshot/chunk-worker.js', import.meta.url), { execArgv: [] })
  )
  beforeEach(() => (workers = []))

  it('SNAP-5: each chunk has the verdict that it has here, right ones and tampered ones', async () => {
    const threads = new ChunkThreads({ threads: 2, createWorker: real })
    const release = threads.hold()
    const tampered = chunks.map((chunk, index) => {
      const bytes = chunk.slice()
      bytes[(index * 97) % bytes.length]! ^= 1
      return bytes
    })
    for (const list of [chunks, tampered]) {
      const asked = list.map(async (bytes, index) =>
        threads.verify(bytes, { bits: BITS, index }, hashes[index]!)
      )
      const here = list.map((bytes, index) => verifyChunk(bytes, { bits: BITS, index }, hashes[index]!))
      assert.deepEqual(await Promise.all(asked), here)
    }
    assert.equal(workers.length, 2)
    assert.equal(threads.size, 2)
    const over = ended()
    release()
    release()
    assert.equal(threads.size, 0)
    await over
  })

  it('threads end with the last chunk when nobody holds them, and begin again', async () => {
    const threads = new ChunkThreads({ threads: 1, createWorker: real })
    for (const index of [0, 1]) {
      assert.equal((await threads.verify(chunks[index]!, { bits: BITS, index }, hashes[index]!)).ok, true)
      assert.equal(threads.size, 0)
    }
    assert.equal(workers.length, 2)
  })

  it('SNAP-5: a thread that ends fails the chunks that it had, and another takes those that come', async () => {
    let isFirst = true
    const createWorker = counted(() => {
      const create = isFirst
        ? running(`require('node:worker_threads').parentPort.on('message', () => process.exit(7))`)
        : real
      isFirst = false
      return create()
    })
    const threads = new ChunkThreads({ threads: 1, createWorker })
    const release = threads.hold()
    const asked = chunks.map(async (bytes, index) =>
      threads.verify(bytes, { bits: BITS, index }, hashes[index]!)
    )
    for (const each of await Promise.allSettled(asked)) {
      assert.ok(each.status === 'rejected' && isDead(each.reason))
    }
    assert.equal((await threads.verify(chunks[0]!, { bits: BITS, index: 0 }, hashes[0]!)).ok, true)
    release()
  })

  it('one that cannot begin is an error, and nothing is verified elsewhere instead', async () => {
    const threads = new ChunkThreads({ threads: 2, createWorker: running(`throw new Error('no memory')`) })
    const asked = chunks.map(async (bytes, index) =>
      threads.verify(bytes, { bits: BITS, index }, hashes[index]!)
    )
    for (const each of await Promise.allSettled(asked)) {
      assert.ok(each.status === 'rejected' && isDead(each.reason) && /no memory/.test(String(each.reason)))
    }
    assert.equal(threads.size, 0)
  })
})
