import assert from 'node:assert/strict'
import { crossesUnbonding, describeSync } from '../../../../src/node/sync/sync-facts.ts'
import { SyncWorld, aPeer } from '../../../support/sync-world.ts'

describe('what a node says of its sync', () => {
  it('SYN-13: mode, proven target, rate and time left; one liar does not move the time', () => {
    const honest = ['a', 'b', 'c'].map((name) => aPeer(name, 'honest', 3_000))
    const world = new SyncWorld({ peers: [aPeer('liar', 'lacks', 9_000_000), ...honest], tip: 3_000 })
    assert.equal(describeSync(world.state, world.env()).mode, 'live')
    world.hint()
    assert(world.run(() => world.height > 1_000, 60_000))
    const facts = describeSync(world.state, world.env())
    assert.equal(facts.mode, 'bodies')
    assert.equal(facts.claimed, 3_000)
    assert(facts.target >= world.height && facts.target <= 3_000)
    assert(facts.blocksPerS > 0)
    assert.equal(facts.etaMs, Math.round(((3_000 - world.state.storedHeight) * 1_000) / exactRate(world)))
    assert(world.run(() => world.resumed > 0, 60_000))
    const after = describeSync(world.state, world.env())
    assert.deepEqual(
      [after.mode, after.target, after.etaMs, after.reason],
      ['live', 3_000, undefined, undefined]
    )
  })

  it('SYN-14: as many epochs as signatures can be punished for are crossed in silence, one more is not', () => {
    const params = { epochLength: 10, unbondingEpochs: 3 }
    assert.equal(crossesUnbonding(5, 39, params), false)
    assert.equal(crossesUnbonding(5, 40, params), true)
    assert.equal(crossesUnbonding(10, 40, params), false)
  })

  it('SYN-12: stalled, with the reason', () => {
    const world = new SyncWorld({ peers: [aPeer('a', 'honest', 3_000)], tip: 3_000 })
    world.hint()
    assert(world.run(() => world.height > 0, 60_000))
    world.peers = []
    world.run(() => false, 30_000)
    const facts = describeSync(world.state, world.env())
    assert.deepEqual([facts.mode, facts.reason], ['stalled', 'no peer follows this chain'])
  })
})

function exactRate({ state, nowMs }: SyncWorld): number {
  const [first] = state.progress.samples
  return ((state.storedHeight - first!.height) * 1_000) / (nowMs - first!.atMs)
}
