import assert from 'node:assert/strict'
import { heartbeatOf, provideFirstOf } from '../../../src/testing/swarm-options.ts'
import { paceOf } from '../../../src/testing/swarm-pace.ts'

describe('pace of a swarm', () => {
  it('the more nodes share the thread, the more time is between blocks, waves and heartbeats', () => {
    const intervals = [4, 30, 66, 100].map((nodes) => paceOf(nodes).params.minBlockIntervalMs)
    assert.deepEqual(intervals, [1_000, 3_000, 6_600, 15_000])
    assert.deepEqual(
      [4, 30, 100].map((nodes) => paceOf(nodes).waveMs),
      [250, 300, 1_000]
    )
    assert.deepEqual(
      [4, 33, 100].map((nodes) => heartbeatOf({}, nodes)),
      [1_000, 1_000, 3_000]
    )
    assert.equal(heartbeatOf({ heartbeatMs: 500 }, 100), 500)
    assert.deepEqual(
      [4, 16, 100].map((nodes) => provideFirstOf({}, nodes)),
      [300_000, 300_000, 1_800_000]
    )
    assert.equal(provideFirstOf({ provideFirstMs: 1 }, 100), 1)
  })

  it('views are patient, and what is awaited has the time of several blocks', () => {
    assert.deepEqual(
      [30, 100].map((nodes) => paceOf(nodes).params.deltaInitialMs),
      [2_000, 3_000]
    )
    assert.deepEqual(
      [30, 100].map((nodes) => paceOf(nodes).finalWithinMs),
      [60_000, 90_000]
    )
  })

  it('nodes of a crowd look for fewer peers than ten, and more than the six that they have to have', () => {
    assert.deepEqual(
      [50, 51].map((nodes) => paceOf(nodes).settings),
      [{}, { minPeers: 8 }]
    )
  })
})
