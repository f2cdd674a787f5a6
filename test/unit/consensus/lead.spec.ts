import assert from 'node:assert/strict'
import { toHex } from '../../../src/primitives/bytes.ts'
import type { Block } from '../../../src/codec/block.ts'
import { MAX_JUSTIFYING_NULLIFICATIONS } from '../../../src/codec/proposal.ts'
import type { Effect } from '../../../src/consensus/types.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { NOTARISE, NULLIFY, Stage, hexOf, recordNames, said } from '../../support/consensus.ts'

/** `build` effects as text: view, parent, empty. */
const builds = (stage: Stage, effects: readonly Effect[] = stage.effects): string[] =>
  stage
    .ofType('build', effects)
    .map(({ view, parent, empty }) => `${view} on ${parent} ${empty ? 'empty' : 'full'}`)
const expected = (view: number, parent: Block, empty = false): string =>
  `${view} on ${hexOf(parent)} ${empty ? 'empty' : 'full'}`

/** Member 1 leads view 2, after a first block that was seen at 0 and notarised. */
function leaderOfTwo(): { stage: Stage; parent: Block } {
  const stage = new Stage({ self: 1 })
  const parent = stage.extend({ view: 1 })
  stage.clear()
  return { stage, parent }
}

describe('C14: when the leader proposes', () => {
  it('C14: without work it waits the idle interval since it first saw the parent', () => {
    const { stage, parent } = leaderOfTwo()
    assert.deepEqual(builds(stage, stage.tick(199)), [])
    assert.equal(stage.wakeMs(), 200)
    assert.deepEqual(builds(stage, stage.tick(200)), [expected(2, parent)])
  })

  it('C14: with work it waits the least block interval only', () => {
    const { stage, parent } = leaderOfTwo()
    stage.env = { ...stage.env, work: true }
    assert.deepEqual(builds(stage, stage.tick(99)), [])
    assert.equal(stage.wakeMs(), 100)
    assert.deepEqual(builds(stage, stage.tick(100)), [expected(2, parent)])
  })

  it('C14: the idle interval never undercuts the least block interval', () => {
    const stage = new Stage({ self: 0, params: { minBlockIntervalMs: 300 } })
    assert.deepEqual(builds(stage, stage.tick(299)), [])
    assert.equal(builds(stage, stage.tick(300)).length, 1)
  })

  it('C14: the interval runs from the first sight of the parent, by block or by certificate', () => {
    const stage = new Stage({ self: 1 })
    const parent = stage.block({ view: 1 })
    stage.at(1_000).notarised(1, parent)
    stage.at(1_150).take(parent)
    assert.deepEqual(builds(stage, stage.tick(1_199)), [])
    assert.deepEqual(builds(stage, stage.tick(1_200)), [expected(2, parent)])
  })

  it('C14: the base of the epoch is a parent without any certificate', () => {
    const stage = new Stage({ self: 0 })
    stage.tick(200)
    assert.deepEqual(builds(stage), [`1 on ${toHex(stage.config.base.hash)} full`])
  })

  it('C14: once per view, also when nothing came of the building', () => {
    const { stage } = leaderOfTwo()
    stage.tick(200)
    stage.feed({ type: 'built', view: 2, block: undefined })
    stage.tick(250)
    stage.tick(600)
    assert.equal(builds(stage).length, 1)
    assert.deepEqual(stage.signed(), [])
  })

  it('C14: nobody but the leader of the current view proposes', () => {
    const stage = new Stage({ self: 2 })
    stage.extend({ view: 1 })
    stage.tick(600)
    assert.deepEqual(builds(stage), [])
    const follower = new Stage({ self: null })
    follower.tick(600)
    assert.deepEqual(builds(follower), [])
  })

  it('C14: a leader that may not sign does not propose', () => {
    const stage = new Stage({ self: 0, signing: false })
    stage.tick(600)
    assert.deepEqual(builds(stage), [])
    assert.deepEqual(builds(stage, stage.feed({ type: 'signing', enabled: true })).length, 1)
  })

  it('C14: a leader that nullified its view does not propose in it any more', () => {
    const { stage, parent } = leaderOfTwo()
    const unseen = stage.block({ view: 2, on: parent })
    // Its clock stood still until both timers had fired: the nullify goes first.
    const own = new Stage({ self: 1 }, [{ type: 'vote', vote: stage.vote(1, NULLIFY, 1) }])
    own.certify(NULLIFY, 1)
    own.votes([1], NULLIFY, 2)
    assert.equal(own.view, 2)
    own.instance.views.get(2)!.ownNullify = true
    own.tick(700)
    assert.deepEqual(builds(own), [])
    own.feed({ type: 'built', view: 2, block: unseen })
    assert.deepEqual(own.signed(), [])
  })

  it('C14: one that cannot propose before its own proposal timer nullifies', () => {
    const stage = new Stage({ self: 1, judging: () => undefined })
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.notarised(1, parent)
    stage.clear()
    stage.tick(1_199)
    assert.deepEqual(stage.signed(), [])
    stage.tick(1_200)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 2)])
    assert.deepEqual(builds(stage), [])
  })
})

