import assert from 'node:assert/strict'
import { SYNC_LIMITS } from '../../../src/sync/limits.ts'
import { SyncWorld, aPeer, hashOf } from '../../support/sync-world.ts'
import type { SyncPeer, WorldInit } from '../../support/sync-world.ts'

const TIP = 2_000
const honest = (count: number, claims = TIP) =>
  Array.from({ length: count }, (_, at) => aPeer(`honest${at}`, 'honest', claims))

function synced(init: Partial<WorldInit> & Pick<WorldInit, 'peers'>, forMs = 60_000): SyncWorld {
  const world = new SyncWorld({ tip: TIP, ...init })
  world.hint()
  assert(
    world.run(() => world.resumed > 0, forMs),
    `stuck at ${world.height}: ${world.stalls.join()}`
  )
  return world
}

/** Milliseconds of a sync of 40 MB from peers with a line of a megabyte a second each. */
function timeWith(peers: readonly SyncPeer[], blamed: string[] = []): number {
  const world = new SyncWorld({ peers, tip: TIP, bodyBytes: 20_000, speed: 1_000, oneLine: true })
  world.hint()
  assert(world.run(() => world.resumed > 0, 600_000))
  blamed.push(...world.blamed)
  return world.nowMs
}

describe('sync of one chain', () => {
  it('SYN-6: every block is executed once, in height order, and consensus begins again at the head', () => {
    const world = synced({ peers: honest(2) })
    assert.deepEqual(
      world.executed,
      Array.from({ length: TIP }, (_, at) => at + 1)
    )
    assert.equal(world.state.phase, 'live')
    assert.deepEqual(world.blamed, [])
  })

  it('D15: four peers of a megabyte a second each sync at three times the speed of one at least', () => {
    assert(3 * timeWith(honest(4)) <= timeWith(honest(1)))
  })

  it('D15: beside a liar, one that stalls and one at a tenth of the speed, a peer keeps 70 % of its speed; the liar alone is blamed', () => {
    const blamed: string[] = []
    const mixed = [
      aPeer('good', 'honest', TIP),
      aPeer('liar', 'bodies', TIP),
      aPeer('stone', 'stalls', TIP),
      aPeer('snail', 'slow', TIP)
    ]
    assert(0.7 * timeWith(mixed, blamed) <= timeWith(honest(1)))
    assert.deepEqual(new Set(blamed.filter((fact) => !fact.endsWith(' slow'))), new Set(['liar invalid']))
  })

  it('SYN-6: bodies of later parts are prepared while the lowest part is executed', () => {
    const world = new SyncWorld({ peers: honest(2), tip: TIP, bodyBytes: 100_000 })
    world.hint()
    const ahead: number[] = []
    assert(
      world.run(() => {
        const importingTo = world.state.importing?.end.height
        const prepared = world.effects.findLast((effect) => effect.type === 'prepare')
        if (importingTo !== undefined && prepared !== undefined) ahead.push(prepared.from - importingTo)
        return world.resumed > 0
      }, 60_000)
    )
    assert(Math.max(...ahead) > 0, 'nothing above the part that was executed had been prepared')
  })

  it('SYN-3: a part that is executed while what lies above it is found false is not lost, and sync goes on', () => {
    for (const knownEpochs of [1, 2, 100]) {
      const world = synced({ peers: [aPeer('liar', 'branches', TIP), ...honest(1)], knownEpochs }, 200_000)
      assert(world.blamed.includes('liar invalid'))
      assert.deepEqual(
        world.executed,
        Array.from({ length: TIP }, (_, at) => at + 1)
      )
    }
  })

  it('SYN-4: bodies that do not fit false headers cost nobody but who gave the headers', () => {
    const world = synced({ peers: [aPeer('liar', 'branches', TIP), ...honest(2)] }, 400_000)
    const traps = world.effects.filter((effect) => effect.type === 'ask-bodies' && !world.isTrue(effect))
    assert(traps.some((effect) => effect.type === 'ask-bodies' && effect.peer !== 'liar'))
    const charged = world.blamed.filter((fact) => fact.endsWith('invalid'))
    assert.deepEqual(new Set(charged), new Set(['liar invalid']))
  })

  it('SYN-5: nobody is asked for blocks below the lowest that it holds', () => {
    const pruned = { ...aPeer('pruned', 'honest', TIP), earliest: 1_000 }
    const world = new SyncWorld({
      peers: [pruned, ...honest(1)],
      tip: TIP,
      epochLength: 500,
      bodyBytes: 40_000
    })
    world.hint()
    assert(world.run(() => world.resumed > 0, 120_000))
    const asked = world.effects.flatMap((effect) =>
      (effect.type === 'ask-headers' || effect.type === 'ask-bodies') && effect.peer === 'pruned'
        ? [effect.from]
        : []
    )
    assert(asked.length > 0 && Math.min(...asked) >= 1_000, `asked for ${Math.min(...asked)}`)
    const alone = new SyncWorld({ peers: [{ ...pruned, earliest: 2 }], tip: TIP })
    alone.hint()
    assert.equal(alone.asked.size, 0)
    const exact = new SyncWorld({ peers: [{ ...pruned, earliest: 1 }], tip: TIP })
    exact.hint()
    assert.equal(exact.asked.get('pruned'), 1)
  })

  it('SYN-1: a gap of nearBlocks is left to consensus, one more is not', () => {
    for (const [gap, asks] of [
      [SYNC_LIMITS.nearBlocks, 0],
      [SYNC_LIMITS.nearBlocks + 1, 1]
    ] as const) {
      const world = new SyncWorld({ peers: honest(1, gap), tip: gap })
      world.hint()
      assert.equal(world.effects.filter(({ type }) => type === 'ask-headers').length, asks)
    }
  })

  it('SYN-1: a claim alone never pauses consensus', () => {
    for (const behaviour of ['lacks', 'garbage', 'stalls', 'forks', 'limited'] as const) {
      const world = new SyncWorld({ peers: [aPeer('liar', behaviour, 1_000_000)], tip: TIP })
      world.hint()
      assert.equal(
        world.run(() => world.paused > 0, 120_000),
        false,
        behaviour
      )
    }
  })

  it('SYN-1: what is proven but not much does not pause consensus either; just above it does', () => {
    for (const [tip, paused] of [
      [SYNC_LIMITS.nearBlocks, 0],
      [SYNC_LIMITS.nearBlocks + 1, 1]
    ] as const) {
      const world = new SyncWorld({ peers: honest(1, 5_000), tip })
      world.hint()
      world.run(() => world.paused > 0, 5_000)
      assert.equal(world.paused, paused)
    }
  })

  it('SYN-1: few blocks that are large are much', () => {
    const world = new SyncWorld({ peers: honest(1, 5_000), tip: 10, bodyBytes: 1024 * 1024 })
    world.hint()
    assert(world.run(() => world.paused > 0, 5_000))
  })

  it('SYN-5: a peer that lies, stalls, lacks or is busy costs time, not blocks, and the liar alone is blamed', () => {
    for (const [behaviour, blamed] of [
      ['garbage', true],
      ['forks', true],
      ['bodies', true],
      ['lacks', false],
      ['limited', false],
      ['short', false],
      ['slow', false],
      ['stalls', false]
    ] as const) {
      const world = synced({ peers: [aPeer('other', behaviour, TIP), ...honest(1)] })
      assert.equal(world.height, TIP, behaviour)
      assert.equal(
        world.blamed.some((fact) => fact.endsWith('invalid')),
        blamed,
        behaviour
      )
      assert(!world.blamed.some((fact) => fact.startsWith('honest') && fact.endsWith('invalid')), behaviour)
    }
  })

  it('SYN-5: ten times slower, a peer gets few of the requests and holds nothing up', () => {
    const alone = synced({ peers: honest(3), bodyBytes: 20_000, speed: 1_000 })
    const withSlow = synced({
      peers: [...honest(3), aPeer('slow', 'slow', TIP)],
      bodyBytes: 20_000,
      speed: 1_000
    })
    assert(withSlow.nowMs < 1.3 * alone.nowMs, `${withSlow.nowMs} against ${alone.nowMs}`)
    const [slow = 0, fast = 0] = [withSlow.asked.get('slow'), withSlow.asked.get('honest0')]
    assert(slow * 3 < fast, `${slow} against ${fast}`)
  })

  it('SYN-9: an answer is waited for as long as it may take, and no longer; its peer is slow, which costs nothing', () => {
    const world = new SyncWorld({ peers: [aPeer('stalls', 'stalls', TIP)], tip: TIP })
    world.hint()
    assert.equal(world.state.asks.size, 1)
    world.nowMs += SYNC_LIMITS.answerMs - 1
    world.feed({ type: 'tick' })
    assert.equal(world.state.asks.size, 1)
    world.nowMs += 1
    world.feed({ type: 'tick' })
    assert.deepEqual([world.state.asks.size, world.blamed], [0, ['stalls slow']])
  })

  it('SYN-3: a run that does not link to what is proven is proof against its sender; below what is not, it waits', () => {
    const world = new SyncWorld({ peers: honest(1), tip: TIP })
    world.hint()
    const [ask] = world.state.asks.values()
    world.feed({ type: 'headers', id: ask!.id, run: world.runOf(1, 100, 7), bytes: 1 })
    // The first header of the fork has the genesis for its parent: it links, and its certificate is looked at.
    assert.deepEqual(world.blamed, [])
    assert(world.run(() => world.blamed.length > 0, 1_000))
    assert.deepEqual(world.blamed, ['honest0 invalid'])
    assert.equal(world.state.runs.length, 0)
  })

  it('SYN-3: a first header that does not name the own final block is false', () => {
    const world = new SyncWorld({ peers: honest(1), tip: TIP })
    world.hint()
    const [ask] = world.state.asks.values()
    const run = { ...world.runOf(1, 100), parent: hashOf(99, 3) }
    world.feed({ type: 'headers', id: ask!.id, run, bytes: 1 })
    assert.deepEqual(world.blamed, ['honest0 invalid'])
  })

  it('SYN-7: epochs that are known only after execution are waited for, within the window', () => {
    const world = synced({ peers: honest(2, 5_000), epochLength: 20, tip: 5_000 })
    assert.equal(world.height, 5_000)
  })

  it('SYN-7: headers of an epoch that stays unknown go, at nobody’s cost, and others are asked', () => {
    const world = new SyncWorld({ peers: honest(2), tip: TIP, knownEpochs: 1, epochLength: 100 })
    world.hint()
    assert(world.run(() => world.state.phase === 'syncing', 5_000))
    const [ask] = [...world.state.asks.values()].filter(({ kind }) => kind === 'headers')
    const lying = world.runOf(ask!.from, ask!.to)
    const parts = lying.parts.map((part) => ({ ...part, epoch: part.epoch + 1_000_000 }))
    world.feed({ type: 'headers', id: ask!.id, run: { ...lying, parts }, bytes: 1 })
    assert(
      world.run(() => world.resumed > 0, 120_000),
      world.stalls.join()
    )
    assert.deepEqual(world.blamed, [])
  })

  it('SYN-7: a shard asks for nothing while the coordination chain syncs, and says that it waits', () => {
    const world = new SyncWorld({ peers: honest(1), tip: TIP, coordinationSyncs: (nowMs) => nowMs < 40_000 })
    world.hint()
    world.run(() => world.nowMs >= 39_000, 60_000)
    assert(world.height < TIP)
    assert.deepEqual(world.stalls, ['waits for the coordination chain'])
    assert(world.run(() => world.resumed > 0, 30_000))
    assert.deepEqual(world.stalls, ['waits for the coordination chain', 'moving'])
  })

  it('SYN-8: a liar that lacks what it claims holds nobody in sync, an honest peer that is far ahead does', () => {
    const world = synced({ peers: [aPeer('liar', 'lacks', 1_000_000), ...honest(1)] })
    assert.equal(world.height, TIP)
    const lonely = new SyncWorld({ peers: [aPeer('busy', 'limited', 10 * TIP), ...honest(1)], tip: TIP })
    lonely.hint()
    assert.equal(
      lonely.run(() => lonely.resumed > 0, 30_000),
      false,
      'the busy peer may have more'
    )
  })

  it('SYN-4: bodies are asked for of whoever gave the headers, though it stated less before', () => {
    const world = new SyncWorld({ peers: honest(1, 600), tip: 1_000 })
    world.hint()
    assert(
      world.run(() => world.height >= 1_000, 60_000),
      `stuck at ${world.height}`
    )
  })

  it('SYN-8: both directions, again and again', () => {
    const world = synced({ peers: honest(2), tip: TIP })
    assert.equal(world.resumed, 1)
    const again = new SyncWorld({ peers: honest(2), tip: TIP })
    again.hint()
    assert(again.run(() => again.resumed === 1, 60_000))
    again.grow(2 * TIP)
    again.peers = honest(2, 2 * TIP)
    again.hint()
    assert(again.run(() => again.resumed === 2, 60_000))
    assert.equal(again.height, 2 * TIP)
    assert.equal(again.paused, 2)
  })

  it('SYN-6: a final block that is not valid halts the chain, and nothing happens after', () => {
    const world = new SyncWorld({ peers: honest(2), tip: TIP, invalidAt: 700 })
    world.hint()
    assert(world.run(() => world.halted !== '', 60_000))
    assert.equal(world.halted, 'block 700')
    const before = world.effects.length
    world.feed({ type: 'tick' })
    assert.equal(world.effects.length, before)
    assert(world.height < 700)
  })

  it('SYN-12: one warning with its cause, taken back when it moves', () => {
    for (const [behaviour, reason] of [
      ['lacks', /all peers lack/],
      ['limited', /all peers failed/]
    ] as const) {
      const world = new SyncWorld({ peers: honest(1), tip: TIP })
      world.hint()
      assert(world.run(() => world.height > 0, 5_000))
      world.peers = [aPeer('other', behaviour, 10 * TIP)]
      world.run(() => false, 60_000)
      assert.equal(world.stalls.length, 1)
      assert.match(world.stalls[0]!, reason)
      world.peers = honest(1)
      assert(world.run(() => world.resumed > 0, 90_000))
      assert.equal(world.stalls.at(-1), 'moving')
    }
    const alone = new SyncWorld({ peers: honest(1), tip: TIP })
    alone.hint()
    assert(alone.run(() => alone.height > 0, 5_000))
    alone.peers = []
    alone.run(() => false, 60_000)
    assert.deepEqual(alone.stalls, ['no peer follows this chain'])
  })
})
