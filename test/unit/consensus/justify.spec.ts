import assert from 'node:assert/strict'
import type { Block } from '../../../src/codec/block.ts'
import { NOTARISE, NULLIFY, Stage, said } from '../../support/consensus.ts'
import type { StageInit } from '../../support/consensus.ts'

/** Member 3 is neither the leader of view 1 nor of view 2. */
const voter = (init: StageInit = {}): Stage => new Stage({ self: 3, ...init })

describe('C9: justification of a new block', () => {
  it('C9: its parent has to be notarised', () => {
    const stage = voter()
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.nullified(1)
    const block = stage.block({ view: 2, on: parent })
    stage.proposal(2, block)
    assert.deepEqual(stage.signed(), [])
    stage.notarised(1, parent)
    assert.deepEqual(stage.signed().at(-1), said(NOTARISE, 2, block.hash))
  })

  it('C9: notarised in the view of the parent’s header, not in another', () => {
    const stage = voter()
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.nullified(1)
    stage.notarised(2, parent)
    stage.proposal(3, stage.block({ view: 3, on: parent }))
    assert.deepEqual(
      stage.signed().filter((one) => one.startsWith('notarise')),
      []
    )
  })

  it('C9: a finalisation of the parent serves as its notarisation', () => {
    const stage = voter()
    // The parent cannot become final here: its own parent is missing.
    const unknown = stage.block({ view: 1 })
    const parent = stage.block({ view: 2, on: unknown })
    const block = stage.block({ view: 3, on: parent })
    stage.take(parent)
    stage.finalised(2, parent)
    stage.proposal(3, block)
    assert.deepEqual(stage.signed(), [])
    stage.take(unknown)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 3, block.hash)])
  })

  it('C9: every view strictly between parent and proposal has to be nullified', () => {
    const stage = voter()
    const parent = stage.extend({ view: 1 })
    const block = stage.block({ view: 5, on: parent })
    stage.nullified(2)
    stage.nullified(4)
    stage.clear()
    stage.proposal(5, block)
    assert.deepEqual(stage.signed(), [])
    stage.nullified(3)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 5, block.hash)])
  })

  it('C9: the first and the last of the views between count', () => {
    for (const missing of [2, 4]) {
      const stage = voter()
      const parent = stage.extend({ view: 1 })
      for (const view of [2, 3, 4]) if (view !== missing) stage.nullified(view)
      stage.certify(NULLIFY, 4)
      if (missing === 4) stage.instance.views.get(4)!.nullification = undefined
      stage.clear()
      stage.proposal(5, stage.block({ view: 5, on: parent }))
      assert.deepEqual(stage.signed(), [], `without ${missing}`)
    }
  })

  it('C9: on the base only with all views from 1 nullified', () => {
    const stage = voter()
    stage.nullified(2)
    const block = stage.block({ view: 3 })
    stage.proposal(3, block)
    assert.deepEqual(stage.signed(), [])
    stage.nullified(1)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 3, block.hash)])
  })

  it('C9: the last final block needs no certificate any more', () => {
    const stage = voter()
    const parent = stage.block({ view: 1 })
    stage.take(parent)
    stage.finalised(1, parent)
    const block = stage.block({ view: 2, on: parent })
    stage.clear()
    stage.proposal(2, block)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 2, block.hash)])
  })

  it('C9, C24: a boundary block is extended by nobody, though it is notarised', () => {
    const stage = voter({ params: { epochLength: 1 } })
    const boundary = stage.extend({ view: 1 })
    stage.clear()
    stage.proposal(2, stage.block({ view: 2, on: boundary }))
    assert.deepEqual(
      stage.signed().filter((one) => one.startsWith('notarise')),
      []
    )
  })

  it('C9, C17: a block of an earlier view that is no boundary block may not be proposed again', () => {
    const stage = voter()
    const block = stage.extend({ view: 1 })
    stage.clear()
    stage.proposal(2, block)
    assert.deepEqual(stage.signed(), [said(NULLIFY, 2)])
  })

  it('C9, C17: nor a block whose header names a later view', () => {
    const stage = voter()
    stage.proposal(1, stage.block({ view: 2 }))
    assert.deepEqual(stage.signed(), [said(NULLIFY, 1)])
  })
})

describe('C9: justification of a boundary block proposed again', () => {
  const atBoundary = (): { stage: Stage; boundary: Block } => {
    const stage = voter({ params: { epochLength: 1 } })
    return { stage, boundary: stage.block({ view: 1 }) }
  }

  it('C9: it is notarised in an earlier view and all views between are nullified', () => {
    const boundary = new Stage({ params: { epochLength: 1 } }).block({ view: 1 })
    const other = new Stage({ self: 2, params: { epochLength: 1 } })
    other.take(boundary)
    other.notarised(1, boundary)
    other.nullified(2)
    other.nullified(3)
    other.clear()
    other.proposal(4, boundary)
    assert.deepEqual(other.signed(), [said(NOTARISE, 4, boundary.hash)])
  })

  it('C9: a notarisation from a re-proposal serves as well', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.nullified(1)
    stage.notarised(2, boundary)
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [said(NOTARISE, 3, boundary.hash)])
  })

  it('C9: without any notarisation it is not voted for, though every view is nullified', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.nullified(1)
    stage.nullified(2)
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [])
  })

  it('C9: nor with a view between that is not nullified', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.notarised(1, boundary)
    stage.certify(NULLIFY, 2)
    stage.instance.views.get(2)!.nullification = undefined
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [])
  })

  it('C9: nor when another block is notarised in between', () => {
    const { stage, boundary } = atBoundary()
    stage.take(boundary)
    stage.notarised(1, boundary)
    stage.notarised(2, stage.block({ view: 2 }))
    stage.clear()
    stage.proposal(3, boundary)
    assert.deepEqual(stage.signed(), [])
  })
})
