import assert from 'node:assert/strict'
import { SYNC_LIMITS } from '../../../src/sync/limits.ts'
import { SyncWorld, aPeer, hashOf } from '../../support/sync-world.ts'

const TIP = 2_000
const honest = (count: number, claims = TIP) =>
  Array.from({ length: count }, (_, at) => aPeer(`honest${at}`, 'honest', claims))

describe('when a fast start is due', () => {
  it('SYN-10: a fast start is tried once where it is worth it, and sync goes on from where it leads', () => {
    const world = new SyncWorld({ peers: honest(2), tip: TIP, mode: 'snapshot' })
    world.hint()
    assert(world.run(() => world.effects.some(({ type }) => type === 'fetch-snapshot'), 5_000))
    assert.equal(world.state.phase, 'snapshot')
    world.feed({ type: 'snapshot', final: undefined })
    assert(world.run(() => world.resumed > 0, 60_000))
    assert.equal(world.effects.filter(({ type }) => type === 'fetch-snapshot').length, 1)
    const near = new SyncWorld({ peers: honest(1, 200), tip: 200, mode: 'snapshot' })
    near.hint()
    assert(near.run(() => near.resumed > 0, 60_000))
    assert(!near.effects.some(({ type }) => type === 'fetch-snapshot'))
  })

  const pruned = (count: number, earliest: number, claims = TIP) =>
    honest(count, claims).map((peer) => ({ ...peer, earliest }))
  const asksForSnapshots = ({ effects }: SyncWorld, type: 'prove-snapshot' | 'fetch-snapshot') =>
    effects.filter((effect) => effect.type === type).length

  it('SYN-10: where nobody holds the next block, a certified snapshot alone pauses the chain and is begun at', () => {
    const world = new SyncWorld({ peers: pruned(2, 1_800), tip: TIP, mode: 'snapshot', snapshotAt: 1_900 })
    world.hint()
    assert(
      world.run(() => world.resumed > 0, 60_000),
      `stuck at ${world.height}`
    )
    assert.equal(world.height, TIP)
    assert.equal(world.executed[0], 1_901)
    assert.equal(asksForSnapshots(world, 'prove-snapshot'), 1)
    assert.equal(asksForSnapshots(world, 'fetch-snapshot'), 1)
  })

  it('SYN-1, SYN-10: claims of snapshots that nobody proves pause nothing, and are looked into now and then', () => {
    const world = new SyncWorld({ peers: pruned(2, 1_800), tip: TIP, mode: 'snapshot' })
    world.hint()
    assert.equal(
      world.run(() => world.paused > 0, 60_000),
      false
    )
    assert.equal(asksForSnapshots(world, 'prove-snapshot'), 60_000 / SYNC_LIMITS.snapshotAgainMs)
  })

  it('SYN-10: a liar that says it holds everything and answers nothing keeps nobody from a snapshot', () => {
    for (const behaviour of ['stalls', 'lacks', 'garbage', 'limited'] as const) {
      const peers = [...pruned(2, 1_800), aPeer('liar', behaviour, TIP)]
      const world = new SyncWorld({ peers, tip: TIP, mode: 'snapshot', snapshotAt: 1_900 })
      world.hint()
      assert(
        world.run(() => world.height === TIP, 120_000),
        `${behaviour}: stuck at ${world.height}`
      )
    }
  })

  it('SYN-10: a full sync takes no snapshot, one that is not above the head is of no use, a near one only where blocks are gone', () => {
    const full = new SyncWorld({ peers: pruned(1, 1_800), tip: TIP, snapshotAt: 1_900 })
    full.hint()
    full.run(() => false, 30_000)
    assert.equal(asksForSnapshots(full, 'prove-snapshot'), 0)
    const far = SYNC_LIMITS.snapshotBlocks
    for (const [earliest, snapshotAt, paused] of [
      [2, 0, 0],
      [2, 1, 1],
      [0, far, 0],
      [0, far + 1, 1]
    ] as const) {
      const peers = [{ ...aPeer('peer', 'stalls', TIP), earliest }]
      const world = new SyncWorld({ peers, tip: TIP, mode: 'snapshot', snapshotAt })
      world.hint()
      world.run(() => world.paused > 0, 60_000)
      assert.equal(world.paused, paused, `earliest ${earliest}, snapshot at ${snapshotAt}`)
    }
  })

  it('SYN-10: an attempt that failed is made again while the chain stands still because nobody has what comes next', () => {
    const world = new SyncWorld({ peers: honest(2), tip: TIP, mode: 'snapshot' })
    world.hint()
    assert(world.run(() => asksForSnapshots(world, 'fetch-snapshot') === 1, 5_000))
    world.peers = pruned(2, 1_800)
    world.feed({ type: 'snapshot', final: undefined })
    const failedMs = world.nowMs
    assert(world.run(() => asksForSnapshots(world, 'fetch-snapshot') === 2, 60_000))
    assert(world.nowMs - failedMs >= SYNC_LIMITS.snapshotAgainMs)
    world.feed({ type: 'snapshot', final: { height: 1_900, hash: hashOf(1_900) } })
    assert.equal(world.state.head.height, 1_900)
  })

  it('SYN-12: the time in which no snapshot was found is no time in which blocks stood still', () => {
    const world = new SyncWorld({ peers: honest(2), tip: TIP, mode: 'snapshot' })
    world.hint()
    assert(world.run(() => asksForSnapshots(world, 'fetch-snapshot') === 1, 5_000))
    world.run(() => false, 3 * SYNC_LIMITS.stallMs)
    world.feed({ type: 'snapshot', final: undefined })
    assert(world.run(() => world.resumed > 0, 60_000))
    assert.deepEqual(world.stalls, [])
  })

  it('SYN-12: a snapshot that is looked for in vain again and again is one warning, taken back when there is one', () => {
    const world = new SyncWorld({ peers: honest(2), tip: TIP, mode: 'snapshot' })
    world.hint()
    const fetches = () => asksForSnapshots(world, 'fetch-snapshot')
    assert(world.run(() => fetches() === 1, 5_000))
    world.peers = pruned(2, 1_800)
    for (let attempt = 1; attempt <= 5; attempt++) {
      world.run(() => false, 2_000)
      world.feed({ type: 'snapshot', final: undefined })
      assert(world.run(() => fetches() === attempt + 1, 60_000))
    }
    assert.deepEqual(
      world.stalls.map((reason) => reason.split(':')[0]),
      ['no peer holds blocks as low as 1, and none gives a snapshot']
    )
    assert.notEqual(world.state.progress.stalled, undefined)
    world.feed({ type: 'snapshot', final: { height: 1_900, hash: hashOf(1_900) } })
    assert.equal(world.stalls.at(-1), 'moving')
    assert.equal(world.state.progress.stalled, undefined)
  })

  it('SYN-12: a live chain that stands still because every block above is gone says what helps; one that goes on says nothing', () => {
    const world = new SyncWorld({ peers: pruned(2, 1_800), tip: TIP })
    world.hint()
    world.run(() => false, SYNC_LIMITS.liveStallMs - 1_000)
    assert.deepEqual(world.stalls, [])
    world.run(() => world.stalls.length > 0, 2_000)
    assert.match(world.stalls.join(), /^no peer holds blocks as low as 1: .*--sync snapshot here$/)
    world.peers = honest(2)
    assert(world.run(() => world.resumed > 0, 60_000))
    assert.equal(world.stalls.at(-1), 'moving')
    const going = new SyncWorld({ peers: pruned(2, 1_800_000, 2_000_000), tip: TIP })
    for (let height = 1; height <= 60; height++) {
      going.feed({ type: 'hint', final: { height, hash: hashOf(height) } })
      going.run(() => false, 1_000)
    }
    assert.deepEqual(going.stalls, [])
  })
})
