import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createSigningFunction, publicKeyFromSeed } from '../../../src/crypto/ed25519-sodium.ts'
import { VerifyPoolError } from '../../../src/crypto/errors.ts'
import { inlineVerifier } from '../../../src/crypto/inline-verifier.ts'
import type { SignatureJob } from '../../../src/crypto/ports.ts'
import { decodeBatch, encodeBatch } from '../../../src/crypto/verify-batch.ts'
import { VerifyPool } from '../../../src/crypto/verify-pool.ts'
import { u32be } from '../../../src/primitives/bytes.ts'
import { repositoryPath } from '../../support/repository.ts'

const seed = new Uint8Array(32).fill(3)
const publicKey = publicKeyFromSeed(seed)
const sign = createSigningFunction(seed)
const workerUrl = new URL('../../../src/crypto/verify-worker.js', import.meta.url)

/** Every third job is false. */
const isValid = (i: number): boolean => i % 3 !== 0

function jobs(count: number): SignatureJob[] {
  return Array.from({ length: count }, (_, i) => {
    const message = u32be(i)
    return { publicKey, message, signature: sign(isValid(i) ? message : u32be(i + 1)) }
  })
}

const expected = (count: number): boolean[] => Array.from({ length: count }, (_, i) => isValid(i))
const withCode = (code: string) => (error: unknown) => error instanceof VerifyPoolError && error.code === code

async function withPool(pool: VerifyPool, run: () => Promise<void>): Promise<void> {
  await pool.start()
  try {
    await run()
  } finally {
    await pool.stop()
  }
}

