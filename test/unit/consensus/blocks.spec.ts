import assert from 'node:assert/strict'
import type { Block } from '../../../src/codec/block.ts'
import { BLOCKS_MAX, PROPOSALS_PER_VIEW } from '../../../src/consensus/blocks.ts'
import { NOTARISE, Stage, hexOf } from '../../support/consensus.ts'

const follower = (): Stage =>
  new Stage({ self: null, judging: () => undefined, params: { epochLength: 1_000 } })
const propose = (stage: Stage, block: Block, view = block.header.view): void =>
  void stage.feed({ type: 'block', block, proposedIn: view })
const holds = (stage: Stage, block: Block): boolean => stage.instance.blocks.has(hexOf(block))

describe('GOS-11: blocks that leaders propose', () => {
  it('GOS-11: two of one view are held, a third is not; another view has its own', () => {
    const stage = follower()
    const many = [1, 2, 3].map((timeMs) => stage.block({ view: 1, timeMs }))
    for (const block of many) propose(stage, block)
    const later = stage.block({ view: 2 })
    propose(stage, later)
    assert.deepEqual(
      [...many, later].map((block) => holds(stage, block)),
      [true, true, false, true]
    )
    assert.equal(PROPOSALS_PER_VIEW, 2)
  })

  it('GOS-11: the same block again takes no room', () => {
    const stage = follower()
    const [a, b] = [stage.block({ view: 1, timeMs: 1 }), stage.block({ view: 1, timeMs: 2 })]
    for (const block of [a, a, a, b]) propose(stage, block)
    assert.ok(holds(stage, b))
  })

  it('GOS-11: a third one that a certificate names is taken when it is pulled', () => {
    const stage = follower()
    const many = [1, 2, 3].map((timeMs) => stage.block({ view: 1, timeMs }))
    for (const block of many) propose(stage, block)
    stage.notarised(1, many[2]!)
    stage.take(many[2]!)
    assert.ok(holds(stage, many[2]!))
  })

  it('C31, GOS-11: proposals outside the window of views are not held', () => {
    const stage = follower()
    for (const [view, held] of [
      [0, false],
      [1, true],
      [65, true],
      [66, false]
    ] as const) {
      const block = stage.block({ view: 1, timeMs: view })
      propose(stage, block, view)
      assert.equal(holds(stage, block), held, `view ${view}`)
    }
  })

  it('GOS-11: one that found no place does not count', () => {
    const stage = follower()
    const final = stage.block({ view: 1 })
    stage.judging = () => true
    stage.take(final)
    stage.finalised(1, final)
    for (const timeMs of [1, 2]) propose(stage, stage.block({ view: 2, timeMs }))
    assert.equal(stage.instance.views.get(2)?.proposals ?? 0, 0)
    const child = stage.block({ view: 2, on: final })
    propose(stage, child)
    assert.ok(holds(stage, child))
  })
})

describe('C10: the room for blocks', () => {
  it('C10: what is certified and its ancestors are never dropped, so the room can be full', () => {
    const stage = follower()
    let tip: Block | undefined
    for (let view = 1; view <= BLOCKS_MAX; view++) {
      tip = stage.block(tip === undefined ? { view } : { view, on: tip })
      stage.take(tip)
    }
    stage.notarised(BLOCKS_MAX, tip!)
    const next = stage.block({ view: BLOCKS_MAX + 1, on: tip! })
    stage.take(next)
    assert.deepEqual([stage.instance.blocks.size, holds(stage, next)], [BLOCKS_MAX, false])
  })

  it('C10: of what is not certified the first proposals of views to come stay', () => {
    const stage = follower()
    stage.nullified(2)
    const old = stage.block({ view: 1, timeMs: 1 })
    const current = stage.block({ view: 3, timeMs: 2 })
    const second = stage.block({ view: 3, timeMs: 3 })
    for (const block of [old, current, second]) stage.take(block)
    stage.votes([stage.leader(1)], NOTARISE, 1, old.hash)
    stage.votes([stage.leader(3)], NOTARISE, 3, current.hash)
    stage.votes([stage.leader(3)], NOTARISE, 3, second.hash)
    for (let i = 3; i < BLOCKS_MAX; i++) stage.take(stage.block({ view: 9, timeMs: 100 + i }))
    assert.equal(stage.instance.blocks.size, BLOCKS_MAX)
    const more = stage.block({ view: 4 })
    stage.take(more)
    assert.deepEqual(
      [old, current, second, more].map((block) => holds(stage, block)),
      [false, true, false, true]
    )
    assert.equal(stage.instance.blocks.size, 2)
  })
})
