/** Peers that come and go leave nothing behind, in a process of its own; 2,000 of them by `npm run acceptance -- leaks`. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { LeakReport } from '../support/leak-cycles.ts'
import { repositoryPath } from '../support/repository.ts'

const CYCLES = 120
/** What is compiled and cached in passing counts more among few cycles. */
const HEAP_GROWTH_MAX = 1.1

describe('swarm: peers that come and go', function () {
  this.timeout(120_000)

  it('LIM-1: after many cycles handles, streams and gossip’s caches are as before, and so is the heap', async () => {
    const script = repositoryPath('dist/test/support/leak-cycles.js')
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(CYCLES)])
    const { before, after } = JSON.parse(stdout) as LeakReport
    assert.deepEqual({ ...after, heapBytes: 0 }, { ...before, heapBytes: 0 })
    assert.equal(after.connections, 0)
    assert(after.heapBytes <= HEAP_GROWTH_MAX * before.heapBytes, `${before.heapBytes} to ${after.heapBytes}`)
  })
})