describe('Verify pool', () => {
  it('CRY-1: answers 1,000 mixed jobs in the order of the jobs, with one and with two workers', async () => {
    for (const workers of [1, 2]) {
      const pool = new VerifyPool({ workers })
      await withPool(pool, async () => {
        assert.deepEqual(await pool.verify(jobs(1000)), expected(1000))
        assert.equal(pool.queued, 0)
      })
    }
  })

  it('CRY-1: answers concurrent calls each with its own answers', async () => {
    const pool = new VerifyPool()
    await withPool(pool, async () => {
      const sizes = [1, 0, 5, 64, 65, 200, 2]
      const answers = await Promise.all(sizes.map((size) => pool.verify(jobs(size))))
      assert.deepEqual(answers, sizes.map(expected))
    })
  })

  it('CRY-2: a job of a wrong length is false and does not disturb its neighbours', async () => {
    const pool = new VerifyPool()
    await withPool(pool, async () => {
      const list = jobs(10)
      const long = { ...list[4]!, signature: Uint8Array.from([...list[4]!.signature, 0]) }
      const short = { ...list[5]!, publicKey: publicKey.subarray(1) }
      const mixed = list.with(4, long).with(5, short)
      assert.deepEqual(await pool.verify(mixed), expected(10).with(4, false).with(5, false))
      assert.deepEqual(await pool.verify([long, short]), [false, false])
      assert.deepEqual(await pool.verify([long, short], { urgent: true }), [false, false])
    })
  })

  it('urgent jobs go ahead of waiting ones', async () => {
    const pool = new VerifyPool()
    await withPool(pool, async () => {
      const order: string[] = []
      const bulk = pool.verify(jobs(1500)).then(() => order.push('bulk'))
      assert.ok(pool.queued > 1000)
      const few = pool.verify(jobs(3), { urgent: true }).then((answers) => {
        assert.deepEqual(answers, expected(3))
        order.push('inline')
      })
      const many = pool.verify(jobs(20), { urgent: true }).then((answers) => {
        assert.deepEqual(answers, expected(20))
        order.push('urgent')
      })
      await Promise.all([bulk, few, many])
      assert.deepEqual(order, ['inline', 'urgent', 'bulk'])
    })
  })

  it('bulk comes after all else, and a worker is given enough of it to go on while this thread is busy', async () => {
    const pool = new VerifyPool()
    await withPool(pool, async () => {
      const order: string[] = []
      const bulk = pool.verify(jobs(3_000), { bulk: true }).then(() => order.push('bulk'))
      // 16 batches of 64 are with the worker; of normal jobs two would be.
      assert.equal(pool.queued, 3_000 - 16 * 64)
      const urgent = pool.verify(jobs(20), { urgent: true }).then(() => order.push('urgent'))
      const normal = pool.verify(jobs(100)).then((answers) => {
        assert.deepEqual(answers, expected(100))
        order.push('normal')
      })
      await Promise.all([bulk, normal, urgent])
      assert.deepEqual(order, ['urgent', 'normal', 'bulk'])
    })
  })

  it('a full lane refuses at once, by jobs and by bytes, and leaves the other lane open', async () => {
    const pool = new VerifyPool({ laneJobsMax: 300, laneBytesMax: 100_000 })
    await withPool(pool, async () => {
      await assert.rejects(pool.verify(jobs(301)), withCode('CRYPTO_QUEUE_FULL'))
      const large = {
        publicKey,
        message: new Uint8Array(100_000 - 100 + 1),
        signature: sign(new Uint8Array(1))
      }
      await assert.rejects(pool.verify([large]), withCode('CRYPTO_QUEUE_FULL'))
      assert.deepEqual(await pool.verify([{ ...large, message: large.message.subarray(1) }]), [false])
      const bulk = pool.verify(jobs(300))
      await assert.rejects(pool.verify(jobs(300)), withCode('CRYPTO_QUEUE_FULL'))
      assert.deepEqual(await pool.verify(jobs(300), { urgent: true }), expected(300))
      assert.deepEqual(await bulk, expected(300))
      assert.equal(pool.queued, 0)
    })
  })

  it('stop rejects what waits and what is in flight; a stopped pool refuses and can be started again', async () => {
    const pool = new VerifyPool()
    await assert.rejects(pool.verify(jobs(4)), withCode('CRYPTO_POOL_STOPPED'))
    await pool.start()
    const waiting = [pool.verify(jobs(800)), pool.verify(jobs(4))]
    const settled = Promise.allSettled(waiting)
    await pool.stop()
    await pool.stop()
    for (const result of await settled) {
      assert.equal(result.status, 'rejected')
      assert.ok(withCode('CRYPTO_POOL_STOPPED')(result.reason))
    }
    assert.equal(pool.queued, 0)
    await assert.rejects(pool.verify(jobs(1), { urgent: true }), withCode('CRYPTO_POOL_STOPPED'))
    await withPool(pool, async () => assert.deepEqual(await pool.verify(jobs(70)), expected(70)))
  })

  it('a worker that dies rejects its jobs and is replaced', async () => {
    const started: Worker[] = []
    const silent = "require('node:worker_threads').parentPort.on('message', () => 0).postMessage('ready')"
    // The first one takes its two batches and never answers, so the jobs that die with it are known.
    const createWorker = (): Worker => {
      started.push(started.length === 0 ? new Worker(silent, { eval: true }) : new Worker(workerUrl))
      return started.at(-1)!
    }
    const pool = new VerifyPool({ createWorker })
    await withPool(pool, async () => {
      const lost = assert.rejects(pool.verify(jobs(128)), withCode('CRYPTO_WORKER_DIED'))
      const kept = pool.verify(jobs(100))
      await started[0]!.terminate()
      await lost
      assert.deepEqual(await kept, expected(100))
      assert.equal(started.length, 2)
    })
  })

  it('workers that cannot start fail the start, and those that only ever die fail the pool', async () => {
    let count = 0
    const dead = new VerifyPool({ createWorker: () => new Worker('process.exit(7)', { eval: true }) })
    await assert.rejects(dead.start(), withCode('CRYPTO_WORKER_DIED'))
    const source = `const { parentPort } = require('node:worker_threads')
      parentPort.on('message', () => process.exit(7)); parentPort.postMessage('ready')`
    const createWorker = (): Worker => {
      count += 1
      return new Worker(source, { eval: true })
    }
    const broken = new VerifyPool({ createWorker })
    await withPool(broken, async () => {
      for (let i = 0; i < 3; i++) await assert.rejects(broken.verify(jobs(4)), withCode('CRYPTO_WORKER_DIED'))
      await assert.rejects(broken.verify(jobs(4)), withCode('CRYPTO_WORKER_DIED'))
      assert.equal(count, 3)
    })
  })

  it('a worker that answers between deaths is replaced each time', async () => {
    const source = `const { parentPort } = require('node:worker_threads')
      let batches = 0
      parentPort.on('message', () => {
        if (++batches > 1) process.exit(7)
        parentPort.postMessage(new Uint8Array(4))
      })
      parentPort.postMessage('ready')`
    const pool = new VerifyPool({ createWorker: () => new Worker(source, { eval: true }) })
    await withPool(pool, async () => {
      for (let i = 0; i < 5; i++) {
        assert.equal((await pool.verify(jobs(4))).length, 4)
        await assert.rejects(pool.verify(jobs(4)), withCode('CRYPTO_WORKER_DIED'))
      }
    })
  })

  it('a stopped pool keeps no process alive', async () => {
    const module = repositoryPath('dist/src/crypto/verify-pool.js')
    const source = `import { VerifyPool } from '${module}'
      const pool = new VerifyPool({ workers: 2 })
      await pool.start()
      const job = { publicKey: new Uint8Array(32), signature: new Uint8Array(64), message: new Uint8Array(1) }
      const answers = await pool.verify([job, job, job, job])
      await pool.stop()
      console.log(JSON.stringify(answers))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    assert.equal(code, 0)
    assert.equal(printed.trim(), '[false,false,false,false]')
  })
})

describe('Inline verifier', () => {
  it('CRY-1: gives the answers of the pool', async () => {
    assert.deepEqual(await inlineVerifier.verify(jobs(100)), expected(100))
  })
})

describe('Verify batch', () => {
  it('decodes to the jobs that were encoded, empty messages included', () => {
    const list = [...jobs(3), { publicKey, message: new Uint8Array(0), signature: sign(new Uint8Array(0)) }]
    assert.deepEqual(decodeBatch(encodeBatch(list)), list)
    assert.deepEqual(decodeBatch(encodeBatch([])), [])
  })
})
