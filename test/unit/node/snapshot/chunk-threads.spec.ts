/** Chunks verified on threads: the same verdicts as here, and what happens to those whose thread ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { ChunkThreads } from '../../../../src/node/snapshot/chunk-threads.ts'
import { fromHex, toHex, u64be, utf8 } from '../../../../src/primitives/bytes.ts'
import type { Hex } from '../../../../src/primitives/bytes.ts'
import { verifyChunk } from '../../../../src/state/chunk.ts'
import { ChunkSorter } from '../../../../src/state/chunk-sorter.ts'
import { EMPTY_VIEW, commit } from '../../../../src/state/commit.ts'
import { subtreeHashes } from '../../../../src/state/subtree.ts'
import { MemoryState } from '../../../support/state.ts'
import { importsOf, packageOf, sourcesBelow, targetOf } from '../../../tidy/sources.ts'

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
    for (const list of [chunks, tampered, chunks.toReversed(), chunks]) {
      const asked = list.map(async (bytes, index) =>
        threads.verify(bytes.slice(), { bits: BITS, index }, hashes[index]!)
      )
      const here = list.map((bytes, index) => verifyChunk(bytes, { bits: BITS, index }, hashes[index]!))
      const answers = await Promise.all(asked)
      assert.deepEqual(answers, here)
      // Other pages are written over these.
      for (const answer of answers) if (answer.ok) threads.reuse(answer.value.pages)
    }
    assert.equal(workers.length, 2)
    assert.equal(threads.size, 2)
    const over = ended()
    release()
    release()
    assert.equal(threads.size, 0)
    await over
  })

  it('two begin when somebody holds them, before there is a chunk, and end when nobody does', async () => {
    const threads = new ChunkThreads({ threads: 2, createWorker: real })
    const release = [threads.hold(), threads.hold()]
    assert.equal(workers.length, 2)
    const over = ended()
    release[0]!()
    assert.equal(threads.size, 2)
    release[1]!()
    assert.equal(threads.size, 0)
    await over
  })

  it('answers come in the order of the questions, though another thread is quicker', async () => {
    const { port1, port2 } = new MessageChannel()
    const codes = [
      `let held = []
       const answer = (index) => parentPort.postMessage({ index })
       parentPort.on('message', ({ index }) => (held === undefined ? answer(index) : held.push(index)))
       workerData.on('message', () => {
         held.forEach(answer)
         held = undefined
       })`,
      `parentPort.on('message', ({ index }) => parentPort.postMessage({ index }))`
    ]
    const createWorker = counted(() => {
      const code = `const { parentPort, workerData } = require('node:worker_threads');${codes.shift()}`
      const gate = codes.length === 1 ? { workerData: port2, transferList: [port2] } : {}
      return new Worker(code, { eval: true, ...gate })
    })
    const threads = new ChunkThreads({ threads: 2, createWorker })
    const release = threads.hold()
    const order: number[] = []
    const asked = [0, 1, 2].map(async (index) => {
      await threads.verify(chunks[index]!.slice(), { bits: BITS, index }, hashes[index]!)
      order.push(index)
    })
    await once(workers[1]!, 'message')
    assert.deepEqual(order, [])
    port1.postMessage('go on')
    await Promise.all(asked)
    port1.close()
    assert.deepEqual(order, [0, 1, 2])
    release()
  })

  it('memory goes around: chunks move to a thread, and stored pages back to it', async () => {
    const threads = new ChunkThreads({ threads: 1, createWorker: real })
    const release = threads.hold()
    const ask = async (bytes: Uint8Array) => {
      const verdict = await threads.verify(bytes, { bits: BITS, index: 0 }, hashes[0]!)
      assert.ok(verdict.ok)
      return verdict.value.pages
    }
    const whole = chunks[0]!.slice()
    const pages = await ask(whole)
    assert.equal(whole.length, 0, 'nobody reads it here any more')
    threads.reuse(pages)
    const among = new Uint8Array([0, ...chunks[0]!]).subarray(1)
    const again = await ask(among)
    assert.equal(pages.length, 0)
    assert.deepEqual(again, await ask(chunks[0]!.slice()))
    assert.deepEqual(among, chunks[0], 'what lies among other bytes stays where it is')
    release()
  })

  it('a thread loads no library but the one for hex: those of types take longer to load than chunks to verify', () => {
    const sources = new Map(sourcesBelow('src').map((source) => [source.path, source]))
    const packages = new Set<string>()
    const seen = new Set<string>()
    const walk = (path: string): void => {
      const source = sources.get(path)
      if (source === undefined || seen.has(path)) return
      seen.add(path)
      // Type imports are gone when it runs.
      const text = source.text.replaceAll(/^import type [\s\S]*? from '[^']*'$/gm, '')
      for (const name of importsOf({ text })) {
        const target = targetOf(source, name)
        if (target === undefined) packages.add(packageOf(name))
        else walk(target)
      }
    }
    walk('src/node/snapshot/chunk-worker.ts')
    assert.ok(seen.has('src/state/chunk-pages.ts'))
    assert.deepEqual([...packages].sort(), ['#sha256', '@noble/hashes', 'node:worker_threads'])
  })

  it('threads end with the last chunk when nobody holds them, and begin again', async () => {
    const threads = new ChunkThreads({ threads: 1, createWorker: real })
    for (const index of [0, 1]) {
      const chunk = chunks[index]!.slice()
      assert.equal((await threads.verify(chunk, { bits: BITS, index }, hashes[index]!)).ok, true)
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
      threads.verify(bytes.slice(), { bits: BITS, index }, hashes[index]!)
    )
    for (const each of await Promise.allSettled(asked)) {
      assert.ok(each.status === 'rejected' && isDead(each.reason))
    }
    assert.equal((await threads.verify(chunks[0]!.slice(), { bits: BITS, index: 0 }, hashes[0]!)).ok, true)
    release()
  })

  it('one that cannot begin is an error, and nothing is verified elsewhere instead', async () => {
    const threads = new ChunkThreads({ threads: 2, createWorker: running(`throw new Error('no memory')`) })
    const asked = chunks.map(async (bytes, index) =>
      threads.verify(bytes.slice(), { bits: BITS, index }, hashes[index]!)
    )
    for (const each of await Promise.allSettled(asked)) {
      assert.ok(each.status === 'rejected' && isDead(each.reason) && /no memory/.test(String(each.reason)))
    }
    assert.equal(threads.size, 0)
  })
})
