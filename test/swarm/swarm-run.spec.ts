/** `npm run swarm`: what it reports, and that its checks can fail. */
import assert from 'node:assert/strict'
import { runSwarm } from '../../src/testing/swarm-run.ts'

/** A validator listens for two times of a view before its first vote. */
const OVERRIDES = { minBlockIntervalMs: 100, idleIntervalMs: 100, deltaInitialMs: 500 }

describe('swarm run', function () {
  this.timeout(120_000)

  it('honest nodes find each other, make every transfer final and blame nobody', async () => {
    const lines: string[] = []
    const report = await runSwarm({
      nodes: 6,
      validators: 4,
      durationS: 3,
      load: 10,
      overrides: OVERRIDES,
      onLine: (line) => lines.push(line)
    })
    assert.deepEqual(report.failed, [])
    assert.deepEqual(report.faults, [])
    assert.deepEqual(
      report.chains.map(({ chain, peers }) => [chain, peers.least]),
      [
        ['coord', 5],
        ['0', 5],
        ['1', 5]
      ]
    )
    assert(report.transfers.submitted > 0)
    assert.equal(report.transfers.final, report.transfers.submitted)
    assert.match(lines[0] ?? '', /starting 6 nodes/)
  })

  it('no time to connect is a failed check', async () => {
    const report = await runSwarm({
      nodes: 4,
      shards: 1,
      durationS: 0,
      connectWithinS: -1,
      overrides: OVERRIDES
    })
    assert.match(report.failed[0] ?? '', /fewer than 3 peers/)
    assert.equal(report.connectedS, undefined)
  })
})