describe('C14: what the leader proposes', () => {
  it('C14, C11: the built block goes out with its draft, one sign effect that holds the block', () => {
    const { stage, parent } = leaderOfTwo()
    stage.tick(200)
    const block = stage.block({ view: 2, on: parent })
    const { view, kind, hash, draft, records } = stage.single(
      'sign',
      stage.feed({ type: 'built', view: 2, block })
    )
    assert.deepEqual([view, kind, hash], [2, NOTARISE, block.hash])
    assert.deepEqual(draft, { block, notarisation: [], nullifications: [] })
    assert.deepEqual(recordNames(records), ['block 2'])
    assert.equal(stage.instance.blocks.get(hexOf(block))?.status, 'valid')
  })

  it('C14: its own block is not executed a second time', () => {
    const { stage, parent } = leaderOfTwo()
    stage.tick(200)
    const effects = stage.feed({ type: 'built', view: 2, block: stage.block({ view: 2, on: parent }) })
    assert.deepEqual(stage.ofType('judge', effects), [])
  })

  it('C14: a block that was built for a view that is over is not proposed', () => {
    const { stage, parent } = leaderOfTwo()
    stage.tick(200)
    stage.nullified(2)
    stage.clear()
    stage.feed({ type: 'built', view: 2, block: stage.block({ view: 2, on: parent }) })
    assert.deepEqual(stage.signed(), [])
  })

  it('C14: nor when signing was stopped meanwhile', () => {
    const { stage, parent } = leaderOfTwo()
    stage.tick(200)
    stage.feed({ type: 'signing', enabled: false })
    stage.feed({ type: 'built', view: 2, block: stage.block({ view: 2, on: parent }) })
    assert.deepEqual(stage.signed(), [])
  })

  it('C9, C14: a later view builds on the highest notarised block, with all nullifications between', () => {
    const stage = new Stage({ self: 3 })
    const parent = stage.extend({ view: 1 })
    stage.nullified(2)
    stage.nullified(3)
    assert.equal(stage.view, 4)
    stage.tick(200)
    assert.deepEqual(builds(stage), [expected(4, parent)])
    const block = stage.block({ view: 4, on: parent })
    const { draft } = stage.single('sign', stage.feed({ type: 'built', view: 4, block }))
    assert.deepEqual(
      draft?.nullifications.map(({ view, kind }) => [view, kind]),
      [
        [2, NULLIFY],
        [3, NULLIFY]
      ]
    )
  })

  it('C9, C14: views that were nullified as well as notarised may be skipped, if their block is not executed', () => {
    const stage = new Stage({ self: 2 })
    const low = stage.extend({ view: 1 })
    stage.judging = () => undefined
    stage.extend({ view: 2, on: low })
    stage.tick(400)
    assert.deepEqual(builds(stage), [])
    stage.nullified(2)
    stage.tick(410)
    assert.deepEqual(builds(stage), [expected(3, low)])
  })

  it('C9, C14: a missing nullification between the parent and the view keeps the leader from proposing', () => {
    const stage = new Stage({ self: 3 })
    stage.extend({ view: 1 })
    stage.nullified(3)
    stage.tick(600)
    assert.deepEqual(builds(stage), [])
    stage.nullified(2)
    assert.equal(builds(stage).length, 1)
  })

  it('C9: at most the newest 64 nullifications travel along, newest last', () => {
    assert.equal(MAX_JUSTIFYING_NULLIFICATIONS, 64)
    const stage = new Stage({ self: 1 })
    for (let view = 1; view <= 65; view++) stage.nullified(view)
    assert.equal(stage.view, 66)
    stage.tick(200)
    assert.equal(builds(stage).length, 1)
    const { draft } = stage.single(
      'sign',
      stage.feed({ type: 'built', view: 66, block: stage.block({ view: 66 }) })
    )
    assert.deepEqual(
      draft?.nullifications.map(({ view }) => view),
      Array.from({ length: 64 }, (_, index) => index + 2)
    )
  })

  it('C14: with fewer than maxUnfinalBlocks unfinal ancestors the block may be full, from then on it is empty', () => {
    const stage = new Stage({ self: 3, params: { maxUnfinalBlocks: 3, epochLength: 100 } })
    let parent = stage.extend({ view: 1 })
    parent = stage.extend({ view: 2, on: parent })
    stage.nullified(3)
    stage.tick(200)
    assert.deepEqual(builds(stage), [expected(4, parent, false)])
    const deep = new Stage({ self: 3, params: { maxUnfinalBlocks: 3, epochLength: 100 } })
    let tip = deep.extend({ view: 1 })
    tip = deep.extend({ view: 2, on: tip })
    tip = deep.extend({ view: 3, on: tip })
    deep.tick(200)
    assert.deepEqual(builds(deep), [expected(4, tip, true)])
  })
})

