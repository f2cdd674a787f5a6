import assert from 'node:assert/strict'
import { EARLY_VIEWS, LATE_VIEWS } from '../../../src/consensus/instance.ts'
import { voteWindow } from '../../../src/consensus/window.ts'
import { FINALISE, NOTARISE, NULLIFY, Stage } from '../../support/consensus.ts'

describe('C13: entering a view', () => {
  it('C13: the view is one above the highest certificate of any kind', () => {
    const stage = new Stage({ self: null })
    const block = stage.block({ view: 3 })
    stage.nullified(1)
    assert.equal(stage.view, 2)
    stage.notarised(3, block)
    assert.equal(stage.view, 4)
    stage.certify(FINALISE, 7, block.hash)
    assert.equal(stage.view, 8)
  })

  it('C13: certificates of lower views do not move it, and it never falls', () => {
    const stage = new Stage({ self: null })
    stage.nullified(9)
    assert.equal(stage.view, 10)
    for (const view of [1, 8, 5]) stage.nullified(view)
    assert.equal(stage.view, 10)
  })

  it('C13: a view is above the last final block’s', () => {
    const stage = new Stage({ self: null })
    const block = stage.block({ view: 6 })
    stage.take(block)
    stage.finalised(6, block)
    assert.deepEqual([stage.instance.final.height, stage.view], [1, 7])
  })

  it('C13, C21: timers start when a view is entered, not when a certificate of an older one comes', () => {
    const stage = new Stage({ self: null })
    stage.at(300).nullified(5)
    assert.equal(stage.instance.timers.enteredMs, 300)
    stage.at(400).nullified(2)
    assert.equal(stage.instance.timers.enteredMs, 300)
    stage.at(500).nullified(6)
    assert.equal(stage.instance.timers.enteredMs, 500)
  })
})

describe('C10: what is held', () => {
  it('C10: notarisation and nullification of one view are both kept', () => {
    const stage = new Stage({ self: null })
    const block = stage.block({ view: 1 })
    stage.notarised(1, block)
    stage.nullified(1)
    const record = stage.instance.views.get(1)!
    assert.equal(record.notarisation?.kind, NOTARISE)
    assert.equal(record.nullification?.kind, NULLIFY)
    assert.equal(stage.instance.halted, undefined)
  })

  it('C10: after finality views further than 8 below it are forgotten, later ones are kept', () => {
    const stage = new Stage({ self: null })
    for (let view = 1; view <= 11; view++) stage.nullified(view)
    const block = stage.block({ view: 12 })
    stage.take(block)
    stage.finalised(12, block)
    const kept = [...stage.instance.views.keys()].sort((a, b) => a - b)
    assert.equal(kept[0], 12 - LATE_VIEWS + 1)
    assert.ok(kept.includes(12))
  })

  it('C10: blocks that do not descend from the final one are forgotten, those that do stay', () => {
    const stage = new Stage({ self: null })
    const final = stage.block({ view: 1 })
    const child = stage.block({ view: 2, on: final })
    const grandchild = stage.block({ view: 3, on: child })
    const rival = stage.block({ view: 2 })
    const rivalChild = stage.block({ view: 3, on: rival })
    for (const block of [final, child, grandchild, rival, rivalChild]) stage.take(block)
    stage.finalised(1, final)
    const heights = [...stage.instance.blocks.values()].map(({ block }) => block.hash)
    assert.deepEqual(heights, [child.hash, grandchild.hash])
    assert.equal(stage.instance.seenAt.size, 3)
  })

  it('C10: a certificate at or below the last final view is not kept, published or journaled', () => {
    const stage = new Stage({ self: null })
    const final = stage.block({ view: 4 })
    stage.take(final)
    stage.finalised(4, final)
    for (const view of [3, 4]) {
      assert.deepEqual(stage.certify(NULLIFY, view, undefined, false), [])
      assert.equal(stage.instance.views.get(view)?.nullification, undefined)
    }
    assert.equal(stage.certify(NULLIFY, 5, undefined, false).length, 2)
  })

  it('C10: a block at or below the last final height is not taken', () => {
    const stage = new Stage({ self: null })
    const final = stage.block({ view: 1 })
    stage.take(final)
    stage.finalised(1, final)
    stage.take(stage.block({ view: 2 }))
    assert.equal(stage.instance.blocks.size, 0)
  })
})

describe('C31: views that votes are counted in', () => {
  const stage = new Stage({ self: null })
  const block = stage.block({ view: 20 })
  stage.take(block)
  stage.finalised(20, block)
  const rows: [number, string][] = [
    [0, 'late'],
    [20 - LATE_VIEWS - 1, 'late'],
    [20 - LATE_VIEWS, 'counted'],
    [20, 'counted'],
    [21 + EARLY_VIEWS, 'counted'],
    [21 + EARLY_VIEWS + 1, 'early']
  ]
  for (const [view, expected] of rows) {
    it(`C31: with view 20 final and 21 entered, view ${view} is ${expected}`, () => {
      assert.equal(voteWindow(stage.instance, view), expected)
      stage.votes([1], NULLIFY, view)
      assert.equal(stage.instance.views.get(view)?.nullify.size === 1, expected === 'counted')
    })
  }

  it('C31: at the start view 0 is late and view 1 is counted', () => {
    const fresh = new Stage({ self: null })
    assert.equal(voteWindow(fresh.instance, 0), 'late')
    assert.equal(voteWindow(fresh.instance, 1), 'counted')
  })
})
