import assert from 'node:assert/strict'
import { FINALISE, NOTARISE, NULLIFY, Stage, hexOf, recordNames, said } from '../../support/consensus.ts'

describe('C16: on a notarisation', () => {
  it('C16, C11: finalise is signed, and the notarisation is durable with it', () => {
    const stage = new Stage({ self: 3 })
    const block = stage.block({ view: 1 })
    stage.take(block)
    stage.notarised(1, block)
    const { view, kind, hash, records } = stage.single('sign')
    assert.deepEqual([view, kind, hash], [1, FINALISE, block.hash])
    assert.deepEqual(recordNames(records), [`certificate ${said(NOTARISE, 1, block.hash)}`])
  })

  it('C16: formed here from votes as well, and then it is published', () => {
    const stage = new Stage({ self: 3 })
    const block = stage.block({ view: 1 })
    stage.proposal(1, block)
    stage.clear()
    stage.votes([1], NOTARISE, 1, block.hash)
    assert.deepEqual(stage.signed(), [said(FINALISE, 1, block.hash)])
    assert.equal(stage.single('publish').certificate.kind, NOTARISE)
  })

  it('C16: published unless it came by gossip', () => {
    for (const [byGossip, count] of [
      [true, 0],
      [false, 1]
    ] as const) {
      const stage = new Stage({ self: 3 })
      stage.certify(NOTARISE, 1, stage.block({ view: 1 }).hash, byGossip)
      assert.equal(stage.ofType('publish').length, count)
      const nullified = stage.certify(NULLIFY, 2, undefined, byGossip)
      assert.equal(stage.ofType('publish', nullified).length, count)
    }
  })

  it('C16: unless it nullified the view', () => {
    const stage = new Stage({ self: 3 })
    const block = stage.block({ view: 1 })
    stage.tick(1_200)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
    stage.take(block)
    stage.notarised(1, block)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })

  it('C16: without the block, which is then pulled', () => {
    const stage = new Stage({ self: 3 })
    const block = stage.block({ view: 1 })
    stage.notarised(1, block)
    assert.deepEqual(stage.signed(), [said(FINALISE, 1, block.hash)])
    assert.deepEqual(stage.single('fetch').hash, block.hash)
  })

  it('C16: also for views before and after the current one', () => {
    const stage = new Stage({ self: 3 })
    const early = stage.block({ view: 1 })
    const late = stage.block({ view: 6 })
    stage.nullified(3)
    stage.notarised(1, early)
    stage.notarised(6, late)
    assert.deepEqual(stage.signed(), [said(FINALISE, 1, early.hash), said(FINALISE, 6, late.hash)])
  })

  it('C16: not for a view at or below the last final one', () => {
    const stage = new Stage({ self: 3 })
    const block = stage.block({ view: 4 })
    stage.take(block)
    stage.finalised(4, block)
    stage.clear()
    stage.notarised(4, block)
    stage.notarised(3, stage.block({ view: 3 }))
    assert.deepEqual(stage.signed(), [])
  })

  it('C16: nor for the last final view itself, when it may sign only after it', () => {
    const stage = new Stage({ self: 3, signing: false })
    const block = stage.block({ view: 4 })
    stage.take(block)
    stage.notarised(4, block)
    stage.finalised(4, block)
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(stage.signed(), [])
  })

  it('C16: once per view', () => {
    const stage = new Stage({ self: 3 })
    const block = stage.block({ view: 1 })
    stage.notarised(1, block)
    stage.notarised(1, block)
    stage.tick(10)
    assert.deepEqual(stage.signed(), [said(FINALISE, 1, block.hash)])
  })

  it('C16: a block that was found invalid here is voted for as well: the quorum decides', () => {
    const stage = new Stage({ self: 3, judging: () => false })
    const block = stage.block({ view: 1 })
    stage.take(block)
    assert.equal(stage.instance.blocks.get(hexOf(block))?.status, 'invalid')
    stage.notarised(1, block)
    assert.deepEqual(stage.signed(), [said(FINALISE, 1, block.hash)])
  })

  it('C16: several at once are signed in the order of views', () => {
    const stage = new Stage({ self: 3, signing: false })
    const blocks = [5, 2, 9].map((view) => stage.block({ view }))
    for (const block of blocks) stage.notarised(block.header.view, block)
    stage.feed({ type: 'signing', enabled: true })
    assert.deepEqual(
      stage.signed().map((one) => one.split(' ')[1]),
      ['2', '5', '9']
    )
  })
})