describe('C9, C14: the boundary block is proposed again', () => {
  /** Epoch of one coordination block: height 1 ends it. Member 1 leads view 2. */
  function atBoundary(self = 1): { stage: Stage; boundary: Block } {
    const stage = new Stage({ self, params: { epochLength: 1 } })
    const boundary = stage.extend({ view: 1 })
    stage.clear()
    return { stage, boundary }
  }

  it('C14: the leader waits Δ for its finality, then proposes the same block with its notarisation', () => {
    const { stage, boundary } = atBoundary()
    stage.tick(499)
    assert.deepEqual(stage.signed(), [])
    stage.tick(500)
    assert.deepEqual(builds(stage), [])
    const { view, hash, draft, records } = stage.single('sign')
    assert.deepEqual([view, hash, draft?.block], [2, boundary.hash, boundary])
    assert.deepEqual(draft?.notarisation, [stage.certificate(NOTARISE, 1, boundary.hash)])
    assert.deepEqual(draft?.nullifications, [])
    assert.ok(recordNames(records).includes('block 1'))
  })

  it('C14: it does so once per view', () => {
    const { stage } = atBoundary()
    stage.tick(500)
    stage.tick(600)
    stage.tick(700)
    assert.equal(stage.ofType('sign').length, 1)
  })

  it('C9, C14: later leaders give the nullifications since its newest notarisation', () => {
    const { stage, boundary } = atBoundary(2)
    stage.nullified(2)
    stage.clear()
    stage.tick(500)
    const { view, draft } = stage.single('sign')
    assert.equal(view, 3)
    assert.deepEqual(
      draft?.notarisation.map((one) => one.view),
      [1]
    )
    assert.deepEqual(
      draft?.nullifications.map((one) => one.view),
      [2]
    )
    assert.equal(draft?.block, boundary)
  })

  it('C9, C24: nothing is built on a boundary block within its epoch', () => {
    const { stage } = atBoundary()
    stage.env = { ...stage.env, work: true }
    for (const ms of [100, 200, 600, 1_000]) stage.tick(ms)
    assert.deepEqual(builds(stage), [])
  })

  it('C6, C14: on a shard the reference ends the epoch', () => {
    const stage = new Stage({ self: 1, chain: shardId(0), params: { epochLength: 8 } })
    stage.extend({ view: 1, coordHeight: 8 })
    stage.clear()
    stage.tick(500)
    assert.equal(stage.single('sign').draft?.block.header.coordHeight, 8)
  })
})
